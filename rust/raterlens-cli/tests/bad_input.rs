//! Bad input: a clear sentence, exit code 1, nothing written, no crash.
#![allow(clippy::unwrap_used)] // In tests a panic is the failure.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use common::nifti::Nifti;
use common::{command, image_file, model, names, segment, stderr};

/// Exit code 1 and one line on stderr that starts with `error:` and holds `words`.
fn assert_refused(run: &Output, words: &str) {
    let text = stderr(run);
    assert_eq!(run.status.code(), Some(1), "{text}");
    let errors: Vec<&str> = text.lines().collect();
    assert_eq!(errors.len(), 1, "not one sentence: {text}");
    assert!(errors[0].starts_with("error: "), "{text}");
    assert!(text.contains(words), "expected '{words}' in: {text}");
    assert!(
        !text.contains("panicked") && !text.contains("backtrace"),
        "{text}"
    );
    assert!(run.stdout.is_empty());
}

/// Runs on `image` and expects a refusal that leaves the folder as it was.
fn refused(dir: &Path, image: &Path, words: &str) {
    let before = names(dir);
    let run = segment(&[image], &dir.join("out/deeper"), &[]);
    assert_refused(&run, words);
    assert_eq!(names(dir), before, "something was left behind");
}

fn file(dir: &Path, name: &str, content: &Nifti) -> PathBuf {
    let path = dir.join(name);
    content.save(&path);
    path
}

fn floats(dims: [usize; 3], value: impl Fn(usize) -> f32) -> Nifti {
    let mut affine = [[0.0; 4]; 3];
    for (r, row) in affine.iter_mut().enumerate() {
        row[r] = 1.0;
    }
    let voxels: Vec<f32> = (0..dims.iter().product()).map(value).collect();
    Nifti::float(dims, affine, &voxels)
}

fn ramp(n: usize) -> f32 {
    (n % 97) as f32
}

#[test]
fn a_missing_file() {
    let dir = tempfile::tempdir().unwrap();
    refused(dir.path(), &dir.path().join("none.nii.gz"), "cannot read");
}

#[test]
fn not_a_nifti() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("text.nii");
    fs::write(&path, "this is a text file\n".repeat(100)).unwrap();
    refused(dir.path(), &path, "not a NIfTI");
    fs::write(&path, "").unwrap();
    refused(dir.path(), &path, "not a NIfTI");
}

#[test]
fn a_truncated_gz() {
    let dir = tempfile::tempdir().unwrap();
    let whole = image_file(dir.path(), "whole.nii.gz", 2);
    let bytes = fs::read(whole).unwrap();
    let cut = dir.path().join("cut.nii.gz");
    for share in [0.9, 0.5, 0.001] {
        let keep = (bytes.len() as f64 * share) as usize;
        fs::write(&cut, &bytes[..keep]).unwrap();
        refused(dir.path(), &cut, "cut");
    }
}

#[test]
fn a_truncated_plain_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut image = floats([16, 16, 4], ramp);
    image.bytes.truncate(2000);
    refused(dir.path(), &file(dir.path(), "cut.nii", &image), "cut off");
}

#[test]
fn a_two_dimensional_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut image = floats([16, 16, 1], ramp);
    image.put_i16(40, 2);
    refused(dir.path(), &file(dir.path(), "flat.nii.gz", &image), "3-D");
}

#[test]
fn several_time_points() {
    let dir = tempfile::tempdir().unwrap();
    let mut image = floats([16, 16, 4], ramp);
    image.put_i16(40, 4);
    image.put_i16(46, 2);
    image.put_i16(48, 2);
    refused(
        dir.path(),
        &file(dir.path(), "4d.nii.gz", &image),
        "volumes",
    );
}

#[test]
fn voxels_that_are_not_numbers() {
    let dir = tempfile::tempdir().unwrap();
    for bad in [f32::NAN, f32::INFINITY] {
        let image = floats([16, 16, 4], |n| if n == 77 { bad } else { ramp(n) });
        refused(
            dir.path(),
            &file(dir.path(), "nan.nii.gz", &image),
            "1 of 1024",
        );
    }
}

#[test]
fn all_zeros() {
    let dir = tempfile::tempdir().unwrap();
    let image = floats([16, 16, 4], |_| 0.0);
    refused(
        dir.path(),
        &file(dir.path(), "zeros.nii.gz", &image),
        "all voxels",
    );
}

