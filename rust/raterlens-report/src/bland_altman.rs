//! Bland-Altman plots of volumes and of areas.

use maud::{html, Markup};
use raterlens_core::agreement::{QuantityAgreement, StructureAgreement};

use crate::bland_altman_panel::{panel, Frame};
use crate::bland_altman_points::{against_others, of_pairs, Panel};
use crate::context::Context;
use crate::estimate::Format;
use crate::number::{count, decimals_for};
use crate::scale::domain;

/// Most pairs of raters that each get a plot; with more, each rater is plotted against the mean of the others.
const MAX_PAIR_PLOTS: usize = 6;

/// A quantity with its words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) one: &'static str,
    pub(crate) many: &'static str,
}

const VOLUME: Words = Words {
    title: "Volume",
    unit: "ml",
    one: "image",
    many: "images",
};

const AREA: Words = Words {
    title: "Cross-sectional area",
    unit: "mm²",
    one: "slice",
    many: "slices",
};

/// Both quantities of a structure.
pub(crate) fn bland_altman(context: &Context<'_>, structure: &StructureAgreement) -> Markup {
    html! {
        @for (words, quantity) in [(VOLUME, &structure.volume_ml), (AREA, &structure.area_mm2)] {
            (plots(context, structure, quantity, words))
        }
    }
}

fn plots(
    context: &Context<'_>,
    structure: &StructureAgreement,
    quantity: &QuantityAgreement,
    words: Words,
) -> Markup {
    let raters = &context.page.report.raters;
    let is_by_pair = quantity.pairs.len() <= MAX_PAIR_PLOTS;
    let panels = match is_by_pair {
        true => of_pairs(quantity, raters),
        false => against_others(quantity, raters),
    };
    let panels: Vec<_> = panels
        .into_iter()
        .filter(|p| !p.points.is_empty())
        .collect();
    let Some(frame) = frame(&panels, words) else {
        return html! {};
    };
    let limits = match is_by_pair {
        true => format!("Bands are {} intervals.", context.level()),
        false => "The pairs with their intervals are in the table below.".to_owned(),
    };
    let subject = context.title(structure.structure);
    html! {
        h4 { (words.title) ", " (words.unit) ": differences (Bland–Altman)" }
        p.lead {
            "Each dot is one " (words.one) ". Solid line: mean difference (bias); dashed: limits of agreement, "
            "bias ± 1.96 standard deviations. " (limits)
        }
        div.charts.plots {
            @for panel_data in &panels {
                figure { (panel(panel_data, &frame, subject, context)) }
            }
        }
        (pairs_table(context, quantity, words, is_by_pair))
    }
}

/// Scales that all plots of the quantity share.
fn frame(panels: &[Panel], words: Words) -> Option<Frame> {
    panels.first()?;
    let x = panels.iter().flat_map(|p| p.points.iter().map(|[x, _]| *x));
    let y = panels.iter().flat_map(Panel::heights);
    let largest = y
        .filter(|v| v.is_finite())
        .fold(0.0, |m: f64, v| m.max(v.abs()));
    Some(Frame {
        x: domain(x, &[]),
        y: domain([-largest, largest].into_iter(), &[]),
        format: Format::difference(decimals_for(largest)),
        words,
    })
}

fn pairs_table(
    context: &Context<'_>,
    quantity: &QuantityAgreement,
    words: Words,
    is_open: bool,
) -> Markup {
    let largest = quantity.pairs.iter().filter_map(|p| p.upper_limit.value);
    let largest = largest.fold(0.0, |m: f64, v| m.max(v.abs()));
    let format = Format::difference(decimals_for(largest));
    html! {
        details.table open=[is_open.then_some("open")] {
            summary { "Pairs in numbers (" (words.unit) ", " (context.level()) " intervals)" }
            div.scroll {
                table {
                    thead {
                        tr {
                            th scope="col" { "Pair" }
                            th.number scope="col" { (capital(words.many)) }
                            @for name in ["Bias", "Lower limit", "Upper limit"] {
                                th.number scope="col" { (name) span.unit { (words.unit) } }
                            }
                            th.number scope="col" { "ICC(2,1)" }
                        }
                    }
                    tbody {
                        @for pair in &quantity.pairs {
                            tr {
                                th scope="row" { (pair.a) " − " (pair.b) }
                                td.number title=(count(pair.differences, words.one, words.many)) { (pair.differences) }
                                @for estimate in [&pair.bias, &pair.lower_limit, &pair.upper_limit] {
                                    td.estimate.number { (format.cell(estimate)) }
                                }
                                td.estimate.number { (Format::plain(3).cell(&pair.icc)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
