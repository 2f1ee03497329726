//! `evaluate` with raters, probabilities and uncertainty maps: the program on files.
#![allow(clippy::unwrap_used)] // In tests a panic is the failure.

mod common;

use std::fs;
use std::path::Path;
use std::process::Output;

use common::{assert_success, command, names, stderr, stdout};
use ndarray::{Array3, Array4};
use raterlens_core::nifti_io::{write_labels, write_map_f32, write_series_f32};
use raterlens_core::{Geometry, Volume};
use serde_json::{json, Value};

/// Four voxels in a row.
fn grid() -> Geometry {
    let axes = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    Geometry::new([4, 1, 1], [0.5, 0.5, 4.0], [1.0, 2.0, 3.0], axes).unwrap()
}

fn labels(dir: &Path, name: &str, labels: [u16; 4]) -> String {
    let map = Array3::from_shape_vec((1, 1, 4), labels.to_vec()).unwrap();
    let path = dir.join(name);
    write_labels(&path, &Volume::new(map, grid()).unwrap(), None).unwrap();
    path.to_str().unwrap().to_owned()
}

fn map(dir: &Path, name: &str, values: [f32; 4]) -> String {
    let map = Array3::from_shape_vec((1, 1, 4), values.to_vec()).unwrap();
    let path = dir.join(name);
    write_map_f32(&path, &Volume::new(map, grid()).unwrap(), None).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Two classes: background and a structure of these probabilities.
fn probabilities(dir: &Path, p: [f32; 4]) -> String {
    let series = Array4::from_shape_fn(
        (2, 1, 1, 4),
        |(c, _, _, i)| {
            if c == 1 {
                p[i]
            } else {
                1.0 - p[i]
            }
        },
    );
    let path = dir.join("p.nii.gz");
    write_series_f32(&path, &series.view(), &grid(), None).unwrap();
    path.to_str().unwrap().to_owned()
}

fn run(arguments: &[&str]) -> Output {
    command().arg("evaluate").args(arguments).output().unwrap()
}

fn parsed(output: &Output) -> Value {
    assert_success(output);
    serde_json::from_str(&stdout(output)).unwrap()
}

fn close(value: &Value, expected: f64) {
    let found = value.as_f64().unwrap();
    assert!((found - expected).abs() < 1e-6, "{found} {expected}");
}

#[test]
fn raters_probabilities_and_maps_by_hand() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let raters = [
        labels(dir, "ann.nii", [0, 0, 1, 1]),
        labels(dir, "ben.nii", [0, 1, 1, 1]),
        labels(dir, "cem.nii", [0, 1, 1, 0]),
    ];
    // The vote is 0 1 1 1; the most probable class 0 0 1 1: the second voxel is wrong.
    let p = probabilities(dir, [0.1, 0.4, 0.9, 0.8]);
    let sure = map(dir, "sure.nii.gz", [0.1, 0.5, 0.2, 0.7]);
    let out = dir.join("out");
    let arguments = [
        "--raters",
        &raters[0],
        &raters[1],
        &raters[2],
        "--probabilities",
        &p,
        "--uncertainty",
        &format!("epistemic={sure}"),
        "--json",
        "-o",
        out.to_str().unwrap(),
    ];
    let found = parsed(&run(&arguments));
    assert_eq!(
        (&found["reference"], &found["wrong_voxels"]),
        (&json!("majority_vote"), &json!(1))
    );
    close(&found["structures"][0]["dice"], 2.0 * 2.0 / 5.0);
    // Mean label of the structure: 0, 2/3, 1, 2/3.
    let third = 2.0_f64 / 3.0;
    let brier =
        (0.1_f64.powi(2) + (third - 0.4).powi(2) + 0.1_f64.powi(2) + (third - 0.8).powi(2)) / 4.0;
    close(&found["structures"][0]["brier"], brier);
    close(&found["probabilities"]["brier"][0], brier);
    // Confidences 0.9, 0.6, 0.9, 0.8; right but the second.
    close(
        &found["probabilities"]["ece"],
        (2.0 * 0.1 + 0.6 + 0.2) / 4.0,
    );
    close(&found["probabilities"]["accuracy"], 0.75);
    let two = -(third * third.ln() + (1.0 - third) * (1.0 - third).ln());
    close(&found["gt_entropy"], 2.0 * two / 4.0);
    // The entropy of p is highest at the wrong voxel; the map's second highest is.
    let [own, given] = [0, 1].map(|n| &found["uncertainties"][n]);
    assert_eq!(
        (&own["name"], &given["name"]),
        (&json!("prediction_entropy"), &json!("epistemic"))
    );
    assert_eq!(
        (&own["average_precision"], &own["auroc"]),
        (&json!(1.0), &json!(1.0))
    );
    close(&given["average_precision"], 0.5);
    close(&given["auroc"], 2.0 / 3.0);
    // Risks 1/4, 1/3, 0, 0 at shares 1, 3/4, 1/2, 1/4.
    close(&given["aurc"], (0.5 * (0.25 + 1.0 / 3.0) + 0.5 / 3.0) / 4.0);
    assert_eq!(
        names(&out),
        [
            "calibration.csv",
            "evaluation.json",
            "structures.csv",
            "uncertainty.csv"
        ]
    );
    let written: Value =
        serde_json::from_str(&fs::read_to_string(out.join("evaluation.json")).unwrap()).unwrap();
    assert_eq!(written, found);
    let table = fs::read_to_string(out.join("uncertainty.csv")).unwrap();
    assert!(
        table.starts_with("map,mean,voxels,wrong_voxels,auc_pr,auroc,aurc,"),
        "{table}"
    );
    // Files of an earlier result are not replaced.
    let again = run(&arguments);
    assert!(stderr(&again).contains("--force"), "{}", stderr(&again));
    let text = run(&[
        "--raters",
        &raters[0],
        &raters[1],
        &raters[2],
        "--probabilities",
        &p,
    ]);
    assert_success(&text);
    for words in [
        "majority vote of the raters",
        "Brier score x 1000",
        "AUC-PR",
        "1 of 4 (25.000 %)",
    ] {
        assert!(stdout(&text).contains(words), "{words}: {}", stdout(&text));
    }
}

