//! The files of an agreement.

use std::io::Write;

use raterlens_core::control::Control;
use raterlens_report::{agreement_html, AgreementPage, SliceView};
use serde::Serialize;

use super::folder::{csv_file, Folder, Target, Written};
use super::VERSION;
use crate::agree::Agreement;
use crate::error::RatersError;
use crate::tables::{self, Table};

/// The report to look at.
const REPORT_FILE: &str = "report.html";
/// All numbers; written last.
const AGREEMENT_FILE: &str = "agreement.json";

/// What is written besides the agreement itself.
#[derive(Debug, Clone, Copy)]
pub struct AgreementFiles<'a> {
    /// Title of the report.
    pub title: &'a str,
    /// The command that made it, for the report's last line.
    pub command: &'a str,
    /// Slices to be shown.
    pub slices: &'a [SliceView],
    /// Sentences for the reader.
    pub warnings: &'a [String],
}

/// `agreement.json`.
#[derive(Serialize)]
struct Record<'a> {
    raterlens: &'static str,
    warnings: &'a [String],
    #[serde(flatten)]
    agreement: &'a Agreement,
}

/// Writes `report.html`, `agreement.json` and the tables `overall.csv`, `pairs.csv`, `raters.csv`, `limits_of_agreement.csv`,
/// `differences.csv` and `measurements.csv`.
///
/// # Errors
/// Files in the way, a folder that cannot be written, or cancelled; the folder is then as before.
pub fn write_agreement(
    target: &Target<'_>,
    agreement: &Agreement,
    files: &AgreementFiles<'_>,
    control: &Control<'_>,
) -> Result<Written, RatersError> {
    let tables = all_tables(agreement);
    let mut names: Vec<_> = tables.iter().map(|t| csv_file(t.name)).collect();
    names.extend([REPORT_FILE, AGREEMENT_FILE].map(str::to_owned));
    let mut folder = Folder::new(target, &names)?;
    let html = agreement_html(&AgreementPage {
        title: files.title,
        made_by: &format!("RaterLens {VERSION}: {}", files.command),
        structures: &agreement.scheme.structures,
        report: &agreement.report,
        cases: &agreement.cases,
        slices: files.slices,
        warnings: files.warnings,
    })
    .map_err(|e| RatersError::Internal(e.to_string()))?;
    folder.with(REPORT_FILE, |out| out.write_all(html.as_bytes()))?;
    for table in &tables {
        control.cancel.check()?;
        folder.table(table)?;
    }
    let record = Record {
        raterlens: VERSION,
        warnings: files.warnings,
        agreement,
    };
    folder.json(AGREEMENT_FILE, &record)?;
    control.cancel.check()?;
    folder.commit(AGREEMENT_FILE)
}

/// The tables of an agreement, in the order in which they are written.
fn all_tables(agreement: &Agreement) -> [Table; 6] {
    let (report, scheme) = (&agreement.report, &agreement.scheme);
    [
        tables::overall(report, scheme),
        tables::pairs(report, scheme),
        tables::raters(report, scheme),
        tables::limits(report, scheme),
        tables::differences(report, scheme),
        tables::measurements(report, scheme),
    ]
}
