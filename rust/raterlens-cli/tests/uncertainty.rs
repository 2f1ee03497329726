//! `segment` with maps of the model's uncertainty.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::path::Path;

use common::nifti::Nifti;
use common::{assert_success, case, model, names, raterlens, segment, stderr, untrained};
use raterlens_core::nifti_io::write_map_f32;

const MAPS: [&str; 3] = [
    "aleatoric_entropy.nii.gz",
    "epistemic_entropy.nii.gz",
    "mutual_information.nii.gz",
];
const BOTH: [&str; 6] = [
    "--epistemic",
    "dropout",
    "--aleatoric",
    "augment",
    "--samples",
    "3",
];

fn record(dir: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(dir.join("run.json")).unwrap()).unwrap()
}

#[test]
fn maps_lie_on_the_images_grid_and_are_layers_of_the_workspace() {
    let dir = tempfile::tempdir().unwrap();
    let (image, out) = (dir.path().join("image.nii.gz"), dir.path().join("out"));
    write_map_f32(&image, &case(3).image, None).unwrap();
    let run = segment(&[&image], &out, &BOTH);
    assert_success(&run);
    assert!(String::from_utf8_lossy(&run.stdout).contains("test-time dropout: mean entropy"));
    let input = Nifti::load(&image);
    let workspace = fs::read_to_string(out.join("case.itksnap")).unwrap();
    for name in MAPS {
        let map = Nifti::load(&out.join(name));
        assert_eq!(map.dims(), input.dims(), "{name}");
        assert_eq!(map.geometry_bytes(), input.geometry_bytes(), "{name}");
        let values = map.f32_voxels();
        assert!(values.iter().all(|v| (-1e-6..=1.61).contains(v)), "{name}");
        assert!(values.iter().any(|v| *v > 1e-4), "{name} is empty");
        assert!(workspace.contains(name), "{name} is no layer");
    }
    let found = record(&out);
    assert_eq!(found["uncertainty"][0]["source"], "dropout");
    assert_eq!(found["uncertainty"][1]["samples"], 3);
    let table = fs::read_to_string(out.join("uncertainty.csv")).unwrap();
    // Two kinds; all voxels and four structures; the image and three slices.
    assert_eq!(table.lines().count(), 1 + 2 * 5 * 4);

    // The same again is complete; other settings are not.
    let first = fs::read(out.join(MAPS[1])).unwrap();
    let again = segment(&[&image], &out, &BOTH);
    assert!(String::from_utf8_lossy(&again.stdout).contains("complete before"));
    let other = segment(&[&image], &out, &[&BOTH[..], &["--seed", "5"]].concat());
    assert_success(&other);
    assert_ne!(fs::read(out.join(MAPS[1])).unwrap(), first);
    // Without them, no map of the earlier run is left to mislead.
    assert_success(&segment(&[&image], &out, &[]));
    let left = names(&out);
    assert!(
        MAPS.iter().all(|m| !left.iter().any(|n| n == m)),
        "{left:?}"
    );
    assert!(!left.contains(&"uncertainty.csv".to_owned()));
}

#[test]
fn all_maps_has_the_mean_probabilities_too_which_sum_to_one() {
    let dir = tempfile::tempdir().unwrap();
    let (image, out) = (dir.path().join("image.nii.gz"), dir.path().join("out"));
    write_map_f32(&image, &case(2).image, None).unwrap();
    assert_success(&segment(
        &[&image],
        &out,
        &[&BOTH[..], &["--all-maps", "--probabilities"]].concat(),
    ));
    // What evaluate takes.
    let evaluated = raterlens([
        "evaluate",
        "--truth",
        &out.join("labels.nii.gz").to_string_lossy(),
        "--probabilities",
        &out.join("probabilities.nii.gz").to_string_lossy(),
        "--labels",
        &out.join("labels.txt").to_string_lossy(),
        "--json",
    ]);
    assert_success(&evaluated);
    let found: serde_json::Value = serde_json::from_slice(&evaluated.stdout).unwrap();
    // The labels are the most probable class.
    assert_eq!(found["wrong_voxels"], 0);
    for kind in ["epistemic", "aleatoric"] {
        // Five classes one after another; a voxel's sum to 1.
        let mean = Nifti::load(&out.join(format!("{kind}_mean.nii.gz"))).f32_voxels();
        let voxels = mean.len() / 5;
        assert_eq!(voxels, 80 * 72 * 2);
        for voxel in 0..voxels {
            let classes = mean.iter().skip(voxel).step_by(voxels);
            let sum: f64 = classes.map(|p| f64::from(*p)).sum();
            assert!((sum - 1.0).abs() < 1e-3, "{sum}");
        }
        assert!(out
            .join(format!("{kind}_expected_entropy.nii.gz"))
            .is_file());
        assert!(out.join(format!("{kind}_variance.nii.gz")).is_file());
    }
}

#[test]
fn an_ensemble_is_several_models_and_bad_requests_are_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let (image, out) = (dir.path().join("image.nii.gz"), dir.path().join("out"));
    write_map_f32(&image, &case(2).image, None).unwrap();
    let other = untrained("other", 64);
    // The same weights would disagree about nothing: another seed.
    let manifest =
        raterlens_nn::Manifest::lumbar("other", raterlens_nn::Architecture::tiny(), [64, 64]);
    raterlens_nn::train::write_untrained(&manifest, 77, &other).unwrap();
    let (a, b) = (model().to_string_lossy(), other.to_string_lossy());
    let (image, folder) = (image.to_string_lossy(), out.to_string_lossy());
    let run = |more: &[&str]| {
        let base = ["segment", &image, "-o", &folder, "--device", "cpu"];
        raterlens([&base[..], more].concat())
    };
    let both = format!("{a},{b}");
    assert_success(&run(&["--model", &both, "--epistemic", "ensemble"]));
    let found = record(&out);
    assert_eq!(found["members"][0]["name"], "other");
    assert_eq!(found["uncertainty"][0]["source"], "ensemble");
    let information = Nifti::load(&out.join("mutual_information.nii.gz")).f32_voxels();
    assert!(information.iter().any(|m| *m > 1e-3));
    for (more, expected) in [
        (
            vec!["--model", &a, "--epistemic", "ensemble"],
            "two models or more",
        ),
        (
            vec!["--model", &both, "--epistemic", "dropout"],
            "for one model",
        ),
        (
            vec!["--model", &a, "--epistemic", "tta"],
            "none, dropout, ensemble",
        ),
        (vec!["--model", &a, "--samples", "1"], "2..=1000"),
    ] {
        let refused = run(&more);
        assert!(!refused.status.success());
        assert!(stderr(&refused).contains(expected), "{}", stderr(&refused));
    }
}
