//! `measures.csv`: one row per structure for the whole volume, then one per structure and slice.

use std::io::{self, Write};
use std::path::Path;

use raterlens_core::measures::{MeasureRow, Measures};
use raterlens_core::LabelScheme;

/// Columns of `measures.csv`. `slice` counts from 0 along the input's slice axis and is empty for the whole
/// volume, as `area_mm2` is; `mean_variance` is empty where the structure has no voxel.
pub const MEASURES_HEADER: [&str; 8] = [
    "case",
    "structure",
    "structure_title",
    "slice",
    "area_mm2",
    "volume_ml",
    "mean_variance",
    "voxels",
];

/// One row as text, in the order of [`MEASURES_HEADER`].
pub type MeasuresRow = [String; 8];

/// Writes the header and rows.
///
/// # Errors
/// Those of `out`.
pub fn write_measures<'r>(
    out: impl Write,
    rows: impl IntoIterator<Item = &'r MeasuresRow>,
) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(MEASURES_HEADER)?;
    for row in rows {
        csv.write_record(row)?;
    }
    csv.flush()
}

/// Reads back the rows of a `measures.csv`.
///
/// # Errors
/// The file cannot be read, is no CSV, or has other columns.
pub fn read_measures(path: &Path) -> io::Result<Vec<MeasuresRow>> {
    let bad = |reason: String| io::Error::new(io::ErrorKind::InvalidData, reason);
    let mut csv = csv::Reader::from_path(path)?;
    if csv.headers()? != &csv::StringRecord::from(MEASURES_HEADER.to_vec()) {
        return Err(bad("this is not a measures.csv of this version".into()));
    }
    let mut rows = Vec::new();
    for record in csv.records() {
        let cells: Vec<String> = record?.iter().map(str::to_owned).collect();
        let found = cells.len();
        let row = cells.try_into();
        rows.push(row.map_err(|_| bad(format!("a row has {found} cells instead of 8")))?);
    }
    Ok(rows)
}

pub(super) fn write_case(
    out: impl Write,
    name: &str,
    measures: &Measures,
    scheme: &LabelScheme,
) -> io::Result<()> {
    write_measures(out, &rows(name, &measures.rows, scheme))
}

/// Rows of a case as text: whole volumes first, then slices, each in the order measured.
fn rows(name: &str, rows: &[MeasureRow], scheme: &LabelScheme) -> Vec<MeasuresRow> {
    let whole = rows.iter().filter(|r| r.slice.is_none());
    let slices = rows.iter().filter(|r| r.slice.is_some());
    whole.chain(slices).map(|r| row(name, r, scheme)).collect()
}

fn row(name: &str, row: &MeasureRow, scheme: &LabelScheme) -> MeasuresRow {
    let structure = scheme.by_id(row.structure);
    let optional = |value: Option<f64>, decimals| value.map(|v| decimal(v, decimals));
    [
        name.to_owned(),
        structure.map(|s| s.name.clone()).unwrap_or_default(),
        structure.map(|s| s.title.clone()).unwrap_or_default(),
        row.slice.map(|s| s.to_string()).unwrap_or_default(),
        optional(row.area_mm2, 3).unwrap_or_default(),
        decimal(row.volume_ml, 6),
        optional(row.mean_variance, 6).unwrap_or_default(),
        row.voxels.to_string(),
    ]
}

/// Rounded to a number of decimals, without trailing zeros.
fn decimal(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_by_hand() {
        let scheme = LabelScheme::lumbar_paraspinal();
        let measured = [
            MeasureRow {
                structure: 2,
                slice: Some(7),
                area_mm2: Some(10.5),
                volume_ml: 0.042,
                mean_variance: Some(0.01234567),
                voxels: 42,
            },
            MeasureRow {
                structure: 1,
                slice: None,
                area_mm2: None,
                volume_ml: 0.0,
                mean_variance: None,
                voxels: 0,
            },
        ];
        let mut text = Vec::new();
        write_measures(&mut text, &rows("A, \"x\"", &measured, &scheme)).unwrap();
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "case,structure,structure_title,slice,area_mm2,volume_ml,mean_variance,voxels",
                "\"A, \"\"x\"\"\",multifidus_right,Right multifidus,,,0,,0",
                "\"A, \"\"x\"\"\",multifidus_left,Left multifidus,7,10.5,0.042,0.012346,42",
            ]
        );
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let back = read_measures(file.path()).unwrap();
        assert_eq!(back, rows("A, \"x\"", &measured, &scheme));
    }

    #[test]
    fn numbers_lose_only_what_is_below_the_last_decimal() {
        assert_eq!(decimal(100.0, 3), "100");
        assert_eq!(decimal(0.1 + 0.2, 6), "0.3");
        assert_eq!(decimal(-1e-9, 6), "0");
    }
}
