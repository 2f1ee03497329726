//! Every rater against every other.

use maud::{html, Markup};
use raterlens_core::agreement::{Metric, PairAgreement, StructureAgreement};

use crate::context::Context;
use crate::estimate::{finite, Format};
use crate::number::{count, fixed, px, DASH};
use crate::palette::{css, ink_on, viridis};
use crate::scale::Scale;
use crate::svg::{chart, line, short, text, text_width};

/// Most raters whose cells are large enough for numbers.
const MAX_NUMBERED: usize = 12;
/// Most characters of a rater's name.
const NAME: usize = 14;

/// What is in the cells.
#[derive(Debug, Clone, Copy)]
struct Kind {
    metric: Metric,
    title: &'static str,
    unit: &'static str,
    format: Format,
    domain: [f64; 2],
    is_high_good: bool,
}

/// The heat maps of Dice and HD95.
pub(crate) fn heat_maps(context: &Context<'_>, structure: &StructureAgreement) -> Markup {
    let dice = Kind {
        metric: Metric::Dice,
        title: "Dice",
        unit: "",
        format: Format::plain(2),
        domain: context.pair_dice,
        is_high_good: true,
    };
    let hd95 = Kind {
        metric: Metric::Hd95Mm,
        title: "HD95, mm",
        unit: " mm",
        format: Format::plain(1),
        domain: context.pair_hd95_mm,
        is_high_good: false,
    };
    html! {
        div.charts {
            @for kind in [dice, hd95] {
                figure {
                    figcaption { strong { (kind.title) } " of each pair, mean over images" }
                    (heat_map(context, structure, &kind))
                }
            }
        }
    }
}

fn heat_map(context: &Context<'_>, structure: &StructureAgreement, kind: &Kind) -> Markup {
    let raters = &context.page.report.raters;
    let is_numbered = raters.len() <= MAX_NUMBERED;
    let cell = if is_numbered { 42.0 } else { 18.0 };
    let names: Vec<_> = raters.iter().map(|r| short(r, NAME)).collect();
    let longest = names.iter().map(|n| n.chars().count()).max();
    let margin = text_width(longest.unwrap_or(0)) + 10.0;
    // Names above the columns are turned by 40 degrees.
    let (left, top) = (margin, margin * 0.65 + 10.0);
    let side = cell * raters.len() as f64;
    let key = side.clamp(130.0, 240.0);
    let width = (left + side.max(key) + margin * 0.75).max(left + key + 20.0);
    let size = [width, top + side + 54.0];
    let label = format!(
        "{} of every pair of raters, {}",
        kind.title,
        context.title(structure.structure)
    );
    let at = |n: usize| n as f64 * cell;
    let body = html! {
        @for (n, name) in names.iter().enumerate() {
            (text("name", [left - 6.0, top + at(n) + cell / 2.0 + 4.0], "end", name))
            text.name transform={ "translate(" (px(left + at(n) + cell / 2.0)) " " (px(top - 6.0)) ") rotate(-40)" } { (name) }
        }
        @for (row, a) in raters.iter().enumerate() {
            @for (column, b) in raters.iter().enumerate() {
                @let corner = [left + at(column), top + at(row)];
                @let pair = pair(structure, a, b);
                (square(kind, pair, corner, cell, is_numbered))
            }
        }
        (color_key(kind, [left, top + side + 12.0], key))
    };
    chart(size, &label, &body)
}

/// The pair, whichever is first; on the diagonal the rater's repeated drawings.
fn pair<'a>(structure: &'a StructureAgreement, a: &str, b: &str) -> Option<&'a PairAgreement> {
    let is_pair = |p: &&PairAgreement| (p.a == a && p.b == b) || (p.a == b && p.b == a);
    let list = if a == b {
        &structure.repeats
    } else {
        &structure.pairs
    };
    list.iter().find(is_pair)
}

