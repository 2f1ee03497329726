//! Uncertainty and evaluation against scikit-learn, SciPy, statsmodels and torchmetrics: the numbers, their script and the tolerances are
//! in `independent/evaluation`.
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests a panic is the failure

use std::sync::LazyLock;

use ndarray::{Array2, Array3, Array4, Array5, ArrayView3, ArrayView4, Axis};
use raterlens_core::evaluation::{
    aurc, auroc, average_precision, brier, calibration, class_wise_ece, fit_line, fit_temperature,
    generalised_energy_distance, holm, ncc, paired_t_test, partition_variance, pearson,
    ranking_scores, wilcoxon,
};
use raterlens_core::uncertainty::{reduce_samples, SampleAccumulator, UncertaintyMaps};
use serde_json::Value;

static EXPECTED: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("independent/evaluation/expected.json")).unwrap()
});

fn cases(name: &str) -> &'static [Value] {
    EXPECTED[name].as_array().unwrap()
}

fn doubles(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap())
        .collect()
}

fn singles(value: &Value) -> Vec<f32> {
    doubles(value).into_iter().map(|v| v as f32).collect()
}

fn labels(value: &Value) -> Vec<u16> {
    doubles(value).into_iter().map(|v| v as u16).collect()
}

fn bools(value: &Value) -> Vec<bool> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_bool().unwrap())
        .collect()
}

#[track_caller]
fn close(found: impl Into<Option<f64>>, expected: &Value, tolerance: f64) {
    let (found, expected) = (found.into().unwrap(), expected.as_f64().unwrap());
    assert!(
        (found - expected).abs() <= tolerance * expected.abs().max(1.0),
        "{found} {expected}"
    );
}

/// As [`close`], relative however small the number.
#[track_caller]
fn relative(found: Option<f64>, expected: &Value, tolerance: f64) {
    let (found, expected) = (found.unwrap(), expected.as_f64().unwrap());
    assert!(
        (found - expected).abs() <= tolerance * expected.abs(),
        "{found} {expected}"
    );
}

fn check_ranking(case: &Value) {
    let (scores, wrong) = (singles(&case["scores"]), bools(&case["wrong"]));
    let all = ranking_scores(&scores, &wrong).unwrap();
    close(all.average_precision, &case["sklearn_ap"], 1e-9);
    close(all.auroc, &case["sklearn_auroc"], 1e-9);
    close(
        average_precision(&scores, &wrong).unwrap(),
        &case["torchmetrics_ap"],
        1e-6,
    );
    close(
        auroc(&scores, &wrong).unwrap(),
        &case["torchmetrics_auroc"],
        1e-6,
    );
    if !case["numpy_aurc"].is_null() {
        close(all.aurc, &case["numpy_aurc"], 1e-9);
    }
    // The same scores often enough for the radix sort: every step is repeated, and only AURC sees the number of scores.
    let times = (1 << 15) / scores.len();
    let many = ranking_scores(&scores.repeat(times), &wrong.repeat(times)).unwrap();
    if scores.iter().all(|s| *s >= 0.0) {
        close(many.average_precision, &case["sklearn_ap"], 1e-9);
        close(many.auroc, &case["sklearn_auroc"], 1e-9);
    }
}

#[test]
fn rankings_are_those_of_scikit_learn_and_torchmetrics() {
    cases("rankings").iter().for_each(check_ranking);
    cases("ensembles")
        .iter()
        .for_each(|case| check_ranking(&case["ranking"]));
}

fn samples(case: &Value) -> Array5<f32> {
    let shape = doubles(&case["shape"]);
    let [t, c, n] = [0, 1, 2].map(|k| shape[k] as usize);
    Array5::from_shape_vec((t, c, 1, 1, n), singles(&case["samples"])).unwrap()
}

fn check_maps(maps: &UncertaintyMaps, case: &Value, tolerance: f64) {
    for (map, name) in [
        (&maps.predictive_entropy, "predictive_entropy"),
        (&maps.expected_entropy, "expected_entropy"),
        (&maps.mutual_information, "mutual_information"),
        (&maps.variance, "variance"),
    ] {
        for (found, expected) in map.iter().zip(doubles(&case[name])) {
            assert!(
                (f64::from(*found) - expected).abs() < tolerance,
                "{name}: {found} {expected}"
            );
        }
        assert_eq!(map.len(), doubles(&case[name]).len());
    }
    for (found, expected) in maps.mean.iter().zip(doubles(&case["mean"])) {
        assert!(
            (f64::from(*found) - expected).abs() < tolerance.min(3e-7),
            "{found} {expected}"
        );
    }
}

#[test]
fn maps_are_those_of_scipy() {
    for case in cases("ensembles") {
        let samples = samples(case);
        check_maps(&reduce_samples(&samples.view()).unwrap(), case, 2e-6);
        let mut sums = SampleAccumulator::default();
        for sample in samples.axis_iter(Axis(0)) {
            sums.push(&sample).unwrap();
        }
        check_maps(&sums.finish().unwrap(), case, 1e-7);
    }
}

