//! Does confidence mean accuracy, in one image?

use serde::{Deserialize, Serialize};

use super::check::{probabilities, same_length};
use super::error::EvaluationError;

/// One bin of confidence.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// Voxels in it.
    pub voxels: u64,
    /// Mean confidence of its voxels; `None` without any.
    pub confidence: Option<f64>,
    /// Share of its voxels that are right; `None` without any.
    pub accuracy: Option<f64>,
}

/// Calibration of one image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Bins of equal width between 0 and 1: bin b holds `b/n <= confidence < (b+1)/n`, the last one also 1.
    pub bins: Vec<CalibrationBin>,
    /// Expected calibration error: mean over the voxels of the bins' `|accuracy - confidence|` (Guo et al. 2017).
    pub ece: f64,
    /// The same with bins of equal size (Nixon et al. 2019): the sorted voxels are cut into parts that differ by one voxel at most.
    pub adaptive_ece: f64,
    /// Mean confidence.
    pub confidence: f64,
    /// Share of voxels that are right.
    pub accuracy: f64,
}

/// Compares the confidence of each voxel (`max_c p`) with whether its label is right.
///
/// Figures use 10 bins per image and average over the images ([`average_calibration`](super::average_calibration)), as SPEC section 8
/// says. For the adaptive error, voxels of one confidence share their accuracy, so that the order of the voxels does not matter.
///
/// # Errors
/// No voxel, no bin, different lengths, confidences that are NaN or outside 0 to 1.
///
/// # Examples
/// ```
/// use raterlens_core::evaluation::calibration;
///
/// // 0.9 and 0.95 (one right of two), 0.6 (right).
/// let found = calibration(&[0.9, 0.95, 0.6], &[true, false, true], 10)?;
/// let by_hand = ((0.925 - 0.5) * 2.0 + (1.0 - 0.6)) / 3.0;
/// assert!((found.ece - by_hand).abs() < 1e-7);
/// assert_eq!(found.bins[6].accuracy, Some(1.0));
/// # Ok::<(), raterlens_core::evaluation::EvaluationError>(())
/// ```
pub fn calibration(
    confidence: &[f32],
    is_right: &[bool],
    bins: usize,
) -> Result<Calibration, EvaluationError> {
    same_length(
        ("outcomes", is_right.len()),
        ("confidences", confidence.len()),
    )?;
    if confidence.is_empty() {
        return Err(EvaluationError::Empty {
            what: "confidences",
        });
    }
    if bins == 0 {
        return Err(EvaluationError::NoBins);
    }
    probabilities("confidences", confidence)?;
    let pairs = || confidence.iter().copied().zip(is_right.iter().copied());
    let sums = fill(pairs(), bins);
    let n = confidence.len() as f64;
    let all = sums.iter().fold(Sums::default(), |all, bin| all.and(bin));
    Ok(Calibration {
        ece: gap(&sums, n),
        adaptive_ece: gap(&equal_parts(pairs().collect(), bins), n),
        confidence: all.confidence / n,
        accuracy: all.right / n,
        bins: sums.iter().map(Sums::bin).collect(),
    })
}

/// Sums of a bin.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    voxels: f64,
    confidence: f64,
    right: f64,
}

impl Sums {
    fn and(self, other: &Self) -> Self {
        Self {
            voxels: self.voxels + other.voxels,
            confidence: self.confidence + other.confidence,
            right: self.right + other.right,
        }
    }

    fn bin(&self) -> CalibrationBin {
        let mean = |sum: f64| (self.voxels > 0.0).then(|| sum / self.voxels);
        CalibrationBin {
            voxels: self.voxels as u64,
            confidence: mean(self.confidence),
            accuracy: mean(self.right),
        }
    }
}

/// Fills bins of equal width.
pub(super) fn fill(pairs: impl Iterator<Item = (f32, bool)>, bins: usize) -> Vec<Sums> {
    let mut sums = vec![Sums::default(); bins];
    for (confidence, right) in pairs {
        let c = f64::from(confidence);
        if let Some(bin) = sums.get_mut(place(confidence, bins)) {
            bin.voxels += 1.0;
            bin.confidence += c;
            bin.right += f64::from(u8::from(right));
        }
    }
    sums
}

