//! Whether a study is still the one that a run began with.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use raterlens_raters::study::{StudyCase, StudyFile};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::error::TrainError;

/// SHA-256 over the image and the drawings of each case, with the raters' names: two studies with equal checksums are the same data.
///
/// # Errors
/// A file that cannot be read.
pub fn data_checksums(study: &StudyFile) -> Result<BTreeMap<String, String>, TrainError> {
    let one = |case: &StudyCase| Ok((case.name.clone(), of_case(case)?));
    study.cases.par_iter().map(one).collect()
}

fn of_case(case: &StudyCase) -> Result<String, TrainError> {
    let mut hash = Sha256::new();
    if let Some(image) = &case.image {
        add(&mut hash, image)?;
    }
    for drawing in &case.drawings {
        hash.update(drawing.rater.as_bytes());
        hash.update(drawing.repeat.to_le_bytes());
        add(&mut hash, &drawing.path)?;
    }
    let digest = hash.finalize();
    Ok(digest.iter().map(|b| format!("{b:02x}")).collect())
}

/// SHA-256 of a file.
pub(super) fn of_file(path: &Path) -> Result<String, TrainError> {
    let mut hash = Sha256::new();
    add(&mut hash, path)?;
    let digest = hash.finalize();
    Ok(digest.iter().map(|b| format!("{b:02x}")).collect())
}

fn add(hash: &mut Sha256, path: &Path) -> Result<(), TrainError> {
    let mut file = File::open(path).map_err(|e| TrainError::input(path, e))?;
    std::io::copy(&mut file, hash).map_err(|e| TrainError::input(path, e))?;
    Ok(())
}
