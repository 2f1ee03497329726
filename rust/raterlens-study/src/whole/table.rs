//! Tables of numbers with their spread, intervals and tests.

use raterlens_core::agreement::{BootstrapOptions, Estimate};
use raterlens_core::evaluation::{bootstrap_mean, holm, paired_t_test, wilcoxon};
use raterlens_report::plots::{DataRow, DataTable};
use serde::Serialize;

use super::error::WholeError;

/// A table of the study.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    /// For example "3.1": the dissertation's number; others have a word.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// Headings of the columns.
    pub columns: Vec<String>,
    /// The rows; those of the dissertation come last.
    pub rows: Vec<TableRow>,
    /// What the numbers are.
    pub note: String,
    /// Decimals that are shown.
    pub digits: usize,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableRow {
    /// Its heading.
    pub name: String,
    /// Whether the numbers are the dissertation's, of another data set.
    pub is_dissertation: bool,
    /// One a column.
    pub cells: Vec<Cell>,
}

/// One number.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Cell {
    /// The number; none where there is none.
    pub value: Option<f64>,
    /// Standard deviation, over images or seeds as the table says.
    pub sd: Option<f64>,
    /// 95 % interval over images.
    pub interval: Option<[f64; 2]>,
    /// The comparison with the row's baseline.
    pub test: Option<Comparison>,
    /// Two-sided p-value of a correlation.
    pub p: Option<f64>,
}

/// A comparison with the baseline, paired by image.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Comparison {
    /// Mean difference from the baseline.
    pub difference: f64,
    /// Whether the difference is in the direction that is better.
    pub is_better: bool,
    /// Two-sided p of the paired t-test.
    pub p_t: Option<f64>,
    /// Two-sided p of Wilcoxon's signed-rank test.
    pub p_wilcoxon: Option<f64>,
    /// p of the t-test after Holm's correction over all comparisons of the table.
    pub p_holm: Option<f64>,
}

impl Cell {
    /// The mean over images, with standard deviation and interval; `None`s are left out.
    pub(super) fn over_images(
        values: &[Option<f64>],
        factor: f64,
        options: &BootstrapOptions,
    ) -> Result<Self, WholeError> {
        let scaled: Vec<Option<f64>> = values.iter().map(|v| v.map(|v| v * factor)).collect();
        let known: Vec<f64> = scaled.iter().flatten().copied().collect();
        let estimate = bootstrap_mean(&scaled, options)?;
        Ok(Self {
            sd: deviation(&known),
            ..Self::of(&estimate)
        })
    }

    /// An estimate with its interval.
    pub(super) fn of(estimate: &Estimate) -> Self {
        Self {
            value: estimate.value,
            interval: estimate.interval.map(|i| [i.low, i.high]),
            ..Self::default()
        }
    }

    /// A number alone.
    pub(super) fn plain(value: f64) -> Self {
        Self {
            value: Some(value),
            ..Self::default()
        }
    }

    /// A number with its standard deviation.
    pub(super) fn spread(value: f64, sd: f64) -> Self {
        Self {
            sd: Some(sd),
            ..Self::plain(value)
        }
    }

    /// "**" below 0.01 and "*" below 0.05 for what is better than the baseline, rings for what is worse; of correlations the p-value's stars.
    #[must_use]
    pub fn mark(&self) -> &'static str {
        let level = |p: Option<f64>| match p {
            Some(p) if p < 0.01 => 2,
            Some(p) if p < 0.05 => 1,
            _ => 0,
        };
        let (n, sign) = match self.test {
            Some(test) => (level(test.p_holm), test.is_better),
            None => (level(self.p), true),
        };
        match (n, sign) {
            (2, true) => "**",
            (1, true) => "*",
            (2, false) => "\u{b0}\u{b0}",
            (1, false) => "\u{b0}",
            _ => "",
        }
    }

    fn text(&self, digits: usize) -> String {
        let Some(value) = self.value else {
            return String::new();
        };
        let number = |v: f64| {
            let text = format!("{v:.digits$}");
            // No "-0.0".
            match text
                .trim_start_matches('-')
                .chars()
                .all(|c| "0.".contains(c))
            {
                true => text.trim_start_matches('-').to_owned(),
                false => text.replace('-', "\u{2212}"),
            }
        };
        let mut text = number(value);
        if let Some(sd) = self.sd {
            text += &format!(" \u{b1} {}", number(sd));
        } else if let Some([low, high]) = self.interval {
            text += &format!(" ({} to {})", number(low), number(high));
        }
        let mark = self.mark();
        if !mark.is_empty() {
            text += &format!(" {mark}");
        }
        text
    }
}

impl Table {
    /// The table for the page.
    pub(super) fn for_page(&self) -> DataTable {
        let row = |row: &TableRow| DataRow {
            name: row.name.clone(),
            cells: row.cells.iter().map(|c| c.text(self.digits)).collect(),
            is_apart: row.is_dissertation,
        };
        DataTable {
            title: self.title.clone(),
            columns: self.columns.clone(),
            rows: self.rows.iter().map(row).collect(),
            note: self.note.clone(),
            is_words: false,
        }
    }

