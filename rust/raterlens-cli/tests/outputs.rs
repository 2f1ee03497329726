//! What `raterlens segment` writes: grid, files, records, and what a second run does.
#![allow(clippy::unwrap_used)] // In tests a panic is the failure.

mod common;

use std::fs;
use std::path::Path;

use common::nifti::Nifti;
use common::{assert_success, command, image_file, model, names, segment, stderr, stdout};
use raterlens_itksnap::Registry;

const FILES: [&str; 10] = [
    "case.itksnap",
    "image.nii.gz",
    "labels.nii.gz",
    "labels.txt",
    "measures.csv",
    "run.json",
    "variance_erector_spinae_left.nii.gz",
    "variance_erector_spinae_right.nii.gz",
    "variance_multifidus_left.nii.gz",
    "variance_multifidus_right.nii.gz",
];

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn layer_files(out: &Path) -> Vec<std::path::PathBuf> {
    let layers = FILES
        .iter()
        .filter(|f| f.ends_with(".nii.gz") && **f != "image.nii.gz");
    layers.map(|f| out.join(f)).collect()
}

#[test]
fn all_files_appear_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let image = image_file(dir.path(), "case 7.nii.gz", 3);
    let out = dir.path().join("new/folder");
    let run = segment(&[&image], &out, &[]);
    assert_success(&run);
    assert_eq!(names(&out), FILES);
    assert_eq!(names(dir.path()), ["case 7.nii.gz", "new"]);
    assert_eq!(names(&dir.path().join("new")), ["folder"]);
    assert_eq!(
        fs::read(&image).unwrap(),
        fs::read(out.join("image.nii.gz")).unwrap()
    );
    assert!(
        stdout(&run).contains("Right multifidus"),
        "{}",
        stdout(&run)
    );
    assert!(
        !stderr(&run).contains('\r'),
        "a progress bar without a terminal"
    );

    let measures = fs::read_to_string(out.join("measures.csv")).unwrap();
    let mut lines = measures.lines();
    let header = "case,structure,structure_title,slice,area_mm2,volume_ml,mean_variance,voxels";
    assert_eq!(lines.next(), Some(header));
    // Four structures, each in all and in three slices.
    assert_eq!(lines.clone().count(), 4 + 4 * 3);
    assert!(lines.all(|l| l.starts_with("case 7,")));
}

#[test]
fn measures_are_those_of_the_label_map() {
    let dir = tempfile::tempdir().unwrap();
    let image = image_file(dir.path(), "a.nii", 3);
    let out = dir.path().join("out");
    assert_success(&segment(&[&image], &out, &[]));
    let labels = Nifti::load(&out.join("labels.nii.gz"));
    let spacing = common::case(3)
        .image
        .geometry()
        .spacing_mm
        .map(|s| f64::from(s as f32));
    let voxel_ml = spacing.iter().product::<f64>() / 1000.0;
    let measures = fs::read_to_string(out.join("measures.csv")).unwrap();
    let row = |start: &str| -> Vec<String> {
        let line = measures.lines().find(|l| l.starts_with(start));
        line.unwrap().split(',').map(str::to_owned).collect()
    };
    for (id, name) in [(1, "multifidus_right"), (2, "multifidus_left")] {
        let count = labels.u8_voxels().iter().filter(|l| **l == id).count();
        let whole = row(&format!("a,{name},"));
        assert_eq!(whole[7], count.to_string());
        let volume: f64 = whole[5].parse().unwrap();
        assert!((volume - count as f64 * voxel_ml).abs() < 1e-5, "{volume}");
    }
}

