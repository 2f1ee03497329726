//! What probabilities are worth.

use ndarray::{Array3, Array4};
use raterlens_core::evaluation::{brier, calibration, class_wise_ece, Calibration};
use serde::Serialize;

use super::CALIBRATION_BINS;
use crate::error::RatersError;

/// Scores of one image's probabilities.
#[derive(Debug, Clone, Serialize)]
pub struct ProbabilityScores {
    /// Brier score of each class, the background first; see [`brier`].
    pub brier: Vec<f64>,
    /// Bins of confidence, and calibration errors.
    #[serde(flatten)]
    pub calibration: Calibration,
    /// See [`class_wise_ece`].
    pub class_wise_ece: f64,
}

/// Scores the probabilities; `best` is their most probable class, `right` the reference's, `soft` the mean label.
pub(super) fn scores(
    p: &Array4<f32>,
    best: &Array3<u16>,
    right: &Array3<u16>,
    soft: &Array4<f32>,
) -> Result<ProbabilityScores, RatersError> {
    let confidence = |((k, j, i), class): ((usize, usize, usize), &u16)| {
        p.get((usize::from(*class), k, j, i))
            .copied()
            .unwrap_or(0.0)
    };
    let confidence: Vec<f32> = best.indexed_iter().map(confidence).collect();
    let is_right: Vec<bool> = best.iter().zip(right).map(|(a, b)| a == b).collect();
    Ok(ProbabilityScores {
        brier: brier(&p.view(), &soft.view())?,
        calibration: calibration(&confidence, &is_right, CALIBRATION_BINS)?,
        class_wise_ece: class_wise_ece(&p.view(), &right.view(), CALIBRATION_BINS)?,
    })
}
