//! The table of a study.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::{StudyCase, StudyDrawing, StudyUse};
use crate::error::RatersError;

/// What may be known about an image.
const ATTRIBUTES: [&str; 4] = ["subject", "sex", "age_group", "level"];

/// What a column is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Column {
    Case,
    Image,
    Truth,
    Rater { name: String, repeat: u32 },
    Attribute(String),
}

/// What a table says.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// The images that were drawn often enough.
    pub(super) cases: Vec<StudyCase>,
    /// Remarks, as sentences.
    pub(super) warnings: Vec<String>,
    /// Files of the other images.
    pub(super) left_out: Vec<PathBuf>,
}

/// Reads the table; faults are added to `problems`.
pub(super) fn read_table(
    path: &Path,
    use_: StudyUse,
    problems: &mut Vec<String>,
) -> Result<Read, RatersError> {
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
    let bytes = fs::read(path).map_err(|source| RatersError::Input {
        source,
        path: path.to_path_buf(),
    })?;
    let mut csv = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(bytes.as_slice());
    let header = csv.headers().map_err(fail)?.clone();
    if header.len() == 1 && header.iter().any(|h| h.contains([';', '\t'])) {
        problems
            .push("the cells are separated by ';' or tabs: save the table with commas".to_owned());
        return Ok(Read::default());
    }
    let columns = columns(&header, use_, problems);
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let mut read = Read::default();
    let mut names = HashSet::new();
    for record in csv.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                problems.push(format!(
                    "a line cannot be read, save the table as UTF-8: {error}"
                ));
                continue;
            }
        };
        if record.iter().all(str::is_empty) {
            continue; // spreadsheets leave such lines at the end
        }
        let line = line_of(&bytes, record.position());
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
        if use_ == StudyUse::Training && case.image.is_none() && !names_image(&columns, &record) {
            problems.push(format!(
                "line {line}: training needs the image of case '{}'",
                case.name
            ));
        }
        if let Some(reason) = too_few(&case, use_) {
            read.warnings
                .push(format!("Case '{}' has {reason}.", case.name));
            read.left_out.extend(case.image);
            read.left_out
                .extend(case.drawings.into_iter().map(|d| d.path));
        } else {
            read.cases.push(case);
        }
    }
    if read.cases.is_empty() && problems.is_empty() {
        problems.push(match use_ {
            StudyUse::Agreement => "no image was drawn at least twice".to_owned(),
            StudyUse::Training | StudyUse::Shapes => "no image was drawn".to_owned(),
        });
    }
    Ok(read)
}

/// Whether the row names an image, be it one that is not there.
fn names_image(columns: &[Option<Column>], record: &csv::StringRecord) -> bool {
    let mut cells = columns.iter().zip(record);
    cells.any(|(column, cell)| *column == Some(Column::Image) && !cell.is_empty())
}

/// Why an image is left out.
fn too_few(case: &StudyCase, use_: StudyUse) -> Option<&'static str> {
    match (use_, case.drawings.len()) {
        (StudyUse::Agreement, 0) => Some("no drawing and is left out: agreement needs two"),
        (StudyUse::Agreement, 1) => Some("one drawing and is left out: agreement needs two"),
        (StudyUse::Training | StudyUse::Shapes, 0) => Some("no drawing and is left out"),
        _ => None,
    }
}

/// The line of the file, counted from 1, that a record stands on. The reader's own count passes over empty lines.
fn line_of(bytes: &[u8], position: Option<&csv::Position>) -> u64 {
    let start = position.map_or(0, |p| p.byte() as usize);
    let blank = bytes.get(start..).unwrap_or_default().iter();
    let blank = blank.take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let before = bytes.get(..start + blank).unwrap_or_default();
    1 + before.iter().filter(|&&b| b == b'\n').count() as u64
}

/// What each column is; `None` for one that means nothing.
fn columns(
    header: &csv::StringRecord,
    use_: StudyUse,
    problems: &mut Vec<String>,
) -> Vec<Option<Column>> {
    let mut found: Vec<Option<Column>> = Vec::new();
    for name in header {
        let column = column(name.trim_start_matches('\u{feff}'));
        if column.is_none() {
            problems.push(format!(
                "column '{name}' means nothing here: use case, image, truth, rater:NAME, rater:NAME:2, {}",
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
    let raters = raters.filter(|c| matches!(c, Column::Rater { .. })).count();
    match use_ {
        StudyUse::Agreement if raters < 2 => {
            problems.push("there are fewer than two columns 'rater:NAME'".to_owned());
        }
        StudyUse::Training | StudyUse::Shapes if raters < 1 => {
            problems.push("there is no column 'rater:NAME'".to_owned());
        }
        _ => {}
    }
    found
}

fn column(name: &str) -> Option<Column> {
    match name {
        "case" => return Some(Column::Case),
        "image" => return Some(Column::Image),
        "truth" => return Some(Column::Truth),
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
    line: u64,
    problems: &mut Vec<String>,
) -> StudyCase {
    let mut case = StudyCase {
        name: String::new(),
        image: None,
        truth: None,
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
            Column::Truth => case.truth = file(folder, cell, line, problems),
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

fn file(folder: &Path, cell: &str, line: u64, problems: &mut Vec<String>) -> Option<PathBuf> {
    let path = folder.join(cell);
    if path.is_file() {
        return Some(path);
    }
    problems.push(format!("line {line}: there is no file '{cell}'"));
    None
}
