//! Tables of volumes and areas: what was measured, how pairs of raters differ, and within which limits.

use raterlens_core::agreement::{AgreementReport, QuantityAgreement};
use raterlens_core::LabelScheme;

use super::agreement::named;
use super::{put, put_estimate, table, Row, Table};

/// What Bland-Altman is made of; the name says the unit.
const VOLUME: &str = "volume_ml";
const AREA: &str = "area_mm2";

/// Calls `each` with structure, quantity and what is known about it.
fn for_each_quantity(
    report: &AgreementReport,
    scheme: &LabelScheme,
    mut each: impl FnMut(&str, &'static str, &QuantityAgreement),
) {
    for (name, s) in named(report, scheme) {
        each(name, VOLUME, &s.volume_ml);
        each(name, AREA, &s.area_mm2);
    }
}

/// Bland-Altman limits: one row per structure, quantity and pair; differences are rater a minus rater b.
#[must_use]
pub fn limits(report: &AgreementReport, scheme: &LabelScheme) -> Table {
    let mut rows = Vec::new();
    for_each_quantity(report, scheme, |name, quantity, found| {
        for pair in &found.pairs {
            let mut row = Row::new();
            put(&mut row, "structure", name);
            put(&mut row, "quantity", quantity);
            put(&mut row, "rater_a", pair.a.as_str());
            put(&mut row, "rater_b", pair.b.as_str());
            put(&mut row, "differences", pair.differences);
            put_estimate(&mut row, "bias", Some(&pair.bias));
            put(&mut row, "sd", pair.sd);
            put_estimate(&mut row, "lower_limit", Some(&pair.lower_limit));
            put_estimate(&mut row, "upper_limit", Some(&pair.upper_limit));
            put_estimate(&mut row, "icc", Some(&pair.icc));
            rows.push(row);
        }
    });
    table(
        "limits_of_agreement",
        "Limits of agreement (Bland-Altman)",
        rows,
    )
}

/// The points of Bland-Altman plots: one row per structure, quantity, pair and image or slice.
#[must_use]
pub fn differences(report: &AgreementReport, scheme: &LabelScheme) -> Table {
    let mut rows = Vec::new();
    let position = |name: &str| report.raters.iter().position(|r| r == name);
    for_each_quantity(report, scheme, |structure, quantity, found| {
        for pair in &found.pairs {
            let (Some(a), Some(b)) = (position(&pair.a), position(&pair.b)) else {
                continue;
            };
            for measured in &found.rows {
                let value = |rater: usize| measured.values.get(rater).copied().flatten();
                let (Some(first), Some(second)) = (value(a), value(b)) else {
                    continue;
                };
                let mut row = Row::new();
                put(&mut row, "structure", structure);
                put(&mut row, "quantity", quantity);
                put(&mut row, "rater_a", pair.a.as_str());
                put(&mut row, "rater_b", pair.b.as_str());
                put(&mut row, "case", case(report, measured.image));
                put(&mut row, "slice", measured.slice.map(|s| s as f64));
                put(&mut row, "mean", 0.5 * (first + second));
                put(&mut row, "difference", first - second);
                rows.push(row);
            }
        }
    });
    table("differences", "Differences between raters", rows)
}

/// What was measured: one row per structure, quantity, image or slice, and rater who drew the image.
#[must_use]
pub fn measurements(report: &AgreementReport, scheme: &LabelScheme) -> Table {
    let mut rows = Vec::new();
    for_each_quantity(report, scheme, |structure, quantity, found| {
        for measured in &found.rows {
            for (rater, value) in report.raters.iter().zip(&measured.values) {
                let Some(value) = value else { continue };
                let mut row = Row::new();
                put(&mut row, "structure", structure);
                put(&mut row, "quantity", quantity);
                put(&mut row, "case", case(report, measured.image));
                put(&mut row, "slice", measured.slice.map(|s| s as f64));
                put(&mut row, "rater", rater.as_str());
                put(&mut row, "value", *value);
                rows.push(row);
            }
        }
    });
    table("measurements", "Volumes and areas", rows)
}

fn case(report: &AgreementReport, image: usize) -> &str {
    report.cases.get(image).map_or("", String::as_str)
}
