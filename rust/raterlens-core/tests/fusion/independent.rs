//! The same numbers as SimpleITK, SciPy, scikit-learn and NumPy: `independent/fusion` says how they were made.

use std::sync::OnceLock;

use serde_json::Value;

use raterlens_core::fusion::staple::{Prior, Region, Staple, StapleOptions};
use raterlens_core::fusion::{self, mean_label, vote, Classes, RaterSet, TiePolicy};
use raterlens_core::Volume;

use crate::support::{assert_close, volume_of, voxels};

/// Printed with twelve significant digits.
const PRINTED: f64 = 1e-11;
/// Single precision of values up to 1.
const SINGLE: f64 = 6e-8;

fn expected() -> &'static Value {
    static FILE: OnceLock<Value> = OnceLock::new();
    FILE.get_or_init(|| {
        serde_json::from_str(include_str!("../independent/fusion/expected.json")).unwrap()
    })
}

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().unwrap();
    list.iter().map(|v| v.as_f64().unwrap()).collect()
}

fn digits(text: &Value) -> Vec<u8> {
    text.as_str().unwrap().bytes().map(|b| b - b'0').collect()
}

fn triple(value: &Value) -> [f64; 3] {
    numbers(value).try_into().unwrap()
}

fn raters(name: &str, shape: &str) -> Vec<Volume<u8>> {
    let shape = triple(&expected()[shape]).map(|n| n as usize);
    let spacing = triple(&expected()["spacing_kji_mm"]);
    let maps = expected()[name].as_array().unwrap().iter();
    maps.map(|m| volume_of(digits(m), shape, spacing)).collect()
}

fn doubles(volume: &Volume<f32>) -> Vec<f64> {
    volume.data().iter().map(|&v| f64::from(v)).collect()
}

/// The confusion matrices of all raters, one after another.
fn confusion(fused: &Staple) -> Vec<f64> {
    let raters = fused.performance.iter().flatten();
    raters
        .flat_map(|r| r.confusion.iter().copied().collect::<Vec<_>>())
        .collect()
}

fn expected_confusion(value: &Value) -> Vec<f64> {
    let raters = value.as_array().unwrap().iter();
    raters
        .flat_map(|r| r.as_array().unwrap().iter().flat_map(numbers))
        .collect()
}

/// Converged much further than by default, so that only the fixed point is compared.
fn patient() -> StapleOptions {
    StapleOptions {
        tolerance: 1e-13,
        max_iterations: 100_000,
        ..StapleOptions::default()
    }
}

#[test]
fn binary_staple_equals_simpleitk_iteration_by_iteration() {
    let raters = raters("five_raters", "shape_kji");
    let set = RaterSet::from_volumes(&raters).unwrap();
    let fused = fusion::staple_structure(&set, 1, &StapleOptions::default()).unwrap();
    let itk = &expected()["binary"];
    assert!(fused.converged);
    // The filter numbers its iterations from 0 and reports the number of the last.
    let last = fused.trace.len() as u64 - 1;
    assert_eq!(Some(last), itk["iterations"].as_u64());
    let all = || fused.performance.iter().flatten().map(|p| p.structures[0]);
    let sensitivity: Vec<f64> = all().map(|s| s.sensitivity.unwrap()).collect();
    let specificity: Vec<f64> = all().map(|s| s.specificity.unwrap()).collect();
    assert_close(
        &sensitivity,
        &numbers(&itk["sensitivity"]),
        PRINTED,
        "sensitivity",
    );
    assert_close(
        &specificity,
        &numbers(&itk["specificity"]),
        PRINTED,
        "specificity",
    );
    let posterior = voxels(&fused.posterior_f64(1).unwrap());
    assert_close(
        &posterior,
        &numbers(&itk["posterior"]),
        PRINTED,
        "posterior",
    );
    let single = doubles(&fused.posterior(1).unwrap());
    assert_close(&single, &posterior, SINGLE, "posterior in single precision");
}

/// The prior of a case: fixed for the classes 1 and 2, or else `otherwise`.
fn prior(case: &Value, otherwise: Prior) -> Prior {
    match case["fixed"].as_array() {
        Some(_) => {
            let shares = numbers(&case["fixed"]);
            Prior::Fixed(vec![(1, shares[1]), (2, shares[2])])
        }
        None => otherwise,
    }
}

#[test]
fn multi_label_staple_has_the_fixed_point_of_simpleitk() {
    let raters = raters("five_raters_wide", "wide_shape_kji");
    let set = RaterSet::from_volumes(&raters).unwrap();
    let cases = expected()["multi_sitk"].as_array().unwrap();
    assert_eq!(cases.len(), 2);
    for itk in cases {
        let options = StapleOptions {
            prior: prior(itk, Prior::MeanLabel),
            ..patient()
        };
        let fused = fusion::staple(&set, &Classes::found_in(&set), &options).unwrap();
        assert_eq!(
            voxels(&fused.consensus_in::<u8>().unwrap()),
            digits(&itk["consensus"])
        );
        // The filter stops at changes of 1e-12 per iteration, which leaves more than that to go.
        let expected = expected_confusion(&itk["confusion"]);
        assert_close(&confusion(&fused), &expected, 1e-9, "confusion");
    }
}

