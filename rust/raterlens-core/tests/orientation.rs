//! Canonical axial orientation: all 48 axis orders and directions, oblique frames, left is left.
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests a panic is the failure

use ndarray::Array3;
use proptest::prelude::*;
use raterlens_core::{CanonicalAxial, Geometry, Volume};

const ORDERS: [[usize; 3]; 6] = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
];

/// The same physical image under all 48 array orders: `world[a]` is the LPS axis of array axis `a`.
///
/// Voxels are numbers computed from their position, so that each names its place.
fn stored(world: [usize; 3], reversed: [bool; 3]) -> Volume<u32> {
    const SIZE: [usize; 3] = [5, 4, 3];
    const SPACING_MM: [f64; 3] = [0.5, 0.75, 4.0];
    let mut direction = [[0.0; 3]; 3];
    let mut origin = [-1.0, -2.0, -3.0];
    for a in 0..3 {
        let w = world[a];
        direction[w][a] = if reversed[a] { -1.0 } else { 1.0 };
        if reversed[a] {
            origin[w] += SPACING_MM[w] * (SIZE[w] - 1) as f64;
        }
    }
    let dims = world.map(|w| SIZE[w]);
    let geometry = Geometry::new(dims, world.map(|w| SPACING_MM[w]), origin, direction).unwrap();
    let data = Array3::from_shape_fn(geometry.shape_kji(), |(k, j, i)| {
        let mut lps = [0; 3];
        for (a, n) in [i, j, k].into_iter().enumerate() {
            lps[world[a]] = if reversed[a] { dims[a] - 1 - n } else { n };
        }
        (lps[0] + 10 * lps[1] + 100 * lps[2]) as u32
    });
    Volume::new(data, geometry).unwrap()
}

fn for_all_48(check: impl Fn(Volume<u32>, [usize; 3], [bool; 3])) {
    for world in ORDERS {
        for bits in 0..8 {
            let reversed = [bits & 1 > 0, bits & 2 > 0, bits & 4 > 0];
            check(stored(world, reversed), world, reversed);
        }
    }
}

#[test]
fn all_48_orders_become_the_same_volume_and_come_back() {
    let expected = stored([0, 1, 2], [false; 3]);
    for_all_48(|volume, world, reversed| {
        let canonical = CanonicalAxial::for_geometry(volume.geometry());
        let turned = canonical.to_canonical(&volume).unwrap();
        assert_eq!(turned, expected, "{world:?} {reversed:?}");
        assert!(turned.data().is_standard_layout());
        assert_eq!(canonical.obliqueness_deg(), 0.0);
        let back = canonical.from_canonical(turned.into_parts().0).unwrap();
        assert_eq!(back, volume, "{world:?} {reversed:?}");
        assert!(back.data().is_standard_layout());
    });
}

#[test]
fn slice_axis_and_slice_index_name_the_inputs_slices() {
    for_all_48(|volume, world, reversed| {
        let canonical = CanonicalAxial::for_geometry(volume.geometry());
        let axis = canonical.slice_axis();
        assert_eq!(world[axis], 2);
        for k in 0..3 {
            let index = canonical.input_slice_index(k);
            assert_eq!(index, if reversed[axis] { 2 - k } else { k });
            let slice = volume.data().index_axis(ndarray::Axis(2 - axis), index);
            assert!(slice.iter().all(|&v| v as usize / 100 == k));
        }
    });
}

