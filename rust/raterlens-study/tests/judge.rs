//! A real network with random weights on a small synthetic study; numbers are computed anew from the result's layers.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

use raterlens_core::agreement::BootstrapOptions;
use raterlens_core::nifti_io::{write_labels, write_map_f32};
use raterlens_engine::{
    Aleatoric, Control, DeviceRequest, EngineError, Epistemic, SegmentRequest, Segmenter,
    UncertaintyRequest,
};
use raterlens_nn::architecture::{Architecture, Size, Tasks};
use raterlens_nn::Manifest;
use raterlens_raters::study::{open_case, read_study_for, StudyCase, StudyFile, StudyUse};
use raterlens_study::{judge_study, write_judgement, StudyError, Way};
use raterlens_synth::{generate_case, SynthOptions};

const IMAGES: u64 = 4;

fn study(dir: &Path) -> StudyFile {
    let options = SynthOptions {
        size: [64, 64],
        slices: 4,
        ..SynthOptions::default()
    };
    let mut table = String::from("case,image,rater:Ann,rater:Ben,rater:Cem\n");
    for n in 0..IMAGES {
        let case = generate_case(n, &options).unwrap();
        let path = |name: &str| dir.join(format!("{name}{n}.nii.gz"));
        write_map_f32(&path("image"), &case.image, None).unwrap();
        for (name, rater) in ["ann", "ben", "cem"].iter().zip(&case.raters) {
            write_labels(&path(name), rater, None).unwrap();
        }
        table += &format!("c{n},image{n}.nii.gz,ann{n}.nii.gz,ben{n}.nii.gz,cem{n}.nii.gz\n");
    }
    fs::write(dir.join("cases.csv"), table).unwrap();
    read_study_for(&dir.join("cases.csv"), StudyUse::Training).unwrap()
}

fn model(dir: &Path, name: &str, seed: i64) -> PathBuf {
    let architecture = Architecture::unet(Size::Tiny, Tasks::Multi).with_decoder_dropout(0.2);
    let path = dir.join(format!("{name}.rlmodel"));
    let manifest = Manifest::lumbar(name, architecture, [32, 32]);
    raterlens_nn::train::write_untrained(&manifest, seed, &path).unwrap();
    path
}

fn request() -> SegmentRequest {
    SegmentRequest {
        uncertainty: UncertaintyRequest {
            epistemic: Epistemic::Dropout,
            aleatoric: Aleatoric::Augment,
            samples: 2,
            keep_mean: true,
        },
        keep_probabilities: true,
        ..SegmentRequest::default()
    }
}

#[test]
fn numbers_of_an_image_are_those_of_its_layers() {
    let dir = tempfile::tempdir().unwrap();
    let study = study(dir.path());
    let segmenter = Segmenter::load(&model(dir.path(), "m", 1), DeviceRequest::Cpu).unwrap();
    let cases: Vec<&StudyCase> = study.cases.iter().collect();
    let options = BootstrapOptions::default();
    let found = judge_study(
        &segmenter,
        &cases,
        &request(),
        &options,
        &Control::default(),
    )
    .unwrap();
    assert_eq!(found.images.len(), IMAGES as usize);
    let ways: Vec<Way> = found.images[1].ways.iter().map(|w| w.way).collect();
    assert_eq!(ways, [Way::Plain, Way::Dropout, Way::Augmentation]);

    let opened = open_case(cases[1], segmenter.scheme()).unwrap();
    let result = segmenter
        .segment(&opened.image, &request(), &Control::default())
        .unwrap();
    let structure = &segmenter.scheme().structures[2];
    let p = result.probabilities[3].data();
    let (mut both, mut predicted, mut right) = (0.0, 0.0, 0.0);
    let (mut brier, mut gt_entropy, mut wrong) = (0.0, 0.0, 0.0);
    for (at, label) in result.labels.data().indexed_iter() {
        let drawn: Vec<u16> = opened
            .drawings
            .iter()
            .map(|(_, _, map)| map.data()[at])
            .collect();
        let share = |id: u16| drawn.iter().filter(|l| **l == id).count() as f64 / 3.0;
        // Of three, two agree or nobody has the majority: background.
        let majority = (0..=4).find(|id| share(*id) > 0.5).unwrap_or(0);
        both += f64::from(u8::from(*label == structure.id && majority == structure.id));
        predicted += f64::from(u8::from(*label == structure.id));
        right += f64::from(u8::from(majority == structure.id));
        wrong += f64::from(u8::from(*label != majority));
        brier += (f64::from(p[at]) - share(structure.id)).powi(2);
        for id in 0..=4 {
            if share(id) > 0.0 {
                gt_entropy -= share(id) * share(id).ln();
            }
        }
    }
    let voxels = result.labels.data().len() as f64;
    let image = &found.images[1];
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} {b}");
    near(image.ways[0].dice[2], 2.0 * both / (predicted + right));
    near(image.ways[0].brier[2], brier / voxels);
    near(image.gt_entropy.unwrap(), gt_entropy / voxels);
    near(image.ways[0].calibration.accuracy, 1.0 - wrong / voxels);
    let epistemic = &result.uncertainty[0];
    near(
        image.ways[1].entropy,
        epistemic.summary.image.predictive_entropy.unwrap(),
    );
    assert_eq!(
        image.ways[1].mutual_information,
        epistemic.summary.image.mutual_information
    );
    // Over all images: means, and voxels together.
    let overall = &found.overall.ways[0];
    let mean = found.images.iter().map(|i| i.ways[0].dice[2]).sum::<f64>() / IMAGES as f64;
    near(overall.structures[2].dice.value.unwrap(), mean);
    assert_eq!(overall.pooled.scores, IMAGES * 64 * 64 * 4);
    let wrong: u64 = found
        .images
        .iter()
        .map(|i| i.ways[0].ranking.positives)
        .sum();
    assert_eq!(overall.pooled.positives, wrong);
    assert_eq!(overall.correlation.unwrap().pairs, IMAGES as usize);
    assert!(found.overall.partition.is_some());
}

