//! What two drawings of one structure are compared by.

use serde::{Deserialize, Serialize};

use crate::metrics::{Emptiness, OverlapCounts, SurfaceComparison};

/// A number that compares two drawings of one structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Dice overlap.
    Dice,
    /// Intersection over union.
    Iou,
    /// Part of the first drawing that is in the second.
    Precision,
    /// Part of the second drawing that is in the first.
    Recall,
    /// Hausdorff distance.
    HausdorffMm,
    /// The larger of the two directed 95th percentiles.
    Hd95Mm,
    /// Average symmetric surface distance.
    AssdMm,
    /// Surface Dice at the tolerance of the options.
    SurfaceDice,
    /// First volume minus second.
    VolumeDifferenceMl,
    /// Mean signed surface distance: positive where the first drawing lies outside the second.
    SignedDistanceMm,
}

impl Metric {
    /// All metrics, in the order of reports.
    pub const ALL: [Self; 10] = [
        Self::Dice,
        Self::Iou,
        Self::Precision,
        Self::Recall,
        Self::HausdorffMm,
        Self::Hd95Mm,
        Self::AssdMm,
        Self::SurfaceDice,
        Self::VolumeDifferenceMl,
        Self::SignedDistanceMm,
    ];

    /// Metrics that do not change when the two drawings are exchanged.
    pub const SYMMETRIC: [Self; 6] = [
        Self::Dice,
        Self::Iou,
        Self::HausdorffMm,
        Self::Hd95Mm,
        Self::AssdMm,
        Self::SurfaceDice,
    ];

    /// The metric and sign that give the same number when the two drawings are exchanged.
    #[must_use]
    pub fn exchanged(self) -> (Self, f64) {
        match self {
            Self::Precision => (Self::Recall, 1.0),
            Self::Recall => (Self::Precision, 1.0),
            Self::VolumeDifferenceMl | Self::SignedDistanceMm => (self, -1.0),
            _ => (self, 1.0),
        }
    }

    /// The value of a drawing, not empty, against itself.
    #[must_use]
    pub fn of_itself(self) -> f64 {
        match self {
            Self::Dice | Self::Iou | Self::Precision | Self::Recall | Self::SurfaceDice => 1.0,
            _ => 0.0,
        }
    }
}

/// Two drawings of one structure in one image.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Voxels of the first ("prediction"), the second ("truth") and both.
    pub voxels: OverlapCounts,
    /// Volumes of the first and the second.
    pub volumes_ml: [f64; 2],
    /// Distances between the surfaces.
    #[serde(flatten)]
    pub surface: SurfaceComparison,
}

impl Comparison {
    pub(super) fn new(voxels: OverlapCounts, surface: SurfaceComparison, voxel_ml: f64) -> Self {
        Self {
            voxels,
            volumes_ml: [voxels.prediction, voxels.truth].map(|n| n as f64 * voxel_ml),
            surface,
        }
    }

    /// The value of a metric; `None` where [`crate::metrics`] says that it is undefined.
    #[must_use]
    pub fn value(&self, metric: Metric) -> Option<f64> {
        let [first, second] = self.volumes_ml;
        match metric {
            Metric::Dice => Some(self.voxels.dice()),
            Metric::Iou => Some(self.voxels.iou()),
            Metric::Precision => self.voxels.precision(),
            Metric::Recall => self.voxels.recall(),
            Metric::HausdorffMm => self.surface.distances.map(|d| d.hausdorff_mm),
            Metric::Hd95Mm => self.surface.distances.map(|d| d.hd95_mm),
            Metric::AssdMm => self.surface.distances.map(|d| d.assd_mm),
            Metric::SurfaceDice => Some(self.surface.surface_dice),
            Metric::VolumeDifferenceMl => Some(first - second),
            Metric::SignedDistanceMm => self.surface.signed_distance_mm,
        }
    }

    /// Which of the two is empty.
    #[must_use]
    pub fn empty(&self) -> Emptiness {
        self.voxels.emptiness()
    }

    /// The two drawings exchanged.
    pub(super) fn swapped(&self) -> Self {
        let [first, second] = self.volumes_ml;
        let mut surface = self.surface;
        surface.signed_distance_mm = surface.signed_distance_mm.map(|d| -d);
        Self {
            voxels: self.voxels.swapped(),
            volumes_ml: [second, first],
            surface,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exchanging_the_drawings_is_what_each_metric_says() {
        let counts = OverlapCounts {
            prediction: 4,
            truth: 10,
            both: 2,
        };
        let surface = SurfaceComparison {
            distances: None,
            surface_dice: 0.25,
            signed_distance_mm: Some(-1.5),
            signed_distance_sd_mm: Some(2.0),
            one_sided_slices: 0,
        };
        let comparison = Comparison::new(counts, surface, 0.5);
        assert_eq!(
            comparison.value(Metric::VolumeDifferenceMl),
            Some(2.0 - 5.0)
        );
        assert_eq!(comparison.value(Metric::Precision), Some(2.0 / 4.0));
        for metric in Metric::ALL {
            let (other, sign) = metric.exchanged();
            let exchanged = comparison.swapped().value(other).map(|v| sign * v);
            assert_eq!(exchanged, comparison.value(metric), "{metric:?}");
        }
    }
}
