//! An input image on disk.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use raterlens_images::Family;

use crate::checksum::{sha256_of_file, sha256_of_folder};
use crate::error::EngineError;
use crate::run_record::InputIdentity;

/// How an image file holds its voxels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// One file, not compressed.
    Nii,
    /// One compressed file.
    NiiGz,
    /// A header and a voxel file.
    Pair,
    /// Another format, which becomes NIfTI of 32-bit floats.
    Converted(Family),
}

impl Container {
    /// Name under which the image is stored in a case; a pair becomes one file.
    #[must_use]
    pub fn image_file(self) -> &'static str {
        match self {
            Self::Nii => "image.nii",
            Self::NiiGz | Self::Pair | Self::Converted(_) => "image.nii.gz",
        }
    }

    /// Name of a further segmentation file in the input's family of formats; `None` for NIfTI.
    #[must_use]
    pub fn segmentation_file(self) -> Option<&'static str> {
        match self {
            Self::Converted(family) => family.segmentation_file(),
            _ => None,
        }
    }

    /// By the file's first bytes, as the image reader decides; pairs by their names.
    fn of(path: &Path) -> std::io::Result<Self> {
        if let Some(family) = Family::of(path).filter(|f| *f != Family::Nifti) {
            return Ok(Self::Converted(family));
        }
        let name = path.to_string_lossy().to_ascii_lowercase();
        let bare = name.strip_suffix(".gz").unwrap_or(&name);
        if bare.ends_with(".hdr") || bare.ends_with(".img") {
            return Ok(Self::Pair);
        }
        let mut start = Vec::new();
        File::open(path)?.take(2).read_to_end(&mut start)?;
        Ok(if start == [0x1f, 0x8b] {
            Self::NiiGz
        } else {
            Self::Nii
        })
    }
}

/// An input image on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseSource {
    /// Where it is.
    pub path: PathBuf,
    /// How it is stored.
    pub container: Container,
    /// What is recorded of it.
    pub identity: InputIdentity,
}

impl CaseSource {
    /// Names and hashes an input file; whether it is an image is the reader's business.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn open(path: &Path) -> Result<Self, EngineError> {
        Self::open_series(path, None)
    }

    /// As [`CaseSource::open`], of a DICOM series in a folder: all its files count, and which series was chosen.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn open_series(path: &Path, series: Option<&str>) -> Result<Self, EngineError> {
        let fail = |source| EngineError::Input {
            path: path.to_path_buf(),
            source,
        };
        let sha256 = match path.is_dir() {
            true => sha256_of_folder(path, series.unwrap_or_default()),
            false => sha256_of_file(path),
        };
        let sha256 = sha256.map_err(fail)?;
        let container = Container::of(path).map_err(fail)?;
        let file = path.file_name().map(|n| n.to_string_lossy().into_owned());
        Ok(Self {
            path: path.to_path_buf(),
            container,
            identity: InputIdentity {
                file: file.unwrap_or_default(),
                sha256,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_container_is_what_the_bytes_say() {
        let dir = tempfile::tempdir().unwrap();
        let of = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            CaseSource::open(&path).unwrap().container
        };
        assert_eq!(of("a.nii", &[0x1f, 0x8b, 8]), Container::NiiGz);
        assert_eq!(of("a.nii.gz", &[0x5c, 1, 0]), Container::Nii);
        assert_eq!(of("a.IMG", &[]), Container::Pair);
        assert_eq!(of("empty.nii", &[]), Container::Nii);
    }
}
