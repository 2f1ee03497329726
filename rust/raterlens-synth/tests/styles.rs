//! What is put into the raters' styles comes out of the estimates of variability and bias.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use ndarray::{s, Array2};
use raterlens_core::variability::{variance_map_2d, VarianceOptions};
use raterlens_core::LabelMap;
use raterlens_synth::{generate_case, RaterStyle, SynthCase, SynthOptions};

const SUBJECTS: u64 = 6;
/// The right erector spinae, the largest structure.
const STRUCTURE: u16 = 3;

fn cases(styles: &[RaterStyle]) -> Vec<SynthCase> {
    let options = SynthOptions {
        size: [128, 128],
        slices: 4,
        raters: styles.len(),
        styles: styles.to_vec(),
        ..SynthOptions::default()
    };
    let case = |seed| generate_case(seed, &options).unwrap();
    (0..SUBJECTS).map(case).collect()
}

fn shifted(bias_mm: f64) -> RaterStyle {
    RaterStyle {
        bias_mm,
        smoothness: 0.3,
        ..RaterStyle::default()
    }
}

fn mask(labels: &LabelMap, k: usize) -> Array2<bool> {
    labels.data().slice(s![k, .., ..]).mapv(|v| v == STRUCTURE)
}

/// Inter-rater variance, summed over a slice and averaged over all slices: an area in mm2.
fn disagreement_mm2(cases: &[SynthCase]) -> f64 {
    let mut sum = 0.0;
    let mut slices = 0.0;
    for case in cases {
        let geometry = case.truth.geometry();
        let pixel_mm2 = geometry.spacing_mm[0] * geometry.spacing_mm[1];
        for k in 0..geometry.dims[2] {
            let masks: Vec<_> = case.raters.iter().map(|r| mask(r, k)).collect();
            let views: Vec<_> = masks.iter().map(|m| m.view()).collect();
            let options = VarianceOptions::default();
            let map = variance_map_2d(&views, &options, [1.0, 1.0]).unwrap();
            sum += map.iter().map(|v| f64::from(*v)).sum::<f64>() * pixel_mm2;
            slices += 1.0;
        }
    }
    sum / slices
}

/// Mean difference of a rater's area from the true area, mm2 a slice.
fn area_bias_mm2(cases: &[SynthCase], rater: usize) -> f64 {
    let mut sum = 0.0;
    let mut slices = 0.0;
    for case in cases {
        let geometry = case.truth.geometry();
        let pixel_mm2 = geometry.spacing_mm[0] * geometry.spacing_mm[1];
        let count =
            |labels: &LabelMap| labels.data().iter().filter(|v| **v == STRUCTURE).count() as f64;
        sum += (count(&case.raters[rater]) - count(&case.truth)) * pixel_mm2;
        slices += geometry.dims[2] as f64;
    }
    sum / slices
}

fn pearson(x: &[f64], y: &[f64]) -> f64 {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (mx, my) = (mean(x), mean(y));
    let sum =
        |f: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(a, b)| f(a - mx, b - my)).sum::<f64>();
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
}

#[test]
fn raters_without_habits_and_chance_agree_with_the_truth_and_each_other() {
    let cases = cases(&[RaterStyle::default(); 3]);
    assert!(disagreement_mm2(&cases) < 1e-20);
    for case in &cases {
        assert_eq!(case.raters[0], case.raters[2]);
        assert_eq!(case.raters[0], case.truth);
    }
}

#[test]
fn bias_of_each_rater_is_recovered() {
    let put_in = [-1.0, -0.4, 0.0, 0.3, 0.8];
    let cases = cases(&put_in.map(shifted));
    let found: Vec<f64> = (0..put_in.len())
        .map(|r| area_bias_mm2(&cases, r))
        .collect();
    let r = pearson(&put_in, &found);
    println!("put in {put_in:?} mm, found {found:?} mm2, r = {r:.4}");
    assert!(r > 0.99, "{r}");
}

#[test]
fn disagreement_grows_with_the_spread_of_the_raters() {
    let spreads = [0.0, 0.2, 0.4, 0.8, 1.2];
    let found = spreads.map(|s| disagreement_mm2(&cases(&[shifted(-s), shifted(0.0), shifted(s)])));
    println!("spread {spreads:?} mm: variance {found:?} mm2 a slice");
    assert!(found.windows(2).all(|w| w[0] < w[1]), "{found:?}");
    // The band in which three shifted outlines disagree is as wide as their spread.
    let r = pearson(&spreads, &found);
    assert!(r > 0.99, "{r}");
}

#[test]
fn disagreement_grows_with_chance_and_mistakes() {
    let wobbly = |wobble_mm: f64, mistakes: f64| {
        let style = RaterStyle {
            wobble_mm,
            mistakes,
            ..RaterStyle::default()
        };
        disagreement_mm2(&cases(&[style; 4]))
    };
    let by_chance = [0.0, 0.3, 0.6, 1.2].map(|w| wobbly(w, 0.0));
    println!("variance {by_chance:?} mm2 a slice");
    assert!(by_chance.windows(2).all(|w| w[0] < w[1]), "{by_chance:?}");
    assert!(wobbly(0.0, 1.0) > 0.0);
}

#[test]
fn given_styles_hold_exactly_and_are_checked() {
    let styles = [shifted(0.5), shifted(-0.5)];
    let options = SynthOptions {
        size: [64, 64],
        slices: 1,
        raters: 2,
        styles: styles.to_vec(),
        ..SynthOptions::default()
    };
    assert_eq!(generate_case(4, &options).unwrap().styles, styles);
    let missing = SynthOptions {
        raters: 3,
        ..options.clone()
    };
    assert!(missing.check().unwrap_err().to_string().contains("styles"));
    let far = SynthOptions {
        styles: vec![shifted(9.0), shifted(0.0)],
        ..options
    };
    assert!(far.check().unwrap_err().to_string().contains("bias_mm"));
}

#[test]
fn one_level_of_a_case_lies_where_it_lay() {
    let options = SynthOptions {
        size: [64, 64],
        max_obliqueness_deg: 15.0,
        ..SynthOptions::default()
    };
    let case = generate_case(11, &options).unwrap();
    let level = case.levels[5];
    let part = case.of_level(level).unwrap().unwrap();
    let first = case.levels.iter().position(|l| *l == level).unwrap();
    let point =
        |g: &raterlens_core::Geometry, k: usize| g.lps_from_ijk().apply([3.0, 5.0, k as f64]);
    for k in 0..part.levels.len() {
        let (here, there) = (
            point(part.image.geometry(), k),
            point(case.image.geometry(), first + k),
        );
        assert!(here.iter().zip(there).all(|(a, b)| (a - b).abs() < 1e-9));
        assert_eq!(
            part.image.data().slice(s![k, .., ..]),
            case.image.data().slice(s![first + k, .., ..])
        );
        assert_eq!(
            part.raters[1].data().slice(s![k, .., ..]),
            case.raters[1].data().slice(s![first + k, .., ..])
        );
    }
}