#[test]
fn outputs_carry_the_inputs_geometry_bit_for_bit() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = Nifti::from_volume(&common::case(3).image);
    // A 4-D header with one time point, a qform that differs from the sform, odd numbers everywhere.
    file.put_i16(40, 4);
    file.put_f32(76, -1.0);
    file.put_f32(92, 2.5);
    file.put(123, &[10]);
    file.put_i16(252, 1);
    file.put_i16(254, 2);
    for (n, v) in [0.1f32, -0.2, 0.3, -101.25, 1.0 / 3.0, 7e-7]
        .into_iter()
        .enumerate()
    {
        file.put_f32(256 + 4 * n, v);
    }
    file.put_f32(292, 1.000_000_1 * 12.3);
    let image = dir.path().join("odd.nii.gz");
    file.save(&image);
    let out = dir.path().join("out");
    assert_success(&segment(&[&image], &out, &[]));
    // All but one number: layers are 3-D, the single time point is dropped.
    file.put_i16(40, 3);
    for layer in layer_files(&out) {
        let written = Nifti::load(&layer);
        assert_eq!(
            written.geometry_bytes(),
            file.geometry_bytes(),
            "{}",
            layer.display()
        );
    }
    assert_eq!(Nifti::load(&out.join("labels.nii.gz")).datatype(), 2);
}

#[test]
fn the_run_record_says_how_and_no_path() {
    let dir = tempfile::tempdir().unwrap();
    let image = image_file(dir.path(), "im.nii.gz", 2);
    let out = dir.path().join("out");
    assert_success(&segment(&[&image], &out, &["--seed", "5"]));
    let text = fs::read_to_string(out.join("run.json")).unwrap();
    assert!(!text.contains(&*dir.path().to_string_lossy()), "{text}");
    assert!(!text.contains(&*model().to_string_lossy()), "{text}");
    let run = json(&out.join("run.json"));
    assert_eq!(run["input"]["file"], "im.nii.gz");
    assert_eq!(run["device"]["name"], "cpu");
    assert_eq!(run["device"]["reason"], "the CPU was asked for");
    assert_eq!(run["seed"], 5);
    assert_eq!(run["versions"]["raterlens"], env!("CARGO_PKG_VERSION"));
    assert_eq!(run["model"]["checksum"].as_str().map(str::len), Some(64));
    assert!(run["timings"]["total_secs"].as_f64().unwrap() > 0.0);
    assert_eq!(run["outputs"].as_object().unwrap().len(), FILES.len() - 1);
}

#[test]
fn a_second_run_skips_what_is_complete_and_repeats_what_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let image = image_file(dir.path(), "a.nii.gz", 2);
    let out = dir.path().join("out");
    assert_success(&segment(&[&image], &out, &[]));
    let record = fs::read(out.join("run.json")).unwrap();

    let again = segment(&[&image], &out, &[]);
    assert_success(&again);
    assert!(
        stdout(&again).contains("complete before"),
        "{}",
        stdout(&again)
    );
    assert_eq!(fs::read(out.join("run.json")).unwrap(), record);

    // A missing layer, then another seed: both are computed again.
    fs::remove_file(out.join("labels.nii.gz")).unwrap();
    let repaired = segment(&[&image], &out, &[]);
    assert_success(&repaired);
    assert!(!stdout(&repaired).contains("complete before"));
    assert_eq!(names(&out), FILES);
    assert_success(&segment(&[&image], &out, &["--seed", "9"]));
    assert_eq!(json(&out.join("run.json"))["seed"], 9);
}

#[test]
fn corrected_labels_are_not_overwritten_without_force() {
    let dir = tempfile::tempdir().unwrap();
    let image = image_file(dir.path(), "a.nii.gz", 2);
    let out = dir.path().join("out");
    assert_success(&segment(&[&image], &out, &[]));
    let mut corrected = Nifti::load(&out.join("labels.nii.gz"));
    let last = corrected.bytes.len() - 1;
    corrected.bytes[last] = 4;
    corrected.save(&out.join("labels.nii.gz"));

    let same = segment(&[&image], &out, &[]);
    assert_success(&same);
    assert_eq!(Nifti::load(&out.join("labels.nii.gz")), corrected);
    let other = segment(&[&image], &out, &["--seed", "1"]);
    assert_eq!(other.status.code(), Some(1));
    assert!(
        stderr(&other).contains("'labels.nii.gz'"),
        "{}",
        stderr(&other)
    );
    assert_eq!(Nifti::load(&out.join("labels.nii.gz")), corrected);
    assert_eq!(names(&out), FILES);

    assert_success(&segment(&[&image], &out, &["--seed", "1", "--force"]));
    assert_ne!(Nifti::load(&out.join("labels.nii.gz")), corrected);
}