#[test]
fn an_rgb_image() {
    let dir = tempfile::tempdir().unwrap();
    let image = Nifti::with_type([16, 16, 4], 128, 24, &vec![7; 16 * 16 * 4 * 3]);
    refused(dir.path(), &file(dir.path(), "rgb.nii.gz", &image), "RGB");
}

#[test]
fn a_single_voxel() {
    let dir = tempfile::tempdir().unwrap();
    let image = floats([1, 1, 1], |_| 5.0);
    refused(
        dir.path(),
        &file(dir.path(), "voxel.nii.gz", &image),
        "1 x 1 pixels",
    );
}

#[test]
fn a_header_without_orientation() {
    let dir = tempfile::tempdir().unwrap();
    let mut image = floats([16, 16, 4], ramp);
    image.put_i16(254, 0);
    refused(
        dir.path(),
        &file(dir.path(), "lost.nii.gz", &image),
        "which side is left",
    );
}

#[test]
fn a_header_that_promises_more_than_memory() {
    let dir = tempfile::tempdir().unwrap();
    let mut image = floats([16, 16, 4], ramp);
    for at in [42, 44, 46] {
        image.put_i16(at, 32767);
    }
    refused(
        dir.path(),
        &file(dir.path(), "huge.nii.gz", &image),
        "header promises",
    );
}

#[test]
fn an_output_folder_under_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let image = image_file(dir.path(), "a.nii.gz", 2);
    let before = names(dir.path());
    let run = segment(&[&image], &image.join("out"), &[]);
    assert_refused(&run, "output folder cannot be written to");
    // A batch says so once, too.
    let run = segment(&[dir.path()], &image, &[]);
    assert_refused(&run, "output folder is a file");
    assert_eq!(names(dir.path()), before);
}

#[cfg(unix)]
#[test]
fn an_output_folder_without_permission() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let image = image_file(dir.path(), "a.nii.gz", 2);
    let locked = dir.path().join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(locked.join("probe"), "").is_ok() {
        common::skipped("this user (root?) may write to any folder");
        return;
    }
    for out in [locked.clone(), locked.join("new")] {
        assert_refused(
            &segment(&[&image], &out, &[]),
            "output folder cannot be written to",
        );
    }
    assert!(names(&locked).is_empty());
}

/// A copy of the model with one byte of a file changed.
fn damaged_model(dir: &Path, file: &str) -> PathBuf {
    let copy = dir.join(format!("damaged-{file}.rlmodel"));
    fs::create_dir(&copy).unwrap();
    for name in names(model()) {
        fs::copy(model().join(&name), copy.join(&name)).unwrap();
    }
    let mut bytes = fs::read(copy.join(file)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(copy.join(file), bytes).unwrap();
    copy
}

#[test]
fn a_model_with_one_byte_changed() {
    let dir = tempfile::tempdir().unwrap();
    let image = image_file(dir.path(), "a.nii.gz", 2);
    for file in ["weights.safetensors", "model.json"] {
        let damaged = damaged_model(dir.path(), file);
        let mut run = command();
        run.arg("segment").arg(&image).arg("--model").arg(damaged);
        run.arg("-o").arg(dir.path().join("out"));
        let run = run.output().unwrap();
        assert_refused(&run, &format!("'{file}'"));
        assert!(stderr(&run).contains("checksum"));
    }
    assert!(!dir.path().join("out").exists());
}

#[test]
fn a_model_that_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let image = image_file(dir.path(), "a.nii.gz", 2);
    let mut run = command();
    run.arg("segment")
        .arg(&image)
        .args(["--model", "no-such.rlmodel", "-o"]);
    let run = run.arg(dir.path().join("out")).output().unwrap();
    assert_refused(&run, "no-such.rlmodel");
}

#[test]
fn wrong_usage_has_its_own_exit_code() {
    for args in [
        &["segment", "a.nii"][..],
        &["segment", "-o", "out"],
        &["segment", "a.nii", "-o", "out", "--device", "gpu"],
        &["segment", "a.nii", "-o", "out", "--batch-size", "0"],
        &["fly"],
    ] {
        let run = common::raterlens(args);
        assert_eq!(run.status.code(), Some(2), "{args:?}: {}", stderr(&run));
    }
}
