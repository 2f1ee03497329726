//! The table of all structures.

use maud::{html, Markup};
use raterlens_core::agreement::{AgreementReport, Estimate, Metric, StructureAgreement};

use crate::context::Context;
use crate::estimate::{dash, Format};
use crate::number::{count, fixed};
use crate::scale::{agreement_domain, distance_domain};
use crate::whisker::whisker;

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Dice,
    Hd95,
    Assd,
    Kappa,
    Alpha,
    IccVolume,
    IccArea,
}

const COLUMNS: [Column; 7] = [
    Column::Dice,
    Column::Hd95,
    Column::Assd,
    Column::Kappa,
    Column::Alpha,
    Column::IccVolume,
    Column::IccArea,
];

impl Column {
    fn heading(self) -> (&'static str, &'static str) {
        match self {
            Self::Dice => ("Dice", "mean over pairs"),
            Self::Hd95 => ("HD95", "mm, over pairs"),
            Self::Assd => ("ASSD", "mm, over pairs"),
            Self::Kappa => ("Fleiss’ κ", "all voxels"),
            Self::Alpha => ("Krippendorff’s α", "all voxels"),
            Self::IccVolume => ("ICC(2,1) volume", "by image"),
            Self::IccArea => ("ICC(2,1) area", "by slice"),
        }
    }

    fn format(self) -> Format {
        Format::plain(if self.is_distance() { 2 } else { 3 })
    }

    fn is_distance(self) -> bool {
        matches!(self, Self::Hd95 | Self::Assd)
    }

    fn metric(self) -> Option<Metric> {
        match self {
            Self::Dice => Some(Metric::Dice),
            Self::Hd95 => Some(Metric::Hd95Mm),
            Self::Assd => Some(Metric::AssdMm),
            _ => None,
        }
    }

    /// The number and what it was made of.
    fn of(self, structure: &StructureAgreement) -> Option<(Estimate, String)> {
        if let Some(metric) = self.metric() {
            let summary = structure.mean_over_pairs.get(&metric)?;
            let mut made_of = count(summary.images, "image", "images");
            if summary.undefined > 0 {
                made_of += &format!("; undefined in {} more", summary.undefined);
            }
            return Some((summary.mean, made_of));
        }
        let nominal = &structure.nominal;
        let (volume, area) = (&structure.volume_ml, &structure.area_mm2);
        Some(match self {
            Self::Kappa => (nominal.fleiss_kappa, String::new()),
            Self::Alpha => (nominal.krippendorff_alpha, String::new()),
            Self::IccVolume => (volume.icc, count(volume.complete, "image", "images")),
            _ => (area.icc, count(area.complete, "slice", "slices")),
        })
    }

    /// The scale that all rows share: agreement up to 1, or distances from 0.
    fn domain(self, report: &AgreementReport) -> [f64; 2] {
        let estimates = report.structures.iter().filter_map(|s| self.of(s));
        let values = estimates.flat_map(|(e, _)| {
            let interval = e.interval.map(|i| [i.low, i.high]);
            e.value.into_iter().chain(interval.into_iter().flatten())
        });
        match self.is_distance() {
            true => distance_domain(values),
            false => agreement_domain(values),
        }
    }
}

/// The table with one row per structure.
pub(crate) fn overview(context: &Context<'_>) -> Markup {
    let report = context.page.report;
    let columns = COLUMNS.map(|column| (column, column.domain(report)));
    html! {
        section #overview {
            h2 { "All structures" }
            p.lead { (caption(context)) }
            div.scroll {
                table.overview {
                    thead {
                        tr {
                            th scope="col" { "Structure" }
                            th.number scope="col" { "Images" }
                            @for (column, domain) in &columns { (heading(*column, *domain)) }
                        }
                    }
                    tbody {
                        @for structure in &report.structures {
                            (row(context, structure, &columns))
                        }
                        @if report.structures.len() > 1 { (all_at_once(report)) }
                    }
                }
            }
        }
    }
}

fn caption(context: &Context<'_>) -> String {
    format!(
        "Value, {} interval, and both drawn on the scale under the heading. {} of {}. A dash is an undefined number; point at it for the reason.",
        context.level(),
        count(context.images(), "image", "images"),
        count(context.page.report.raters.len(), "rater", "raters"),
    )
}

fn heading(column: Column, [low, high]: [f64; 2]) -> Markup {
    let (name, unit) = column.heading();
    let decimals = if high - low < 0.1 { 2 } else { 1 };
    html! {
        th scope="col" {
            (name) span.unit { (unit) }
            span.ends { span { (fixed(low, decimals)) } span { (fixed(high, decimals)) } }
        }
    }
}

fn row(
    context: &Context<'_>,
    structure: &StructureAgreement,
    columns: &[(Column, [f64; 2])],
) -> Markup {
    let id = structure.structure;
    html! {
        tr {
            th scope="row" {
                span.swatch style={ "background:" (context.color(id)) } {}
                a href={ "#s" (id) } { (context.title(id)) }
            }
            td.number {
                (structure.images)
                @if structure.partly_empty > 0 {
                    small title="Images in which some raters drew it and others left it empty" {
                        (structure.partly_empty) " partly"
                    }
                }
            }
            @for (column, domain) in columns {
                @match column.of(structure) {
                    Some((estimate, made_of)) => td.estimate title=[Some(&made_of).filter(|m| !m.is_empty())] {
                        @let format = column.format();
                        (format.with_between(&estimate, &whisker(&estimate, *domain, format)))
                    },
                    None => td.estimate { (dash("it was not computed")) },
                }
            }
        }
    }
}

/// Kappa and alpha over all labels together; the other columns are by structure.
fn all_at_once(report: &AgreementReport) -> Markup {
    let format = Column::Kappa.format();
    html! {
        tr.total {
            th scope="row" { "All labels at once" }
            td.number { (report.cases.len()) }
            @for column in COLUMNS {
                @match column {
                    Column::Kappa => td.estimate { (format.cell(&report.nominal.fleiss_kappa)) },
                    Column::Alpha => td.estimate { (format.cell(&report.nominal.krippendorff_alpha)) },
                    _ => td.estimate { (dash("defined structure by structure")) },
                }
            }
        }
    }
}
