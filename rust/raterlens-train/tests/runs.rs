//! Runs from beginning to end, interrupted and taken up again.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;

use common::{cpu, go_on, plan, recipe, write_study};
use raterlens_core::control::CancelFlag;
use raterlens_nn::{ModelPackage, Predictor};
use raterlens_train::{EpochRecord, GroundTruth, TrainError, Watch};

/// Raises a flag in the middle of an epoch.
struct StopAt {
    cancel: CancelFlag,
    step: u64,
    made: u64,
}

impl Watch for StopAt {
    fn begin(&mut self, _epochs_done: u64, _epochs: u64, steps: u64) {
        self.step = 2 * steps + 2;
    }

    fn step(&mut self, _loss: f64) {
        self.made += 1;
        if self.made == self.step {
            self.cancel.cancel();
        }
    }
}

fn without_seconds(log: &str) -> Vec<serde_json::Value> {
    let line = |l: &str| {
        let mut value: serde_json::Value = serde_json::from_str(l).unwrap();
        value.as_object_mut().unwrap().remove("seconds");
        value
    };
    log.lines().map(line).collect()
}

#[test]
fn an_interrupted_run_goes_on_as_if_it_had_not_been() {
    let dir = tempfile::tempdir().unwrap();
    let study = write_study(dir.path(), 10);
    let mut plan = plan(&study, recipe());
    plan.ground_truths = vec![GroundTruth::RandomSampling];
    let whole = dir.path().join("whole");
    plan.train(&whole, &cpu(), false, &go_on(), &mut |_| Box::new(()))
        .unwrap();

    let parts = dir.path().join("parts");
    let cancel = CancelFlag::new();
    // In the middle of the third epoch.
    let stopped = plan.train(&parts, &cpu(), false, &cancel, &mut |_| {
        Box::new(StopAt {
            cancel: cancel.clone(),
            step: 0,
            made: 0,
        })
    });
    assert!(matches!(stopped, Err(TrainError::Cancelled(_))));
    let name = &plan.runs()[0].name;
    let log = |out: &std::path::Path| fs::read_to_string(out.join(name).join("log.jsonl")).unwrap();
    assert_eq!(log(&parts).lines().count(), 2);
    // What a killed program may leave: an epoch in the log that no checkpoint has.
    let torn = log(&parts) + "{\"epoch\": 3, \"ste";
    fs::write(parts.join(name).join("log.jsonl"), torn).unwrap();

    let report = plan
        .train(&parts, &cpu(), false, &go_on(), &mut |_| Box::new(()))
        .unwrap();
    assert_eq!(without_seconds(&log(&parts)), without_seconds(&log(&whole)));
    let weights = |out: &std::path::Path| {
        let model = out.join(name).join(format!("{name}.rlmodel"));
        fs::read(model.join("weights.safetensors")).unwrap()
    };
    assert_eq!(weights(&parts), weights(&whole));
    assert!(!report.runs[0].1.was_done);

    // A third call finds the run done.
    let again = plan
        .train(&parts, &cpu(), false, &go_on(), &mut |_| Box::new(()))
        .unwrap();
    assert!(again.runs[0].1.was_done);
    assert_eq!(again.summary, report.summary);
}