#[test]
fn left_is_left_by_hand() {
    // i runs to the patient's RIGHT; the marker is the voxel at i = 0, the patient's far left.
    let direction = [[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let geometry = Geometry::new([3, 1, 1], [2.0, 1.0, 1.0], [50.0, 0.0, 0.0], direction).unwrap();
    let marked = Array3::from_shape_vec((1, 1, 3), vec![9, 0, 0]).unwrap();
    let volume = Volume::new(marked, geometry).unwrap();
    let canonical = CanonicalAxial::for_geometry(&geometry);
    let turned = canonical.to_canonical(&volume).unwrap();
    assert_eq!(turned.data().as_slice(), Some(&[0, 0, 9][..]));
    assert_eq!(turned.geometry().origin_lps, [50.0 - 2.0 * 2.0, 0.0, 0.0]);
    assert_eq!(turned.geometry().direction_lps[0], [1.0, 0.0, 0.0]);
}

#[test]
fn an_oblique_image_keeps_its_axes_and_says_its_angle() {
    // Slices tilted by 20 degrees around the left-right axis, as for a lumbar disc.
    let (s, c) = 20_f64.to_radians().sin_cos();
    let direction = [[1.0, 0.0, 0.0], [0.0, c, s], [0.0, -s, c]];
    let geometry = Geometry::new([4, 4, 2], [1.0, 1.0, 4.0], [0.0; 3], direction).unwrap();
    let canonical = CanonicalAxial::for_geometry(&geometry);
    assert_eq!(canonical.output_geometry(), geometry);
    assert!((canonical.obliqueness_deg() - 20.0).abs() < 1e-9);
}

#[test]
fn the_sum_decides_not_the_first_axis() {
    // i is nearest to posterior by itself (0.72 against 0.69), but so is j, and more so (0.99).
    let unit = |v: [f64; 3]| {
        let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        v.map(|x| x / length)
    };
    let (i, j, k) = (
        unit([0.69, 0.72, 0.0]),
        unit([-0.1, 0.99, 0.0]),
        [0.0, 0.0, 1.0],
    );
    let direction = std::array::from_fn(|r| [i[r], j[r], k[r]]);
    let geometry = Geometry::new([2, 3, 4], [1.0; 3], [0.0; 3], direction).unwrap();
    assert_eq!(
        CanonicalAxial::for_geometry(&geometry).input_axes(),
        [0, 1, 2]
    );
}

#[test]
fn a_tie_is_decided_alike_under_noise() {
    let at = |degrees: f64| {
        let (s, c) = degrees.to_radians().sin_cos();
        let direction = [[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]];
        let geometry = Geometry::new([2, 3, 4], [1.0; 3], [0.0; 3], direction).unwrap();
        CanonicalAxial::for_geometry(&geometry).input_axes()
    };
    for noise in [-1e-6, 0.0, 1e-6] {
        assert_eq!(at(45.0 + noise), [0, 1, 2]);
    }
    assert_eq!(at(46.0), [1, 0, 2]);
}

#[test]
fn volumes_of_another_size_are_refused() {
    let volume = stored([2, 0, 1], [true, false, true]);
    let canonical = CanonicalAxial::for_geometry(stored([0, 1, 2], [false; 3]).geometry());
    assert!(canonical.to_canonical(&volume).is_err());
    assert!(canonical
        .from_canonical(Array3::<u8>::zeros((1, 1, 1)))
        .is_err());
}

fn rotation([x, y, z]: [f64; 3]) -> [[f64; 3]; 3] {
    let (sx, cx) = x.sin_cos();
    let (sy, cy) = y.sin_cos();
    let (sz, cz) = z.sin_cos();
    [
        [cy * cz, sx * sy * cz - cx * sz, cx * sy * cz + sx * sz],
        [cy * sz, sx * sy * sz + cx * cz, cx * sy * sz - sx * cz],
        [-sy, sx * cy, cx * cy],
    ]
}

proptest! {
    /// Whatever the frame, every voxel stays where it is in the patient.
    #[test]
    fn physical_positions_are_preserved(
        angles in prop::array::uniform3(-3.2_f64..3.2),
        mirrored: bool,
        dims in prop::array::uniform3(1_usize..5),
        spacing_mm in prop::array::uniform3(0.3_f64..5.0),
    ) {
        let mut direction = rotation(angles);
        for row in &mut direction {
            row[0] *= if mirrored { -1.0 } else { 1.0 };
        }
        let geometry = Geometry::new(dims, spacing_mm, [10.0, -20.0, 30.0], direction).unwrap();
        let lps = geometry.lps_from_ijk();
        let positions = Array3::from_shape_fn(geometry.shape_kji(), |(k, j, i)| {
            lps.apply([i as f64, j as f64, k as f64])
        });
        let volume = Volume::new(positions, geometry).unwrap();
        let canonical = CanonicalAxial::for_geometry(&geometry);
        let turned = canonical.to_canonical(&volume).unwrap();
        let turned_lps = turned.geometry().lps_from_ijk();
        for ((k, j, i), expected) in turned.data().indexed_iter() {
            let found = turned_lps.apply([i as f64, j as f64, k as f64]);
            for r in 0..3 {
                prop_assert!((found[r] - expected[r]).abs() < 1e-9);
            }
        }
        for a in 0..3 {
            prop_assert!(turned.geometry().axis_lps(a)[a] > 0.0, "axis {} runs the right way", a);
        }
        prop_assert_eq!(canonical.from_canonical(turned.into_parts().0).unwrap(), volume);
    }
}
