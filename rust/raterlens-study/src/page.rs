//! A judgement as a page to look at.

use raterlens_core::agreement::Estimate;
use raterlens_report::plots::{
    figures_html, Correlation, Figure, FigureGroup, FiguresPage, Reliability, Scatter,
};
use raterlens_report::ReportError;

use crate::overall::OverallWay;
use crate::scatter::{scatter_of, Points};
use crate::study::StudyJudgement;

/// One self-contained page: figures of how sure the model is against how much the raters differ, and of its calibration.
///
/// # Errors
/// Numbers that cannot be drawn.
pub(crate) fn page(
    found: &StudyJudgement,
    study: &str,
    command: &str,
) -> Result<String, ReportError> {
    let overall = &found.overall;
    let note = format!(
        "Data: {} images of study '{study}'. Model: {} ({} in all). Points are images; bands and intervals hold 95 %.",
        overall.images,
        found.model.name,
        1 + found.members.len(),
    );
    let mut groups = Vec::new();
    let mut scatters = Vec::new();
    for (n, way) in overall.ways.iter().enumerate() {
        if let Some(scatter) = scatter(found, way, n) {
            scatters.push(Figure {
                plot: scatter.draw()?,
                note: note.clone(),
            });
        }
    }
    if !scatters.is_empty() {
        groups.push(FigureGroup {
            title: "Does uncertainty follow the raters?".into(),
            lead: "Mean entropy of each image against the entropy of its raters' mean label."
                .into(),
            tables: Vec::new(),
            figures: scatters,
        });
    }
    let models = overall
        .ways
        .iter()
        .map(|w| (w.way.to_string(), w.calibration.clone()));
    let reliability = Reliability {
        title: "Reliability".into(),
        models: models.collect(),
    };
    groups.push(FigureGroup {
        title: "Is confidence what it says?".into(),
        lead: "Accuracy of the most probable label over its probability, bins per image, then averaged.".into(),
        tables: Vec::new(),
        figures: vec![Figure {
            plot: reliability.draw()?,
            note,
        }],
    });
    Ok(figures_html(&FiguresPage {
        title: format!("{} on {study}", found.model.name),
        lead: lead(found),
        notes: found.warnings.clone(),
        groups,
        made_by: format!("RaterLens {}; {command}", env!("CARGO_PKG_VERSION")),
    }))
}

/// One sentence for each way of predicting.
fn lead(found: &StudyJudgement) -> Vec<String> {
    let text = |e: &Estimate| match (e.value, e.interval) {
        (Some(v), Some(i)) => format!("{v:.3} ({:.3} to {:.3})", i.low, i.high),
        (Some(v), None) => format!("{v:.3}"),
        _ => "undefined".into(),
    };
    let sentence = |way: &OverallWay| {
        let dice = way
            .structures
            .iter()
            .map(|s| format!("{} {}", s.structure, text(&s.dice)));
        let dice: Vec<String> = dice.collect();
        let precision = way
            .pooled
            .average_precision
            .map_or("undefined".into(), |v| format!("{v:.3}"));
        let r = way
            .correlation_estimate
            .as_ref()
            .map_or("undefined".into(), text);
        format!(
            "{}: Dice {}; ECE {}; AUC-PR of the entropy {precision}; correlation with the raters' entropy {r}.",
            capital(&way.way.to_string()),
            dice.join(", "),
            text(&way.calibration.ece),
        )
    };
    let mut lines: Vec<String> = found.overall.ways.iter().map(sentence).collect();
    lines.extend(found.overall.partition.map(|p| {
        format!(
            "Of the raters' entropy, epistemic entropy alone explains {:.1} %, aleatoric alone {:.1} %, both together {:.1} % (over images).",
            100.0 * p.first,
            100.0 * p.second,
            100.0 * p.joint
        )
    }));
    lines
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn scatter(found: &StudyJudgement, way: &OverallWay, n: usize) -> Option<Scatter> {
    let point = |image: &crate::image::ImageJudgement| {
        Some([image.ways.get(n)?.entropy, image.gt_entropy?])
    };
    let points: Vec<[f64; 2]> = found.images.iter().filter_map(point).collect();
    if points.len() < 3 {
        return None;
    }
    let interval = way.correlation_estimate.as_ref().and_then(|e| e.interval);
    let correlation = way.correlation.and_then(|c| {
        Some(Correlation {
            r: c.r?,
            interval: interval.map(|i| [i.low, i.high]),
            p: c.p,
        })
    });
    Some(scatter_of(&Points {
        title: format!(
            "{} ({} entropy)",
            capital(&way.way.to_string()),
            way.way.kind()
        ),
        kind: way.way.kind(),
        points,
        color: n,
        correlation,
        mean: way.entropy.value.unwrap_or_default(),
    }))
}
