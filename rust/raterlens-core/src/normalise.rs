//! Brings the intensities of a slice to a common scale (SPEC section 2).

use ndarray::ArrayViewMut2;
use serde::{Deserialize, Serialize};

const OTSU_BINS: usize = 256;

/// How intensities are scaled; stored in the model package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Normalisation {
    /// To [0, 1] by the slice's minimum and maximum.
    #[serde(rename = "minmax")]
    MinMax,
    /// Minus mean, divided by standard deviation, both taken over the voxels above the slice's Otsu
    /// threshold; over all voxels when those above are all equal.
    #[serde(rename = "zscore-otsu")]
    ZScoreOtsu,
}

/// Normalises one slice in place. A constant (or empty) slice becomes zeros.
///
/// Values must be finite, as [`crate::check_image`] makes sure of. Sums are in 64 bits and in memory
/// order, so that results do not depend on threads.
///
/// ```
/// use ndarray::array;
/// use raterlens_core::normalise::{normalise_slice, Normalisation};
/// let mut slice = array![[10.0_f32, 20.0], [30.0, 50.0]];
/// normalise_slice(slice.view_mut(), Normalisation::MinMax);
/// assert_eq!(slice, array![[0.0, 0.25], [0.5, 1.0]]);
/// ```
pub fn normalise_slice(mut slice: ArrayViewMut2<'_, f32>, how: Normalisation) {
    let values = slice.iter().map(|&v| f64::from(v));
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    if low >= high {
        slice.fill(0.0);
        return;
    }
    let (offset, scale) = match how {
        Normalisation::MinMax => (low, high - low),
        Normalisation::ZScoreOtsu => {
            let threshold = otsu_threshold(slice.iter().copied(), low, high);
            let above = slice.iter().copied().filter(|&v| f64::from(v) >= threshold);
            mean_and_deviation(above)
                .filter(|(_, deviation)| *deviation > 0.0)
                .or_else(|| mean_and_deviation(slice.iter().copied()))
                .filter(|(_, deviation)| *deviation > 0.0)
                .unwrap_or((low, high - low))
        }
    };
    slice.mapv_inplace(|v| ((f64::from(v) - offset) / scale) as f32);
}

/// Otsu's threshold (doi:10.1109/TSMC.1979.4310076) from 256 equal bins between `low` and `high`.
///
/// Of several thresholds with the same variance between classes the lowest is taken. The threshold is the
/// lower edge of the first foreground bin: values from it on are the foreground.
fn otsu_threshold(values: impl Iterator<Item = f32>, low: f64, high: f64) -> f64 {
    let width = (high - low) / OTSU_BINS as f64;
    let mut counts = [0_u64; OTSU_BINS];
    for value in values {
        let bin = ((f64::from(value) - low) / width) as usize;
        if let Some(count) = counts.get_mut(bin.min(OTSU_BINS - 1)) {
            *count += 1;
        }
    }
    let total: u64 = counts.iter().sum();
    let weighted = |(bin, &count): (usize, &u64)| bin as f64 * count as f64;
    let total_sum: f64 = counts.iter().enumerate().map(weighted).sum();
    let (mut below, mut below_sum) = (0_u64, 0.0);
    let (mut best_bin, mut best_variance) = (0, -1.0);
    for (bin, &count) in counts.iter().enumerate() {
        below += count;
        below_sum += weighted((bin, &count));
        let above = total - below;
        if below == 0 || above == 0 {
            continue;
        }
        let difference = below_sum / below as f64 - (total_sum - below_sum) / above as f64;
        let variance = below as f64 * above as f64 * difference * difference;
        if variance > best_variance {
            (best_bin, best_variance) = (bin, variance);
        }
    }
    low + (best_bin + 1) as f64 * width
}

fn mean_and_deviation(values: impl Iterator<Item = f32> + Clone) -> Option<(f64, f64)> {
    let (count, sum) = values
        .clone()
        .fold((0_u64, 0.0), |(n, s), v| (n + 1, s + f64::from(v)));
    if count == 0 {
        return None;
    }
    let mean = sum / count as f64;
    let squares: f64 = values.map(|v| (f64::from(v) - mean).powi(2)).sum();
    Some((mean, (squares / count as f64).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{array, Array2};

    #[test]
    fn z_score_is_taken_over_the_foreground_only() {
        // By hand: background 0 and 1; foreground 100 and 104 has mean 102 and deviation 2.
        let mut slice = array![[0.0_f32, 1.0, 0.0], [100.0, 104.0, 1.0]];
        normalise_slice(slice.view_mut(), Normalisation::ZScoreOtsu);
        let z = |v: f32| (v - 102.0) / 2.0;
        let expected = array![[z(0.0), z(1.0), z(0.0)], [z(100.0), z(104.0), z(1.0)]];
        assert_eq!(slice, expected);
    }

    #[test]
    fn constant_and_empty_slices_become_zeros() {
        for how in [Normalisation::MinMax, Normalisation::ZScoreOtsu] {
            let mut slice = Array2::from_elem((3, 4), 7.5);
            normalise_slice(slice.view_mut(), how);
            assert_eq!(slice, Array2::<f32>::zeros((3, 4)));
            normalise_slice(Array2::zeros((0, 4)).view_mut(), how);
        }
    }

    #[test]
    fn two_valued_slices_use_all_voxels() {
        // By hand: mean 1, deviation 1.
        let mut slice = array![[0.0_f32, 2.0], [2.0, 0.0]];
        normalise_slice(slice.view_mut(), Normalisation::ZScoreOtsu);
        assert_eq!(slice, array![[-1.0, 1.0], [1.0, -1.0]]);
    }

    #[test]
    fn scaling_the_image_changes_nothing() {
        let image = Array2::from_shape_fn((17, 23), |(y, x)| ((y * 31 + x * 7) % 97) as f32);
        let normalised = |factor: f32| {
            let mut slice = image.mapv(|v| v * factor);
            normalise_slice(slice.view_mut(), Normalisation::ZScoreOtsu);
            slice
        };
        // A power of two is exact in floating point.
        assert_eq!(normalised(1.0), normalised(1024.0));
    }

    #[test]
    fn the_largest_floats_do_not_overflow() {
        let mut slice = array![[f32::MIN, 0.0], [0.0, f32::MAX]];
        normalise_slice(slice.view_mut(), Normalisation::ZScoreOtsu);
        assert!(slice.iter().all(|v| v.is_finite()));
    }
}
