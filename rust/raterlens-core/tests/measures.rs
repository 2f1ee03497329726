//! Areas, volumes and mean variance, worked out by hand.
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests a panic is the failure

use ndarray::{array, Array3};
use raterlens_core::{measure, Geometry, GridError, LabelMap, LabelScheme, Measures, Volume};

/// i right to left, j front to back, k FEET TO HEAD REVERSED: slice 0 is the top one.
fn grid() -> Geometry {
    let direction = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]];
    Geometry::new([3, 2, 2], [0.5, 2.0, 5.0], [0.0; 3], direction).unwrap()
}

fn labels() -> LabelMap {
    let data = array![[[1, 1, 0], [1, 2, 0]], [[0, 0, 0], [0, 1, 0]]];
    Volume::new(data, grid()).unwrap()
}

fn maps() -> Vec<Volume<f32>> {
    let map = |n: usize| {
        // Powers of two, so that sums are exact.
        let value = |(k, j, i): (usize, usize, usize)| 1.0 / (1 << (i + 3 * j + 6 * k + n)) as f32;
        Volume::new(Array3::from_shape_fn((2, 2, 3), value), grid()).unwrap()
    };
    (0..4).map(map).collect()
}

fn row(
    measures: &Measures,
    structure: u16,
    slice: Option<usize>,
) -> (Option<f64>, f64, Option<f64>, u64) {
    let row = measures
        .rows
        .iter()
        .find(|r| r.structure == structure && r.slice == slice)
        .unwrap();
    (row.area_mm2, row.volume_ml, row.mean_variance, row.voxels)
}

#[test]
fn by_hand_with_anisotropic_voxels() {
    let m = measure(&labels(), &maps(), &LabelScheme::lumbar_paraspinal()).unwrap();
    let (area, volume) = (0.5 * 2.0, 0.5 * 2.0 * 5.0 / 1000.0);
    // Structure 1: voxels 0, 1, 3 of slice 0 and voxel 4 of slice 1 (number 10 in all).
    let (v0, v1, v3, v10) = (1.0, 1.0 / 2.0, 1.0 / 8.0, 1.0 / 1024.0);
    let mean0 = (v0 + v1 + v3) / 3.0;
    let mean = (v0 + v1 + v3 + v10) / 4.0;
    assert_eq!(row(&m, 1, None), (None, 4.0 * volume, Some(mean), 4));
    assert_eq!(
        row(&m, 1, Some(0)),
        (Some(3.0 * area), 3.0 * volume, Some(mean0), 3)
    );
    assert_eq!(row(&m, 1, Some(1)), (Some(area), volume, Some(v10), 1));
    // Structure 2: voxel 4 of slice 0, in its own map (half as large).
    assert_eq!(row(&m, 2, None), (None, volume, Some(1.0 / 32.0), 1));
    assert_eq!(row(&m, 2, Some(1)), (Some(0.0), 0.0, None, 0));
    // Structures nobody drew.
    assert_eq!(row(&m, 3, None), (None, 0.0, None, 0));
    assert_eq!(m.total(4).unwrap().voxels, 0);
    assert_eq!(m.rows.len(), 4 * (1 + 2));
    assert_eq!(m.rows[0].slice, None);
    assert_eq!(m.rows[1].slice, Some(0));
}

#[test]
fn slices_are_those_of_the_patient_whatever_the_array_order() {
    // The same voxels stored with the slice axis first: slice numbers and values stay.
    let expected = measure(&labels(), &maps(), &LabelScheme::lumbar_paraspinal()).unwrap();
    let direction = [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]];
    let turned = Geometry::new([2, 2, 3], [5.0, 2.0, 0.5], [0.0; 3], direction).unwrap();
    let turn_labels = labels().into_parts().0.permuted_axes([2, 1, 0]);
    let labels = Volume::new(turn_labels.as_standard_layout().into_owned(), turned).unwrap();
    let maps: Vec<_> = maps()
        .into_iter()
        .map(|m| {
            let data = m.into_parts().0.permuted_axes([2, 1, 0]);
            Volume::new(data.as_standard_layout().into_owned(), turned).unwrap()
        })
        .collect();
    let found = measure(&labels, &maps, &LabelScheme::lumbar_paraspinal()).unwrap();
    assert_eq!(found, expected);
}

#[test]
fn a_sheared_slice_has_the_area_of_its_parallelogram() {
    let sixty = 60_f64.to_radians();
    let direction = [
        [1.0, sixty.cos(), 0.0],
        [0.0, sixty.sin(), 0.0],
        [0.0, 0.0, 1.0],
    ];
    let grid = Geometry::new([1, 1, 1], [2.0, 3.0, 4.0], [0.0; 3], direction).unwrap();
    let labels = Volume::new(array![[[1]]], grid).unwrap();
    let m = measure(&labels, &[], &LabelScheme::lumbar_paraspinal()).unwrap();
    let (area, volume, variance, _) = row(&m, 1, Some(0));
    assert!((area.unwrap() - 2.0 * 3.0 * sixty.sin()).abs() < 1e-12);
    assert!((volume - 2.0 * 3.0 * sixty.sin() * 4.0 / 1000.0).abs() < 1e-12);
    assert_eq!(variance, None);
}

#[test]
fn maps_that_do_not_fit_are_refused() {
    let scheme = LabelScheme::lumbar_paraspinal();
    let (expected, found) = (4, 3);
    assert_eq!(
        measure(&labels(), &maps()[..3], &scheme),
        Err(GridError::MapCount { expected, found })
    );
    let mut moved = maps();
    let mut geometry = grid();
    geometry.origin_lps[2] = 1.0;
    moved[1] = Volume::new(Array3::zeros((2, 2, 3)), geometry).unwrap();
    assert_eq!(
        measure(&labels(), &moved, &scheme),
        Err(GridError::DifferentGrid { number: 3 })
    );
}