fn close(found: f64, expected: &Value) -> bool {
    (found / expected.as_f64().unwrap() - 1.0).abs() < 1e-9
}

/// The first steps: log-likelihood and largest change of a probability, relative to their size.
fn same_trace(fused: &Staple, expected: &Value, what: &str) {
    for (step, expected) in fused.trace.iter().zip(expected.as_array().unwrap()) {
        assert!(
            close(step.log_likelihood, &expected[0]),
            "{what}: {step:?} {expected}"
        );
        let change = step.largest_change;
        assert_eq!(change.is_none(), expected[1].is_null(), "{what}");
        assert!(
            change.is_none_or(|c| close(c, &expected[1])),
            "{what}: {step:?} {expected}"
        );
    }
}

#[test]
fn a_prior_that_still_changes_has_not_converged() {
    let slow = &expected()["slow_prior"];
    let raters = slow["raters"].as_array().unwrap().iter();
    let row = |r: &Value| numbers(r).into_iter().map(|v| v as u8).collect();
    let raters: Vec<Volume<u8>> = raters
        .map(|r| volume_of(row(r), [1, 1, 4], [1.0; 3]))
        .collect();
    let set = RaterSet::from_volumes(&raters).unwrap();
    let options = StapleOptions {
        prior: Prior::Estimated,
        ..patient()
    };
    let fused = fusion::staple_structure(&set, 1, &options).unwrap();
    same_trace(&fused, &slow["trace"], "slow prior");
}

#[test]
fn multi_label_staple_equals_a_voxel_by_voxel_estimate() {
    let raters = raters("five_raters_wide", "wide_shape_kji");
    let set = RaterSet::from_volumes(&raters).unwrap();
    for case in expected()["multi_numpy"].as_array().unwrap() {
        let estimated = match case["estimate"].as_bool().unwrap() {
            true => Prior::Estimated,
            false => Prior::MeanLabel,
        };
        let options = StapleOptions {
            prior: prior(case, estimated),
            region: match case["disagreement"].as_bool().unwrap() {
                true => Region::Disagreement,
                false => Region::Whole,
            },
            ..patient()
        };
        let fused = fusion::staple(&set, &Classes::found_in(&set), &options).unwrap();
        // Sums in another order, carried through hundreds of iterations.
        let tolerance = 1e-9;
        let what = format!("{:?}, {:?}", options.prior, options.region);
        assert_close(&fused.prior, &numbers(&case["prior"]), tolerance, &what);
        let expected = expected_confusion(&case["confusion"]);
        assert_close(&confusion(&fused), &expected, tolerance, &what);
        let posterior = voxels(&fused.posterior_f64(1).unwrap());
        assert_close(&posterior, &numbers(&case["posterior_1"]), tolerance, &what);
        let last = fused.trace.last().unwrap();
        assert!(
            close(last.log_likelihood, &case["log_likelihood"]),
            "{what}"
        );
        same_trace(&fused, &case["trace"], &what);
        let labels = voxels(&fused.consensus_in::<u8>().unwrap());
        assert_eq!(labels, digits(&case["consensus"]), "{what}");
    }
}

#[test]
fn votes_equal_those_of_simpleitk_scipy_and_counters() {
    let raters = raters("four_raters", "shape_kji");
    let set = RaterSet::from_volumes(&raters).unwrap();
    let expected = &expected()["votes"];
    assert!(expected["ties"].as_u64().unwrap() > 30);
    let policies = [
        ("background", TiePolicy::Background),
        ("undecided", TiePolicy::Undecided(9)),
        ("lowest-label", TiePolicy::LowestLabel),
        ("first-rater", TiePolicy::FirstRater),
        ("staple", TiePolicy::Staple(patient())),
    ];
    for (name, policy) in policies {
        let found = voxels(&vote(&set, &policy).unwrap());
        assert_eq!(found, digits(&expected[name]), "{name}");
    }
}

#[test]
fn the_mean_label_equals_that_of_scikit_learn() {
    let raters = raters("four_raters", "shape_kji");
    let set = RaterSet::from_volumes(&raters).unwrap();
    let mean = mean_label(&set, &Classes::found_in(&set)).unwrap();
    let classes = expected()["mean_label"].as_array().unwrap();
    assert_eq!(classes.len(), 3);
    for (label, expected) in (0_u16..).zip(classes) {
        let found = doubles(&mean.of(label).unwrap());
        assert_close(&found, &numbers(expected), SINGLE, "mean label");
    }
}
