//! Results as tables: the same columns in CSV files and in a host's table nodes.

mod agreement;
mod differences;
mod evaluation;
mod performance;
mod variability;

use std::io;

pub use agreement::{overall, pairs, raters};
pub use differences::{differences, limits, measurements};
pub use evaluation::{
    calibration as calibration_bins, structures as structure_scores,
    uncertainty as uncertainty_scores,
};
pub use performance::performance;
pub use variability::{entropy_rows, variance_rows};

use raterlens_core::agreement::{Estimate, Summary};

/// Columns of equal length under a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Name for files and code: lower-case letters and `_`.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// The columns, each with a value for every row.
    pub columns: Vec<Column>,
}

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Name for code, with the unit at its end where it has one (`area_mm2`).
    pub name: String,
    /// The values, one a row.
    pub values: Values,
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Words.
    Text(Vec<String>),
    /// Numbers; `None` where one is undefined.
    Number(Vec<Option<f64>>),
}

impl Table {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |c| match &c.values {
            Values::Text(v) => v.len(),
            Values::Number(v) => v.len(),
        })
    }

    /// The numbers of a column; empty when there is no such column of numbers.
    #[must_use]
    pub fn numbers(&self, column: &str) -> &[Option<f64>] {
        let found = self.columns.iter().find(|c| c.name == column);
        match found.map(|c| &c.values) {
            Some(Values::Number(values)) => values,
            _ => &[],
        }
    }

    /// The words of a column; empty when there is no such column of words.
    #[must_use]
    pub fn words(&self, column: &str) -> &[String] {
        let found = self.columns.iter().find(|c| c.name == column);
        match found.map(|c| &c.values) {
            Some(Values::Text(values)) => values,
            _ => &[],
        }
    }

    /// Writes the table as CSV: a line of names, then the rows; an undefined number is an empty cell. Numbers are written so
    /// that they are read back bit for bit.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_csv(&self, out: impl io::Write) -> io::Result<()> {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(self.columns.iter().map(|c| &c.name))?;
        for row in 0..self.rows() {
            csv.write_record(self.columns.iter().map(|c| c.values.cell(row)))?;
        }
        csv.flush()
    }
}

impl Values {
    fn cell(&self, row: usize) -> String {
        match self {
            Self::Text(values) => values.get(row).cloned().unwrap_or_default(),
            Self::Number(values) => match values.get(row) {
                Some(Some(value)) => value.to_string(),
                _ => String::new(),
            },
        }
    }
}

/// One cell of a row that is being made.
pub(crate) enum Cell {
    Text(String),
    Number(Option<f64>),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Option<f64>> for Cell {
    fn from(value: Option<f64>) -> Self {
        Self::Number(value.filter(|v| v.is_finite()))
    }
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        Some(value).into()
    }
}

impl From<usize> for Cell {
    fn from(value: usize) -> Self {
        (value as f64).into()
    }
}

/// Cells of a row, with their columns' names.
pub(crate) type Row = Vec<(String, Cell)>;

/// Adds a cell.
pub(crate) fn put(row: &mut Row, name: impl Into<String>, cell: impl Into<Cell>) {
    row.push((name.into(), cell.into()));
}

/// Adds value and interval: `NAME`, `NAME_low`, `NAME_high`.
pub(crate) fn put_estimate(row: &mut Row, name: &str, estimate: Option<&Estimate>) {
    let interval = estimate.and_then(|e| e.interval);
    put(row, name, estimate.and_then(|e| e.value));
    put(row, format!("{name}_low"), interval.map(|i| i.low));
    put(row, format!("{name}_high"), interval.map(|i| i.high));
}

/// Adds mean with interval and standard deviation: as [`put_estimate`], and `NAME_sd`.
pub(crate) fn put_summary(row: &mut Row, name: &str, summary: Option<&Summary>) {
    put_estimate(row, name, summary.map(|s| &s.mean));
    put(row, format!("{name}_sd"), summary.and_then(|s| s.sd));
}

/// Turns rows of the same cells into a table. Without rows it has no columns: their names are known from the rows only.
pub(crate) fn table(name: &'static str, title: &'static str, rows: Vec<Row>) -> Table {
    let mut columns: Vec<Column> = Vec::new();
    for row in rows {
        for (n, (name, cell)) in row.into_iter().enumerate() {
            if n == columns.len() {
                let values = match &cell {
                    Cell::Text(_) => Values::Text(Vec::new()),
                    Cell::Number(_) => Values::Number(Vec::new()),
                };
                columns.push(Column { name, values });
            }
            match (columns.get_mut(n).map(|c| &mut c.values), cell) {
                (Some(Values::Text(values)), Cell::Text(text)) => values.push(text),
                (Some(Values::Number(values)), Cell::Number(value)) => values.push(value),
                _ => {} // never: every row has the same cells
            }
        }
    }
    Table {
        name,
        title,
        columns,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_has_names_numbers_to_the_last_bit_and_empty_cells() {
        let row = |name: &str, value: Option<f64>| {
            let mut row = Row::new();
            put(&mut row, "rater", name);
            put(&mut row, "volume_ml", value);
            row
        };
        let rows = vec![
            row("A, B", Some(0.1 + 0.2)),
            row("C", None),
            row("D", Some(f64::NAN)),
        ];
        let table = table("volumes", "Volumes", rows);
        let mut csv = Vec::new();
        table.write_csv(&mut csv).unwrap();
        let text = String::from_utf8(csv).unwrap();
        assert_eq!(
            text,
            "rater,volume_ml\n\"A, B\",0.30000000000000004\nC,\nD,\n"
        );
        assert_eq!((table.rows(), table.numbers("volume_ml")[1]), (3, None));
        assert_eq!(table.words("rater")[2], "D");
        assert!(table.words("volume_ml").is_empty());
    }
}
