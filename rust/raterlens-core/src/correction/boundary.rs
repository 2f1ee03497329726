//! The signed soft boundary.

use ndarray::{Array3, ArrayView3, Zip};

use crate::distance::squared_edt_3d;

/// Up to this many widths of the soft edge from the boundary, a probability (4.7 % to 95.3 %) tells how far away it is.
pub const SOFT_SPAN: f64 = 3.0;

/// Whether a soft label says "inside".
pub(super) fn is_inside(soft: f32) -> bool {
    soft >= 0.5
}

/// The signed soft boundary in units of the smallest spacing, positive or zero inside; see the module's definition.
pub(super) fn signed_boundary(
    soft: ArrayView3<'_, f32>,
    spacing_mm: [f64; 3],
    reach_mm: f64,
) -> Array3<f64> {
    let tau_mm = spacing_mm.iter().copied().fold(f64::INFINITY, f64::min);
    let mut psi = soft.map(|&q| logit(q));
    let outer = squared_edt_3d(psi.map(|p| *p > -SOFT_SPAN).view(), spacing_mm);
    let inner = squared_edt_3d(psi.map(|p| *p < SOFT_SPAN).view(), spacing_mm);
    let span = |squared: f64| SOFT_SPAN + squared.sqrt().min(reach_mm) / tau_mm;
    Zip::from(&mut psi)
        .and(&outer)
        .and(&inner)
        .for_each(|psi, &outer, &inner| {
            if *psi <= -SOFT_SPAN {
                *psi = -span(outer);
            } else if *psi >= SOFT_SPAN {
                *psi = span(inner);
            }
        });
    psi
}

/// Log-odds; what is not a number counts as 0, and 0 and 1 as infinitely far.
fn logit(soft: f32) -> f64 {
    let q = f64::from(soft);
    if q.is_nan() || q <= 0.0 {
        f64::NEG_INFINITY
    } else if q >= 1.0 {
        f64::INFINITY
    } else {
        (q / (1.0 - q)).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn beyond_the_soft_span_the_boundary_goes_on_as_a_distance() {
        // Log-odds 6, 2, -2, -6, -6, -6 at a spacing of 2 mm, reach 3 mm.
        let q = |odds: f64| (1.0 / (1.0 + (-odds).exp())) as f32;
        let soft = array![[[q(6.0), q(2.0), q(-2.0), q(-6.0), q(-6.0), q(-6.0)]]];
        let psi = signed_boundary(soft.view(), [5.0, 5.0, 2.0], 3.0);
        // One voxel (2 mm, one width) from the span; then two (4 mm) and three, cut at 3 mm, 1.5 widths.
        let expected = [4.0, 2.0, -2.0, -4.0, -4.5, -4.5];
        for (psi, expected) in psi.iter().zip(expected) {
            assert!((psi - expected).abs() < 1e-5, "{psi} {expected}");
        }
    }

    #[test]
    fn values_that_are_no_numbers_are_outside() {
        let psi = signed_boundary(array![[[f32::NAN, 0.0, 1.0]]].view(), [1.0; 3], 2.0);
        assert_eq!(psi, array![[[-5.0, -4.0, 4.0]]]);
        assert!(!is_inside(f32::NAN) && is_inside(0.5));
    }
}
