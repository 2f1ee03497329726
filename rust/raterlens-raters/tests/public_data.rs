//! Real drawings by several raters: reports run, and their numbers are what the data's own description says.
//!
//! The data are not part of this repository; where they are not, the tests say so and pass.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use ndarray::Array3;
use raterlens_core::agreement::Metric;
use raterlens_core::control::Control;
use raterlens_core::{Geometry, LabelMap, Volume};
use raterlens_raters::files::rater_files;
use raterlens_raters::output::{write_agreement, AgreementFiles, Target};
use raterlens_raters::study::{agree_study, read_study, single_image, StudyAgreement, StudyFile};
use raterlens_raters::{scheme_of_labels, AgreeOptions};
use serde_json::Value;

/// The folder of a data set, or a line that says why the test is skipped.
fn data(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(name);
    if !folder.is_dir() {
        eprintln!("skipped: the shared data folder {name} is not there");
        return None;
    }
    Some(folder)
}

fn manifest(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap()
}

/// An 8-bit grey mask as one slice with pixels of 1 mm (the true size is not known).
fn read_mask(path: &Path) -> LabelMap {
    let file = BufReader::new(File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.bit_depth, png::BitDepth::Eight);
    let (rows, columns) = (info.height as usize, info.width as usize);
    let labels = pixels[..rows * columns]
        .iter()
        .map(|&p| u16::from(p > 127))
        .collect();
    let grid = Geometry::new([columns, rows, 1], [1.0; 3], [0.0; 3], common::AXIAL).unwrap();
    Volume::new(
        Array3::from_shape_vec((1, rows, columns), labels).unwrap(),
        grid,
    )
    .unwrap()
}

