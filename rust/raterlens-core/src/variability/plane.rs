//! Soft label and variance map of one slice, straight from the definition.
//!
//! The fast path of whole images ([`variance_maps`](super::variance_maps)) is tested against these.

use ndarray::{Array2, ArrayView2};

use super::options::VarianceOptions;
use crate::distance::signed_distance_2d;
use crate::grid::{check_shapes, GridError};

/// Soft label `1 / (1 + exp(-d / tau))` of one mask `[rows, columns]`; `pixel_mm` is (rows, columns).
///
/// Range 0 to 1. An empty mask gives 0 everywhere, a full one 1.
#[must_use]
pub fn soft_label_2d(
    mask: ArrayView2<'_, bool>,
    options: &VarianceOptions,
    pixel_mm: [f64; 2],
) -> Array2<f64> {
    let mut soft = signed_distance_2d(mask, options.distance_spacing(pixel_mm));
    soft.mapv_inplace(|d| 1.0 / (1.0 + (-d / options.tau).exp()));
    soft
}

/// Variance map of one structure in one slice from the masks of all raters.
///
/// Range 0 to 0.25; one rater gives zeros. The order of the raters matters to the last bit only.
///
/// # Errors
/// No mask, or masks of different shapes.
///
/// ```
/// use ndarray::array;
/// use raterlens_core::variability::{variance_map_2d, VarianceOptions};
/// // One rater sees the structure in the slice, the other does not: soft labels 1 and 0.
/// let (full, empty) = (array![[true, true]], array![[false, false]]);
/// let map = variance_map_2d(&[full.view(), empty.view()], &VarianceOptions::default(), [1.0, 1.0])?;
/// assert_eq!(map, array![[0.25, 0.25]]);
/// # Ok::<(), raterlens_core::GridError>(())
/// ```
pub fn variance_map_2d(
    masks: &[ArrayView2<'_, bool>],
    options: &VarianceOptions,
    pixel_mm: [f64; 2],
) -> Result<Array2<f32>, GridError> {
    let first = masks.first().ok_or(GridError::NoRaters)?;
    for mask in masks {
        check_shapes(first.shape(), mask.shape())?;
    }
    let soft: Vec<_> = masks
        .iter()
        .map(|mask| soft_label_2d(*mask, options, pixel_mm))
        .collect();
    let count = masks.len() as f64;
    let mut mean = Array2::<f64>::zeros(first.raw_dim());
    for s in &soft {
        mean += s;
    }
    mean /= count;
    let mut variance = Array2::<f64>::zeros(first.raw_dim());
    for s in &soft {
        ndarray::Zip::from(&mut variance)
            .and(s)
            .and(&mean)
            .for_each(|v, &s, &m| *v += (s - m) * (s - m));
    }
    Ok(variance.mapv(|v| (v / count) as f32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variability::DistanceUnit;
    use ndarray::array;

    fn logistic(d: f64) -> f64 {
        1.0 / (1.0 + (-d).exp())
    }

    #[test]
    fn three_raters_by_hand() {
        // One row; the raters put the left edge of the structure at pixel 1, 1 and 2.
        let near = array![[false, true, true, true]];
        let far = array![[false, false, true, true]];
        let d_near = [-1.0, 1.0, 2.0, 3.0];
        let d_far = [-2.0, -1.0, 1.0, 2.0];
        let masks = [near.view(), far.view(), near.view()];
        let map = variance_map_2d(&masks, &VarianceOptions::default(), [1.0; 2]).unwrap();
        for x in 0..4 {
            let (s1, s2) = (logistic(d_near[x]), logistic(d_far[x]));
            // Two values a, two thirds and one third of the weight: variance 2/9 (a - b)^2.
            let expected = 2.0 / 9.0 * (s1 - s2) * (s1 - s2);
            assert!(
                (f64::from(map[[0, x]]) - expected).abs() < 1e-8,
                "pixel {x}"
            );
        }
    }

    #[test]
    fn millimetres_and_tau_scale_the_edge() {
        let mask = array![[false, true]];
        let millimetres = VarianceOptions {
            tau: 3.0,
            unit: DistanceUnit::Millimetre,
        };
        let soft = soft_label_2d(mask.view(), &millimetres, [7.0, 0.5]);
        assert_eq!(soft, array![[logistic(-0.5 / 3.0), logistic(0.5 / 3.0)]]);
        let pixels = soft_label_2d(mask.view(), &VarianceOptions::default(), [7.0, 0.5]);
        assert_eq!(pixels, array![[logistic(-1.0), logistic(1.0)]]);
    }

    #[test]
    fn one_rater_or_equal_raters_have_no_variance() {
        let mask = array![[false, true], [true, true]];
        let zeros = Array2::<f32>::zeros((2, 2));
        for n in 1..4 {
            let masks = vec![mask.view(); n];
            let map = variance_map_2d(&masks, &VarianceOptions::default(), [1.0; 2]).unwrap();
            assert_eq!(map, zeros);
        }
    }

    #[test]
    fn no_rater_and_unequal_shapes_are_refused() {
        let (a, b) = (array![[true, false]], array![[true], [false]]);
        let options = VarianceOptions::default();
        let refused = |masks: &[ArrayView2<'_, bool>]| variance_map_2d(masks, &options, [1.0; 2]);
        assert_eq!(refused(&[]), Err(GridError::NoRaters));
        assert!(matches!(
            refused(&[a.view(), b.view()]),
            Err(GridError::ShapeMismatch { .. })
        ));
    }
}
