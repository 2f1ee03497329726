//! Tables of variability, by structure and slice.

use raterlens_core::LabelScheme;

use super::{put, table, Row, Table};
use crate::variability::Variability;

/// One row per structure for the whole image (no slice), then slice by slice.
#[must_use]
pub fn variance_rows(found: &Variability, scheme: &LabelScheme) -> Table {
    let rows = found.variance.iter().flatten().map(|r| {
        let mut row = Row::new();
        put(
            &mut row,
            "structure",
            scheme.by_id(r.structure).map_or("", |s| s.name.as_str()),
        );
        put(&mut row, "slice", r.slice.map(|s| s as f64));
        put(&mut row, "voxels_any_rater", r.voxels_any as f64);
        put(&mut row, "voxels_all_raters", r.voxels_all as f64);
        put(&mut row, "mean_variance", r.mean_variance);
        put(&mut row, "mean_variance_where_drawn", r.mean_variance_any);
        put(&mut row, "max_variance", f64::from(r.max_variance));
        row
    });
    table(
        "variance",
        "Rater variance by structure and slice",
        rows.collect(),
    )
}

/// One row for the whole image (no slice), then slice by slice.
#[must_use]
pub fn entropy_rows(found: &Variability) -> Table {
    let rows = found.entropy.iter().map(|r| {
        let mut row = Row::new();
        put(&mut row, "slice", r.slice.map(|s| s as f64));
        put(&mut row, "voxels", r.voxels as f64);
        put(&mut row, "voxels_disputed", r.voxels_disputed as f64);
        put(&mut row, "mean_entropy_nats", r.mean_entropy);
        put(
            &mut row,
            "mean_entropy_where_disputed_nats",
            r.mean_entropy_disputed,
        );
        put(&mut row, "max_entropy_nats", f64::from(r.max_entropy));
        row
    });
    table("entropy", "Rater entropy by slice", rows.collect())
}
