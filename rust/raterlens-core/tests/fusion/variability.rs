//! Variance maps and soft labels against a search through all voxels.

use ndarray::Array3;
use proptest::prelude::*;

use raterlens_core::fusion::{soft_distance_label, Classes, RaterSet};
use raterlens_core::variability::{
    gt_entropy, summarise_variance, variance_map, DistanceExtent, DistanceUnit, SoftLabelOptions,
};
use raterlens_core::Volume;

use crate::support::{assert_close, rows, volume_of, voxels};

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

const EXTENTS: [DistanceExtent; 2] = [DistanceExtent::InPlane, DistanceExtent::Volume];

/// Variance map and soft distance label of one row of voxels, for distances in slices and in the volume.
fn maps<const N: usize>(raters: &[[u16; N]], label: u16) -> Vec<[Vec<f64>; 2]> {
    let maps = rows(raters);
    let set = RaterSet::from_volumes(&maps).unwrap();
    let doubles = |v: Volume<f32>| voxels(&v).into_iter().map(f64::from).collect();
    let of = |extent| {
        let options = SoftLabelOptions {
            extent,
            ..SoftLabelOptions::default()
        };
        [
            doubles(variance_map(&set, label, &options).unwrap()),
            doubles(soft_distance_label(&set, label, &options).unwrap()),
        ]
    };
    EXTENTS.map(of).into()
}

fn logistic(d: f64) -> f64 {
    1.0 / (1.0 + (-d).exp())
}

#[test]
fn two_raters_in_total_disagreement_by_hand() {
    // What one has inside the other has outside, so that the signed distances are d and -d and the soft labels s and 1 - s.
    let d: [f64; 5] = [2.0, 1.0, -1.0, -1.0, 1.0];
    let expected = d.map(|d| (logistic(d) - 0.5).powi(2));
    for [variance, mean] in maps(&[[7, 7, 0, 0, 7], [0, 0, 7, 7, 0]], 7) {
        assert_close(&variance, &expected, 6e-8, "variance");
        assert_close(&mean, &[0.5; 5], 6e-8, "mean");
    }
}

#[test]
fn a_structure_empty_for_one_some_and_all_raters_and_one_that_fills_the_slice() {
    let (none, full) = ([0, 0], [255, 255]);
    let table: [(&[[u16; 2]], f64, f64); 5] = [
        (&[none, full, full], 2.0 / 9.0, 2.0 / 3.0),
        (&[none, full, none], 2.0 / 9.0, 1.0 / 3.0),
        (&[none, full], 0.25, 0.5),
        (&[none, none], 0.0, 0.0),
        (&[full, full], 0.0, 1.0),
    ];
    for (raters, variance, mean) in table {
        for found in maps(raters, 255) {
            assert_close(&found[0], &[variance; 2], 6e-8, "variance");
            assert_close(&found[1], &[mean; 2], 6e-8, "mean");
        }
    }
    // One empty, the other with an edge: soft labels 0 and s.
    for found in maps(&[[0, 0], [0, 65535]], 65535) {
        let expected = [-1.0, 1.0].map(|d| 0.25 * logistic(d).powi(2));
        assert_close(&found[0], &expected, 6e-8, "variance");
    }
}

#[test]
fn one_voxel_is_empty_or_full() {
    for [variance, mean] in maps(&[[1], [0], [0], [0]], 1) {
        assert_close(&variance, &[0.25 * 0.75], 6e-8, "variance");
        assert_close(&mean, &[0.25], 6e-8, "mean");
    }
    let maps = rows(&[[1_u8], [0], [0], [0]]);
    let set = RaterSet::from_volumes(&maps).unwrap();
    let entropy = gt_entropy(&set, &Classes::found_in(&set)).unwrap();
    let expected = -(0.25 * 0.25_f64.ln() + 0.75 * 0.75_f64.ln());
    assert!((f64::from(entropy.data()[[0, 0, 0]]) - expected).abs() < 6e-8);
    let map = variance_map(&set, 1, &SoftLabelOptions::default()).unwrap();
    let rows = summarise_variance(&set, 1, &map).unwrap();
    assert_eq!(rows.len(), 2); // the image and its only slice
    assert_eq!((rows[0].voxels_any, rows[0].voxels_all), (1, 0));
}

#[test]
fn identical_raters_do_not_vary() {
    let one = [0, 3, 3, 0, 3, 65535];
    for label in [3, 65535] {
        for [variance, _] in maps(&[one; 3], label) {
            assert_eq!(variance, [0.0; 6]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_order_of_the_raters_and_the_names_of_the_labels_do_not_matter(
        labels in prop::collection::vec(prop::collection::vec(0_u16..3, 3 * 5 * 6), 1..5),
        extent in prop::sample::select(EXTENTS.to_vec()),
        tau in 0.3_f64..4.0,
    ) {
        let volumes = |rename: [u16; 3]| -> Vec<_> {
            let rater = |r: &Vec<u16>| r.iter().map(|&l| rename[usize::from(l)]).collect();
            labels.iter().map(|r| volume_of(rater(r), [3, 5, 6], [4.0, 0.75, 0.5])).collect()
        };
        let plain = volumes([0, 1, 2]);
        let back: Vec<_> = plain.iter().rev().cloned().collect();
        let renamed = volumes([0, 65535, 255]);
        let options = SoftLabelOptions { tau, extent, ..SoftLabelOptions::default() };
        let of = |maps: &[Volume<u16>], label| {
            let set = RaterSet::from_volumes(maps).unwrap();
            let map = variance_map(&set, label, &options).unwrap();
            let rows = summarise_variance(&set, label, &map).unwrap();
            let counts: Vec<_> = rows.iter().map(|r| (r.voxels_any, r.voxels_all)).collect();
            (voxels(&map), voxels(&soft_distance_label(&set, label, &options).unwrap()), counts)
        };
        let (variance, mean, counts) = of(&plain, 1);
        let (other, other_mean, other_counts) = of(&back, 1);
        prop_assert_eq!(&counts, &other_counts);
        for (x, y) in variance.iter().zip(&other).chain(mean.iter().zip(&other_mean)) {
            prop_assert!((x - y).abs() <= 1e-7, "{x} {y}"); // sums in another order, rounded to single precision
        }
        prop_assert_eq!((variance, mean, counts), of(&renamed, 65535));
    }

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
