//! What the end-to-end tests share: the program, a model package, and NIfTI files written and read
//! without the code under test.
#![allow(dead_code)] // Each test file uses a part of this.

pub mod nifti;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use raterlens_nn::{Architecture, Manifest};
use raterlens_synth::{generate_case, SynthCase, SynthOptions};

/// Runs the program and waits for it.
pub fn raterlens<I, S>(args: I) -> Output
where
    I: IntoIterator<Item = S>,
    S: AsRef<std::ffi::OsStr>,
{
    command().args(args).output().unwrap()
}

/// The program, with no model named by the environment.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_raterlens"));
    command.env_remove("RATERLENS_MODEL").env_remove("RUST_LOG");
    // Tests run side by side: threads of several programs that wait for each other are slow.
    command.env("OMP_NUM_THREADS", "1");
    command
}

/// Runs `segment` with the untrained model and further arguments.
pub fn segment(args: &[&Path], out: &Path, more: &[&str]) -> Output {
    let mut run = command();
    run.arg("segment").args(args).arg("--model").arg(model());
    run.args(["--device", "cpu", "-o"]).arg(out).args(more);
    run.output().unwrap()
}

/// A package with random weights: everything but the results is as with a trained one.
pub fn model() -> &'static Path {
    static MODEL: OnceLock<PathBuf> = OnceLock::new();
    MODEL.get_or_init(|| untrained("small-input", 64))
}

/// An untrained package for slices of `size` x `size` in the build's own folder.
pub fn untrained(name: &str, size: usize) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let tests = tests.file_stem().unwrap().to_string_lossy().into_owned();
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{tests}-{name}.rlmodel"));
    let manifest = Manifest::lumbar("untrained", Architecture::tiny(), [size, size]);
    raterlens_nn::train::write_untrained(&manifest, 1, &dir).unwrap();
    dir
}

/// A small synthetic case.
pub fn case(slices: usize) -> SynthCase {
    let options = SynthOptions {
        size: [80, 72],
        slices,
        ..SynthOptions::default()
    };
    generate_case(3, &options).unwrap()
}

/// The image of [`case`] as a file, with its own geometry.
pub fn image_file(dir: &Path, name: &str, slices: usize) -> PathBuf {
    let path = dir.join(name);
    nifti::Nifti::from_volume(&case(slices).image).save(&path);
    path
}

/// Names of everything in a folder, hidden or not, sorted.
pub fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Stdout as text.
pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Stderr as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Says loudly that a test did not run: past the test runner's capture of a passing test's output.
pub fn skipped(why: &str) {
    use std::io::Write;
    let mut stderr = std::io::stderr();
    stderr
        .write_all(format!("skipped: {why}\n").as_bytes())
        .unwrap();
}

/// Fails with the program's own words unless it succeeded.
pub fn assert_success(output: &Output) {
    assert!(
        output.status.success(),
        "{}{}",
        stdout(output),
        stderr(output)
    );
}
