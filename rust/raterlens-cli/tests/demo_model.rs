//! The demo model on synthetic subjects that it has never seen: the figures its card promises.

// A helper of a test may fail the test.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use raterlens_core::fusion::majority_vote;
use raterlens_core::metrics::dice;
use raterlens_core::variability::{variance_maps, VarianceOptions};
use raterlens_core::Volume;
use raterlens_engine::{Control, DeviceRequest, SegmentRequest, Segmenter};
use raterlens_synth::{generate_case, SynthOptions};

/// Training never sets this bit of a subject's seed.
const TEST_BIT: u64 = 1 << 63;
/// Not the subjects of the model card: those begin at 0.
const FIRST_SUBJECT: u64 = 5000;
const SUBJECTS: u64 = 6;
/// Smallest mean Dice of each structure.
const MIN_DICE: f64 = 0.90;
/// Largest mean squared error of the variance maps relative to the best constant map's.
const MAX_RELATIVE_ERROR: f64 = 0.5;

#[test]
fn the_demo_model_keeps_its_promises_on_unseen_subjects() {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/demo-lumbar.rlmodel");
    let segmenter = Segmenter::load(&model, DeviceRequest::Cpu).unwrap();
    let scheme = segmenter.scheme().clone();
    let spec = &segmenter.manifest().variance;
    let options = VarianceOptions {
        tau: spec.tau,
        unit: spec.unit,
    };
    let mut dices = vec![Vec::new(); scheme.len()];
    let mut pairs = vec![Vec::new(); scheme.len()];
    for n in 0..SUBJECTS {
        let seed = TEST_BIT | (FIRST_SUBJECT + n);
        let case = generate_case(seed, &SynthOptions::default()).unwrap();
        let request = SegmentRequest::default();
        let result = segmenter
            .segment(&case.image, &request, &Control::default())
            .unwrap();
        let truth = majority_vote(&case.raters).unwrap();
        let maps = variance_maps(&case.raters, &scheme, &options).unwrap();
        for (i, s) in scheme.structures.iter().enumerate() {
            let (a, b) = (result.labels.data().view(), truth.data().view());
            dices[i].push(dice(&a, &b, s.id).unwrap());
            pairs[i].extend(pairs_of(&result.variance[i], &maps[i]));
        }
    }
    for (i, s) in scheme.structures.iter().enumerate() {
        let mean = dices[i].iter().sum::<f64>() / dices[i].len() as f64;
        let relative = relative_error(&pairs[i]);
        println!(
            "{}: Dice {mean:.3}, variance error relative to a constant {relative:.3}",
            s.title
        );
        assert!(mean >= MIN_DICE, "{}: Dice {mean}", s.title);
        assert!(relative <= MAX_RELATIVE_ERROR, "{}: {relative}", s.title);
    }
}

fn pairs_of(predicted: &Volume<f32>, truth: &Volume<f32>) -> Vec<(f64, f64)> {
    let both = predicted.data().iter().zip(truth.data());
    both.map(|(p, t)| (f64::from(*p), f64::from(*t))).collect()
}

/// Mean squared error, divided by that of the constant that fits the truth best (its mean).
fn relative_error(pairs: &[(f64, f64)]) -> f64 {
    let mean = pairs.iter().map(|(_, t)| t).sum::<f64>() / pairs.len() as f64;
    let error: f64 = pairs.iter().map(|(p, t)| (p - t).powi(2)).sum();
    let constant: f64 = pairs.iter().map(|(_, t)| (t - mean).powi(2)).sum();
    error / constant
}
