//! Tables of an agreement: by structure, by pair of raters, by rater.

use raterlens_core::agreement::{
    AgreementReport, Deviation, Metric, NominalAgreement, PairAgreement,
};
use raterlens_core::LabelScheme;

use super::{put, put_estimate, put_summary, table, Row, Table};

/// Structures in the report's order, with their names.
pub(super) fn named<'a>(
    report: &'a AgreementReport,
    scheme: &'a LabelScheme,
) -> impl Iterator<Item = (&'a str, &'a raterlens_core::agreement::StructureAgreement)> {
    report.structures.iter().map(|s| {
        let name = scheme.by_id(s.structure).map_or("", |n| n.name.as_str());
        (name, s)
    })
}

/// One row per structure, then one for all structures at once: mean over pairs of each symmetric metric, kappa, alpha, ICC; each
/// with its interval (`_low`, `_high`).
#[must_use]
pub fn overall(report: &AgreementReport, scheme: &LabelScheme) -> Table {
    let mut rows = Vec::new();
    for (name, s) in named(report, scheme) {
        let mut row = Row::new();
        put(&mut row, "structure", name);
        put(&mut row, "images", s.images);
        put(&mut row, "images_some_empty", s.partly_empty);
        for metric in Metric::SYMMETRIC {
            put_summary(
                &mut row,
                metric_name(metric),
                s.mean_over_pairs.get(&metric),
            );
        }
        put_nominal(&mut row, &s.nominal);
        put_estimate(&mut row, "icc_volume", Some(&s.volume_ml.icc));
        put_estimate(&mut row, "icc_area", Some(&s.area_mm2.icc));
        rows.push(row);
    }
    rows.push(all_structures(report));
    table("overall", "Agreement by structure", rows)
}

fn all_structures(report: &AgreementReport) -> Row {
    let mut row = Row::new();
    put(&mut row, "structure", "all");
    put(&mut row, "images", report.cases.len());
    put(&mut row, "images_some_empty", None);
    for metric in Metric::SYMMETRIC {
        put_summary(&mut row, metric_name(metric), None);
    }
    put_nominal(&mut row, &report.nominal);
    put_estimate(&mut row, "icc_volume", None);
    put_estimate(&mut row, "icc_area", None);
    row
}

fn put_nominal(row: &mut Row, nominal: &NominalAgreement) {
    put_estimate(row, "fleiss_kappa", Some(&nominal.fleiss_kappa));
    put_estimate(row, "krippendorff_alpha", Some(&nominal.krippendorff_alpha));
}

/// One row per structure and pair of raters; repeated drawings of one rater have that rater twice.
#[must_use]
pub fn pairs(report: &AgreementReport, scheme: &LabelScheme) -> Table {
    let rows = named(report, scheme).flat_map(|(name, s)| {
        let all = s.pairs.iter().chain(&s.repeats);
        all.map(move |p| pair_row(name, p))
    });
    table("pairs", "Agreement by pair of raters", rows.collect())
}

fn pair_row(structure: &str, pair: &PairAgreement) -> Row {
    let mut row = Row::new();
    put(&mut row, "structure", structure);
    put(&mut row, "rater_a", pair.a.as_str());
    put(&mut row, "rater_b", pair.b.as_str());
    put(&mut row, "comparisons", pair.comparisons);
    put(&mut row, "one_empty", pair.one_empty);
    put(&mut row, "both_empty", pair.both_empty);
    for metric in Metric::ALL {
        put_summary(&mut row, metric_name(metric), pair.metrics.get(&metric));
    }
    row
}

/// One row per structure and rater and reference (`consensus`: the majority of the other raters; `others`: each of them,
/// averaged): bias with interval and spread over images.
#[must_use]
pub fn raters(report: &AgreementReport, scheme: &LabelScheme) -> Table {
    let mut rows = Vec::new();
    for (name, s) in named(report, scheme) {
        for r in &s.raters {
            rows.push(rater_row(name, &r.rater, "consensus", &r.consensus));
            rows.push(rater_row(name, &r.rater, "others", &r.others));
        }
    }
    table("raters", "Bias and spread of each rater", rows)
}

fn rater_row(structure: &str, rater: &str, reference: &str, d: &Deviation) -> Row {
    let mut row = Row::new();
    put(&mut row, "structure", structure);
    put(&mut row, "rater", rater);
    put(&mut row, "reference", reference);
    put(&mut row, "images", d.volume_ml.images);
    put_summary(&mut row, "volume_difference_ml", Some(&d.volume_ml));
    put_summary(
        &mut row,
        "volume_difference_percent",
        Some(&d.volume_percent),
    );
    put_summary(&mut row, "signed_distance_mm", Some(&d.signed_distance_mm));
    put_summary(
        &mut row,
        "signed_distance_spread_mm",
        Some(&d.signed_distance_sd_mm),
    );
    put_summary(&mut row, "dice", Some(&d.dice));
    row
}

/// The metric's name in tables and JSON.
fn metric_name(metric: Metric) -> &'static str {
    match metric {
        Metric::Dice => "dice",
        Metric::Iou => "iou",
        Metric::Precision => "precision",
        Metric::Recall => "recall",
        Metric::HausdorffMm => "hausdorff_mm",
        Metric::Hd95Mm => "hd95_mm",
        Metric::AssdMm => "assd_mm",
        Metric::SurfaceDice => "surface_dice",
        Metric::VolumeDifferenceMl => "volume_difference_ml",
        Metric::SignedDistanceMm => "signed_distance_mm",
    }
}