#[test]
fn probabilities_are_judged_as_by_scikit_learn_and_torchmetrics() {
    for case in cases("ensembles") {
        let samples = samples(case);
        let p: ArrayView4<f32> = samples.index_axis(Axis(0), 0);
        let (classes, _, _, n) = p.dim();
        let truth = Array3::from_shape_vec((1, 1, n), labels(&case["truth"])).unwrap();
        let one_hot = Array4::from_shape_fn((classes, 1, 1, n), |(c, k, j, i)| {
            f32::from(u8::from(usize::from(truth[[k, j, i]]) == c))
        });
        let scores = brier(&p, &one_hot.view()).unwrap();
        for (found, expected) in scores.iter().zip(doubles(&case["brier"])) {
            assert!((found - expected).abs() < 1e-9);
        }
        if classes == 2 {
            close(scores[1], &case["sklearn_brier"], 1e-9);
        }
        let (confidence, right): (Vec<f32>, Vec<bool>) = (0..n)
            .map(|i| {
                let column = p.slice(ndarray::s![.., 0, 0, i]);
                let best = (0..classes).fold(0, |b, c| if column[c] > column[b] { c } else { b });
                (column[best], best == usize::from(truth[[0, 0, i]]))
            })
            .unzip();
        let found = calibration(&confidence, &right, 10).unwrap();
        close(found.ece, &case["torchmetrics_ece"], 1e-9);
        close(found.adaptive_ece, &case["numpy_adaptive_ece"], 1e-9);
        let wise = class_wise_ece(&p, &truth.view(), 10).unwrap();
        close(wise, &case["torchmetrics_class_wise_ece"], 1e-9);
    }
}

#[test]
fn temperatures_are_those_of_scipy() {
    for case in cases("ensembles") {
        let truth = labels(&case["truth"]);
        let logits = singles(&case["logits"]);
        // A single decision function per voxel is that of class 1.
        let classes = logits.len() / truth.len();
        let logits = Array2::from_shape_vec((classes, truth.len()), logits).unwrap();
        let found = fit_temperature(&logits.view(), &truth).unwrap();
        close(found.temperature, &case["temperature"], 1e-9);
        close(found.nll_before, &case["nll_before"], 1e-9);
        close(found.nll_before, &case["sklearn_nll"], 1e-9);
        close(found.nll_after, &case["nll_after"], 1e-9);
        assert!(!found.is_at_end);
    }
}

#[test]
fn risk_coverage_follows_its_definition() {
    for case in cases("aurc") {
        let found = aurc(&doubles(&case["risks"]), &doubles(&case["uncertainties"]));
        close(found.unwrap(), &case["area"], 1e-9);
    }
}

#[test]
fn correlations_and_partitions_are_those_of_scipy_and_statsmodels() {
    for case in cases("pearson") {
        let found = pearson(&doubles(&case["x"]), &doubles(&case["y"])).unwrap();
        close(found.r, &case["r"], 1e-9);
        relative(found.p, &case["p"], 1e-9);
        let line = fit_line(&doubles(&case["x"]), &doubles(&case["y"]))
            .unwrap()
            .unwrap();
        close(line.intercept, &case["line"][0], 1e-9);
        close(line.slope, &case["line"][1], 1e-9);
        for (at, expected) in doubles(&case["at"])
            .into_iter()
            .zip(case["band"].as_array().unwrap())
        {
            let [low, high] = line.interval(at, 0.95).unwrap();
            close(low, &expected[0], 1e-9);
            close(high, &expected[1], 1e-9);
        }
    }
    for case in cases("partition") {
        let side = |name: &str| doubles(&case[name]);
        let found = partition_variance(&side("y"), &side("first"), &side("second"))
            .unwrap()
            .unwrap();
        close(found.first, &case["r2_first"], 1e-9);
        close(found.second, &case["r2_second"], 1e-9);
        close(found.joint, &case["r2_joint"], 1e-9);
        let parts = found.unique_first + found.unique_second + found.shared;
        assert!((parts - found.joint).abs() < 1e-12);
    }
}

#[test]
fn tests_of_pairs_are_those_of_scipy_and_statsmodels() {
    for case in cases("paired") {
        let (first, second) = (doubles(&case["first"]), doubles(&case["second"]));
        let t = paired_t_test(&first, &second).unwrap();
        close(t.t, &case["t"], 1e-9);
        relative(t.p, &case["t_p"], 1e-9);
        let w = wilcoxon(&first, &second).unwrap();
        close(w.statistic, &case["statistic"], 1e-9);
        relative(w.p, &case["p"], 1e-9);
    }
    let found = holm(&doubles(&EXPECTED["holm"]["p"])).unwrap();
    for (found, expected) in found.iter().zip(doubles(&EXPECTED["holm"]["adjusted"])) {
        assert!((found - expected).abs() < 1e-9);
    }
}

fn maps(value: &Value) -> Vec<Array3<u16>> {
    let of = |map: &Value| {
        let map = labels(map);
        Array3::from_shape_vec((1, 1, map.len()), map).unwrap()
    };
    value.as_array().unwrap().iter().map(of).collect()
}

fn views(maps: &[Array3<u16>]) -> Vec<ArrayView3<'_, u16>> {
    maps.iter().map(|m| m.view()).collect()
}

#[test]
fn distances_between_samples_and_raters_follow_the_papers() {
    for case in cases("energy") {
        let (samples, raters) = (maps(&case["samples"]), maps(&case["raters"]));
        let (samples, raters) = (views(&samples), views(&raters));
        let found = generalised_energy_distance(&samples, &raters, &labels(&case["structures"]));
        close(found.unwrap().distance, &case["distance"], 1e-9);
    }
    for case in cases("ncc") {
        let (samples, raters) = (samples(case), maps(&case["raters"]));
        let samples: Vec<_> = samples.axis_iter(Axis(0)).collect();
        close(ncc(&samples, &views(&raters)).unwrap(), &case["ncc"], 1e-9);
    }
}