fn square(
    kind: &Kind,
    pair: Option<&PairAgreement>,
    [x, y]: [f64; 2],
    cell: f64,
    is_numbered: bool,
) -> Markup {
    let summary = pair.and_then(|p| p.metrics.get(&kind.metric));
    let value = summary.and_then(|s| finite(&s.mean));
    let color = value.map(|v| kind.color(v));
    let fill = color.map(css);
    let ink = color.map_or("", ink_on);
    let number = match (value, pair) {
        (Some(value), _) => kind.format.text(value),
        (None, Some(_)) => DASH.to_owned(),
        (None, None) => String::new(),
    };
    html! {
        rect.cell x=(px(x)) y=(px(y)) width=(px(cell)) height=(px(cell)) fill=[fill] {
            @if let Some(pair) = pair { title { (words(kind, pair)) } }
        }
        @if is_numbered && !number.is_empty() {
            text class={ "count " (ink) } x=(px(x + cell / 2.0)) y=(px(y + cell / 2.0 + 4.0)) { (number) }
        }
    }
}

fn words(kind: &Kind, pair: &PairAgreement) -> String {
    let who = match pair.a == pair.b {
        true => format!("{}, repeated drawings", pair.a),
        false => format!("{} and {}", pair.a, pair.b),
    };
    let Some(summary) = pair.metrics.get(&kind.metric) else {
        return who;
    };
    let format = Format::plain(kind.format.decimals + 1);
    let sd = summary.sd.filter(|sd| sd.is_finite());
    let sd = sd.map_or(String::new(), |sd| {
        format!(", standard deviation {}", fixed(sd, format.decimals))
    });
    format!(
        "{who}: {}{}{sd}; {}",
        format.sentence(&summary.mean),
        kind.unit,
        count(summary.images, "comparison", "comparisons")
    )
}

impl Kind {
    /// Bright where raters agree.
    fn color(&self, value: f64) -> [u8; 3] {
        let scale = Scale::new(self.domain, [0.0, 1.0]);
        let part = scale.at(value);
        // The darkest tenth of the map is left out: black cells look like holes.
        viridis(0.1 + 0.9 * if self.is_high_good { part } else { 1.0 - part })
    }
}

fn color_key(kind: &Kind, [x, y]: [f64; 2], width: f64) -> Markup {
    const STEPS: usize = 16;
    let scale = Scale::new(kind.domain, [x, x + width]);
    let step = width / STEPS as f64;
    let value = |n: usize| {
        let part = (n as f64 + 0.5) / STEPS as f64;
        scale.low + part * (scale.high - scale.low)
    };
    html! {
        @for n in 0..STEPS {
            // A little wider than the step, so that no seam shows.
            rect x=(px(x + n as f64 * step)) y=(px(y)) width=(px(step + 0.6)) height="9" fill=(css(kind.color(value(n)))) {}
        }
        @for (value, label) in scale.ticks(4) {
            (line("axis", [scale.at(value), y + 9.0], [scale.at(value), y + 13.0]))
            (text("tick", [scale.at(value), y + 25.0], "middle", &label))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(is_high_good: bool) -> Kind {
        Kind {
            metric: Metric::Dice,
            title: "",
            unit: "",
            format: Format::plain(2),
            domain: [0.5, 1.0],
            is_high_good,
        }
    }

    #[test]
    fn agreement_is_bright_in_both_directions() {
        assert_eq!(kind(true).color(1.0), viridis(1.0));
        assert_eq!(kind(true).color(0.5), viridis(0.1));
        assert_eq!(kind(false).color(1.0), viridis(0.1));
        assert_eq!(kind(false).color(0.75), viridis(0.55));
    }

    #[test]
    fn a_pair_without_a_value_has_a_dash_and_a_missing_pair_nothing() {
        let missing = square(&kind(true), None, [0.0, 0.0], 40.0, true).into_string();
        assert!(!missing.contains("<text") && !missing.contains("fill"));
    }
}
