//! Who drew which file.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::error::RatersError;

/// A rater's label map on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaterFile {
    /// Name of the rater.
    pub rater: String,
    /// The file.
    pub path: PathBuf,
}

/// Raters from words of a command: `NAME=FILE`, or `FILE`, which names the rater after the file.
///
/// A word that is the name of an existing file is a file even with `=` in it. Files of one name in different folders
/// (`ann/labels.nii.gz`, `ben/labels.nii.gz`) are named after their folders.
///
/// # Errors
/// An empty name, or files that cannot be told apart by name.
///
/// ```
/// use raterlens_raters::files::rater_files;
/// let found = rater_files(&["Ann=a/1.nii.gz", "study/ben.nii.gz"])?;
/// assert_eq!((found[0].rater.as_str(), found[1].rater.as_str()), ("Ann", "ben"));
/// # Ok::<(), raterlens_raters::RatersError>(())
/// ```
pub fn rater_files(words: &[impl AsRef<str>]) -> Result<Vec<RaterFile>, RatersError> {
    let mut files = Vec::new();
    let mut unnamed = Vec::new();
    for word in words.iter().map(AsRef::as_ref) {
        match word.split_once('=') {
            Some((name, _)) if name.trim().is_empty() => {
                return Err(RatersError::Request(format!(
                    "'{word}' names no rater before the '='"
                )));
            }
            Some((name, path)) if !Path::new(word).exists() => files.push(RaterFile {
                rater: name.trim().to_owned(),
                path: path.into(),
            }),
            _ => {
                unnamed.push(files.len());
                let path = PathBuf::from(word);
                let rater = stem(&path);
                files.push(RaterFile { rater, path });
            }
        }
    }
    name_after_folders(&mut files, &unnamed)?;
    Ok(files)
}

/// Renames the unnamed files if two of them, or one and a given name, are the same.
fn name_after_folders(files: &mut [RaterFile], unnamed: &[usize]) -> Result<(), RatersError> {
    if are_unique(files, unnamed) {
        return Ok(());
    }
    for &n in unnamed {
        if let Some(file) = files.get_mut(n) {
            file.rater = folder(&file.path);
        }
    }
    if are_unique(files, unnamed) {
        return Ok(());
    }
    Err(RatersError::Request(
        "the label maps cannot be told apart by file or folder name: name the raters, as in Ann=one.nii.gz Ben=two.nii.gz".to_owned(),
    ))
}

/// Whether no unnamed file has the name of another file. Names that were given may repeat: that is the user's word.
fn are_unique(files: &[RaterFile], unnamed: &[usize]) -> bool {
    let given = files
        .iter()
        .enumerate()
        .filter(|(n, _)| !unnamed.contains(n));
    let mut seen: HashSet<&str> = given.map(|(_, f)| f.rater.as_str()).collect();
    let mut names = unnamed.iter().filter_map(|&n| files.get(n));
    names.all(|f| !f.rater.is_empty() && seen.insert(&f.rater))
}

/// File name without the ending of its format.
fn stem(path: &Path) -> String {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    let cut = [
        ".nii.gz",
        ".nii",
        ".hdr",
        ".img",
        ".seg.nrrd",
        ".nrrd",
        ".nhdr",
        ".mha",
        ".mhd",
        ".gipl",
    ];
    let cut = cut.into_iter();
    let cut = cut.filter(|e| lower.ends_with(e)).map(str::len).next();
    name.get(..name.len() - cut.unwrap_or(0))
        .unwrap_or(&name)
        .to_owned()
}

fn folder(path: &Path) -> String {
    let parent = path.parent().and_then(Path::file_name);
    parent
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &[&str]) -> Result<Vec<String>, RatersError> {
        Ok(rater_files(words)?.into_iter().map(|f| f.rater).collect())
    }

    #[test]
    fn raters_are_named_by_hand_by_file_or_by_folder() {
        assert_eq!(
            names(&["a/one.nii.gz", "b/two.NII"]).unwrap(),
            ["one", "two"]
        );
        assert_eq!(
            names(&["ann/labels.nii.gz", "ben/labels.nii.gz"]).unwrap(),
            ["ann", "ben"]
        );
        assert_eq!(names(&["one=x.nii", "two.nii"]).unwrap(), ["one", "two"]);
        // The same name twice, given by hand: two drawings of one rater.
        assert_eq!(names(&["Ann=1.nii", "Ann=2.nii"]).unwrap(), ["Ann", "Ann"]);
    }

    #[test]
    fn raters_that_cannot_be_told_apart_are_refused() {
        let error = names(&["x/labels.nii", "x/labels.nii"])
            .unwrap_err()
            .to_string();
        assert!(error.contains("Ann=one.nii.gz"), "{error}");
        assert!(names(&["=x.nii"]).is_err());
    }
}
