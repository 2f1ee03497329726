//! What the numbers say, in sentences without judgement.

use raterlens_core::agreement::{AgreementReport, Metric, RaterBias, StructureAgreement, Summary};

use crate::context::Context;
use crate::estimate::{finite, Format};
use crate::number::{capital_word, count, fixed};

/// The sentences of the paragraph on top.
pub(crate) fn verdict(context: &Context<'_>) -> Vec<String> {
    let report = context.page.report;
    let mut known: Vec<_> = report.structures.iter().filter_map(with_dice).collect();
    known.sort_by(|a, b| a.1.total_cmp(&b.1));
    let sentences = match known.as_slice() {
        [] => vec![no_dice(report)],
        [(structure, _)] => vec![one(context, structure)],
        [least, .., most] => vec![
            range(context, known.len()),
            most_and_least(context, most.0, least.0),
        ],
    };
    sentences.into_iter().chain(volume(context)).collect()
}

/// Structures that somebody drew and that have a mean Dice.
fn with_dice(structure: &StructureAgreement) -> Option<(&StructureAgreement, f64)> {
    let dice = finite(&dice(structure)?.mean)?;
    (structure.images > 0).then_some((structure, dice))
}

fn dice(structure: &StructureAgreement) -> Option<&Summary> {
    structure.mean_over_pairs.get(&Metric::Dice)
}

fn no_dice(report: &AgreementReport) -> String {
    format!(
        "Among {} and {} no structure has a Dice between two raters.",
        count(report.raters.len(), "rater", "raters"),
        count(report.cases.len(), "image", "images")
    )
}

fn one(context: &Context<'_>, structure: &StructureAgreement) -> String {
    let raters = capital_word(context.page.report.raters.len());
    format!(
        "{raters} raters agree on {} with a mean Dice of {}.",
        context.title(structure.structure),
        in_words(context, structure)
    )
}

fn range(context: &Context<'_>, structures: usize) -> String {
    format!(
        "{} raters outlined {structures} structures in {}.",
        capital_word(context.page.report.raters.len()),
        count(context.images(), "image", "images")
    )
}

fn most_and_least(
    context: &Context<'_>,
    most: &StructureAgreement,
    least: &StructureAgreement,
) -> String {
    format!(
        "They agree most on {} with a mean Dice of {} and least on {} with {}.",
        context.title(most.structure),
        in_words(context, most),
        context.title(least.structure),
        in_words(context, least)
    )
}

/// "0.87 (95 % interval 0.84 to 0.90, 28 images)".
fn in_words(context: &Context<'_>, structure: &StructureAgreement) -> String {
    let Some(summary) = dice(structure) else {
        return String::new();
    };
    let value = summary.mean.value.map_or(String::new(), |v| fixed(v, 2));
    let images = count(summary.images, "image", "images");
    match summary.mean.interval {
        None => format!("{value} ({images}, no interval)"),
        Some(_) => {
            let ends = Format::plain(2).interval(&summary.mean);
            format!("{value} ({} interval {ends}, {images})", context.level())
        }
    }
}

/// The largest difference in volume of which the interval excludes zero, and how many there are.
fn volume(context: &Context<'_>) -> Vec<String> {
    let structures = context.page.report.structures.iter();
    let all = structures.flat_map(|s| s.raters.iter().map(move |r| (s, r)));
    let tested: Vec<_> = all
        .filter(|(_, r)| r.others.volume_percent.mean.interval.is_some())
        .collect();
    if tested.is_empty() {
        return Vec::new();
    }
    let mut apart: Vec<_> = tested
        .iter()
        .copied()
        .filter(|(_, r)| excludes_zero(r))
        .collect();
    apart.sort_by(|a, b| percent(b.1).abs().total_cmp(&percent(a.1).abs()));
    let combinations = tested.len();
    let chance = combinations as f64 * (1.0 - context.page.report.options.bootstrap.level);
    let Some((structure, rater)) = apart.first() else {
        return vec![format!(
            "No rater’s volumes differ from the others’ so steadily that the interval excludes zero (of {}).",
            count(combinations, "combination of rater and structure", "combinations of rater and structure")
        )];
    };
    let among = match combinations {
        0..=2 => String::new(),
        n => format!(
            " Of {n} combinations of rater and structure, {} have an interval that excludes zero; about {} would by chance.",
            apart.len(),
            fixed(chance, if chance < 10.0 { 1 } else { 0 })
        ),
    };
    vec![larger(context, structure, rater) + &among]
}

fn excludes_zero(rater: &RaterBias) -> bool {
    let interval = rater.others.volume_percent.mean.interval;
    interval.is_some_and(|i| i.low > 0.0 || i.high < 0.0)
}

fn percent(rater: &RaterBias) -> f64 {
    rater.others.volume_percent.mean.value.unwrap_or(0.0)
}

fn larger(context: &Context<'_>, structure: &StructureAgreement, rater: &RaterBias) -> String {
    let estimate = &rater.others.volume_percent.mean;
    let value = percent(rater);
    let decimals = usize::from(value.abs() < 10.0);
    let direction = if value > 0.0 { "larger" } else { "smaller" };
    // Both ends have the sign of the value: the interval excludes zero.
    let ends = estimate
        .interval
        .map_or([0.0; 2], |i| [i.low.abs(), i.high.abs()]);
    let (low, high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
    format!(
        "{} draws {} {} % {direction} than the others ({} interval {} to {} %, {}).",
        named(&rater.rater),
        context.title(structure.structure),
        fixed(value.abs(), decimals),
        context.level(),
        fixed(low, decimals),
        fixed(high, decimals),
        count(rater.others.volume_percent.images, "image", "images")
    )
}

/// "Rater A" for "A", "Rater 2" for "rater 2".
fn named(rater: &str) -> String {
    let is_called_so = rater
        .get(..5)
        .is_some_and(|head| head.eq_ignore_ascii_case("rater"));
    match is_called_so {
        true => format!("R{}", rater.get(1..).unwrap_or_default()),
        false => format!("Rater {rater}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raters_are_not_called_rater_twice() {
        assert_eq!(named("rater 2"), "Rater 2");
        assert_eq!(named("A"), "Rater A");
        assert_eq!(named("Ärzte"), "Rater Ärzte");
    }
}
