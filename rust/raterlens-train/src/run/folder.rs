//! The folder of a run.

use std::path::{Path, PathBuf};

use super::config::RunConfig;
use crate::error::{write_file, TrainError};

/// The folder of a run.
#[derive(Debug, Clone)]
pub(super) struct RunFolder {
    dir: PathBuf,
}

impl RunFolder {
    /// Makes the folder of a run, or takes up one of the same configuration.
    ///
    /// With `force` a folder of another run is begun anew: its checkpoints are removed.
    pub(super) fn open(dir: &Path, config: &RunConfig, force: bool) -> Result<Self, TrainError> {
        let folder = Self {
            dir: dir.to_path_buf(),
        };
        let path = folder.path("config.json");
        let earlier = match std::fs::read(&path) {
            Ok(bytes) => Some(serde_json::from_slice::<RunConfig>(&bytes)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
            Err(e) => return Err(TrainError::input(&path, e)),
        };
        let difference = match &earlier {
            None => None,
            Some(Ok(earlier)) => config.difference(earlier).map(str::to_owned),
            Some(Err(_)) => Some("its config.json is not understood".to_owned()),
        };
        match (earlier.is_some(), difference) {
            (true, None) => return Ok(folder),
            (true, Some(difference)) if !force => {
                return Err(TrainError::OtherRun {
                    difference,
                    path: dir.to_path_buf(),
                });
            }
            _ => {}
        }
        std::fs::create_dir_all(dir).map_err(|e| TrainError::Output {
            source: raterlens_core::atomic::AtomicError::Folder(e),
            path: dir.to_path_buf(),
        })?;
        for name in [
            "done.json",
            "last.safetensors",
            "best.safetensors",
            "log.jsonl",
        ] {
            let _ = std::fs::remove_file(folder.path(name));
        }
        let json = serde_json::to_vec_pretty(config).map_err(TrainError::internal)?;
        write_file(&path, &json)?;
        Ok(folder)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The last checkpoint, if the run has one.
    pub(super) fn last(&self) -> Option<PathBuf> {
        Some(self.path("last.safetensors")).filter(|p| p.is_file())
    }
}
