//! Several images with one model.
#![allow(clippy::unwrap_used)] // In tests a panic is the failure.

mod common;

use std::fs;

use common::{assert_success, image_file, names, segment, stderr, stdout};

#[test]
fn a_folder_with_one_bad_file_does_the_others_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let images = dir.path().join("images");
    fs::create_dir(&images).unwrap();
    image_file(&images, "one.nii.gz", 2);
    fs::write(images.join("three.nii"), "no image").unwrap();
    image_file(&images, "two.nii", 3);
    let out = dir.path().join("out");

    let run = segment(&[&images], &out, &["--json"]);
    assert_eq!(run.status.code(), Some(1));
    assert!(stderr(&run).contains("error: three: "), "{}", stderr(&run));
    assert_eq!(names(&out), ["measures.csv", "one", "two"]);
    assert!(out.join("one/run.json").is_file() && out.join("two/image.nii").is_file());

    let summary: serde_json::Value = serde_json::from_str(&stdout(&run)).unwrap();
    let cases = summary["cases"].as_array().unwrap();
    let states: Vec<_> = cases.iter().map(|c| (&c["case"], &c["status"])).collect();
    let expected = [("one", "done"), ("three", "failed"), ("two", "done")];
    assert!(
        states
            .iter()
            .zip(expected)
            .all(|((c, s), e)| **c == e.0 && **s == e.1),
        "{states:?}"
    );
    assert_eq!(cases[0]["structures"].as_array().map(Vec::len), Some(4));
    assert!(cases[1]["error"].as_str().unwrap().contains("NIfTI"));

    let table = fs::read_to_string(out.join("measures.csv")).unwrap();
    let rows = |case: &str| {
        table
            .lines()
            .filter(|l| l.starts_with(&format!("{case},")))
            .count()
    };
    assert_eq!(
        (rows("one"), rows("three"), rows("two")),
        (4 + 4 * 2, 0, 4 + 4 * 3)
    );

    // The second run keeps what is complete; the table still has all.
    fs::remove_file(images.join("three.nii")).unwrap();
    let again = segment(&[&images], &out, &["--json"]);
    assert_success(&again);
    let summary: serde_json::Value = serde_json::from_str(&stdout(&again)).unwrap();
    let states: Vec<_> = summary["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["status"].clone())
        .collect();
    assert_eq!(states, ["skipped", "skipped"]);
    assert_eq!(fs::read_to_string(out.join("measures.csv")).unwrap(), table);
}

#[test]
fn a_list_file_and_images_of_the_same_name() {
    let dir = tempfile::tempdir().unwrap();
    for folder in ["p1", "p2"] {
        fs::create_dir(dir.path().join(folder)).unwrap();
    }
    image_file(&dir.path().join("p1"), "t2.nii.gz", 2);
    image_file(&dir.path().join("p2"), "t2.nii.gz", 2);
    let list = dir.path().join("list.txt");
    fs::write(&list, "# two patients\np1/t2.nii.gz\np2/t2.nii.gz\n").unwrap();
    let out = dir.path().join("out");
    let run = segment(&[], &out, &["--list", list.to_str().unwrap()]);
    assert_success(&run);
    assert_eq!(names(&out), ["measures.csv", "p1_t2", "p2_t2"]);
    assert!(
        stderr(&run).contains("'p1_t2'"),
        "the new name is not said: {}",
        stderr(&run)
    );
    assert!(stdout(&run).contains("2 cases: 2 done, 0 complete before, 0 failed"));
}

#[test]
fn an_empty_folder_is_an_error_not_an_empty_success() {
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let run = segment(&[&empty], &dir.path().join("out"), &[]);
    assert_eq!(run.status.code(), Some(1));
    assert!(stderr(&run).contains("no NIfTI image"), "{}", stderr(&run));
    assert_eq!(names(dir.path()), ["empty"]);
}
