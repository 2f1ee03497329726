//! The label maps of a study's images.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use raterlens_core::agreement::{Drawing, ImageDrawings};
use raterlens_core::control::Control;

use super::{StudyCase, StudyDrawing, StudyFile};
use crate::error::RatersError;
use crate::files::{load_raters, LoadedRaters, RaterFile};
use crate::scheme::labels_used;

/// Reads all drawings of one image; `resample` as in [`load_raters`]. A rater's repeated drawings are called "Ann (2)", ... in the
/// loaded maps.
///
/// # Errors
/// As [`load_raters`].
pub fn load_case(
    case: &StudyCase,
    resample: bool,
    control: &Control<'_>,
) -> Result<LoadedRaters, RatersError> {
    let file = |d: &StudyDrawing| RaterFile {
        rater: drawing_name(&d.rater, d.repeat),
        path: d.path.clone(),
    };
    let files: Vec<_> = case.drawings.iter().map(file).collect();
    load_raters(&files, resample, control)
}

/// The loaded drawings as an image of a study.
pub(crate) fn drawings(
    case: &StudyCase,
    loaded: LoadedRaters,
) -> Result<ImageDrawings<'static>, RatersError> {
    let drawings = case.drawings.iter().zip(loaded.maps);
    let drawings = drawings.map(|(d, (_, labels))| Drawing {
        rater: d.rater.clone(),
        repeat: d.repeat,
        labels: Cow::Owned(labels),
    });
    Ok(ImageDrawings::new(case.name.clone(), drawings.collect())?)
}

/// A study of one image, from files: raters of one name are repeated drawings, in the order given.
///
/// # Errors
/// Fewer than two files.
pub fn single_image(
    files: Vec<RaterFile>,
    image: Option<PathBuf>,
) -> Result<StudyFile, RatersError> {
    if files.len() < 2 {
        return Err(RatersError::TooFewRaters { found: files.len() });
    }
    let mut drawings: Vec<StudyDrawing> = Vec::with_capacity(files.len());
    for file in files {
        let earlier = drawings.iter().filter(|d| d.rater == file.rater).count();
        drawings.push(StudyDrawing {
            rater: file.rater,
            repeat: earlier as u32,
            path: file.path,
        });
    }
    Ok(StudyFile {
        name: "Rater agreement".to_owned(),
        labels: None,
        cases: vec![StudyCase {
            name: "image".to_owned(),
            image,
            truth: None,
            drawings,
            attributes: BTreeMap::new(),
        }],
        warnings: Vec::new(),
        other_files: Vec::new(),
    })
}

fn drawing_name(rater: &str, repeat: u32) -> String {
    match repeat {
        0 => rater.to_owned(),
        n => format!("{rater} ({})", n + 1),
    }
}

/// Every label that any rater used in any image, ascending, without background. Reads all files.
///
/// # Errors
/// As [`load_case`].
pub fn labels_of_study(
    study: &StudyFile,
    resample: bool,
    control: &Control<'_>,
) -> Result<Vec<u16>, RatersError> {
    let mut found = BTreeSet::new();
    for case in &study.cases {
        control.cancel.check()?;
        let loaded = load_case(case, resample, control)?;
        found.extend(labels_used(&loaded.set()?));
    }
    if found.is_empty() {
        return Err(RatersError::NothingDrawn);
    }
    Ok(found.into_iter().collect())
}
