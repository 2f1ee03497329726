//! `train STUDY` as a user runs it, killed in the middle and on a full disk: nothing is lost.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::{assert_success, command, raterlens, stderr};

const EPOCHS: usize = 5;
const RUN: &str = "discs-unet-tiny-majority-seed1";
/// Of this the longest run needs some seconds.
const PATIENCE: Duration = Duration::from_secs(240);

/// A small synthetic study of four raters with given habits.
fn study(dir: &Path) -> PathBuf {
    let styles = dir.join("styles.toml");
    let text = "[[rater]]\nname = \"Ann\"\nbias_mm = 0.6\n\n[[rater]]\nname = \"Ben\"\nbias_mm = -0.6\nwobble_mm = 0.3\n";
    fs::write(&styles, text).unwrap();
    let out = dir.join("study");
    let mut synth = command();
    synth.args([
        "synth",
        "--cases",
        "6",
        "--size",
        "64",
        "--slices",
        "4",
        "--per-level",
        "--styles",
    ]);
    assert_success(&synth.arg(&styles).arg("-o").arg(&out).output().unwrap());
    out.join("study.toml")
}

fn train(study: &Path, out: &Path) -> Command {
    let mut run = command();
    run.arg("train").arg(study).arg("-o").arg(out);
    run.args(["--network", "unet", "--name", "discs", "--device", "cpu"]);
    run.args(["--set", "input_size=[64,64]", "--set", "batch_size=4"]);
    run.args(["--set", &format!("epochs={EPOCHS}")]);
    run.stdin(Stdio::null());
    run
}

/// The lines of a run's log without the times.
fn log(out: &Path) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(out.join(RUN).join("log.jsonl")).unwrap_or_default();
    let whole = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    whole
        .map(|mut line: serde_json::Value| {
            line.as_object_mut().unwrap().remove("seconds").unwrap();
            line
        })
        .collect()
}

/// Kills the program without warning (SIGKILL) once its log has `lines` lines and a little later.
fn kill_after(mut run: Command, out: &Path, lines: usize, later: Duration) {
    let mut child = run
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while log(out).len() < lines {
        assert!(start.elapsed() < PATIENCE, "the run never came so far");
        assert!(
            child.try_wait().unwrap().is_none(),
            "the run ended before it was killed"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    std::thread::sleep(later);
    assert!(
        child.try_wait().unwrap().is_none(),
        "the run ended before it was killed"
    );
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());
}

fn weights(out: &Path) -> Vec<u8> {
    let package = out.join(RUN).join(format!("{RUN}.rlmodel"));
    fs::read(package.join("weights.safetensors")).unwrap()
}

#[test]
fn a_killed_run_goes_on_to_the_same_losses_and_weights() {
    let dir = tempfile::tempdir().unwrap();
    let study = study(dir.path());
    let (whole, killed) = (dir.path().join("whole"), dir.path().join("killed"));
    assert_success(&train(&study, &whole).output().unwrap());
    let expected = log(&whole);
    assert_eq!(expected.len(), EPOCHS);

    // Killed three times: in the first epoch, right after a line of the log, and in the middle of a later epoch.
    for (lines, later_ms) in [(0, 400), (1, 0), (3, 60)] {
        kill_after(
            train(&study, &killed),
            &killed,
            lines,
            Duration::from_millis(later_ms),
        );
    }
    let last = train(&study, &killed).output().unwrap();
    assert_success(&last);
    assert!(
        stderr(&last).contains("Going on after epoch"),
        "{}",
        stderr(&last)
    );
    assert_eq!(log(&killed), expected);
    assert!(weights(&killed) == weights(&whole), "other weights");
}

/// Runs the command where no file can grow beyond so many blocks of 512 bytes: what a full disk is like.
#[cfg(unix)]
fn with_largest_file(run: &Command, blocks: u64) -> Output {
    // Without the signal, a write that goes beyond fails, as on a full disk.
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    let mut limited = Command::new("sh");
    limited
        .arg("-c")
        .arg(script)
        .arg("sh")
        .arg(run.get_program())
        .args(run.get_args());
    for (name, value) in run.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited.output().unwrap()
}

#[test]
#[cfg(unix)]
fn a_full_disk_is_said_and_the_run_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let study = study(dir.path());
    let out = dir.path().join("out");
    // A checkpoint of this network has megabytes; its log some kilobytes.
    let full = with_largest_file(&train(&study, &out), 200);
    assert_eq!(full.status.code(), Some(1), "{}", stderr(&full));
    let text = stderr(&full);
    assert!(text.contains("cannot write"), "{text}");
    assert!(
        text.contains("File too large") || text.contains("os error"),
        "{text}"
    );
    let left = |name: &str| {
        fs::read_dir(out.join(RUN))
            .unwrap()
            .flatten()
            .any(|e| e.file_name().to_string_lossy().contains(name))
    };
    assert!(
        !left(".rlmodel") && !left(".safetensors"),
        "half a file is left"
    );

    assert_success(&train(&study, &out).output().unwrap());
    assert_eq!(log(&out).len(), EPOCHS);
    // A disk that is full at the end of a finished run loses nothing either.
    let again = with_largest_file(&train(&study, &out), 200);
    assert_eq!(log(&out).len(), EPOCHS, "{}", stderr(&again));
    assert!(!weights(&out).is_empty());
}

#[test]
fn given_raters_are_in_the_study_file_and_cannot_be_mixed_with_others() {
    let dir = tempfile::tempdir().unwrap();
    let study = study(dir.path());
    let text = fs::read_to_string(&study).unwrap();
    assert!(
        text.contains("name = \"Ann\"") && text.contains("bias_mm = 0.6"),
        "{text}"
    );
    let table = fs::read_to_string(study.with_file_name("cases.csv")).unwrap();
    let head = "case,subject,sex,age_group,level,image,truth,rater:Ann,rater:Ben\n";
    assert!(table.starts_with(head), "{table}");
    assert!(table.contains("\nsynth-0003-L4-L5,synth-0003,"), "{table}");
    assert_eq!(table.lines().count(), 1 + 6 * 4);
    // The same file goes in again; other raters do not.
    let folder = study.parent().unwrap().to_string_lossy().into_owned();
    let more = [
        "synth", "--size", "64", "--slices", "4", "--seed", "50", "-o", &folder,
    ];
    let refused = raterlens(more);
    assert!(
        stderr(&refused).contains("other raters"),
        "{}",
        stderr(&refused)
    );
    let styles = study.to_string_lossy().into_owned();
    assert_success(&raterlens([&more[..], &["--styles", &styles]].concat()));
    let bad = dir.path().join("bad.toml");
    for (text, expected) in [
        ("", "no [[rater]] table"),
        ("[[rater]]\nbias_mm = 1.0\n", "no name"),
        (
            "[[rater]]\nname = \"A\"\nbias = 1.0\n",
            "unknown field `bias`",
        ),
        ("[[rater]]\nname = \"A\"\nbias_mm = 60.0\n", "bias_mm"),
        (
            "[[rater]]\nname = \"A\"\n[[rater]]\nname = \"A\"\n",
            "two raters",
        ),
        ("[[rater]]\nname = \"A:2\"\n", "cannot be a rater's name"),
    ] {
        fs::write(&bad, text).unwrap();
        let out = dir.path().join("none");
        let run = raterlens([
            "synth",
            "--styles",
            &bad.to_string_lossy(),
            "-o",
            &out.to_string_lossy(),
        ]);
        assert_eq!(run.status.code(), Some(1));
        assert!(stderr(&run).contains(expected), "{}", stderr(&run));
        assert!(!out.exists());
    }
}
