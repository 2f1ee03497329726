//! Uncertainty maps: by hand, edges, and both ways against each other.
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests a panic is the failure

use ndarray::{array, Array3, Array4, Array5, Axis};
use proptest::prelude::*;
use raterlens_core::uncertainty::{
    reduce_samples, summarise, SampleAccumulator, UncertaintyError, UncertaintyMaps,
};

fn streamed(samples: &Array5<f32>) -> Result<UncertaintyMaps, UncertaintyError> {
    let mut sums = SampleAccumulator::default();
    for sample in samples.axis_iter(Axis(0)) {
        sums.push(&sample)?;
    }
    sums.finish()
}

fn both(samples: &Array5<f32>) -> [Result<UncertaintyMaps, UncertaintyError>; 2] {
    [reduce_samples(&samples.view()), streamed(samples)]
}

fn one_voxel(samples: &[&[f32]]) -> Array5<f32> {
    let flat: Vec<f32> = samples.concat();
    Array5::from_shape_vec((samples.len(), samples[0].len(), 1, 1, 1), flat).unwrap()
}

fn close(map: &Array3<f32>, expected: f64) {
    assert!(
        (f64::from(map[[0, 0, 0]]) - expected).abs() < 1e-6,
        "{map} {expected}"
    );
}

#[test]
fn three_classes_by_hand() {
    let h = |p: &[f64]| -> f64 { p.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum() };
    for maps in both(&one_voxel(&[&[0.5, 0.5, 0.0], &[0.25, 0.25, 0.5]])) {
        let maps = maps.unwrap();
        let (predictive, expected) = (
            h(&[0.375, 0.375, 0.25]),
            (h(&[0.5, 0.5]) + h(&[0.25, 0.25, 0.5])) / 2.0,
        );
        close(&maps.predictive_entropy, predictive);
        close(&maps.expected_entropy, expected);
        close(&maps.mutual_information, predictive - expected);
        close(&maps.variance, 2.0 * 0.125 * 0.125 + 0.25 * 0.25);
        assert_eq!((maps.samples, maps.mean[[2, 0, 0, 0]]), (2, 0.25));
    }
}

#[test]
fn equal_samples_differ_in_nothing() {
    for maps in both(&one_voxel(&[&[0.3, 0.7], &[0.3, 0.7], &[0.3, 0.7]])) {
        let maps = maps.unwrap();
        close(&maps.variance, 0.0);
        close(&maps.mutual_information, 0.0);
        assert!(maps.mutual_information[[0, 0, 0]] >= 0.0);
    }
    for maps in both(&one_voxel(&[&[1.0, 0.0]])) {
        let maps = maps.unwrap();
        assert_eq!(
            maps.predictive_entropy[[0, 0, 0]].to_bits() & 0x7fff_ffff,
            0
        );
        assert_eq!((maps.variance[[0, 0, 0]], maps.samples), (0.0, 1));
    }
}

#[test]
fn what_is_no_probability_is_named_with_its_place() {
    let mut samples = Array5::from_elem((2, 2, 3, 1, 2), 0.5_f32);
    samples[[1, 1, 2, 0, 1]] = f32::NAN;
    for found in both(&samples) {
        let message = found.unwrap_err().to_string();
        assert!(
            message.contains("sample 1") && message.contains("class 1"),
            "{message}"
        );
        assert!(message.contains("[2, 0, 1]"), "{message}");
    }
    samples[[1, 1, 2, 0, 1]] = 0.6;
    for found in both(&samples) {
        assert!(matches!(
            found,
            Err(UncertaintyError::NotNormalised {
                sample: 1,
                index_kji: [2, 0, 1],
                ..
            })
        ));
    }
    samples[[1, 1, 2, 0, 1]] = -0.5;
    samples[[1, 0, 2, 0, 1]] = 1.5;
    for found in both(&samples) {
        assert!(matches!(
            found,
            Err(UncertaintyError::NoProbability { sample: 1, .. })
        ));
    }
    let logits = one_voxel(&[&[3.0, -2.0]]);
    for found in both(&logits) {
        assert!(found.unwrap_err().to_string().contains("softmax"));
    }
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let none = Array5::<f32>::zeros((0, 2, 1, 1, 1));
    assert_eq!(
        reduce_samples(&none.view()),
        Err(UncertaintyError::NoSamples)
    );
    assert_eq!(
        SampleAccumulator::default().finish(),
        Err(UncertaintyError::NoSamples)
    );
    for found in both(&one_voxel(&[&[1.0]])) {
        assert_eq!(found, Err(UncertaintyError::TooFewClasses { found: 1 }));
    }
    let mut sums = SampleAccumulator::default();
    sums.push(&Array4::from_elem((2, 1, 1, 2), 0.5).view())
        .unwrap();
    let other = sums.push(&Array4::from_elem((2, 1, 1, 3), 0.5).view());
    assert!(matches!(
        other,
        Err(UncertaintyError::SampleShape { sample: 1, .. })
    ));
    assert_eq!(sums.samples(), 1, "a refused sample changes nothing");
    let empty = Array5::<f32>::zeros((3, 2, 0, 4, 4));
    for maps in both(&empty) {
        assert_eq!(maps.unwrap().variance.dim(), (0, 4, 4));
    }
}

