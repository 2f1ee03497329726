//! The demo model on synthetic subjects that it has never seen: the figures its card promises.

// A helper of a test may fail the test.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use raterlens_core::fusion::majority_vote;
use raterlens_core::metrics::dice;
use raterlens_core::variability::{variance_maps, VarianceOptions};
use raterlens_core::{LabelScheme, Volume};
use raterlens_engine::check::compare_with_reference;
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

#[test]
fn a_labelled_case_proves_its_labels_and_orientation() {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/demo-lumbar.rlmodel");
    let mut segmenter = Segmenter::load(&model, DeviceRequest::Cpu).unwrap();
    let options = SynthOptions {
        slices: 1,
        ..SynthOptions::default()
    };
    let case = generate_case(TEST_BIT | FIRST_SUBJECT, &options).unwrap();
    let truth = majority_vote(&case.raters).unwrap();
    let scheme = segmenter.scheme().clone();
    let mut check = |meaning: &LabelScheme| {
        let (request, control) = (SegmentRequest::default(), Control::default());
        let segmenter = &mut segmenter;
        compare_with_reference(segmenter, &case.image, &truth, meaning, &request, &control).unwrap()
    };
    let found = check(&scheme);
    assert_eq!(found.choices.len(), 8 * 24);
    assert!(found.supports_the_package());
    assert!(found.choices[found.own].mean_dice > MIN_DICE);
    // The two at the top put left and right in the same place; all others are far off.
    let letters: Vec<&str> = found.choices[..2]
        .iter()
        .map(|c| c.orientation.letters())
        .collect();
    assert!(
        letters.contains(&"LP") && letters.contains(&"RP"),
        "{letters:?}"
    );
    assert!(found.choices[2].mean_dice < 0.6, "{:?}", found.choices[2]);

    // A reference that has left and right exchanged: the package is not supported by it.
    let mut exchanged = scheme.clone();
    for s in &mut exchanged.structures {
        s.id = [2, 1, 4, 3][usize::from(s.id) - 1];
    }
    let found = check(&exchanged);
    assert!(!found.supports_the_package());
    assert_eq!(
        found.choices[0].order,
        if found.choices[0].orientation.letters() == "LP" {
            [1, 0, 3, 2]
        } else {
            [0, 1, 2, 3]
        }
    );
}
