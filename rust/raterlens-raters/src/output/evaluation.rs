//! The files of an evaluation.

use raterlens_core::LabelScheme;
use serde::Serialize;

use super::folder::{csv_file, Folder, Target, Written};
use crate::error::RatersError;
use crate::evaluate::Evaluation;
use crate::tables::{calibration_bins, structure_scores, uncertainty_scores, Table};

/// All numbers; written last.
pub const EVALUATION_FILE: &str = "evaluation.json";

/// Writes `evaluation.json` (what `record` holds) and the tables `structures.csv`, and where there are numbers `calibration.csv` and
/// `uncertainty.csv`.
///
/// # Errors
/// Files in the way, or a folder that cannot be written; the folder is then as before.
pub fn write_evaluation(
    target: &Target<'_>,
    found: &Evaluation,
    scheme: &LabelScheme,
    record: &impl Serialize,
) -> Result<Written, RatersError> {
    let tables = [
        structure_scores(found, scheme),
        calibration_bins(found),
        uncertainty_scores(found),
    ];
    let tables: Vec<&Table> = tables.iter().filter(|t| t.rows() > 0).collect();
    let mut names: Vec<_> = tables.iter().map(|t| csv_file(t.name)).collect();
    names.push(EVALUATION_FILE.to_owned());
    let mut folder = Folder::new(target, &names)?;
    for table in tables {
        folder.table(table)?;
    }
    folder.json(EVALUATION_FILE, record)?;
    folder.commit(EVALUATION_FILE)
}
