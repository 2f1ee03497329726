//! Never destroys a file that RaterLens did not write.

use std::path::Path;

use super::{read_record, RUN_FILE};
use crate::checksum::sha256_of_file;
use crate::error::EngineError;

/// What may be replaced in the output folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Overwrite {
    /// Files that RaterLens wrote and nobody changed since.
    #[default]
    OwnUnchanged,
    /// Every file whose name the results need.
    Always,
}

/// Checks that writing `names` into `dir` loses nobody's work.
///
/// # Errors
/// [`EngineError::InputIsOutput`] when the input itself would be replaced (whatever `overwrite` says), and
/// [`EngineError::WouldOverwrite`] for a file that is not in `dir`'s run record, or was edited since it was
/// written (for example labels corrected in ITK-SNAP).
pub fn check_overwrite(
    dir: &Path,
    source: &Path,
    names: &[String],
    overwrite: Overwrite,
) -> Result<(), EngineError> {
    let source = source.canonicalize().ok();
    let record = read_record(dir);
    for file in names {
        let path = dir.join(file);
        if source.is_some() && path.canonicalize().ok() == source {
            return Err(EngineError::InputIsOutput { file: file.clone() });
        }
        if overwrite == Overwrite::Always || !path.exists() {
            continue;
        }
        let written = record.as_ref().and_then(|r| r.outputs.get(file));
        if written != sha256_of_file(&path).ok().as_ref() {
            return Err(EngineError::WouldOverwrite { file: file.clone() });
        }
    }
    if overwrite == Overwrite::OwnUnchanged && record.is_none() && dir.join(RUN_FILE).exists() {
        return Err(EngineError::WouldOverwrite {
            file: RUN_FILE.into(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_files_stay_unless_forced_and_the_input_stays_always() {
        let dir = tempfile::tempdir().unwrap();
        let names = vec!["image.nii.gz".to_owned(), "labels.nii.gz".to_owned()];
        let elsewhere = dir.path().join("elsewhere.nii.gz");
        std::fs::write(&elsewhere, "image").unwrap();
        let check = |source: &Path, o| check_overwrite(dir.path(), source, &names, o);
        assert!(check(&elsewhere, Overwrite::OwnUnchanged).is_ok());

        std::fs::write(dir.path().join("labels.nii.gz"), "by hand").unwrap();
        assert!(matches!(
            check(&elsewhere, Overwrite::OwnUnchanged),
            Err(EngineError::WouldOverwrite { file }) if file == "labels.nii.gz"
        ));
        assert!(check(&elsewhere, Overwrite::Always).is_ok());

        let input = dir.path().join("labels.nii.gz");
        assert!(matches!(
            check(&input, Overwrite::Always),
            Err(EngineError::InputIsOutput { .. })
        ));
    }
}
