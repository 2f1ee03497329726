//! Files of results: whole or not at all, nothing replaced unasked, geometry to the last bit, tables that say what the library says.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{row, save};
use raterlens_core::control::{CancelFlag, Control};
use raterlens_core::nifti_io::{read_image, read_labels};
use raterlens_raters::files::{load_raters, rater_files, LoadedRaters};
use raterlens_raters::output::{
    write_agreement, write_fused, write_variability, AgreementFiles, Target,
};
use raterlens_raters::study::{agree_study, single_image};
use raterlens_raters::{fuse, scheme_of_labels, AgreeOptions, FuseOptions, RatersError};

struct Input {
    dir: tempfile::TempDir,
    files: Vec<PathBuf>,
    loaded: LoadedRaters,
}

fn input() -> Input {
    let dir = tempfile::tempdir().unwrap();
    let files = vec![
        save(dir.path(), "in/ann.nii.gz", &row(&[0, 1, 1, 2])),
        save(dir.path(), "in/ben.nii.gz", &row(&[0, 1, 2, 2])),
        save(dir.path(), "in/cem.nii.gz", &row(&[1, 1, 2, 2])),
    ];
    let words: Vec<_> = files
        .iter()
        .map(|p| p.to_str().unwrap().to_owned())
        .collect();
    let loaded = load_raters(&rater_files(&words).unwrap(), false, &Control::default()).unwrap();
    Input { dir, files, loaded }
}

fn names(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Vec::new();
    };
    let mut names: Vec<_> = entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn run_fuse(
    input: &Input,
    out: &Path,
    force: bool,
    control: &Control<'_>,
) -> Result<Vec<String>, RatersError> {
    let set = input.loaded.set()?;
    let scheme = scheme_of_labels([1, 2]);
    let options = FuseOptions::default();
    let fused = fuse(&set, &scheme, &options, &Control::default())?;
    let target = Target {
        dir: out,
        force,
        inputs: &input.files,
    };
    write_fused(
        &target,
        &fused,
        &scheme,
        &input.loaded.grid,
        &options,
        &[],
        control,
    )
}

#[test]
fn a_fusion_is_written_on_the_raters_grid() {
    let input = input();
    let out = input.dir.path().join("out");
    run_fuse(&input, &out, false, &Control::default()).unwrap();
    let expected = [
        "consensus.nii.gz",
        "performance.json",
        "posterior_label_1.nii.gz",
        "posterior_label_2.nii.gz",
    ];
    assert_eq!(names(&out), expected);
    let (consensus, grid) = read_labels(&out.join("consensus.nii.gz")).unwrap();
    assert_eq!(
        consensus.data().iter().copied().collect::<Vec<_>>(),
        [0, 1, 2, 2]
    );
    assert_eq!(grid, input.loaded.grid);
    let posterior = read_image(&out.join("posterior_label_2.nii.gz")).unwrap();
    assert_eq!(
        posterior.volume.data().iter().copied().collect::<Vec<_>>(),
        [0.0, 0.0, 2.0 / 3.0, 1.0]
    );
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(out.join("performance.json")).unwrap()).unwrap();
    assert_eq!(json["options"]["method"], "majority");
    assert_eq!(json["raters"][2]["rater"], "cem");
    assert_eq!(json["raters"][2]["structures"][0]["specificity"], 2.0 / 3.0);
}

#[test]
fn nothing_is_replaced_unasked_and_an_input_never() {
    let input = input();
    let out = input.dir.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("consensus.nii.gz"), "mine").unwrap();
    let refused = run_fuse(&input, &out, false, &Control::default()).unwrap_err();
    assert!(
        matches!(refused, RatersError::WouldOverwrite { .. }),
        "{refused}"
    );
    assert_eq!(names(&out), ["consensus.nii.gz"]);
    assert_eq!(fs::read(out.join("consensus.nii.gz")).unwrap(), b"mine");
    run_fuse(&input, &out, true, &Control::default()).unwrap();
    assert_eq!(names(&out).len(), 4);

    let mut input = input;
    let own = input.dir.path().join("own");
    input.files[0] = save(&own, "consensus.nii.gz", &row(&[0, 1, 1, 2]));
    let before = fs::read(&input.files[0]).unwrap();
    let refused = run_fuse(&input, &own, true, &Control::default()).unwrap_err();
    assert!(
        matches!(refused, RatersError::InputIsOutput { .. }),
        "{refused}"
    );
    assert_eq!(fs::read(&input.files[0]).unwrap(), before);
}