#[test]
fn structures_name_the_classes_of_probabilities() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let truth = labels(dir, "truth.nii", [0, 7, 7, 7]);
    let p = probabilities(dir, [0.1, 0.4, 0.9, 0.8]);
    let refused = run(&["--truth", &truth, "--probabilities", &p]);
    assert!(
        stderr(&refused).contains("label 7") && stderr(&refused).contains("--structures"),
        "{}",
        stderr(&refused)
    );
    let found = parsed(&run(&[
        "--truth",
        &truth,
        "--probabilities",
        &p,
        "--structures",
        "7",
        "--json",
    ]));
    assert_eq!(found["structures"][0]["structure"], json!(7));
    close(&found["structures"][0]["dice"], 0.8);
    close(
        &found["structures"][0]["brier"],
        (0.01 + 0.36 + 0.01 + 0.04) / 4.0,
    );
    assert_eq!(
        (&found["gt_entropy"], &found["reference"]),
        (&Value::Null, &json!("truth"))
    );
    // Another prediction than the most probable class is judged, and that is said.
    let other = labels(dir, "other.nii", [0, 7, 7, 7]);
    let judged = run(&[
        "--truth",
        &truth,
        "--prediction",
        &other,
        "--probabilities",
        &p,
        "--structures",
        "7",
        "--json",
    ]);
    assert!(
        stderr(&judged).contains("not the most probable class at 1 voxels"),
        "{}",
        stderr(&judged)
    );
    let judged = parsed(&judged);
    close(&judged["structures"][0]["dice"], 1.0);
    assert_eq!(judged["uncertainties"][0]["average_precision"], Value::Null);
    let classes = run(&[
        "--truth",
        &truth,
        "--probabilities",
        &p,
        "--structures",
        "7,8",
    ]);
    assert!(
        stderr(&classes).contains("2 classes, but 3"),
        "{}",
        stderr(&classes)
    );
}

#[test]
fn what_cannot_be_evaluated_is_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let truth = labels(dir, "truth.nii", [0, 1, 1, 1]);
    let logits = probabilities(dir, [4.0, -2.0, 0.5, 0.5]);
    let refused = run(&["--truth", &truth, "--probabilities", &logits]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        stderr(&refused).contains("not between 0 and 1"),
        "{}",
        stderr(&refused)
    );
    // A map on another grid.
    let axes = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let moved = Geometry::new([4, 1, 1], [0.5, 0.5, 4.0], [9.0, 2.0, 3.0], axes).unwrap();
    let path = dir.join("moved.nii");
    write_map_f32(
        &path,
        &Volume::new(Array3::zeros((1, 1, 4)), moved).unwrap(),
        None,
    )
    .unwrap();
    let refused = run(&[
        "--truth",
        &truth,
        "--prediction",
        &labels(dir, "p.nii", [0, 0, 1, 1]),
        "--uncertainty",
        path.to_str().unwrap(),
    ]);
    assert!(
        stderr(&refused).contains("not on the grid"),
        "{}",
        stderr(&refused)
    );
    for arguments in [
        &["--truth", truth.as_str()][..],
        &["--prediction", truth.as_str()][..],
    ] {
        assert_eq!(run(arguments).status.code(), Some(2));
    }
}
