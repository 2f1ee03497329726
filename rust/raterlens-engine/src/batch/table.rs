//! The combined `measures.csv` of a batch.

use std::path::Path;

use raterlens_core::atomic::write_atomic;

use super::CaseOutcome;
use crate::case::{read_measures, write_measures, MeasuresRow, MEASURES_FILE};
use crate::error::EngineError;

/// Writes the rows of every case that has a result, in the order of the cases. Nothing is written when none
/// has.
pub(super) fn write_combined(out_dir: &Path, outcomes: &[CaseOutcome]) -> Result<(), EngineError> {
    let mut rows: Vec<MeasuresRow> = Vec::new();
    for outcome in outcomes.iter().filter(|o| o.record.is_some()) {
        let path = outcome.dir.join(MEASURES_FILE);
        let mut case_rows = read_measures(&path).map_err(|e| EngineError::write(&path, e))?;
        // The folder may have been renamed since: its present name is the case's.
        for row in &mut case_rows {
            row[0].clone_from(&outcome.name);
        }
        rows.append(&mut case_rows);
    }
    if rows.is_empty() {
        return Ok(());
    }
    let path = out_dir.join(MEASURES_FILE);
    write_atomic(&path, |out| write_measures(out, &rows)).map_err(|e| EngineError::output(&path, e))
}
