//! `synth --from STUDY`: images made from label maps, as a study that other commands read.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::path::Path;

use common::{assert_success, raterlens, stderr};
use ndarray::Array3;
use raterlens_core::nifti_io::{read_labels, write_labels};
use raterlens_core::{Geometry, LabelScheme, Volume};

const AXIAL: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// Two label maps of one slice: 3 | 1 || 2 | 4 from the right to the left.
fn write_study(dir: &Path) -> String {
    let grid = Geometry::new([100, 60, 1], [1.5, 1.5, 4.0], [0.0; 3], AXIAL).unwrap();
    let map = Array3::from_shape_fn((1, 60, 100), |(_, y, x)| match (y, x) {
        (20..40, 15..32) => 3,
        (20..40, 32..48) => 1,
        (20..40, 52..68) => 2,
        (20..40, 68..85) => 4,
        _ => 0,
    });
    let map = Volume::new(map, grid).unwrap();
    let labels = serde_json::to_string(&LabelScheme::lumbar_paraspinal().structures).unwrap();
    fs::write(dir.join("labels.json"), labels).unwrap();
    let mut table = String::from("case,subject,rater:Reading\n");
    for case in ["a", "b"] {
        write_labels(&dir.join(format!("{case}.nii.gz")), &map, None).unwrap();
        table += &format!("{case},one,{case}.nii.gz\n");
    }
    fs::write(dir.join("cases.csv"), table).unwrap();
    let study = dir.join("study.toml");
    fs::write(&study, "table = \"cases.csv\"\nlabels = \"labels.json\"\n").unwrap();
    study.to_string_lossy().into_owned()
}

#[test]
fn a_study_of_label_maps_becomes_a_study_of_images() {
    let dir = tempfile::tempdir().unwrap();
    let study = write_study(dir.path());
    let out = dir.path().join("made");
    let out = out.to_string_lossy();
    let run = |set: &str| raterlens(["synth", "--from", &study, "-o", &out, "--set", set]);
    assert_success(&run("empty_share=0"));
    let again = run("empty_share=0");
    assert!(!again.status.success());
    assert!(stderr(&again).contains("--force"));

    // The study can be read, its raters compared.
    let made = format!("{out}/study.toml");
    let agree = format!("{out}/agree");
    assert_success(&raterlens(["agree", "--study", &made, "-o", &agree]));
    let table = fs::read_to_string(format!("{out}/cases.csv")).unwrap();
    assert_eq!(table.lines().count(), 3);
    assert!(
        table.contains("a,one,,a/image.nii.gz,a/rater1.nii.gz"),
        "{table}"
    );

    // Right muscles lie at lower columns: axial, columns to the patient's left.
    let labels = read_labels(format!("{out}/a/rater1.nii.gz").as_ref())
        .unwrap()
        .0;
    let middle = |id: u16| {
        let columns = labels.data().indexed_iter().filter(|(_, l)| **l == id);
        let (sum, n) = columns.fold((0.0, 0.0), |(s, n), ((_, _, x), _)| (s + x as f64, n + 1.0));
        sum / n
    };
    assert!(middle(3) < middle(1) && middle(1) < middle(2) && middle(2) < middle(4));
}

#[test]
fn settings_that_do_not_exist_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let study = write_study(dir.path());
    let out = dir.path().join("made").to_string_lossy().into_owned();
    let bad = raterlens(["synth", "--from", &study, "-o", &out, "--set", "contrast=1"]);
    assert!(!bad.status.success());
    assert!(stderr(&bad).contains("contrasts"), "{}", stderr(&bad));
    assert!(!Path::new(&out).join("study.toml").exists());
}