#[test]
fn a_trained_model_finds_the_discs_of_unseen_images() {
    let dir = tempfile::tempdir().unwrap();
    let study = write_study(dir.path(), 12);
    let mut recipe = recipe();
    (recipe.epochs, recipe.repeats, recipe.learning_rate) = (12, 3, 3e-3);
    let plan = plan(&study, recipe);
    let out = dir.path().join("runs");
    let report = plan
        .train(&out, &cpu(), false, &go_on(), &mut |_| Box::new(()))
        .unwrap();
    let (_, run) = &report.runs[0];
    let test = run.test.as_ref().unwrap();
    assert!(test.figures.dice > 0.9, "{:?}", test.figures);
    assert!(test.figures.images >= 2);
    let package = ModelPackage::open(&run.model).unwrap();
    let m = package.manifest();
    assert_eq!(m.provenance.ground_truth, "majority");
    assert_eq!(m.augmentation.as_ref().unwrap().mirror_chance, 0.5);
    assert_eq!(m.input.training_pixel_mm, [1.0, 1.0]);
    Predictor::load(&package, &cpu()).unwrap();
    let card = fs::read_to_string(run.model.join("README.md")).unwrap();
    assert!(card.contains("| disc_right |") && card.contains("Expected calibration error"));
    let page = fs::read_to_string(run.model.with_file_name("training.html")).unwrap();
    for expected in [
        "Dice on the validation part",
        "Predicted variance",
        "Learning rate",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
    let table = fs::read_to_string(out.join("summary.csv")).unwrap();
    assert_eq!(table.lines().count(), 2);
}

#[test]
fn a_plan_makes_every_combination_and_each_ground_truth_differs() {
    let dir = tempfile::tempdir().unwrap();
    let study = write_study(dir.path(), 8);
    let mut recipe = recipe();
    recipe.epochs = 1;
    let mut plan = plan(&study, recipe);
    plan.ground_truths = vec![
        GroundTruth::Majority,
        GroundTruth::Soft,
        GroundTruth::Rater("Cem".into()),
    ];
    plan.members = 2;
    let out = dir.path().join("runs");
    let report = plan
        .train(&out, &cpu(), false, &go_on(), &mut |_| Box::new(()))
        .unwrap();
    assert_eq!(report.runs.len(), 6);
    assert_eq!(report.summary.len(), 3);
    assert!(report.summary.iter().all(|s| s.seeds == 2));
    let losses: Vec<f64> = report
        .runs
        .iter()
        .map(|(_, r)| r.history.epochs[0].training.total)
        .collect();
    for (n, a) in losses.iter().enumerate() {
        assert!(losses[n + 1..].iter().all(|b| a != b), "{losses:?}");
    }
    assert!(out.join("discs-tiny-rater-Cem-seed2").is_dir());
}

#[test]
fn early_stopping_keeps_the_best_weights() {
    struct Count(u64);
    impl Watch for Count {
        fn epoch(&mut self, record: &EpochRecord) {
            assert_eq!(record.epoch, self.0 + 1);
            self.0 += 1;
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let study = write_study(dir.path(), 8);
    let mut recipe = recipe();
    // So large a rate does not get better for long.
    (recipe.epochs, recipe.patience, recipe.learning_rate) = (60, 2, 0.05);
    let plan = plan(&study, recipe);
    let out = dir.path().join("runs");
    let report = plan
        .train(&out, &cpu(), false, &go_on(), &mut |_| Box::new(Count(0)))
        .unwrap();
    let history = &report.runs[0].1.history;
    assert!(history.epochs.len() < 60);
    assert_eq!(history.since_best(), 2);
    let package = ModelPackage::open(&report.runs[0].1.model).unwrap();
    assert_eq!(
        package.manifest().provenance.steps,
        history.best().unwrap().step
    );
}

#[test]
fn a_folder_of_another_run_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let study = write_study(dir.path(), 8);
    let mut short = recipe();
    short.epochs = 1;
    let mut plan = plan(&study, short);
    let out = dir.path().join("runs");
    plan.train(&out, &cpu(), false, &go_on(), &mut |_| Box::new(()))
        .unwrap();
    plan.recipe.learning_rate *= 2.0;
    let refused = plan.train(&out, &cpu(), false, &go_on(), &mut |_| Box::new(()));
    let Err(TrainError::OtherRun { difference, .. }) = &refused else {
        panic!("{refused:?}")
    };
    assert_eq!(difference, "the recipe");
    plan.train(&out, &cpu(), true, &go_on(), &mut |_| Box::new(()))
        .unwrap();
}
