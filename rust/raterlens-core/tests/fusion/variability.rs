//! Variance maps and soft labels against a search through all voxels.

use ndarray::Array3;
use proptest::prelude::*;

use raterlens_core::fusion::{soft_distance_label, RaterSet};
use raterlens_core::variability::{variance_map, DistanceExtent, DistanceUnit, SoftLabelOptions};
use raterlens_core::Volume;

use crate::support::volume_of;

/// Signed distances as SPEC defines them: look at every voxel of the other side.
fn soft_by_definition(
    mask: &Array3<bool>,
    spacing: [f64; 3],
    in_plane: bool,
    tau: f64,
) -> Array3<f64> {
    Array3::from_shape_fn(mask.raw_dim(), |at| {
        let inside = mask[at];
        let distance = |other: (usize, usize, usize)| {
            let step = |a: usize, b: usize, s: f64| ((a as f64 - b as f64) * s).powi(2);
            let squared = step(at.0, other.0, spacing[0])
                + step(at.1, other.1, spacing[1])
                + step(at.2, other.2, spacing[2]);
            squared.sqrt()
        };
        let others = mask
            .indexed_iter()
            .filter(|(o, &m)| m != inside && !(in_plane && o.0 != at.0));
        let d = others
            .map(|(o, _)| distance(o))
            .fold(f64::INFINITY, f64::min);
        let d = if inside { d } else { -d };
        1.0 / (1.0 + (-d / tau).exp())
    })
}

fn shapes() -> impl Strategy<Value = [usize; 3]> {
    [1_usize..5, 1_usize..9, 1_usize..9]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn maps_equal_the_definition(
        shape in shapes(),
        bits in prop::collection::vec(prop::collection::vec(prop::bool::weighted(0.2), 4 * 8 * 8), 1..4),
        spacing in [0.3_f64..4.0, 0.3_f64..2.0, 0.3_f64..2.0],
        millimetres in any::<bool>(),
        in_plane in any::<bool>(),
        tau in 0.2_f64..5.0,
        saturation in prop_oneof![Just(0.0), Just(1e-9), Just(1e-3)],
    ) {
        let voxels: usize = shape.iter().product();
        let maps: Vec<Volume<u8>> = bits
            .iter()
            .map(|b| volume_of(b.iter().take(voxels).map(|&x| 200 * u8::from(x)).collect(), shape, spacing))
            .collect();
        let set = RaterSet::from_volumes(&maps).unwrap();
        // With k towards the head, k is the slice axis unless a tie of directions says otherwise; it does not here.
        let options = SoftLabelOptions {
            tau,
            unit: if millimetres { DistanceUnit::Millimetre } else { DistanceUnit::Pixel },
            extent: if in_plane { DistanceExtent::InPlane } else { DistanceExtent::Volume },
            saturation,
        };
        let used = if millimetres { spacing } else { [1.0; 3] };
        let soft: Vec<Array3<f64>> = maps
            .iter()
            .map(|m| soft_by_definition(&m.data().map(|&v| v == 200), used, in_plane, tau))
            .collect();
        let variance = variance_map(&set, 200, &options).unwrap();
        let mean = soft_distance_label(&set, 200, &options).unwrap();
        let count = soft.len() as f64;
        let rounding = 8e-8;
        for (at, &v) in variance.data().indexed_iter() {
            let m = soft.iter().map(|s| s[at]).sum::<f64>() / count;
            let expected = soft.iter().map(|s| (s[at] - m).powi(2)).sum::<f64>() / count;
            let bound = saturation * (1.0 + saturation) + rounding;
            prop_assert!((f64::from(v) - expected).abs() <= bound, "{at:?}: {v} against {expected}");
            let found = f64::from(mean.data()[at]);
            prop_assert!((found - m).abs() <= saturation + rounding, "{at:?}: {found} against {m}");
        }
    }
}
