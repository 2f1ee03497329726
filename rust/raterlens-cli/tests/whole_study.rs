//! `study` as a user runs it: the plan is shown, a fault is named, a report comes out, and a second run makes nothing again.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use common::{assert_success, command, raterlens, stderr};

const PLAN: &str = r#"
[plan]
samples = 2
shown = 1

[[plan.models]]
name = "all"
networks = ["unet", "transunet"]
size = "tiny"
set = ["epochs=1", "batch_size=4", "input_size=[32,32]"]
"#;

fn study(dir: &Path) -> PathBuf {
    let out = dir.join("study");
    let made = raterlens([
        "synth".as_ref(),
        "--cases".as_ref(),
        "6".as_ref(),
        "--size".as_ref(),
        "32".as_ref(),
        "--slices".as_ref(),
        "1".as_ref(),
        "-o".as_ref(),
        out.as_os_str(),
    ]);
    assert_success(&made);
    out.join("study.toml")
}

fn run(study: &Path, out: &Path, more: &[&str]) -> Output {
    let mut run = command();
    run.arg("study").arg(study).arg("-o").arg(out);
    run.args(["--device", "cpu"]).args(more).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_study_of_the_generator_becomes_a_report() {
    let dir = tempfile::tempdir().unwrap();
    let (path, out) = (study(dir.path()), dir.path().join("out"));
    // Without a plan, the dissertation's: 20 + 2 + 3 models.
    let shown = run(&path, &out, &["--dry-run", "--size", "tiny"]);
    assert_success(&shown);
    assert_eq!(stdout(&shown).lines().count(), 25);
    assert!(stdout(&shown).contains("variants/") && !out.exists());

    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n[plan]\nsample = 3\n")).unwrap();
    let refused = run(&path, &out, &[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        stderr(&refused).contains("unknown field `sample`"),
        "{}",
        stderr(&refused)
    );

    fs::write(&path, text + PLAN).unwrap();
    let made = run(&path, &out, &[]);
    assert_success(&made);
    assert!(stdout(&made).contains("report.html"));
    let tables = fs::read(out.join("tables.csv")).unwrap();
    assert!(out.join("study.json").is_file());
    let log = out.join("runs/all");
    let runs = fs::read_dir(log)
        .unwrap()
        .filter(|e| e.as_ref().unwrap().path().is_dir());
    assert_eq!(runs.count(), 2);

    let again = run(&path, &out, &[]);
    assert_success(&again);
    assert!(!stderr(&again).contains("epoch 1"), "{}", stderr(&again));
    assert!(fs::read(out.join("tables.csv")).unwrap() == tables);
}
