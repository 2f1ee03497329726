//! Outputs appear whole or not at all.
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests a panic is the failure

mod common;

use std::fs;
use std::io;

use common::names_in;
use raterlens_core::atomic::{write_atomic, AtomicError, StagedDir};
use tempfile::tempdir;

const NOTHING: [&str; 0] = [];

#[test]
fn a_failed_write_leaves_the_older_file() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("table.csv");
    write_atomic(&path, |w| w.write_all(b"old")).unwrap();
    let error = write_atomic(&path, |w| {
        w.write_all(b"half of the new")?;
        Err(io::Error::other("the disk is full"))
    });
    assert!(matches!(error, Err(AtomicError::Write(_))));
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names_in(folder.path()), ["table.csv"]);
    write_atomic(&path, |w| w.write_all(b"new")).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(names_in(folder.path()), ["table.csv"]);
}

#[test]
fn a_panic_while_writing_leaves_nothing() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("table.csv");
    let result = std::panic::catch_unwind(|| write_atomic(&path, |_| panic!("on purpose")));
    assert!(result.is_err());
    assert_eq!(names_in(folder.path()), NOTHING);
}

#[test]
fn folders_that_cannot_be_written_are_named_as_the_problem() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    for bad in [file.join("inside.csv"), folder.path().join("absent/a.csv")] {
        let error = write_atomic(&bad, |_| Ok(())).unwrap_err();
        assert!(matches!(error, AtomicError::Folder(_)));
        assert!(error.to_string().contains("output folder"), "{error}");
    }
    for bad in [file.join("case"), file.clone()] {
        let error = StagedDir::new(&bad).unwrap_err();
        assert!(matches!(error, AtomicError::Folder(_)), "{error}");
    }
    let root = std::path::Path::new("/");
    assert!(matches!(StagedDir::new(root), Err(AtomicError::NoName)));
    assert_eq!(names_in(folder.path()), ["file"]);
}

#[test]
fn a_folder_appears_only_at_commit() {
    let folder = tempdir().unwrap();
    let case = folder.path().join("results/patient/case");
    let staged = StagedDir::new(&case).unwrap();
    fs::write(staged.path().join("labels"), b"1").unwrap();
    fs::write(staged.path().join("run.json"), b"2").unwrap();
    assert!(!case.exists());
    let hidden = staged
        .path()
        .file_name()
        .unwrap()
        .to_string_lossy()
        .into_owned();
    assert!(hidden.starts_with('.'), "{hidden}");
    staged.commit("run.json").unwrap();
    assert_eq!(names_in(&case), ["labels", "run.json"]);
    assert_eq!(names_in(case.parent().unwrap()), ["case"]);
}

#[test]
fn without_commit_nothing_remains_not_even_new_parents() {
    let folder = tempdir().unwrap();
    let staged = StagedDir::new(&folder.path().join("results/patient/case")).unwrap();
    fs::write(staged.path().join("labels"), b"1").unwrap();
    drop(staged);
    assert_eq!(names_in(folder.path()), NOTHING);
    let staged = StagedDir::new(&folder.path().join("results/case")).unwrap();
    let error = staged.commit("run.json").unwrap_err();
    assert!(matches!(error, AtomicError::MarkerMissing { .. }));
    assert_eq!(names_in(folder.path()), NOTHING);
}

#[test]
fn parents_that_others_use_by_now_stay() {
    let folder = tempdir().unwrap();
    let staged = StagedDir::new(&folder.path().join("results/a")).unwrap();
    fs::create_dir(folder.path().join("results/b")).unwrap();
    drop(staged);
    assert_eq!(names_in(&folder.path().join("results")), ["b"]);
}

/// A complete older result and a file of the user's own.
fn older(case: &std::path::Path) {
    fs::create_dir(case).unwrap();
    for name in ["labels", "notes.txt", "run.json"] {
        fs::write(case.join(name), b"old").unwrap();
    }
}

#[test]
fn an_existing_folder_is_updated_and_other_files_stay() {
    let folder = tempdir().unwrap();
    let case = folder.path().join("case");
    older(&case);
    let staged = StagedDir::new(&case).unwrap();
    for name in ["labels", "run.json", "new"] {
        fs::write(staged.path().join(name), b"new").unwrap();
    }
    staged.commit("run.json").unwrap();
    assert_eq!(names_in(&case), ["labels", "new", "notes.txt", "run.json"]);
    assert_eq!(fs::read(case.join("labels")).unwrap(), b"new");
    assert_eq!(fs::read(case.join("notes.txt")).unwrap(), b"old");
    assert_eq!(names_in(folder.path()), ["case"]);
}

#[test]
fn what_a_killed_process_left_is_not_in_the_way() {
    let folder = tempdir().unwrap();
    let case = folder.path().join("case");
    let left: Vec<_> = (0..200)
        .map(|n| format!(".case.{}-{n}.partial", std::process::id()))
        .collect();
    for name in &left {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    let staged = StagedDir::new(&case).unwrap();
    fs::write(staged.path().join("run.json"), b"").unwrap();
    staged.commit("run.json").unwrap();
    assert!(case.join("run.json").is_file());
    assert_eq!(names_in(folder.path()).len(), left.len() + 1);
}