#[test]
fn a_folder_in_the_way_is_not_touched() {
    let input = input();
    let out = input.dir.path().join("out");
    fs::create_dir_all(out.join("consensus.nii.gz")).unwrap();
    fs::write(out.join("consensus.nii.gz/mine.txt"), "mine").unwrap();
    let refused = run_fuse(&input, &out, true, &Control::default()).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("a folder called 'consensus.nii.gz'"),
        "{refused}"
    );
    assert_eq!(
        fs::read(out.join("consensus.nii.gz/mine.txt")).unwrap(),
        b"mine"
    );
}

#[test]
fn a_cancelled_run_leaves_no_file_behind() {
    let input = input();
    let out = input.dir.path().join("out");
    let cancel = CancelFlag::new();
    // Stops once writing has begun.
    let report = |_| cancel.cancel();
    let control = Control {
        progress: Some(&report),
        cancel: cancel.clone(),
    };
    let stopped = run_fuse(&input, &out, false, &control).unwrap_err();
    assert!(matches!(stopped, RatersError::Cancelled(_)));
    assert!(!out.exists());
    assert_eq!(names(input.dir.path()), ["in"]);
}

#[test]
fn variability_has_a_map_per_structure_and_tables_that_agree_with_it() {
    let input = input();
    let out = input.dir.path().join("out");
    let target = Target {
        dir: &out,
        force: false,
        inputs: &input.files,
    };
    let (set, scheme) = (input.loaded.set().unwrap(), scheme_of_labels([1, 2]));
    let grid = &input.loaded.grid;
    let (found, written) = write_variability(
        &target,
        &set,
        &scheme,
        grid,
        &Default::default(),
        &[],
        &Control::default(),
    )
    .unwrap();
    assert_eq!(names(&out).len(), written.len());
    let map = read_image(&out.join("variance_label_2.nii.gz"))
        .unwrap()
        .volume;
    let core = raterlens_core::variability::variance_map(&set, 2, &Default::default()).unwrap();
    assert_eq!(map.data(), core.data());
    let table = fs::read_to_string(out.join("variance.csv")).unwrap();
    let whole = table.lines().find(|l| l.starts_with("label_2,,")).unwrap();
    assert_eq!(
        whole.split(',').nth(4).unwrap().parse::<f64>().unwrap(),
        found.variance[1][0].mean_variance
    );
    let entropy = read_image(&out.join("entropy.nii.gz")).unwrap().volume;
    let third = -(1.0_f64 / 3.0 * (1.0_f64 / 3.0).ln() + 2.0 / 3.0 * (2.0_f64 / 3.0).ln());
    assert!((f64::from(entropy.data()[[0, 0, 0]]) - third).abs() < 1e-7);
    assert_eq!(entropy.data()[[0, 0, 1]], 0.0);
}

#[test]
fn an_agreement_is_a_page_json_and_tables_with_the_same_numbers() {
    let input = input();
    let out = input.dir.path().join("out");
    let words: Vec<_> = input
        .files
        .iter()
        .map(|p| p.to_str().unwrap().to_owned())
        .collect();
    let study = single_image(rater_files(&words).unwrap(), None).unwrap();
    let scheme = scheme_of_labels([1, 2]);
    let options = AgreeOptions::default();
    let found = agree_study(
        &study,
        &scheme,
        &options,
        &Default::default(),
        false,
        &Control::default(),
    )
    .unwrap();
    let files = AgreementFiles {
        title: "T",
        command: "test",
        slices: &found.slices,
        warnings: &[],
    };
    let inputs = study.files();
    let target = Target {
        dir: &out,
        force: false,
        inputs: &inputs,
    };
    let written = write_agreement(&target, &found.agreement, &files, &Control::default()).unwrap();
    let mut sorted = written.clone();
    sorted.sort();
    assert_eq!(names(&out), sorted);
    let html = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(html.contains("cem") && !html.contains("NaN"));
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(out.join("agreement.json")).unwrap()).unwrap();
    let dice =
        json["report"]["structures"][0]["pairs"][0]["metrics"]["dice"]["mean"]["value"].as_f64();
    assert_eq!(dice, Some(2.0 / 3.0)); // Ann 2 voxels, Ben 1, in common 1
    let pairs = fs::read_to_string(out.join("pairs.csv")).unwrap();
    let mut lines = pairs.lines();
    let column = lines
        .next()
        .unwrap()
        .split(',')
        .position(|c| c == "dice")
        .unwrap();
    let first: Vec<_> = lines.next().unwrap().split(',').collect();
    assert_eq!(first[..3], ["label_1", "ann", "ben"]);
    assert_eq!(first[column].parse::<f64>().ok(), dice);
}