#[test]
fn views_in_any_order_are_read_by_their_axes() {
    let samples = Array5::from_shape_fn((3, 2, 2, 3, 4), |(t, c, k, j, i)| {
        let p = 0.05 + 0.03 * t as f32 + 0.1 * k as f32 + 0.05 * j as f32 + 0.01 * i as f32;
        if c == 0 {
            p
        } else {
            1.0 - p
        }
    });
    let stored = samples
        .clone()
        .reversed_axes()
        .as_standard_layout()
        .to_owned();
    let view = stored.view().reversed_axes();
    assert_eq!(
        reduce_samples(&view).unwrap(),
        reduce_samples(&samples.view()).unwrap()
    );
    let mut sums = SampleAccumulator::default();
    for sample in view.axis_iter(Axis(0)) {
        sums.push(&sample).unwrap();
    }
    assert_eq!(sums.finish().unwrap(), streamed(&samples).unwrap());
}

#[test]
fn maps_do_not_depend_on_threads() {
    let samples = random(4, 3, 5000, 1);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| both(&samples).map(Result::unwrap))
    };
    assert_eq!(on(1), on(3));
}

/// Normalised samples that look random.
fn random(t: usize, c: usize, n: usize, seed: u64) -> Array5<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut samples = Array5::from_shape_simple_fn((t, c, 1, 1, n), || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        ((state >> 40) as f32 / (1 << 24) as f32).powi(6) + 1e-9
    });
    let sums = samples.sum_axis(Axis(1)).insert_axis(Axis(1));
    samples /= &sums;
    samples
}

proptest! {
    #[test]
    fn both_ways_agree_and_keep_their_bounds(t in 1_usize..8, c in 2_usize..7, n in 1_usize..1500, seed: u64) {
        let [fast, streamed] = both(&random(t, c, n, seed)).map(Result::unwrap);
        let pairs = [
            (&fast.predictive_entropy, &streamed.predictive_entropy),
            (&fast.expected_entropy, &streamed.expected_entropy),
            (&fast.mutual_information, &streamed.mutual_information),
            (&fast.variance, &streamed.variance),
        ];
        for (a, b) in pairs {
            for (a, b) in a.iter().zip(b) {
                prop_assert!((a - b).abs() < 2e-6, "{a} {b}");
                prop_assert!(*b >= 0.0 && *a >= -1e-6);
            }
        }
        for h in &streamed.predictive_entropy {
            prop_assert!(f64::from(*h) <= (c as f64).ln() + 1e-6);
        }
    }
}

#[test]
fn summaries_are_means_over_slices_and_structures() {
    let map = |values: [f32; 4]| Array3::from_shape_vec((2, 1, 2), values.to_vec()).unwrap();
    let maps = UncertaintyMaps {
        mean: Array4::zeros((3, 2, 1, 2)),
        predictive_entropy: map([0.1, 0.3, 0.5, 0.7]),
        expected_entropy: map([0.0; 4]),
        mutual_information: map([0.1, 0.3, 0.5, 0.7]),
        variance: map([0.0, 0.0, 0.0, 0.2]),
        samples: 2,
    };
    let labels = array![[[0, 1]], [[1, 1]]];
    let found = summarise(&maps, &labels.view(), &[1, 2], 0).unwrap();
    let near = |a: Option<f64>, b: f64| assert!((a.unwrap() - b).abs() < 1e-7, "{a:?} {b}");
    near(found.image.predictive_entropy, 0.4);
    near(found.slices[1].variance, 0.1);
    near(found.structures[0].image.mutual_information, 0.5);
    near(found.structures[0].slices[0].predictive_entropy, 0.3);
    assert_eq!(
        found.structures[0]
            .slices
            .iter()
            .map(|s| s.voxels)
            .collect::<Vec<_>>(),
        [1, 2]
    );
    let nowhere = &found.structures[1].image;
    assert_eq!((nowhere.voxels, nowhere.variance), (0, None));
    // Across the last axis there are two slices of other voxels.
    let columns = summarise(&maps, &labels.view(), &[1], 2).unwrap();
    near(columns.slices[0].predictive_entropy, 0.3);
    assert!(summarise(&maps, &labels.view(), &[1], 3).is_err());
    let other = Array3::<u16>::zeros((1, 1, 2));
    assert!(summarise(&maps, &other.view(), &[1], 0).is_err());
}

#[test]
fn probabilities_that_rounding_made_larger_than_one_have_no_negative_entropy() {
    let more = 1.0_f32 + 2.0 * f32::EPSILON;
    for maps in both(&one_voxel(&[&[more, 0.0], &[more, 0.0]])) {
        let maps = maps.unwrap();
        for map in [
            &maps.predictive_entropy,
            &maps.expected_entropy,
            &maps.mutual_information,
        ] {
            assert_eq!(map[[0, 0, 0]], 0.0);
            assert!(map[[0, 0, 0]].is_sign_positive());
        }
    }
}
