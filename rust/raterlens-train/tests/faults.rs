//! What is wrong with a study is said, all at once, before anything is trained.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::path::Path;

use common::{cpu, drawing, go_on, image, plan, recipe, write_study};
use ndarray::Array3;
use raterlens_core::nifti_io::{write_labels, write_map_f32};
use raterlens_core::{Geometry, Volume};
use raterlens_raters::study::{read_study_for, StudyUse};
use raterlens_raters::RatersError;
use raterlens_train::TrainError;

fn problems(error: TrainError) -> Vec<String> {
    match error {
        TrainError::Raters(RatersError::Study { problems }) => problems,
        other => panic!("{other}"),
    }
}

fn replace(dir: &Path, from: &str, to: &str) {
    let path = dir.join("cases.csv");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from));
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn faults_of_the_table_are_listed_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let study = write_study(dir.path(), 8);
    replace(dir.path(), "rater:Cem", "rater:Ann"); // a column twice
    replace(dir.path(), "sex", "shoe_size"); // a column that means nothing
    replace(dir.path(), "image0.nii.gz", ""); // no image
    replace(dir.path(), "image1.nii.gz", "missing.nii.gz"); // an image that is not there
    replace(dir.path(), "ann2.nii.gz", "missing.nii.gz"); // a drawing that is not there
    replace(dir.path(), "c3,", "c2,"); // a name twice
    replace(dir.path(), "c4,", ","); // no name
    replace(dir.path(), "ben5.nii.gz,", ""); // a cell too few
    fs::remove_file(dir.path().join("labels.json")).unwrap();
    let error = read_study_for(&study, StudyUse::Training).unwrap_err();
    let found = problems(error.into());
    for expected in [
        "column 'rater:Ann' is there twice",
        "column 'shoe_size' means nothing",
        "line 2: training needs the image of case 'c0'",
        "line 3: there is no file 'missing.nii.gz'",
        "line 4: there is no file 'missing.nii.gz'",
        "line 5: the name 'c2' was used before",
        "line 6 has no name",
        "line 7 has 6 cells for 7 columns",
        "cannot read the file",
    ] {
        assert!(
            found.iter().any(|p| p.contains(expected)),
            "{expected}: {found:#?}"
        );
    }
}

#[test]
fn faults_of_the_files_are_listed_at_once_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let study = write_study(dir.path(), 12);
    let file = |name: &str| dir.path().join(name);
    let mut nan = image(0);
    nan.data_mut()[[0, 3, 3]] = f32::NAN;
    write_map_f32(&file("image0.nii.gz"), &nan, None).unwrap();
    write_map_f32(&file("image1.nii.gz"), &image(1).map(|_| 7.0), None).unwrap();
    fs::write(file("image2.nii.gz"), b"no image").unwrap();
    fs::write(file("ann3.nii.gz"), b"no image").unwrap();
    // Another grid.
    let axial = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let grid = Geometry::new([8, 8, 2], [1.0; 3], [0.0; 3], axial).unwrap();
    let small = Volume::new(Array3::<u16>::ones(grid.shape_kji()), grid).unwrap();
    write_labels(&file("ben4.nii.gz"), &small, None).unwrap();
    // A label without a name.
    write_labels(&file("cem5.nii.gz"), &drawing(5, 0.0).map(|l| l * 9), None).unwrap();
    // Fractions in a label map.
    write_map_f32(&file("ann6.nii.gz"), &image(6).map(|v| v / 3.0), None).unwrap();
    // No voxels at all.
    fs::write(file("image7.nii.gz"), b"").unwrap();
    let plan = plan(&study, recipe());
    let out = dir.path().join("runs");
    let error = plan.train(&out, &cpu(), false, &go_on(), &mut |_| Box::new(()));
    let found = problems(error.unwrap_err());
    for expected in [
        "Case 'c0': 1 of 2048 voxels are not finite",
        "Case 'c1': all voxels of the image are 7",
        "Case 'c2': ",
        "Case 'c3': ",
        "Case 'c4': rater 'Ben' is not on the image's grid",
        "Case 'c5': rater 'Cem' uses label 9",
        "Case 'c5': rater 'Cem' uses label 18",
        "Case 'c6': ",
        "Case 'c7': ",
    ] {
        assert!(
            found.iter().any(|p| p.contains(expected)),
            "{expected}: {found:#?}"
        );
    }
    assert!(!out.exists());
}

#[test]
fn an_empty_structure_is_said_and_trained_with() {
    let dir = tempfile::tempdir().unwrap();
    let study = write_study(dir.path(), 8);
    for rater in ["ann", "ben", "cem"] {
        let only_right = drawing(0, 0.0).map(|l| u16::from(*l == 1));
        let path = dir.path().join(format!("{rater}0.nii.gz"));
        write_labels(&path, &only_right, None).unwrap();
    }
    let nothing = drawing(1, 0.0).map(|_| 0_u16);
    write_labels(&dir.path().join("ann1.nii.gz"), &nothing, None).unwrap();
    let mut recipe = recipe();
    recipe.epochs = 1;
    let plan = plan(&study, recipe);
    let out = dir.path().join("runs");
    let report = plan
        .train(&out, &cpu(), false, &go_on(), &mut |_| Box::new(()))
        .unwrap();
    assert_eq!(
        report.warnings,
        [
            "Case 'c0': nobody drew 'Left disc'",
            "Case 'c1': rater 'Ann' drew nothing"
        ]
    );
    assert!(report.runs[0].1.history.epochs[0]
        .training
        .total
        .is_finite());
}

#[test]
fn variance_cannot_be_learnt_from_one_rater() {
    let dir = tempfile::tempdir().unwrap();
    let study = write_study(dir.path(), 8);
    replace(dir.path(), "ben0.nii.gz,cem0.nii.gz", ",");
    let plan = plan(&study, recipe());
    let out = dir.path().join("runs");
    let error = plan.train(&out, &cpu(), false, &go_on(), &mut |_| Box::new(()));
    let text = error.unwrap_err().to_string();
    assert!(text.contains("case 'c0' was drawn by one rater"), "{text}");
    let mut single = common::recipe();
    (single.multi_task, single.epochs) = (false, 1);
    let plan = common::plan(&study, single);
    let report = plan
        .train(&out, &cpu(), false, &go_on(), &mut |_| Box::new(()))
        .unwrap();
    let test = report.runs[0].1.test.as_ref().unwrap();
    assert_eq!(test.figures.variance_mse, None);
}

#[test]
fn a_rate_that_is_far_too_large_is_said_and_leaves_the_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let study = write_study(dir.path(), 8);
    let mut recipe = recipe();
    (
        recipe.learning_rate,
        recipe.max_gradient_norm,
        recipe.epochs,
    ) = (1e18, 0.0, 20);
    let plan = plan(&study, recipe);
    let out = dir.path().join("runs");
    let error = plan.train(&out, &cpu(), false, &go_on(), &mut |_| Box::new(()));
    let text = error.unwrap_err().to_string();
    assert!(text.contains("lower the learning rate"), "{text}");
}