    /// Rows for the file of all tables.
    pub(super) fn csv_rows(&self) -> Vec<Vec<String>> {
        let optional = |v: Option<f64>| v.map(|v| v.to_string()).unwrap_or_default();
        let mut out = Vec::new();
        for row in &self.rows {
            for (column, cell) in self.columns.iter().zip(&row.cells) {
                let test = cell.test;
                out.push(vec![
                    self.id.clone(),
                    if row.is_dissertation {
                        "dissertation"
                    } else {
                        "this study"
                    }
                    .to_owned(),
                    row.name.clone(),
                    column.clone(),
                    optional(cell.value),
                    optional(cell.sd),
                    optional(cell.interval.map(|i| i[0])),
                    optional(cell.interval.map(|i| i[1])),
                    optional(cell.p),
                    optional(test.map(|t| t.difference)),
                    optional(test.and_then(|t| t.p_t)),
                    optional(test.and_then(|t| t.p_wilcoxon)),
                    optional(test.and_then(|t| t.p_holm)),
                    cell.mark().to_owned(),
                ]);
            }
        }
        out
    }
}

/// Columns of the file of all tables.
pub(super) const CSV_HEADER: [&str; 14] = [
    "table",
    "source",
    "row",
    "column",
    "value",
    "sd",
    "low",
    "high",
    "p",
    "difference",
    "p_t",
    "p_wilcoxon",
    "p_holm",
    "mark",
];

/// Sample standard deviation; none of fewer than two numbers.
pub(super) fn deviation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

/// Compares numbers of the same images with a baseline's; `lower_is_better` for errors.
pub(super) fn compare(
    ours: &[f64],
    baseline: &[f64],
    factor: f64,
    lower_is_better: bool,
) -> Result<Option<Comparison>, WholeError> {
    if ours.len() < 2 || ours.len() != baseline.len() {
        return Ok(None);
    }
    let t = paired_t_test(ours, baseline)?;
    let rank = wilcoxon(ours, baseline)?;
    let difference = t.mean_difference.unwrap_or(0.0);
    Ok(Some(Comparison {
        difference: difference * factor,
        is_better: (difference < 0.0) == lower_is_better,
        p_t: t.p,
        p_wilcoxon: rank.p,
        p_holm: None,
    }))
}

/// Corrects all comparisons of a table after Holm.
pub(super) fn correct(rows: &mut [TableRow]) -> Result<(), WholeError> {
    let cells = || rows.iter().flat_map(|r| &r.cells);
    let p: Vec<f64> = cells().filter_map(|c| c.test?.p_t).collect();
    let mut corrected = holm(&p)?.into_iter();
    for cell in rows.iter_mut().flat_map(|r| &mut r.cells) {
        if let Some(test) = cell.test.as_mut().filter(|t| t.p_t.is_some()) {
            test.p_holm = corrected.next();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_say_better_and_worse() {
        let cell = |p, is_better| Cell {
            test: Some(Comparison {
                difference: 1.0,
                is_better,
                p_t: Some(p),
                p_wilcoxon: None,
                p_holm: Some(p),
            }),
            ..Cell::spread(94.361, 2.74)
        };
        assert_eq!(cell(0.001, true).text(2), "94.36 \u{b1} 2.74 **");
        assert_eq!(cell(0.03, false).text(1), "94.4 \u{b1} 2.7 \u{b0}");
        assert_eq!(cell(0.2, true).mark(), "");
        assert_eq!(Cell::default().text(2), "");
        assert_eq!(Cell::plain(-0.001).text(2), "0.00");
        assert_eq!(Cell::plain(-0.5).text(1), "\u{2212}0.5");
    }

    /// By hand: Holm of 0.01, 0.04, 0.03 is 0.03, 0.06, 0.06.
    #[test]
    fn comparisons_of_a_table_are_corrected_together() {
        let cell = |p| Cell {
            test: Some(Comparison {
                difference: 1.0,
                is_better: true,
                p_t: Some(p),
                p_wilcoxon: None,
                p_holm: None,
            }),
            ..Cell::plain(1.0)
        };
        let mut rows = vec![
            TableRow {
                name: "a".into(),
                is_dissertation: false,
                cells: vec![cell(0.01), Cell::plain(2.0)],
            },
            TableRow {
                name: "b".into(),
                is_dissertation: false,
                cells: vec![cell(0.04), cell(0.03)],
            },
        ];
        correct(&mut rows).unwrap();
        let found: Vec<f64> = rows
            .iter()
            .flat_map(|r| &r.cells)
            .filter_map(|c| c.test?.p_holm)
            .collect();
        for (found, by_hand) in found.iter().zip([0.03, 0.06, 0.06]) {
            assert!((found - by_hand).abs() < 1e-12, "{found} {by_hand}");
        }
    }

    #[test]
    fn lower_errors_are_better() {
        let found = compare(&[0.1, 0.2, 0.1], &[0.3, 0.3, 0.4], 1e3, true)
            .unwrap()
            .unwrap();
        assert!(found.is_better && (found.difference + 200.0).abs() < 1e-9);
        assert_eq!(compare(&[1.0], &[2.0], 1.0, true).unwrap(), None);
    }
}
