//! From what a user names to image files: files, folders, list files.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use raterlens_images::{is_seg_nrrd, Family};

use crate::error::EngineError;

/// Whether a file name looks like a NIfTI image.
#[must_use]
pub fn looks_like_nifti(path: &Path) -> bool {
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().to_ascii_lowercase());
    name.is_some_and(|n| n.ends_with(".nii") || n.ends_with(".nii.gz"))
}

/// Whether a file name looks like an image that is a whole volume: any known format but DICOM, whose files are slices, and
/// `.seg.nrrd`, which are somebody's segmentations.
fn looks_like_volume(path: &Path) -> bool {
    matches!(
        Family::of(path),
        Some(Family::Nifti | Family::Nrrd | Family::MetaImage)
    ) && !is_seg_nrrd(path)
        && !path.is_dir()
}

/// The images that a path stands for: a file itself, or the images (NIfTI, NRRD, MetaImage) directly inside a
/// folder, sorted by name (hidden files are passed over; of header and voxel file, the header counts). A folder
/// without such images stands for its DICOM series, if it has files at all.
///
/// # Errors
/// A folder that cannot be read or holds no files. A file is not opened here.
pub fn images_at(path: &Path) -> Result<Vec<PathBuf>, EngineError> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let fail = |source| EngineError::Input {
        path: path.to_path_buf(),
        source,
    };
    let (mut images, mut others) = (Vec::new(), false);
    for entry in fs::read_dir(path).map_err(fail)? {
        let file = entry.map_err(fail)?.path();
        let hidden = file
            .file_name()
            .is_some_and(|n| n.to_string_lossy().starts_with('.'));
        let is_voxels = file
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("img"));
        if !hidden && looks_like_volume(&file) && !is_voxels {
            images.push(file);
        } else {
            others |= !hidden && is_dicom(&file);
        }
    }
    images.sort();
    if images.is_empty() && others {
        return Ok(vec![path.to_path_buf()]);
    }
    if images.is_empty() {
        return Err(EngineError::Request(format!(
            "the folder holds no NIfTI image (.nii or .nii.gz), no NRRD, MetaImage or DICOM either: name a folder of images or the images themselves ({})",
            path.display()
        )));
    }
    Ok(images)
}

/// Whether a file has the mark of DICOM behind its preamble, or a folder such files.
fn is_dicom(path: &Path) -> bool {
    if path.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        return entries
            .map(|e| e.path())
            .any(|p| p.is_file() && is_dicom(&p));
    }
    let mut start = Vec::new();
    let read = fs::File::open(path).and_then(|f| f.take(132).read_to_end(&mut start));
    read.is_ok() && start.get(128..132) == Some(b"DICM")
}

/// Reads a list file: one path per line, UTF-8; empty lines and lines that start with `#` are passed over;
/// relative paths count from the list's own folder.
///
/// # Errors
/// A list that cannot be read, is not text, or names nothing.
pub fn read_list(list: &Path) -> Result<Vec<PathBuf>, EngineError> {
    let text = fs::read_to_string(list).map_err(|source| EngineError::Input {
        path: list.to_path_buf(),
        source,
    })?;
    let folder = list.parent().unwrap_or_else(|| Path::new(""));
    let line = |l: &str| {
        let l = l.trim_start_matches('\u{feff}').trim();
        (!l.is_empty() && !l.starts_with('#')).then(|| folder.join(l))
    };
    let paths: Vec<PathBuf> = text.lines().filter_map(line).collect();
    if paths.is_empty() {
        return Err(EngineError::Request(format!(
            "the list names no image: write one path per line ({})",
            list.display()
        )));
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_stands_for_its_images_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let names = [
            "b.nii.gz",
            "a.NII",
            ".hidden.nii",
            "notes.txt",
            "c.nrrd",
            "c.seg.nrrd",
        ];
        for name in names {
            fs::write(dir.path().join(name), "").unwrap();
        }
        fs::create_dir(dir.path().join("folder.nii")).unwrap();
        let found = images_at(dir.path()).unwrap();
        let expected = ["a.NII", "b.nii.gz", "c.nrrd"];
        assert_eq!(found, expected.map(|n| dir.path().join(n)));
        assert!(images_at(&dir.path().join("folder.nii")).is_err());
    }

    #[test]
    fn a_list_has_comments_and_relative_paths() {
        let dir = tempfile::tempdir().unwrap();
        let list = dir.path().join("list.txt");
        fs::write(
            &list,
            "\u{feff}# images\r\n\r\n one.nii \r\nsub/two.nii.gz\n",
        )
        .unwrap();
        let found = read_list(&list).unwrap();
        assert_eq!(
            found,
            ["one.nii", "sub/two.nii.gz"].map(|n| dir.path().join(n))
        );
        fs::write(&list, "# nothing\n").unwrap();
        assert!(read_list(&list).is_err());
    }
}