#[test]
fn an_input_in_the_output_folder_is_never_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let image = image_file(dir.path(), "image.nii.gz", 2);
    let run = segment(&[&image], dir.path(), &["--force"]);
    assert_eq!(run.status.code(), Some(1));
    assert!(
        stderr(&run).contains("choose another output folder"),
        "{}",
        stderr(&run)
    );
    assert_eq!(names(dir.path()), ["image.nii.gz"]);
}

#[test]
fn layers_do_not_depend_on_rayons_threads_and_hardly_on_the_batch_size() {
    let dir = tempfile::tempdir().unwrap();
    let image = image_file(dir.path(), "a.nii.gz", 5);
    let run = |name: &str, threads: &str, batch: &str| {
        let out = dir.path().join(name);
        let mut run = command();
        run.env("RAYON_NUM_THREADS", threads)
            .arg("segment")
            .arg(&image);
        run.arg("--model").arg(model()).arg("-o").arg(&out);
        run.args(["--device", "cpu", "--batch-size", batch]);
        assert_success(&run.output().unwrap());
        out
    };
    let (one, many, single) = (run("a", "1", "4"), run("b", "5", "4"), run("c", "2", "1"));
    for (a, b) in layer_files(&one).iter().zip(layer_files(&many)) {
        assert_eq!(
            fs::read(a).unwrap(),
            fs::read(b).unwrap(),
            "{}",
            a.display()
        );
    }
    for (a, c) in layer_files(&one).iter().zip(layer_files(&single)).skip(1) {
        let (a, c) = (Nifti::load(a).f32_voxels(), Nifti::load(&c).f32_voxels());
        let worst = a
            .iter()
            .zip(&c)
            .map(|(a, c)| (a - c).abs())
            .fold(0.0, f32::max);
        assert!(worst <= 1e-5, "{worst}");
    }
}

#[test]
fn the_workspace_finds_its_files_after_the_folder_was_moved() {
    let dir = tempfile::tempdir().unwrap();
    let image = image_file(dir.path(), "a.nii.gz", 2);
    let out = dir.path().join("out ä");
    assert_success(&segment(&[&image], &out, &[]));
    let moved = dir.path().join("elsewhere");
    fs::rename(&out, &moved).unwrap();

    let text = fs::read_to_string(moved.join("case.itksnap")).unwrap();
    let workspace = Registry::from_xml(&text).unwrap();
    let saved = workspace.get("SaveLocation").unwrap();
    assert_eq!(saved, out.to_str().unwrap());
    let layers = workspace.folder("Layers").unwrap();
    assert_eq!(layers.folder_names().count(), 6);
    for name in layers.folder_names() {
        let layer = layers.folder(name).unwrap();
        // ITK-SNAP's rule: strip the old folder, join the rest to the new one, use it if it is there.
        let path = layer.get("AbsolutePath").unwrap();
        let rest = path
            .strip_prefix(saved)
            .unwrap()
            .trim_start_matches(['/', '\\']);
        let found = moved.join(rest);
        assert!(found.is_file(), "{}", found.display());
        if layer.get("Role") == Some("OverlayRole") {
            let voxels = Nifti::load(&found).f32_voxels();
            let low = f64::from(voxels.iter().copied().fold(f32::INFINITY, f32::min));
            let high = f64::from(voxels.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            let t = |n: usize| -> f64 {
                let key = format!("LayerMetaData.DisplayMapping.Curve.ControlPoint[{n}].tValue");
                layer.get(&key).unwrap().parse().unwrap()
            };
            // In intensities the window is 0 to 0.1, whatever the layer's own range.
            let intensity = |t: f64| low + t * (high - low);
            assert!(intensity(t(0)).abs() < 1e-6 && (intensity(t(2)) - 0.1).abs() < 1e-6);
        }
    }
}