/// Writes the masks of a manifest as NIfTI and a table that names them; `column` names the drawing's column.
fn convert(
    folder: &Path,
    out: &Path,
    wanted: &dyn Fn(&Value) -> bool,
    column: &dyn Fn(&str) -> String,
) -> StudyFile {
    let manifest = manifest(folder);
    let cases: Vec<_> = manifest["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|c| wanted(c))
        .collect();
    let drawings = cases[0]["masks"].as_object().unwrap().keys();
    let drawings: Vec<_> = drawings.cloned().collect();
    let columns: Vec<_> = drawings.iter().map(|d| column(d)).collect();
    let mut table = format!("case,{}\n", columns.join(","));
    for case in &cases {
        let name = case["case"].as_str().unwrap();
        table += name;
        for drawing in &drawings {
            let mask = case["masks"][drawing].as_str();
            let file = mask.map(|mask| {
                let file = format!("{name}_{drawing}.nii.gz");
                common::save(out, &file, &read_mask(&folder.join(mask)));
                file
            });
            table += &format!(",{}", file.unwrap_or_default());
        }
        table += "\n";
    }
    std::fs::write(out.join("cases.csv"), table).unwrap();
    read_study(&out.join("cases.csv")).unwrap()
}

/// Runs the comparison and writes the report.
fn report(study: &StudyFile, out: &Path) -> StudyAgreement {
    let options = AgreeOptions::default();
    let control = Control::default();
    let scheme = scheme_of_labels([1]);
    let found = agree_study(
        study,
        &scheme,
        &options,
        &Default::default(),
        false,
        &control,
    )
    .unwrap();
    let files = AgreementFiles {
        title: &study.name,
        command: "test",
        slices: &found.slices,
        warnings: &found.warnings,
    };
    let target = Target {
        dir: out,
        force: false,
        inputs: &[],
    };
    write_agreement(&target, &found.agreement, &files, &control).unwrap();
    let html = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(!html.contains("NaN") && !html.contains("inf<"));
    for rater in &found.agreement.report.raters {
        assert!(html.contains(rater.as_str()));
    }
    found
}

#[test]
fn liver_tumour_of_three_radiologists_in_three_dimensions() {
    let Some(folder) = data("liver_ct_3radiologists") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let raters: Vec<_> = (1..=3)
        .map(|n| folder.join(format!("Patient01_rater{n}.nii.gz")))
        .collect();
    let words: Vec<_> = raters
        .iter()
        .map(|p| p.to_str().unwrap().to_owned())
        .collect();
    let image = Some(folder.join("Patient01_ct.nii.gz"));
    let study = single_image(rater_files(&words).unwrap(), image).unwrap();
    let found = report(&study, dir.path());
    let structure = &found.agreement.report.structures[0];
    // Recorded in the data's manifest, by another program: Dice of 1-2, 1-3, 2-3, rounded to four digits.
    let dice: Vec<_> = structure
        .pairs
        .iter()
        .map(|p| p.metrics[&Metric::Dice].mean.value.unwrap())
        .collect();
    for (found, expected) in dice.iter().zip([0.8372, 0.8181, 0.8548]) {
        assert!((found - expected).abs() < 5e-5, "{dice:?}");
    }
    // Voxels of 1.7343 mm: the volumes that the manifest's voxel counts make.
    let voxel_ml = 1.7343_f64.powi(3) / 1000.0;
    for (found, voxels) in structure.volume_ml.rows[0]
        .values
        .iter()
        .zip([1286.0, 1373.0, 1479.0])
    {
        assert!((found.unwrap() - voxels * voxel_ml).abs() < 1e-3 * voxels * voxel_ml);
    }
    assert!(structure.pairs[0].metrics[&Metric::Dice]
        .mean
        .interval
        .is_none());
    assert!(found.slices.iter().all(|s| s.image.is_some()));
}

#[test]
fn brain_growth_of_seven_raters_over_twenty_eight_images() {
    let Some(folder) = data("brain_growth_mri_7raters") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let study = convert(&folder, dir.path(), &|_| true, &|d| format!("rater:{d}"));
    let found = report(&study, &dir.path().join("out"));
    let report = &found.agreement.report;
    assert_eq!((report.cases.len(), report.raters.len()), (28, 7));
    // Recorded in the data's manifest for each image, by another program, rounded to four digits. (Its figure for the whole set
    // is over more images than are there.)
    let manifest = manifest(&folder);
    let mut sum = 0.0;
    for (case, expected) in found
        .agreement
        .cases
        .iter()
        .zip(manifest["cases"].as_array().unwrap())
    {
        let pairs = case.structures[0].pairs.iter();
        let dice: Vec<_> = pairs
            .map(|p| p.comparison.value(Metric::Dice).unwrap())
            .collect();
        let (mean, least) = (
            dice.iter().sum::<f64>() / 21.0,
            dice.iter().copied().fold(1.0, f64::min),
        );
        let recorded = |key: &str| expected[key].as_f64().unwrap();
        assert!(
            (mean - recorded("mean_pairwise_dice")).abs() < 1e-4,
            "{}: {mean}",
            case.case
        );
        assert!(
            (least - recorded("min_pairwise_dice")).abs() < 1e-4,
            "{}: {least}",
            case.case
        );
        sum += recorded("mean_pairwise_dice");
    }
    let dice = &report.structures[0].mean_over_pairs[&Metric::Dice].mean;
    assert!((dice.value.unwrap() - sum / 28.0).abs() < 1e-4);
    let interval = dice.interval.unwrap();
    assert!(
        interval.low < sum / 28.0
            && sum / 28.0 < interval.high
            && interval.high - interval.low < 0.05
    );
    assert!(report.structures[0].volume_ml.icc.interval.is_some());
}

#[test]
fn cells_of_five_experts_who_drew_twice_keep_intra_and_inter_rater_apart() {
    let Some(folder) = data("bubil_5experts") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    // "expert3_imagej": the same expert with another tool is a repeated drawing.
    let column = |drawing: &str| match drawing.split_once('_').unwrap() {
        (expert, "amira") => format!("rater:{expert}"),
        (expert, _) => format!("rater:{expert}:2"),
    };
    let study = convert(&folder, dir.path(), &|c| c["dataset"] == 1, &column);
    let found = report(&study, &dir.path().join("out"));
    let structure = &found.agreement.report.structures[0];
    assert_eq!(found.agreement.report.raters.len(), 5);
    assert_eq!(structure.pairs.len(), 10);
    assert_eq!(structure.repeats.len(), 5);
    let mean = |pairs: &[raterlens_core::agreement::PairAgreement]| {
        let values: Vec<_> = pairs
            .iter()
            .map(|p| p.metrics[&Metric::Dice].mean.value.unwrap())
            .collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    let (inter, intra) = (mean(&structure.pairs), mean(&structure.repeats));
    assert!(
        inter > 0.7 && inter < 1.0 && intra > 0.7 && intra < 1.0,
        "{inter} {intra}"
    );
    assert!(structure
        .repeats
        .iter()
        .all(|p| p.a == p.b && p.comparisons == study.cases.len()));
    println!("Dice between experts {inter:.3}, of an expert with themself {intra:.3}");
}
