//! The comparison of two label maps against SimpleITK and scikit-learn: the numbers, their script and the tolerances are in
//! `independent/metrics`.
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests a panic is the failure

use std::sync::LazyLock;

use ndarray::{Array1, Array3};
use raterlens_core::metrics::{
    compare, mse, CompareOptions, Emptiness, StructureComparison, SurfaceMetrics, SurfaceSpace,
};
use raterlens_core::{Geometry, LabelMap, Volume};
use serde_json::Value;

static EXPECTED: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("independent/metrics/expected.json")).unwrap()
});

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    list(value).iter().map(|v| v.as_f64().unwrap()).collect()
}

fn close(found: Option<f64>, expected: &Value, tolerance: f64, what: &str) {
    let (Some(f), Some(e)) = (found, expected.as_f64()) else {
        panic!("{what}: {found:?} {expected:?}");
    };
    let bound = tolerance * e.abs().max(1.0);
    assert!((f - e).abs() <= bound, "{what}: {f} {e}");
}

fn label_map(name: &str) -> LabelMap {
    let [k, j, i] = numbers(&EXPECTED["shape_kji"])[..] else {
        panic!("three axes");
    };
    let [dk, dj, di] = numbers(&EXPECTED["spacing_kji_mm"])[..] else {
        panic!("three axes");
    };
    let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let dims = [i, j, k].map(|n| n as usize);
    let grid = Geometry::new(dims, [di, dj, dk], [0.0; 3], identity).unwrap();
    let labels = EXPECTED[name].as_str().unwrap().bytes();
    let labels = labels.map(|b| u16::from(b - b'0')).collect();
    Volume::new(
        Array3::from_shape_vec(grid.shape_kji(), labels).unwrap(),
        grid,
    )
    .unwrap()
}

fn compared(space: SurfaceSpace) -> Vec<(StructureComparison, &'static Value)> {
    let options = CompareOptions {
        tolerance_mm: EXPECTED["tolerance_mm"].as_f64().unwrap(),
        space,
    };
    let structures = list(&EXPECTED["structures"]);
    let ids = structures.iter().map(|s| s["structure"].as_u64().unwrap());
    let ids: Vec<u16> = ids.map(|id| id as u16).collect();
    let maps = (label_map("prediction"), label_map("truth"));
    let found = compare(&maps.0, &maps.1, &ids, &options).unwrap();
    assert_eq!(found.len(), 6);
    found.into_iter().zip(structures).collect()
}

#[test]
fn overlaps_equal_those_of_simpleitk() {
    for (found, expected) in compared(SurfaceSpace::Volume) {
        let expected = &expected["overlap"];
        assert_eq!(expected.is_null(), found.empty != Emptiness::Neither);
        if expected.is_null() {
            continue;
        }
        close(Some(found.dice), &expected["dice"], 1e-12, "dice");
        close(Some(found.iou), &expected["iou"], 1e-12, "iou");
        close(found.precision, &expected["precision"], 1e-12, "precision");
        close(found.recall, &expected["recall"], 1e-12, "recall");
    }
}

#[test]
fn volumes_and_areas_equal_those_of_simpleitk() {
    for (found, expected) in compared(SurfaceSpace::Volume) {
        let expected = &expected["size"];
        let [p, t] = ["prediction_ml", "truth_ml"].map(|name| expected[name].as_f64().unwrap());
        let near = |found: f64, expected: f64| {
            let bound = 1e-12 * expected.abs().max(1.0);
            assert!((found - expected).abs() <= bound, "{found} {expected}");
        };
        near(found.prediction_ml, p);
        near(found.truth_ml, t);
        near(found.volume_difference_ml, p - t);
        match found.relative_volume_difference {
            Some(relative) => near(relative, (p - t) / t),
            None => assert_eq!(t, 0.0),
        }
        let slices = expected["slices"].as_u64().unwrap();
        assert_eq!(found.area.slices as u64, slices);
        if slices > 0 {
            let (mean, absolute) = (found.area.mean_mm2, found.area.mean_absolute_mm2);
            close(mean, &expected["mean_area_difference_mm2"], 1e-12, "area");
            let name = "mean_absolute_area_difference_mm2";
            close(absolute, &expected[name], 1e-12, name);
        }
    }
}

#[test]
fn surface_distances_equal_those_of_simpleitk() {
    let both = [
        (SurfaceSpace::Volume, "surface"),
        (SurfaceSpace::Slices, "slices"),
    ];
    for (space, name) in both {
        for (found, expected) in compared(space) {
            let expected = &expected[name];
            let Some(distances) = found.surface.distances else {
                assert!(expected.is_null());
                continue;
            };
            let SurfaceMetrics {
                hausdorff_mm,
                hd95_mm,
                assd_mm,
                surface_dice,
            } = distances;
            let all = [
                (hausdorff_mm, "hausdorff_mm"),
                (hd95_mm, "hd95_mm"),
                (assd_mm, "assd_mm"),
                (surface_dice, "surface_dice"),
            ];
            for (found, metric) in all {
                let what = format!("{name} {metric}");
                close(Some(found), &expected[metric], 1e-5, &what);
            }
        }
    }
}

#[test]
fn the_mean_squared_error_equals_that_of_scikit_learn() {
    let row = |n: usize| -> Array1<f32> {
        numbers(&EXPECTED["maps"][n])
            .into_iter()
            .map(|v| v as f32)
            .collect()
    };
    let found = mse(&row(0).view(), &row(1).view()).unwrap();
    close(Some(found), &EXPECTED["mse"], 1e-12, "mse");
}
