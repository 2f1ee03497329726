//! Prediction: shapes, ranges, and results that do not depend on how slices are batched.

// A helper of a test may fail the test.
#![allow(clippy::unwrap_used)]

use ndarray::{s, Array4, Axis};
use raterlens_nn::train::write_untrained;
use raterlens_nn::{open_device, Architecture, DeviceRequest, Manifest, NnError, Predictor};

fn predictor() -> (tempfile::TempDir, Predictor) {
    let dir = tempfile::tempdir().unwrap();
    let manifest = Manifest::lumbar("test", Architecture::tiny(), [64, 64]);
    let package = write_untrained(&manifest, 3, &dir.path().join("m.rlmodel")).unwrap();
    let cpu = open_device(DeviceRequest::Cpu);
    (dir, Predictor::load(&package, &cpu).unwrap())
}

fn slices(n: usize) -> Array4<f32> {
    Array4::from_shape_fn((n, 1, 64, 64), |(n, _, y, x)| {
        ((x * (3 + n) + y * 5) % 23) as f32 / 11.0 - 1.0
    })
}

#[test]
fn probabilities_sum_to_one_and_variances_stay_in_range() {
    let (_dir, p) = predictor();
    let y = p.predict(slices(2).view()).unwrap();
    assert_eq!(y.probabilities.dim(), (2, 5, 64, 64));
    assert_eq!(y.variance.dim(), (2, 4, 64, 64));
    let sums = y.probabilities.sum_axis(Axis(1));
    assert!(sums.iter().all(|v| (v - 1.0).abs() < 1e-5));
    assert!(y.variance.iter().all(|v| (0.0..=0.25).contains(v)));
}

#[test]
fn the_batch_size_changes_nothing_beyond_1e_5_and_repeats_are_bit_identical() {
    let (_dir, p) = predictor();
    let all = slices(3);
    let whole = p.predict(all.view()).unwrap();
    assert_eq!(whole, p.predict(all.view()).unwrap());
    for n in 0..3 {
        let one = p.predict(all.slice(s![n..=n, .., .., ..])).unwrap();
        let part = whole.probabilities.slice(s![n..=n, .., .., ..]);
        let difference = (&one.probabilities - &part).fold(0f32, |m, v| m.max(v.abs()));
        assert!(difference < 1e-5, "{difference}");
    }
}

#[test]
fn a_wrong_shape_is_refused_with_both_shapes() {
    let (_dir, p) = predictor();
    let error = p.predict(Array4::zeros((1, 1, 64, 48)).view()).unwrap_err();
    assert!(matches!(
        error,
        NnError::InputShape {
            expected: [1, 64, 64],
            found: [1, 64, 48]
        }
    ));
    assert!(p.predict(Array4::zeros((0, 1, 64, 64)).view()).is_err());
}

#[test]
fn values_that_are_not_numbers_are_an_error() {
    let (_dir, p) = predictor();
    let mut x = slices(1);
    x[[0, 0, 5, 5]] = f32::NAN;
    assert!(matches!(p.predict(x.view()), Err(NnError::NotANumber)));
}
