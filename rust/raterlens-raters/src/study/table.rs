//! The table of a study.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use super::{StudyCase, StudyDrawing};
use crate::error::RatersError;

/// What may be known about an image.
const ATTRIBUTES: [&str; 4] = ["subject", "sex", "age_group", "level"];

/// What a column is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Column {
    Case,
    Image,
    Rater { name: String, repeat: u32 },
    Attribute(String),
}

/// Reads the table; faults are added to `problems`. Also returns remarks.
pub(super) fn read_table(
    path: &Path,
    problems: &mut Vec<String>,
) -> Result<(Vec<StudyCase>, Vec<String>), RatersError> {
    let fail = |error: csv::Error| {
        let reason = match error.into_kind() {
            csv::ErrorKind::Io(source) => source,
            other => std::io::Error::new(std::io::ErrorKind::InvalidData, format!("{other:?}")),
        };
        RatersError::Input {
            source: reason,
            path: path.to_path_buf(),
        }
    };
    let mut csv = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .from_path(path)
        .map_err(fail)?;
    let header = csv.headers().map_err(fail)?.clone();
    let columns = columns(&header, problems);
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let (mut cases, mut warnings) = (Vec::new(), Vec::new());
    let mut names = HashSet::new();
    for (n, record) in csv.records().enumerate() {
        let line = n + 2; // the header is line 1
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                problems.push(format!("line {line} cannot be read: {error}"));
                continue;
            }
        };
        if record.len() != columns.len() {
            problems.push(format!(
                "line {line} has {} cells for {} columns",
                record.len(),
                columns.len()
            ));
        }
        let case = read_row(&columns, &record, folder, line, problems);
        if !case.name.is_empty() && !names.insert(case.name.clone()) {
            problems.push(format!(
                "line {line}: the name '{}' was used before",
                case.name
            ));
        }
        match case.drawings.len() {
            0 | 1 => warnings.push(format!(
                "Case '{}' has {} and is left out: agreement needs two.",
                case.name,
                if case.drawings.is_empty() {
                    "no drawing"
                } else {
                    "one drawing"
                }
            )),
            _ => cases.push(case),
        }
    }
    if cases.is_empty() && problems.is_empty() {
        problems.push("no image was drawn at least twice".to_owned());
    }
    Ok((cases, warnings))
}

/// What each column is; `None` for one that means nothing.
fn columns(header: &csv::StringRecord, problems: &mut Vec<String>) -> Vec<Option<Column>> {
    let mut found: Vec<Option<Column>> = Vec::new();
    for name in header {
        let column = column(name.trim_start_matches('\u{feff}'));
        if column.is_none() {
            problems.push(format!(
                "column '{name}' means nothing here: use case, image, rater:NAME, rater:NAME:2, {}",
                ATTRIBUTES.join(", ")
            ));
        } else if found.contains(&column) {
            problems.push(format!("column '{name}' is there twice"));
        }
        found.push(column);
    }
    if !found.contains(&Some(Column::Case)) {
        problems.push("there is no column 'case'".to_owned());
    }
    let raters = found.iter().flatten();
    if raters.filter(|c| matches!(c, Column::Rater { .. })).count() < 2 {
        problems.push("there are fewer than two columns 'rater:NAME'".to_owned());
    }
    found
}

fn column(name: &str) -> Option<Column> {
    match name {
        "case" => return Some(Column::Case),
        "image" => return Some(Column::Image),
        other if ATTRIBUTES.contains(&other) => return Some(Column::Attribute(other.to_owned())),
        _ => {}
    }
    let rater = name.strip_prefix("rater:")?;
    let (rater, repeat) = match rater.rsplit_once(':') {
        Some((rater, number)) => (rater, number.trim().parse::<u32>().ok()?.checked_sub(1)?),
        None => (rater, 0),
    };
    let name = rater.trim().to_owned();
    (!name.is_empty()).then_some(Column::Rater { name, repeat })
}

fn read_row(
    columns: &[Option<Column>],
    record: &csv::StringRecord,
    folder: &Path,
    line: usize,
    problems: &mut Vec<String>,
) -> StudyCase {
    let mut case = StudyCase {
        name: String::new(),
        image: None,
        drawings: Vec::new(),
        attributes: BTreeMap::new(),
    };
    for (column, cell) in columns.iter().zip(record) {
        let Some(column) = column.as_ref().filter(|_| !cell.is_empty()) else {
            continue;
        };
        match column {
            Column::Case => case.name = cell.to_owned(),
            Column::Image => case.image = file(folder, cell, line, problems),
            Column::Attribute(name) => {
                case.attributes.insert(name.clone(), cell.to_owned());
            }
            Column::Rater { name, repeat } => {
                if let Some(path) = file(folder, cell, line, problems) {
                    case.drawings.push(StudyDrawing {
                        rater: name.clone(),
                        repeat: *repeat,
                        path,
                    });
                }
            }
        }
    }
    if case.name.is_empty() && columns.contains(&Some(Column::Case)) {
        problems.push(format!("line {line} has no name in column 'case'"));
    }
    case
}

fn file(folder: &Path, cell: &str, line: usize, problems: &mut Vec<String>) -> Option<PathBuf> {
    let path = folder.join(cell);
    if path.is_file() {
        return Some(path);
    }
    problems.push(format!("line {line}: there is no file '{cell}'"));
    None
}
