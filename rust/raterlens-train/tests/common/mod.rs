//! A small study for tests: two bright discs, the right one larger, drawn by three raters of different generosity.
#![allow(dead_code, clippy::unwrap_used)] // each test file uses some of it

use std::fs;
use std::path::{Path, PathBuf};

use ndarray::Array3;
use raterlens_core::control::CancelFlag;
use raterlens_core::nifti_io::{write_labels, write_map_f32};
use raterlens_core::{Geometry, LabelScheme, Volume};
use raterlens_nn::architecture::{Architecture, Size, Tasks};
use raterlens_nn::{open_device, Device, DeviceRequest};
use raterlens_raters::study::{read_study_for, split_study, Shares, StudyFile, StudyUse};
use raterlens_train::{GroundTruth, Plan, Recipe};

pub const SIDE: usize = 32;
pub const LABELS: &str = r#"[
 {"id": 1, "name": "disc_right", "title": "Right disc", "color": [230, 159, 0], "mirror": 2},
 {"id": 2, "name": "disc_left", "title": "Left disc", "color": [86, 180, 233], "mirror": 1}]"#;

const AXIAL: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

fn grid() -> Geometry {
    Geometry::new([SIDE, SIDE, 2], [1.0, 1.0, 4.0], [0.0; 3], AXIAL).unwrap()
}

/// Label of a pixel: discs of radius 6 and 4 plus `more`, which move with the case.
fn label(case: usize, x: usize, y: usize, more: f64) -> u16 {
    let shift = (case % 3) as f64;
    let inside =
        |cx: f64, radius: f64| (x as f64 - cx).hypot(y as f64 - 15.0 - shift) < radius + more;
    match (inside(8.0 + shift, 6.0), inside(24.0 - shift, 4.0)) {
        (true, _) => 1,
        (_, true) => 2,
        _ => 0,
    }
}

pub fn image(case: usize) -> Volume<f32> {
    let noise = |k: usize, y: usize, x: usize| ((k * 31 + y * 17 + x * 13 + case * 7) % 11) as f32;
    let data = Array3::from_shape_fn(grid().shape_kji(), |(k, y, x)| {
        let bright = if label(case, x, y, 0.0) > 0 {
            100.0
        } else {
            20.0
        };
        bright + noise(k, y, x)
    });
    Volume::new(data, grid()).unwrap()
}

pub fn drawing(case: usize, more: f64) -> Volume<u16> {
    let data = Array3::from_shape_fn(grid().shape_kji(), |(_, y, x)| label(case, x, y, more));
    Volume::new(data, grid()).unwrap()
}

/// Writes a study of so many cases; raters Ann, Ben and Cem.
pub fn write_study(dir: &Path, cases: usize) -> PathBuf {
    let mut table = String::from("case,subject,sex,image,rater:Ann,rater:Ben,rater:Cem\n");
    for case in 0..cases {
        let of = |rater: &str| format!("{rater}{case}.nii.gz");
        let sex = if case % 2 == 0 { "F" } else { "M" };
        table += &format!("c{case},s{case},{sex},image{case}.nii.gz");
        write_map_f32(&dir.join(format!("image{case}.nii.gz")), &image(case), None).unwrap();
        for (rater, more) in [("ann", -0.7), ("ben", 0.0), ("cem", 0.9)] {
            write_labels(&dir.join(of(rater)), &drawing(case, more), None).unwrap();
            table += &format!(",{}", of(rater));
        }
        table.push('\n');
    }
    fs::write(dir.join("cases.csv"), table).unwrap();
    fs::write(dir.join("labels.json"), LABELS).unwrap();
    let study = dir.join("study.toml");
    fs::write(
        &study,
        "name = \"Discs\"\ntable = \"cases.csv\"\nlabels = \"labels.json\"\n",
    )
    .unwrap();
    study
}

pub fn scheme(study: &StudyFile) -> LabelScheme {
    study.labels.clone().unwrap()
}

pub fn recipe() -> Recipe {
    let mut recipe = Recipe::named("default").unwrap();
    recipe.input_size = [SIDE, SIDE];
    recipe.epochs = 3;
    recipe.batch_size = 4;
    recipe
}

/// A very small network, so that tests are quick.
pub fn network(tasks: Tasks) -> Architecture {
    let mut network = Architecture::transunet(Size::Tiny, tasks);
    network.backbone.width = 8;
    network.backbone.blocks = [1, 1, 1];
    network
}

pub fn plan(study: &Path, recipe: Recipe) -> Plan {
    let study = read_study_for(study, StudyUse::Training).unwrap();
    Plan {
        scheme: scheme(&study),
        split: split_study(&study, Shares::default(), 1).unwrap(),
        networks: vec![("tiny".into(), network(recipe.tasks()))],
        recipe,
        ground_truths: vec![GroundTruth::Majority],
        members: 1,
        seed: 1,
        start: None,
        name: "discs".into(),
        command: "raterlens train".into(),
        study,
    }
}

pub fn cpu() -> Device {
    open_device(DeviceRequest::Cpu)
}

pub fn go_on() -> CancelFlag {
    CancelFlag::new()
}
