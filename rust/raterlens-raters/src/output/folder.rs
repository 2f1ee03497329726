//! The folder of a result.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use raterlens_core::atomic::StagedDir;
use raterlens_core::nifti_io::{write_labels, write_map_f32};
use raterlens_core::{LabelMap, NiftiGrid, Volume};
use serde::Serialize;

use crate::error::RatersError;
use crate::tables::Table;

/// Where results go.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The folder; made if it does not exist.
    pub dir: &'a Path,
    /// Replace files of an earlier result.
    pub force: bool,
    /// Files that were read, which are never replaced.
    pub inputs: &'a [PathBuf],
}

/// Names of the files that were written, in the order of writing.
pub type Written = Vec<String>;

/// A folder under way: files are written beside it and moved there together.
pub(super) struct Folder {
    staged: StagedDir,
    dir: PathBuf,
    written: Written,
}

impl Folder {
    /// Checks that none of the files named `names` is in the way, and starts.
    pub(super) fn new(target: &Target<'_>, names: &[String]) -> Result<Self, RatersError> {
        for name in names {
            check_free(target, name)?;
        }
        let dir = target.dir.to_path_buf();
        let staged = StagedDir::new(&dir).map_err(|e| RatersError::output(&dir, e))?;
        Ok(Self {
            staged,
            dir,
            written: Vec::new(),
        })
    }

    /// Where a file is written for now.
    fn path(&mut self, name: &str) -> PathBuf {
        self.written.push(name.to_owned());
        self.staged.path().join(name)
    }

    pub(super) fn labels(
        &mut self,
        name: &str,
        map: &LabelMap,
        grid: &NiftiGrid,
    ) -> Result<(), RatersError> {
        let path = self.path(name);
        write_labels(&path, map, Some(grid)).map_err(|e| RatersError::image_output(&path, e))
    }

    pub(super) fn map(
        &mut self,
        name: &str,
        map: &Volume<f32>,
        grid: &NiftiGrid,
    ) -> Result<(), RatersError> {
        let path = self.path(name);
        write_map_f32(&path, map, Some(grid)).map_err(|e| RatersError::image_output(&path, e))
    }

    pub(super) fn table(&mut self, table: &Table) -> Result<(), RatersError> {
        self.with(&csv_file(table.name), |out| table.write_csv(out))
    }

    pub(super) fn json(&mut self, name: &str, value: &impl Serialize) -> Result<(), RatersError> {
        self.with(name, |out| {
            serde_json::to_writer_pretty(&mut *out, value)?;
            out.write_all(b"\n")
        })
    }

    pub(super) fn with(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), RatersError> {
        let path = self.path(name);
        let attempt = || {
            let mut out = BufWriter::new(File::create(&path)?);
            write(&mut out)?;
            out.flush()
        };
        attempt().map_err(|e| RatersError::write(&path, e))
    }

    /// Moves all files to their place, `marker` last.
    pub(super) fn commit(self, marker: &str) -> Result<Written, RatersError> {
        let dir = self.dir;
        let moved = self.staged.commit(marker);
        moved.map_err(|e| RatersError::output(&dir, e))?;
        Ok(self.written)
    }
}

/// The file of a table.
pub(super) fn csv_file(table: &str) -> String {
    format!("{table}.csv")
}

fn check_free(target: &Target<'_>, name: &str) -> Result<(), RatersError> {
    let path = target.dir.join(name);
    let Ok(place) = path.canonicalize() else {
        return Ok(()); // nothing is there
    };
    let is_input = |input: &PathBuf| input.canonicalize().is_ok_and(|i| i == place);
    if target.inputs.iter().any(is_input) {
        return Err(RatersError::InputIsOutput {
            file: name.to_owned(),
        });
    }
    if place.is_dir() {
        return Err(RatersError::Request(format!(
            "the output folder has a folder called '{name}', where a file is to be written: choose another output folder"
        )));
    }
    if target.force {
        return Ok(());
    }
    Err(RatersError::WouldOverwrite {
        file: name.to_owned(),
        dir: target.dir.to_path_buf(),
    })
}
