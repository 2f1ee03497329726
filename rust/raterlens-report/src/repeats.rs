//! The same rater twice, beside different raters.

use maud::{html, Markup};
use raterlens_core::agreement::{Metric, StructureAgreement, Summary};

use crate::context::Context;
use crate::estimate::{dash, Format};
use crate::scale::{agreement_domain, distance_domain};
use crate::whisker::whisker;

const METRICS: [(Metric, &str, &str, usize); 3] = [
    (Metric::Dice, "Dice", "", 3),
    (Metric::Hd95Mm, "HD95", "mm", 2),
    (Metric::AssdMm, "ASSD", "mm", 2),
];

/// A row of the table: who, how many comparisons, and the metrics.
type Row<'a> = (
    String,
    String,
    &'a std::collections::BTreeMap<Metric, Summary>,
);

/// The table; nothing when nobody drew twice.
pub(crate) fn repeats(context: &Context<'_>, structure: &StructureAgreement) -> Markup {
    if structure.repeats.is_empty() {
        return html! {};
    }
    let own = structure.repeats.iter();
    let own = own.map(|p| {
        (
            format!("{}, repeated", p.a),
            p.comparisons.to_string(),
            &p.metrics,
        )
    });
    let between = (
        "Between raters".to_owned(),
        String::new(),
        &structure.mean_over_pairs,
    );
    let rows: Vec<Row<'_>> = own.chain([between]).collect();
    html! {
        h4 { "The same rater twice" }
        p.lead {
            "Repeated drawings of one rater (intra-rater) above the mean over pairs of different raters (inter-rater), with "
            (context.level()) " intervals."
        }
        div.scroll {
            table {
                thead {
                    tr {
                        th scope="col" { "Rater" }
                        th.number scope="col" { "Comparisons" }
                        @for (_, name, unit, _) in METRICS { th scope="col" { (name) span.unit { (unit) } } }
                    }
                }
                tbody { @for row in &rows { (table_row(row, &rows)) } }
            }
        }
    }
}

fn table_row((name, comparisons, metrics): &Row<'_>, rows: &[Row<'_>]) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            td.number { (comparisons) }
            @for (metric, _, _, decimals) in METRICS {
                td.estimate {
                    @match metrics.get(&metric) {
                        Some(summary) => {
                            (Format::plain(decimals).cell(&summary.mean))
                            (whisker(&summary.mean, column(metric, rows), Format::plain(decimals)))
                        },
                        None => (dash("it was not computed")),
                    }
                }
            }
        }
    }
}

fn column(metric: Metric, rows: &[Row<'_>]) -> [f64; 2] {
    let estimates = rows.iter().filter_map(|row| row.2.get(&metric));
    let values = estimates.flat_map(|s| {
        let interval = s.mean.interval.map(|i| [i.low, i.high]);
        s.mean
            .value
            .into_iter()
            .chain(interval.into_iter().flatten())
    });
    match metric {
        Metric::Dice => agreement_domain(values),
        _ => distance_domain(values),
    }
}
