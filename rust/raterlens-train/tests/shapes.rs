//! Training on images made from label maps.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::path::Path;

use common::{cpu, drawing, go_on, network, LABELS, SIDE};
use raterlens_core::control::CancelFlag;
use raterlens_core::nifti_io::write_labels;
use raterlens_nn::architecture::Tasks;
use raterlens_raters::study::{read_study_for, split_study, Shares, StudyUse};
use raterlens_synth::{LabelImageOptions, Surroundings};
use raterlens_train::{GroundTruth, ImageSource, Plan, Recipe, Watch};

/// Label maps without images: two of each subject.
fn write_shapes(dir: &Path, cases: usize) -> std::path::PathBuf {
    let mut table = String::from("case,subject,rater:Reading\n");
    for case in 0..cases {
        write_labels(
            &dir.join(format!("m{case}.nii.gz")),
            &drawing(case, 0.0),
            None,
        )
        .unwrap();
        table += &format!("c{case},s{},m{case}.nii.gz\n", case / 2);
    }
    fs::write(dir.join("cases.csv"), table).unwrap();
    fs::write(dir.join("labels.json"), LABELS).unwrap();
    let study = dir.join("study.toml");
    fs::write(&study, "table = \"cases.csv\"\nlabels = \"labels.json\"\n").unwrap();
    study
}

fn recipe() -> Recipe {
    let mut recipe = Recipe::named("default")
        .unwrap()
        .with("augment=synth")
        .unwrap();
    recipe.input_size = [SIDE, SIDE];
    recipe.epochs = 2;
    recipe.batch_size = 4;
    recipe.synth = LabelImageOptions {
        surroundings: Surroundings::Regions,
        extent_mm: (0.0, 0.0),
        fov_mm: (32.0, 40.0),
        pixel_mm: (1.0, 1.0),
        max_side: 40,
        warp_mm: 0.0,
        ..LabelImageOptions::default()
    };
    recipe
}

fn plan(study: &Path) -> Plan {
    let study = read_study_for(study, StudyUse::Shapes).unwrap();
    let recipe = recipe();
    Plan {
        scheme: study.labels.clone().unwrap(),
        split: split_study(&study, Shares::default(), 1).unwrap(),
        networks: vec![("tiny".into(), network(Tasks::Multi))],
        recipe,
        ground_truths: vec![GroundTruth::RandomSampling],
        members: 1,
        seed: 1,
        start: None,
        name: "discs".into(),
        command: "raterlens train".into(),
        study,
    }
}

struct StopInSecondEpoch(CancelFlag, bool);

impl Watch for StopInSecondEpoch {
    fn step(&mut self, _loss: f64) {
        if self.1 {
            self.0.cancel();
        }
    }
    fn epoch(&mut self, _record: &raterlens_train::EpochRecord) {
        self.1 = true;
    }
}

#[test]
fn label_maps_alone_train_a_model_and_an_interrupted_run_goes_on_exactly() {
    let dir = tempfile::tempdir().unwrap();
    let plan = plan(&write_shapes(dir.path(), 16));
    let whole = dir.path().join("whole");
    let report = plan.train(&whole, &cpu(), false, &go_on(), &mut |_| Box::new(()));
    let report = report.unwrap();
    let test = report.runs[0].1.test.as_ref().unwrap();
    assert!(test.figures.images > 0 && test.figures.variance_mse.is_some());

    let parts = dir.path().join("parts");
    let cancel = CancelFlag::new();
    let stopped = plan.train(&parts, &cpu(), false, &cancel, &mut |_| {
        Box::new(StopInSecondEpoch(cancel.clone(), false))
    });
    assert!(stopped.is_err());
    plan.train(&parts, &cpu(), false, &go_on(), &mut |_| Box::new(()))
        .unwrap();
    let name = &plan.runs()[0].name;
    let weights = |out: &Path| {
        let model = out.join(name).join(format!("{name}.rlmodel"));
        fs::read(model.join("weights.safetensors")).unwrap()
    };
    assert_eq!(weights(&parts), weights(&whole));

    // Another run begins with its weights, at another size of input.
    let model = raterlens_nn::ModelPackage::open(&report.runs[0].1.model).unwrap();
    let mut larger = plan.clone();
    larger.recipe.input_size = [2 * SIDE, 2 * SIDE];
    larger.recipe.epochs = 1;
    larger.start = Some(model);
    let out = dir.path().join("larger");
    larger
        .train(&out, &cpu(), false, &go_on(), &mut |_| Box::new(()))
        .unwrap();
    let config = fs::read_to_string(out.join(name).join("config.json")).unwrap();
    assert!(config.contains("\"start\""));
}

#[test]
fn a_study_without_images_is_refused_unless_they_are_made() {
    let dir = tempfile::tempdir().unwrap();
    let study = write_shapes(dir.path(), 4);
    let error = read_study_for(&study, StudyUse::Training).unwrap_err();
    assert!(error.to_string().contains("image"), "{error}");
    assert_eq!(
        read_study_for(&study, StudyUse::Shapes)
            .unwrap()
            .cases
            .len(),
        4
    );
}

#[test]
fn augment_synth_is_short_for_where_images_come_from() {
    let recipe = Recipe::named("default").unwrap();
    assert_eq!(recipe.images, ImageSource::Study);
    let changed = recipe.with("augment=synth").unwrap();
    assert_eq!(changed.images, ImageSource::Synth);
    assert_eq!(changed, recipe.with("images=synth").unwrap());
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("recipe.toml");
    fs::write(&file, "augment = \"synth\"\n[synth]\nempty_share = 0.5\n").unwrap();
    let read = recipe.with_file(&file).unwrap();
    assert_eq!(read.images, ImageSource::Synth);
    assert_eq!(read.synth.empty_share, 0.5);
    assert!(recipe.with("augment=somehow").is_err());
    assert!(recipe.with("synth.empty_share=2").unwrap().check().is_err());
}
