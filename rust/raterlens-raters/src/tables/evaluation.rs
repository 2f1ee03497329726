//! Tables of an evaluation.

use raterlens_core::LabelScheme;

use super::{put, table, Row, Table};
use crate::evaluate::Evaluation;

/// One row per structure: overlap, distances and volumes, and the Brier score where there are probabilities.
#[must_use]
pub fn structures(found: &Evaluation, scheme: &LabelScheme) -> Table {
    let brier = |n: usize| {
        found
            .probabilities
            .as_ref()
            .and_then(|p| p.brier.get(n).copied())
    };
    let rows = scheme.structures.iter().zip(&found.structures).enumerate();
    let rows = rows.map(|(n, (structure, c))| {
        let distances = c.surface.distances;
        let mut row = Row::new();
        put(&mut row, "structure", structure.name.as_str());
        put(&mut row, "label", usize::from(structure.id));
        put(&mut row, "dice", c.dice);
        put(&mut row, "iou", c.iou);
        put(&mut row, "precision", c.precision);
        put(&mut row, "recall", c.recall);
        put(&mut row, "hausdorff_mm", distances.map(|d| d.hausdorff_mm));
        put(&mut row, "hd95_mm", distances.map(|d| d.hd95_mm));
        put(&mut row, "assd_mm", distances.map(|d| d.assd_mm));
        put(&mut row, "prediction_ml", c.prediction_ml);
        put(&mut row, "truth_ml", c.truth_ml);
        put(&mut row, "volume_difference_ml", c.volume_difference_ml);
        put(&mut row, "brier", brier(n + 1));
        row
    });
    table("structures", "Structures", rows.collect())
}

/// One row per bin of confidence.
#[must_use]
pub fn calibration(found: &Evaluation) -> Table {
    let bins = found.probabilities.iter().flat_map(|p| {
        p.calibration
            .bins
            .iter()
            .enumerate()
            .map(|(n, b)| (n, b, p.calibration.bins.len()))
    });
    let rows = bins.map(|(n, bin, all)| {
        let mut row = Row::new();
        put(&mut row, "from", n as f64 / all as f64);
        put(&mut row, "to", (n + 1) as f64 / all as f64);
        put(&mut row, "voxels", bin.voxels as f64);
        put(&mut row, "confidence", bin.confidence);
        put(&mut row, "accuracy", bin.accuracy);
        row
    });
    table("calibration", "Calibration", rows.collect())
}

/// One row per uncertainty map.
#[must_use]
pub fn uncertainty(found: &Evaluation) -> Table {
    let rows = found.uncertainties.iter().map(|u| {
        let mut row = Row::new();
        put(&mut row, "map", u.name.as_str());
        put(&mut row, "mean", u.mean);
        put(&mut row, "voxels", u.ranking.scores as f64);
        put(&mut row, "wrong_voxels", u.ranking.positives as f64);
        put(&mut row, "auc_pr", u.ranking.average_precision);
        put(&mut row, "auroc", u.ranking.auroc);
        put(&mut row, "aurc", u.ranking.aurc);
        put(
            &mut row,
            "r_gt_entropy_by_voxel",
            u.gt_entropy_by_voxel.and_then(|p| p.r),
        );
        row
    });
    table("uncertainty", "Uncertainty maps", rows.collect())
}
