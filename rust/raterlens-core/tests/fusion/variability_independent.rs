//! Variance maps, soft labels, entropy and their summaries as SciPy has them: `independent/variability` says how.

use std::sync::OnceLock;

use serde_json::Value;

use raterlens_core::fusion::{soft_distance_label, Classes, RaterSet};
use raterlens_core::variability::{
    gt_entropy, summarise_entropy, summarise_variance, variance_map, DistanceExtent, DistanceUnit,
    SoftLabelOptions, DEFAULT_SATURATION,
};
use raterlens_core::Volume;

use crate::support::{assert_close, volume_of, voxels};

/// Single precision of values up to 1; of entropies up to 2.
const SINGLE: f64 = 6e-8;

fn expected() -> &'static Value {
    static FILE: OnceLock<Value> = OnceLock::new();
    FILE.get_or_init(|| {
        serde_json::from_str(include_str!("../independent/variability/expected.json")).unwrap()
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    list(value).iter().map(|v| v.as_f64().unwrap()).collect()
}

fn raters() -> Vec<Volume<u8>> {
    let shape: [f64; 3] = numbers(&expected()["shape_kji"]).try_into().unwrap();
    let spacing = numbers(&expected()["spacing_kji_mm"]).try_into().unwrap();
    let digits = |m: &Value| m.as_str().unwrap().bytes().map(|b| b - b'0').collect();
    let maps = list(&expected()["raters"]).iter();
    maps.map(|m| volume_of(digits(m), shape.map(|n| n as usize), spacing))
        .collect()
}

fn doubles(volume: &Volume<f32>) -> Vec<f64> {
    voxels(volume).into_iter().map(f64::from).collect()
}

#[test]
fn maps_equal_scipy_for_every_extent_unit_and_tau() {
    let raters = raters();
    let set = RaterSet::from_volumes(&raters).unwrap();
    let cases = list(&expected()["maps"]);
    assert_eq!(cases.len(), 2 * 2 * 3);
    for case in cases {
        for saturation in [0.0, DEFAULT_SATURATION] {
            let options = SoftLabelOptions {
                tau: case["tau"].as_f64().unwrap(),
                unit: match case["unit"].as_str().unwrap() {
                    "pixel" => DistanceUnit::Pixel,
                    _ => DistanceUnit::Millimetre,
                },
                extent: match case["in_plane"].as_bool().unwrap() {
                    true => DistanceExtent::InPlane,
                    false => DistanceExtent::Volume,
                },
                saturation,
            };
            let what = format!("{options:?}");
            let tolerance = SINGLE + saturation * (1.0 + saturation);
            let variance = doubles(&variance_map(&set, 1, &options).unwrap());
            assert_close(&variance, &numbers(&case["variance"]), tolerance, &what);
            let mean = doubles(&soft_distance_label(&set, 1, &options).unwrap());
            assert_close(&mean, &numbers(&case["mean"]), tolerance, &what);
        }
    }
}

#[test]
fn entropies_equal_scipy() {
    let raters = raters();
    let set = RaterSet::from_volumes(&raters).unwrap();
    let entropy = gt_entropy(&set, &Classes::found_in(&set)).unwrap();
    let values = numbers(&expected()["entropy"]);
    assert!(values.iter().any(|&h| h > 1.0)); // a three-way split is among them
    assert_close(&doubles(&entropy), &values, 2.0 * SINGLE, "entropy");
    let rows = list(&expected()["entropy_rows"]);
    let found = summarise_entropy(&entropy);
    assert_eq!(found.len(), rows.len());
    for (row, expected) in found.iter().zip(rows) {
        let number = |name: &str| expected[name].as_f64();
        let same = |found: f64, name: &str| (found - number(name).unwrap()).abs() < 2.0 * SINGLE;
        assert_eq!(Some(row.voxels), expected["voxels"].as_u64());
        let disputed = expected["voxels_disputed"].as_u64();
        assert_eq!(Some(row.voxels_disputed), disputed);
        assert!(same(row.mean_entropy, "mean_entropy"), "{row:?}");
        assert!(same(row.max_entropy.into(), "max_entropy"), "{row:?}");
        let mean = row.mean_entropy_disputed;
        assert_eq!(mean.is_none(), number("mean_entropy_disputed").is_none());
        assert!(
            mean.is_none_or(|m| same(m, "mean_entropy_disputed")),
            "{row:?}"
        );
    }
}

#[test]
fn variance_rows_equal_sums_by_numpy() {
    let raters = raters();
    let set = RaterSet::from_volumes(&raters).unwrap();
    let map = variance_map(&set, 1, &SoftLabelOptions::default()).unwrap();
    let found = summarise_variance(&set, 1, &map).unwrap();
    let rows = list(&expected()["variance_rows"]);
    assert_eq!(found.len(), rows.len());
    for (row, expected) in found.iter().zip(rows) {
        let number = |name: &str| expected[name].as_f64();
        let same = |found: f64, name: &str| (found - number(name).unwrap()).abs() < SINGLE;
        let counts = [row.voxels, row.voxels_any, row.voxels_all];
        let names = ["voxels", "voxels_any", "voxels_all"];
        assert_eq!(counts.map(Some), names.map(|name| expected[name].as_u64()));
        assert!(same(row.mean_variance, "mean_variance"), "{row:?}");
        assert!(same(row.max_variance.into(), "max_variance"), "{row:?}");
        let mean = row.mean_variance_any;
        assert_eq!(mean.is_none(), number("mean_variance_any").is_none());
        assert!(mean.is_none_or(|m| same(m, "mean_variance_any")), "{row:?}");
    }
}
