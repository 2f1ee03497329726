//! Calibration of many images: bins per image, then averaged.

use serde::{Deserialize, Serialize};

use super::calibration::{Calibration, CalibrationBin};
use super::error::EvaluationError;
use super::intervals::{bootstrap, weighted_mean};
use crate::agreement::{BootstrapOptions, Estimate};

/// One bin, averaged over the images that have voxels in it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeanBin {
    /// Images with voxels in the bin.
    pub images: usize,
    /// Voxels of all images.
    pub voxels: u64,
    /// Mean over the images of their mean confidence.
    pub confidence: Option<f64>,
    /// Mean over the images of their accuracy, with its interval.
    pub accuracy: Estimate,
}

/// Calibration over images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeanCalibration {
    /// The reliability diagram.
    pub bins: Vec<MeanBin>,
    /// Mean of the images' expected calibration errors.
    pub ece: Estimate,
    /// Mean of the images' adaptive errors.
    pub adaptive_ece: Estimate,
    /// Mean of the images' mean confidence minus accuracy: positive when over-confident.
    pub over_confidence: Estimate,
}

/// Averages the calibration of images, with bootstrap intervals over images.
///
/// A bin's numbers are means over the images that have voxels in it, each image counting once whatever its size.
///
/// # Errors
/// Images with different numbers of bins. Without an image every number is undefined.
pub fn average_calibration(
    images: &[Calibration],
    options: &BootstrapOptions,
) -> Result<MeanCalibration, EvaluationError> {
    let expected = images.first().map_or(0, |c| c.bins.len());
    if let Some(image) = images.iter().position(|c| c.bins.len() != expected) {
        let found = images.get(image).map_or(0, |c| c.bins.len());
        return Err(EvaluationError::BinCount {
            image,
            found,
            expected,
        });
    }
    let mean = |of: fn(&Calibration) -> f64| {
        let values: Vec<_> = images.iter().map(|c| Some(of(c))).collect();
        bootstrap(&values, options, weighted_mean)
    };
    let bin = |n: usize| {
        let bins: Vec<&CalibrationBin> = images.iter().filter_map(|c| c.bins.get(n)).collect();
        let known: Vec<f64> = bins.iter().filter_map(|b| b.confidence).collect();
        let accuracies: Vec<_> = bins.iter().map(|b| b.accuracy).collect();
        MeanBin {
            images: known.len(),
            voxels: bins.iter().map(|b| b.voxels).sum(),
            confidence: (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64),
            accuracy: bootstrap(&accuracies, options, weighted_mean),
        }
    };
    Ok(MeanCalibration {
        bins: (0..expected).map(bin).collect(),
        ece: mean(|c| c.ece),
        adaptive_ece: mean(|c| c.adaptive_ece),
        over_confidence: mean(|c| c.confidence - c.accuracy),
    })
}

#[cfg(test)]
mod tests {
    use super::super::calibration::calibration;
    use super::*;

    #[test]
    fn images_count_once_whatever_their_size() {
        let small = calibration(&[0.95], &[true], 10).unwrap();
        let large = calibration(&[0.95; 9], &[false; 9], 10).unwrap();
        let found = average_calibration(&[small, large], &BootstrapOptions::default()).unwrap();
        assert_eq!(found.bins[9].accuracy.value, Some(0.5));
        assert_eq!((found.bins[9].images, found.bins[9].voxels), (2, 10));
        assert_eq!((found.bins[0].images, found.bins[0].confidence), (0, None));
        assert!((found.ece.value.unwrap() - (0.05 + 0.95) / 2.0).abs() < 1e-7);
        assert!((found.over_confidence.value.unwrap() - 0.45).abs() < 1e-7);
    }

    #[test]
    fn numbers_of_bins_must_agree() {
        let a = calibration(&[0.5], &[true], 10).unwrap();
        let b = calibration(&[0.5], &[true], 15).unwrap();
        let error = average_calibration(&[a, b], &BootstrapOptions::default()).unwrap_err();
        assert!(error.to_string().contains("15 bins"));
        let none = average_calibration(&[], &BootstrapOptions::default()).unwrap();
        assert_eq!((none.bins.len(), none.ece.value), (0, None));
    }
}
