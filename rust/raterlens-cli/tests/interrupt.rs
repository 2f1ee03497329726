//! Ctrl-C in the middle of a run leaves nothing.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // In tests a panic is the failure.

mod common;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::nifti::Nifti;
use common::{command, model, names};

const PATIENCE: Duration = Duration::from_secs(60);

/// More slices than any machine finishes in the time this test waits.
fn many_slices() -> Nifti {
    let mut affine = [[0.0; 4]; 3];
    for (axis, row) in affine.iter_mut().enumerate() {
        row[axis] = 1.0;
    }
    let dims = [40, 40, 6000];
    let voxels: Vec<f32> = (0..dims.iter().product())
        .map(|n: usize| (n * n % 251) as f32)
        .collect();
    Nifti::float(dims, affine, &voxels)
}

/// How long the program takes to do nothing: milliseconds, unless the machine is busy with other things.
fn a_trivial_run() -> Duration {
    let start = Instant::now();
    assert!(command()
        .arg("--version")
        .output()
        .unwrap()
        .status
        .success());
    start.elapsed()
}

#[test]
fn ctrl_c_ends_the_run_within_a_second_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let image = dir.path().join("long.nii");
    many_slices().save(&image);
    let mut run = command();
    run.arg("segment").arg(&image).arg("--model").arg(model());
    run.args(["--device", "cpu", "-o"])
        .arg(dir.path().join("new/out"));
    let mut child = run
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();

    // The staging folder appears when the image was read and the slices begin.
    let start = Instant::now();
    while !dir.path().join("new").exists() {
        assert!(start.elapsed() < PATIENCE, "the run never began");
        assert!(
            child.try_wait().unwrap().is_none(),
            "the run ended before it was interrupted"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(300));
    assert!(
        child.try_wait().unwrap().is_none(),
        "the run ended before it was interrupted"
    );
    let interrupted = Instant::now();
    let pid = child.id().to_string();
    assert!(Command::new("kill")
        .args(["-INT", &pid])
        .status()
        .unwrap()
        .success());
    let status = child.wait().unwrap();
    let took = interrupted.elapsed();

    assert_eq!(status.code(), Some(130));
    let limit = Duration::from_secs(1).max(20 * a_trivial_run());
    assert!(took < limit, "it took {took:?} to stop, limit {limit:?}");
    assert_eq!(names(dir.path()), ["long.nii"]);
}
