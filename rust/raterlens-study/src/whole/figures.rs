//! The dissertation's figures on this study: scatter plots of figure 4.2 and reliability diagrams of figure A.1.

use raterlens_core::evaluation::average_calibration;
use raterlens_report::plots::{Correlation, Figure, Reliability};

use super::error::WholeError;
use super::results::Results;
use super::row::{Row, WayRow};
use crate::scatter::{scatter_of, Points};
use crate::way::Way;

/// Figure 4.2: prediction and epistemic entropy of each image against the raters' entropy, one panel each.
pub(super) fn scatters(results: &Results, note: &str) -> Result<Vec<Figure>, WholeError> {
    let mut figures = Vec::new();
    for (n, row) in results.rows.iter().enumerate() {
        let plain = row.way(Way::Plain).filter(|_| !row.key.is_ensemble);
        let ways = plain
            .into_iter()
            .chain(row.epistemic())
            .chain(row.way(Way::Evidential));
        for way in ways {
            figures.extend(panel(results, row, way, n, note)?);
        }
    }
    Ok(figures)
}

fn panel(
    results: &Results,
    row: &Row,
    way: &WayRow,
    color: usize,
    note: &str,
) -> Result<Option<Figure>, WholeError> {
    let Some(related) = results.related_to_raters(&way.entropy)? else {
        return Ok(None);
    };
    let points = way.entropy.iter().zip(&results.gt_entropy);
    let points: Vec<[f64; 2]> = points.filter_map(|(x, y)| Some([*x, (*y)?])).collect();
    let mean = super::row::mean(way.entropy.iter().copied()).unwrap_or_default();
    let scatter = scatter_of(&Points {
        title: row.short_name(),
        kind: way.way.kind(),
        points,
        color,
        correlation: related.r.value.map(|r| Correlation {
            r,
            interval: related.r.interval.map(|i| [i.low, i.high]),
            p: related.p,
        }),
        mean,
    });
    Ok(Some(Figure {
        plot: scatter.draw()?,
        note: note.to_owned(),
    }))
}

/// Figure A.1: single models' plain probabilities, and the means of their samples.
pub(super) fn reliability(results: &Results, note: &str) -> Result<Vec<Figure>, WholeError> {
    let mut groups: Vec<&str> = Vec::new();
    for row in &results.rows {
        if !groups.contains(&row.key.group.as_str()) {
            groups.push(&row.key.group);
        }
    }
    let mut figures = Vec::new();
    for group in groups {
        for way in [Way::Plain, Way::Dropout, Way::Ensemble, Way::Augmentation] {
            let mut models = Vec::new();
            for row in results.rows.iter().filter(|r| r.key.group == group) {
                let alone = !row.key.is_ensemble || way == Way::Ensemble;
                if let Some(found) = row.way(way).filter(|_| alone) {
                    let mean = average_calibration(&found.calibration, &results.options)?;
                    models.push((row.short_name(), mean));
                }
            }
            if models.is_empty() {
                continue;
            }
            let figure = Reliability {
                title: format!("Reliability, {group}, {way}"),
                models,
            };
            figures.push(Figure {
                plot: figure.draw()?,
                note: note.to_owned(),
            });
        }
    }
    Ok(figures)
}
