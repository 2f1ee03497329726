//! Studies: many images, each drawn by some of several raters.
//!
//! A study is a small TOML file beside a table (CSV, UTF-8) with one row per image:
//!
//! ```toml
//! name = "Lumbar pilot"
//! table = "cases.csv"      # relative to this file
//! labels = "labels.txt"    # optional: names of the labels (ITK-SNAP label descriptions, or JSON)
//! # [[rater]] tables, in studies of `raterlens synth`: what the simulated raters do
//! # [plan]: what `raterlens study` trains and measures
//! ```
//!
//! ```csv
//! case,image,rater:Ann,rater:Ann:2,rater:Ben
//! L4-01,images/01.nii.gz,ann/01.nii.gz,ann/01_again.nii.gz,ben/01.nii.gz
//! L4-02,images/02.nii.gz,ann/02.nii.gz,,
//! ```
//!
//! | column | meaning |
//! | --- | --- |
//! | `case` | name of the image; unique; shown in reports, so that it should identify no patient |
//! | `image` | optional: the image the raters drew on |
//! | `rater:NAME` | the label map by this rater; empty where there is none |
//! | `rater:NAME:2`, `rater:NAME:3`, ... | the same rater drawing the same image again |
//! | `truth` | optional: the true labels, where the images are synthetic |
//! | `subject`, `sex`, `age_group`, `level` | optional: what is known about the image; without `subject` every image is one |
//!
//! Files are NIfTI, or grey PNG pictures of one slice each.
//!
//! Paths are relative to the table. The table alone may be given instead of the TOML file. All faults of a study are listed at
//! once.

mod load;
mod open;
mod run;
mod split;
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use raterlens_core::LabelScheme;
use serde::Deserialize;

use crate::error::RatersError;
use crate::files::read_label_names;
pub use load::{labels_of_study, load_case, single_image};
pub use open::{open_case, open_shapes, Drawings, OpenedCase};
pub use run::{agree_study, StudyAgreement};
pub use split::{read_split, split_study, write_split, Part, Shares, Split};

/// A study, checked: every file is there.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyFile {
    /// Name of the study.
    pub name: String,
    /// Names of the labels, if the study has them.
    pub labels: Option<LabelScheme>,
    /// The images, in the order of the table.
    pub cases: Vec<StudyCase>,
    /// What a user should know, as sentences.
    pub warnings: Vec<String>,
    /// The files that describe the study, and those of images that were left out.
    pub other_files: Vec<PathBuf>,
}

/// One image of a study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyCase {
    /// Name of the image.
    pub name: String,
    /// The image itself.
    pub image: Option<PathBuf>,
    /// The true labels, where they are known.
    pub truth: Option<PathBuf>,
    /// Who drew it; for agreement two drawings or more, for training one or more.
    pub drawings: Vec<StudyDrawing>,
    /// Subject, sex, age group, level: whatever the table has.
    pub attributes: BTreeMap<String, String>,
}

/// One drawing of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyDrawing {
    /// Name of the rater.
    pub rater: String,
    /// 0 for the rater's first drawing, then 1, 2, ...
    pub repeat: u32,
    /// The label map.
    pub path: PathBuf,
}

impl StudyCase {
    /// The person the image shows: column `subject`, or the image's own name.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.attributes.get("subject").unwrap_or(&self.name)
    }
}

/// What a study is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StudyUse {
    /// Comparing raters: each image needs two drawings; the image itself is not needed.
    Agreement,
    /// Training and evaluating models: each image needs its file and one drawing.
    Training,
    /// Training on images that are made from the label maps: each image needs one drawing; the image itself is not needed.
    Shapes,
}

/// The TOML file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    name: Option<String>,
    table: PathBuf,
    labels: Option<PathBuf>,
    /// What simulated raters do; only the program that drew them reads it.
    #[serde(rename = "rater")]
    _raters: Option<Vec<toml::Table>>,
    /// What `raterlens study` trains and measures; it reads it itself.
    #[serde(rename = "plan")]
    _plan: Option<toml::Table>,
}

/// Reads a study: a TOML file, or its table alone.
///
/// # Errors
/// A file that cannot be read, or [`RatersError::Study`] with every fault: missing files, names used twice, columns that mean
/// nothing, images that nobody drew.
pub fn read_study(path: &Path) -> Result<StudyFile, RatersError> {
    read_study_for(path, StudyUse::Agreement)
}

/// As [`read_study`], for a stated use.
///
/// # Errors
/// As [`read_study`]; for training also images that have no file.
pub fn read_study_for(path: &Path, use_: StudyUse) -> Result<StudyFile, RatersError> {
    let is_table = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("csv"));
    let default_name = path.file_stem().map(|n| n.to_string_lossy().into_owned());
    let description = if is_table {
        Description {
            name: None,
            table: path.file_name().unwrap_or_default().into(),
            labels: None,
            _raters: None,
            _plan: None,
        }
    } else {
        read_description(path)?
    };
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let mut problems = Vec::new();
    let mut other_files = vec![path.to_path_buf()];
    let labels = match description.labels.map(|file| folder.join(file)) {
        Some(file) => {
            let names = read_label_names(&file);
            other_files.push(file);
            names.map_err(|e| problems.push(e.to_string())).ok()
        }
        None => None,
    };
    let table = folder.join(&description.table);
    let read = table::read_table(&table, use_, &mut problems)?;
    other_files.push(table);
    other_files.extend(read.left_out);
    if !problems.is_empty() {
        return Err(RatersError::Study { problems });
    }
    Ok(StudyFile {
        name: description.name.or(default_name).unwrap_or_default(),
        labels,
        cases: read.cases,
        warnings: read.warnings,
        other_files,
    })
}

fn read_description(path: &Path) -> Result<Description, RatersError> {
    let text = fs::read_to_string(path).map_err(|source| RatersError::Input {
        source,
        path: path.to_path_buf(),
    })?;
    toml::from_str(&text).map_err(|error| RatersError::Study {
        problems: vec![format!(
            "the study file is not understood: {} (allowed: name, table, labels, rater, plan)",
            error.to_string().trim().replace('\n', "; ")
        )],
    })
}