#[test]
fn a_judgement_is_written_whole_with_a_page_that_can_be_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    let study = study(dir.path());
    let (a, b) = (model(dir.path(), "a", 1), model(dir.path(), "b", 2));
    let ensemble = Segmenter::load_ensemble(&[&a, &b], DeviceRequest::Cpu).unwrap();
    let mut wanted = request();
    wanted.uncertainty.epistemic = Epistemic::Ensemble;
    wanted.uncertainty.aleatoric = Aleatoric::None;
    let cases: Vec<&StudyCase> = study.cases.iter().collect();
    let options = BootstrapOptions::default();
    let found = judge_study(&ensemble, &cases, &wanted, &options, &Control::default()).unwrap();
    assert!(found.overall.partition.is_none());
    let out = dir.path().join("out");
    write_judgement(&out, &found, "Discs & more", "raterlens model evaluate").unwrap();
    let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    // Two ways, four structures; of each image and of all.
    assert_eq!(read("overall.csv").lines().count(), 1 + 2 * 4);
    assert_eq!(
        read("images.csv").lines().count(),
        1 + 2 * 4 * IMAGES as usize
    );
    let page = read("report.html");
    assert_eq!(
        page.matches("<svg").count(),
        3,
        "two scatter plots and a reliability diagram"
    );
    assert!(page.contains("Discs &amp; more") && page.contains("epistemic entropy"));
    let json: serde_json::Value = serde_json::from_str(&read("judgement.json")).unwrap();
    assert_eq!(json["members"][0]["name"], "b");
    assert_eq!(json["overall"]["ways"][1]["way"], "ensemble");
}

#[test]
fn faults_of_images_are_listed_at_once_and_a_raised_flag_ends_it() {
    let dir = tempfile::tempdir().unwrap();
    let study = study(dir.path());
    let segmenter = Segmenter::load(&model(dir.path(), "m", 1), DeviceRequest::Cpu).unwrap();
    let cases: Vec<&StudyCase> = study.cases.iter().collect();
    let options = BootstrapOptions::default();
    let control = Control::default();
    control.cancel.cancel();
    let ended = judge_study(&segmenter, &cases, &request(), &options, &control);
    let cancelled = |e: &StudyError| {
        matches!(
            e,
            StudyError::Run {
                source: EngineError::Cancelled,
                ..
            }
        )
    };
    assert!(ended.is_err_and(|e| cancelled(&e)));
    for n in [0, 2] {
        fs::write(dir.path().join(format!("image{n}.nii.gz")), "no image").unwrap();
    }
    let Err(StudyError::Images { problems }) = judge_study(
        &segmenter,
        &cases,
        &request(),
        &options,
        &Control::default(),
    ) else {
        panic!("not refused")
    };
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("'c0'") && problems[1].contains("'c2'"));
    let none = judge_study(&segmenter, &[], &request(), &options, &Control::default());
    assert!(matches!(none, Err(StudyError::NoImages)));
}
