//! `model info` and `synth`, and a trained model on a synthetic case.
#![allow(clippy::unwrap_used)] // In tests a panic is the failure.

mod common;

use std::path::{Path, PathBuf};

use common::nifti::Nifti;
use common::{assert_success, command, model, names, raterlens, stderr, stdout};

#[test]
fn model_info_says_what_a_package_is() {
    let run = raterlens(["model", "info", model().to_str().unwrap()]);
    assert_success(&run);
    let text = stdout(&run);
    assert!(
        text.contains("untrained version 1") && text.contains("multifidus_left"),
        "{text}"
    );
    let run = raterlens(["model", "info", "--json", model().to_str().unwrap()]);
    let manifest: serde_json::Value = serde_json::from_str(&stdout(&run)).unwrap();
    assert_eq!(manifest["schema_version"], 1);
}

#[test]
fn synth_writes_cases_that_repeat_from_their_seed() {
    let dir = tempfile::tempdir().unwrap();
    let make = |out: &Path, seed: &str, cases: &str| {
        let mut run = command();
        run.args([
            "synth", "--size", "64", "--slices", "4", "--seed", seed, "--cases", cases,
        ]);
        run.arg("-o").arg(out).output().unwrap()
    };
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    assert_success(&make(&a, "7", "2"));
    assert_success(&make(&b, "8", "1"));
    let all = [
        "cases.csv",
        "labels.txt",
        "study.toml",
        "synth-0007",
        "synth-0008",
    ];
    assert_eq!(names(&a), all);
    let files = [
        "image.nii.gz",
        "rater1.nii.gz",
        "rater2.nii.gz",
        "rater3.nii.gz",
        "synth.json",
        "truth.nii.gz",
    ];
    assert_eq!(names(&a.join("synth-0008")), files);
    for file in files {
        let read = |d: &Path| std::fs::read(d.join("synth-0008").join(file)).unwrap();
        assert_eq!(read(&a), read(&b), "{file}");
    }
    let image = Nifti::load(&a.join("synth-0007/image.nii.gz"));
    // Whole 16-bit numbers.
    assert_eq!((image.dims(), image.datatype()), ([64, 64, 4], 512));
    let again = make(&a, "7", "1");
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("--force"), "{}", stderr(&again));
}

/// The model of the source tree, if it was trained already.
fn demo_model() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/demo-lumbar.rlmodel");
    path.is_dir().then_some(path)
}

#[test]
fn the_demo_model_finds_the_muscles_of_an_unseen_case_on_their_own_side() {
    let Some(demo) = demo_model() else {
        common::skipped("models/demo-lumbar.rlmodel is not there (make train-demo)");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let run = command()
        .args(["synth", "--seed", "987654321", "-o"])
        .arg(dir.path())
        .output()
        .unwrap();
    assert_success(&run);
    let case = dir.path().join("synth-987654321");
    let out = dir.path().join("out");
    let mut run = command();
    run.arg("segment")
        .arg(case.join("image.nii.gz"))
        .arg("--model")
        .arg(demo);
    assert_success(
        &run.args(["--device", "cpu", "-o"])
            .arg(&out)
            .output()
            .unwrap(),
    );
    let truth = Nifti::load(&case.join("truth.nii.gz"));
    let labels = Nifti::load(&out.join("labels.nii.gz"));
    for id in 1..=4 {
        let count = |f: &dyn Fn(u8, u8) -> bool| {
            let pairs = truth.u8_voxels().iter().zip(labels.u8_voxels());
            pairs.filter(|(t, l)| f(**t, **l)).count() as f64
        };
        let both = count(&|t, l| t == id && l == id);
        let dice = 2.0 * both / (count(&|t, _| t == id) + count(&|_, l| l == id));
        assert!(dice > 0.8, "structure {id}: Dice {dice}");
    }
}