/// The bin of a confidence: edges are `b / bins` in single precision, so that a confidence of 0.9 begins a bin of ten.
fn place(confidence: f32, bins: usize) -> usize {
    let edge = |b: usize| (b as f64 / bins as f64) as f32;
    let mut bin = ((f64::from(confidence) * bins as f64) as usize).min(bins - 1);
    if bin > 0 && confidence < edge(bin) {
        bin -= 1;
    } else if bin + 1 < bins && confidence >= edge(bin + 1) {
        bin += 1;
    }
    bin
}

/// `sum over bins of |right - confidence|`, over all voxels.
pub(super) fn gap(sums: &[Sums], voxels: f64) -> f64 {
    sums.iter()
        .map(|s| (s.right - s.confidence).abs())
        .sum::<f64>()
        / voxels
}

/// Cuts the sorted voxels into parts of equal size; the first parts have the voxel more, as `numpy.array_split` does.
fn equal_parts(mut pairs: Vec<(f32, bool)>, bins: usize) -> Vec<Sums> {
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let shared = pairs.chunk_by(|a, b| a.0 == b.0).flat_map(|same| {
        let right = same.iter().filter(|(_, right)| *right).count() as f64 / same.len() as f64;
        same.iter().map(move |(c, _)| (f64::from(*c), right))
    });
    let (size, larger) = (pairs.len() / bins, pairs.len() % bins);
    let mut sums = vec![Sums::default(); bins];
    for (n, (confidence, right)) in shared.enumerate() {
        let in_larger = larger * (size + 1);
        let bin = match n < in_larger {
            true => n / (size + 1),
            false => larger + (n - in_larger) / size.max(1),
        };
        if let Some(bin) = sums.get_mut(bin) {
            *bin = bin.and(&Sums {
                voxels: 1.0,
                confidence,
                right,
            });
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_belong_to_the_bin_above_and_one_to_the_last() {
        for bins in [1, 3, 7, 10, 15] {
            for b in 0..bins {
                assert_eq!(
                    place((b as f64 / bins as f64) as f32, bins),
                    b,
                    "{b}/{bins}"
                );
            }
            assert_eq!(place(1.0, bins), bins - 1);
        }
        assert_eq!((place(0.3, 10), place(0.299_999, 10)), (3, 2));
    }

    #[test]
    fn all_right_and_all_wrong() {
        let sure = calibration(&[1.0; 5], &[true; 5], 10).unwrap();
        assert_eq!(
            (sure.ece, sure.adaptive_ece, sure.accuracy),
            (0.0, 0.0, 1.0)
        );
        assert_eq!(sure.bins[9].voxels, 5);
        assert_eq!(sure.bins[0], CalibrationBin::default());
        let wrong = calibration(&[1.0; 5], &[false; 5], 10).unwrap();
        assert_eq!((wrong.ece, wrong.adaptive_ece), (1.0, 1.0));
    }

    #[test]
    fn parts_of_equal_size_by_hand() {
        // Sorted 0.5, 0.6, 0.7 | 0.8, 0.9: parts of three and two.
        let found = calibration(
            &[0.9, 0.5, 0.7, 0.6, 0.8],
            &[false, true, true, false, true],
            2,
        )
        .unwrap();
        let by_hand = ((2.0 - 1.8_f64).abs() + (1.0 - 1.7_f64).abs()) / 5.0;
        assert!((found.adaptive_ece - by_hand).abs() < 1e-7);
        let fewer = calibration(&[0.9, 0.5], &[true, true], 10).unwrap();
        assert!((fewer.adaptive_ece - 0.3).abs() < 1e-7);
    }

    #[test]
    fn order_of_equals_does_not_matter() {
        let a = calibration(&[0.5, 0.5, 0.5, 0.9], &[true, false, false, true], 2).unwrap();
        let b = calibration(&[0.5, 0.5, 0.9, 0.5], &[false, false, true, true], 2).unwrap();
        assert_eq!(a, b);
    }

    #[test]
    fn what_cannot_be_binned_is_refused() {
        assert!(calibration(&[], &[], 10).is_err());
        assert!(calibration(&[0.5], &[true], 0).is_err());
        assert!(calibration(&[0.5], &[], 10).is_err());
        for bad in [f32::NAN, -0.1, 1.5] {
            assert!(calibration(&[bad], &[true], 10).is_err());
        }
    }
}
