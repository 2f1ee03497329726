//! Does a rater draw larger or smaller than the others?

use maud::{html, Markup};
use raterlens_core::agreement::{Deviation, Estimate, RaterBias, StructureAgreement, Summary};

use crate::context::Context;
use crate::estimate::{finite, Format};
use crate::number::px;
use crate::scale::{domain, Scale};
use crate::svg::{chart, dot, line, short, text, text_width, x_axis};

/// Height of a rater's row.
const ROW: f64 = 30.0;
/// Width of the plot without names.
const WIDTH: f64 = 340.0;
const WHY: &str = "fewer than two images have a value";

/// What is drawn.
#[derive(Clone, Copy)]
struct Kind {
    title: &'static str,
    unit: &'static str,
    format: Format,
    of: fn(&Deviation) -> &Summary,
}

const KINDS: [Kind; 2] = [
    Kind {
        title: "Volume",
        unit: "%",
        format: Format::difference(1),
        of: |d| &d.volume_percent,
    },
    Kind {
        title: "Signed distance",
        unit: "mm",
        format: Format::difference(2),
        of: |d| &d.signed_distance_mm,
    },
];

/// Charts and the table behind them.
pub(crate) fn bias(context: &Context<'_>, structure: &StructureAgreement) -> Markup {
    let raters: Vec<_> = structure.raters.iter().collect();
    // With two raters the majority of the others is the other one: the same numbers twice.
    let has_consensus = raters.len() > 2;
    html! {
        h4 { "Each rater against the others" }
        p.lead {
            "Right of zero: the rater draws more. Dot: against the mean of the other raters"
            @if has_consensus { "; ring: against the majority vote of the others" }
            ". Thick line: " (context.level()) " interval; thin line: one standard deviation over images to each side."
        }
        div.charts {
            @for kind in &KINDS {
                figure { (plot(context, structure, kind, has_consensus)) }
            }
        }
        (table(&raters, has_consensus))
    }
}

fn plot(
    context: &Context<'_>,
    structure: &StructureAgreement,
    kind: &Kind,
    has_consensus: bool,
) -> Markup {
    let raters = &structure.raters;
    let names: Vec<_> = raters.iter().map(|r| short(&r.rater, 16)).collect();
    let longest = names.iter().map(|n| n.chars().count()).max();
    let left = text_width(longest.unwrap_or(0)) + 12.0;
    let top = 26.0;
    let bottom = top + ROW * raters.len() as f64;
    let x = Scale::new(extent(raters, kind, has_consensus), [left, left + WIDTH]);
    let body = html! {
        (text("heading", [left, 15.0], "start", &format!("{}, {}", kind.title, kind.unit)))
        (x_axis(&x, [top, bottom], 5))
        (line("zero", [x.at(0.0), top], [x.at(0.0), bottom]))
        @for (n, (rater, name)) in raters.iter().zip(&names).enumerate() {
            @let y = top + ROW * (n as f64 + 0.5);
            @let color = context.rater_style(&rater.rater).color;
            (text("name", [left - 7.0, y + 4.0], "end", name))
            @let shift = if has_consensus { 5.0 } else { 0.0 };
            (mark(kind, rater, false, &x, y - shift, color))
            @if has_consensus { (mark(kind, rater, true, &x, y + shift, color)) }
        }
        (text("label", [left + WIDTH / 2.0, bottom + 32.0], "middle", &format!("difference from the others, {}", kind.unit)))
    };
    let label = format!(
        "{}: {} of each rater against the others, {}; the numbers are in the table below",
        context.title(structure.structure),
        kind.title,
        kind.unit
    );
    chart([left + WIDTH + 14.0, bottom + 40.0], &label, &body)
}

/// From the smallest to the largest thing drawn, with zero.
fn extent(raters: &[RaterBias], kind: &Kind, has_consensus: bool) -> [f64; 2] {
    let values = raters.iter().flat_map(|rater| {
        let others = (kind.of)(&rater.others);
        let consensus = has_consensus.then(|| (kind.of)(&rater.consensus));
        let spread = spread(others).into_iter().flatten();
        let estimates = [Some(&others.mean), consensus.map(|c| &c.mean)];
        let ends = estimates.into_iter().flatten().flat_map(ends);
        spread.chain(ends).collect::<Vec<_>>()
    });
    domain(values, &[0.0])
}

fn ends(estimate: &Estimate) -> impl Iterator<Item = f64> {
    let interval = estimate.interval.map(|i| [i.low, i.high]);
    let value = estimate.value.into_iter();
    value.chain(interval.into_iter().flatten())
}

fn spread(summary: &Summary) -> Option<[f64; 2]> {
    let (mean, sd) = (finite(&summary.mean)?, summary.sd?);
    Some([mean - sd, mean + sd])
}

fn mark(
    kind: &Kind,
    rater: &RaterBias,
    is_consensus: bool,
    x: &Scale,
    y: f64,
    color: &str,
) -> Markup {
    let (deviation, reference) = match is_consensus {
        true => (&rater.consensus, "the majority of the others"),
        false => (&rater.others, "the mean of the others"),
    };
    let summary = (kind.of)(deviation);
    let Some(value) = finite(&summary.mean) else {
        return html! {};
    };
    let words = format!(
        "{} against {reference}: {} {}",
        rater.rater,
        kind.format.sentence(&summary.mean),
        kind.unit
    );
    html! {
        @if let Some([low, high]) = spread(summary).filter(|_| !is_consensus) {
            (line("thin", [x.at(low), y], [x.at(high), y]))
        }
        @if let Some(i) = summary.mean.interval {
            path.thick d={ "M" (px(x.at(i.low))) " " (px(y)) "H" (px(x.at(i.high))) } stroke=(color) {}
        }
        @if is_consensus {
            circle.ring cx=(px(x.at(value))) cy=(px(y)) r="3.5" stroke=(color) { title { (words) } }
        } @else {
            (dot("rater", [x.at(value), y], 4.5, color, &words))
        }
    }
}

fn table(raters: &[&RaterBias], has_consensus: bool) -> Markup {
    let (percent, mm, ratio) = (
        Format::difference(1),
        Format::difference(2),
        Format::plain(3),
    );
    let [percent_sd, mm_sd] = [1, 2].map(Format::plain);
    html! {
        div.scroll {
            table {
                thead {
                    tr {
                        th scope="col" { "Rater" }
                        (heading("Volume", "%, against mean of others"))
                        (heading("SD", "%"))
                        @if has_consensus { (heading("Volume", "%, against majority")) }
                        (heading("Distance", "mm, against others"))
                        (heading("SD", "mm"))
                        @if has_consensus {
                            (heading("Distance", "mm, against majority"))
                            (heading("Dice", "with majority"))
                        }
                    }
                }
                tbody {
                    @for RaterBias { rater, consensus, others } in raters {
                        tr {
                            th scope="row" { (rater) }
                            td.estimate.number { (percent.cell(&others.volume_percent.mean)) }
                            td.number { (percent_sd.or_dash(others.volume_percent.sd, WHY)) }
                            @if has_consensus { td.estimate.number { (percent.cell(&consensus.volume_percent.mean)) } }
                            td.estimate.number { (mm.cell(&others.signed_distance_mm.mean)) }
                            td.number { (mm_sd.or_dash(others.signed_distance_mm.sd, WHY)) }
                            @if has_consensus {
                                td.estimate.number { (mm.cell(&consensus.signed_distance_mm.mean)) }
                                td.estimate.number { (ratio.cell(&consensus.dice.mean)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn heading(name: &str, unit: &str) -> Markup {
    html! { th.number scope="col" { (name) span.unit { (unit) } } }
}
