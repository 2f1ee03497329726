//! How the correlation with the raters depends on the number of samples.

use raterlens_core::agreement::Estimate;
use raterlens_report::plots::{Axis, Curves, Figure, Series};
use serde::Serialize;

use super::error::WholeError;
use super::results::Results;
use super::row::{Row, RowKey};
use crate::way::Way;

/// A correlation with the raters' entropy for a number of samples.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SampleCount {
    /// The models.
    pub key: RowKey,
    /// What was sampled.
    pub way: Way,
    /// Number of samples.
    pub samples: u32,
    /// r over images with its interval.
    pub r: Estimate,
}

/// The correlations of rows that were judged with `samples` samples.
pub(super) fn of_rows(
    results: &Results,
    rows: &[Row],
    samples: u32,
) -> Result<Vec<SampleCount>, WholeError> {
    let mut found = Vec::new();
    for row in rows {
        for way in row.ways.iter().filter(|w| sampled(w.way)) {
            if let Some(related) = results.related_to_raters(&way.entropy)? {
                found.push(SampleCount {
                    key: row.key.clone(),
                    way: way.way,
                    samples,
                    r: related.r,
                });
            }
        }
    }
    Ok(found)
}

fn sampled(way: Way) -> bool {
    matches!(way, Way::Dropout | Way::Augmentation)
}

/// A figure for dropout and one for augmentation.
pub(super) fn figures(found: &[SampleCount], note: &str) -> Result<Vec<Figure>, WholeError> {
    let mut figures = Vec::new();
    for way in [Way::Dropout, Way::Augmentation] {
        let of_way: Vec<&SampleCount> = found.iter().filter(|s| s.way == way).collect();
        let mut keys: Vec<&RowKey> = Vec::new();
        for one in &of_way {
            if !keys.contains(&&one.key) {
                keys.push(&one.key);
            }
        }
        if keys.is_empty() {
            continue;
        }
        let series = keys.iter().map(|key| {
            let of_key: Vec<_> = of_way.iter().filter(|s| s.key == **key).collect();
            let x = of_key.iter().map(|s| f64::from(s.samples)).collect();
            let number = |of: fn(&Estimate) -> Option<f64>| -> Vec<f64> {
                of_key
                    .iter()
                    .map(|s| of(&s.r).unwrap_or(f64::NAN))
                    .collect()
            };
            let low = number(|r| r.interval.map(|i| i.low));
            let high = number(|r| r.interval.map(|i| i.high));
            let row = Row {
                key: (*key).clone(),
                models: 1,
                ways: Vec::new(),
                variance: None,
            };
            Series::new(row.short_name(), x, number(|r| r.value)).with_band(low, high)
        });
        let curves = Curves {
            title: format!("{} entropy and raters, by number of samples", way.kind()),
            x: Axis::new("samples", "").log(),
            y: Axis::new("r over images", ""),
            series: series.collect(),
        };
        figures.push(Figure {
            plot: curves.draw()?,
            note: format!("Bands: 95 % bootstrap intervals over images. First seed of each combination. {note}"),
        });
    }
    Ok(figures)
}
