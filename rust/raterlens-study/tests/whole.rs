//! A whole study of small networks, trained for an epoch on synthetic images: files, numbers, and going on.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

use raterlens_core::nifti_io::{write_labels, write_map_f32};
use raterlens_core::LabelScheme;
use raterlens_engine::{CancelFlag, Control, DeviceRequest};
use raterlens_itksnap::write_label_file;
use raterlens_raters::study::{read_study_for, StudyUse};
use raterlens_study::whole::{
    run_study, Progress, Report, StudyPlan, Verdict, WholeError, WholeStudy,
};
use raterlens_study::Way;
use raterlens_synth::{generate_case, SynthOptions};
use raterlens_train::{EpochRecord, PlannedRun, Watch};

const CASES: u64 = 10;

const STUDY: &str = r#"
name = "Small"
table = "cases.csv"
labels = "labels.txt"

[plan]
samples = 2
sample_counts = [3]
test_share = 0.4
validation_share = 0.2
shown = 1

[[plan.models]]
name = "single"
networks = ["unet", "transunet"]
ground_truths = ["majority", "random"]
members = 2
size = "tiny"
set = ["epochs=1", "batch_size=4", "input_size=[32,32]", "multi_task=false"]

[[plan.models]]
name = "multi"
main = false
networks = ["unet"]
size = "tiny"
set = ["epochs=1", "batch_size=4", "input_size=[32,32]"]

[[plan.models]]
name = "variants"
main = false
networks = ["unet+evidential"]
size = "tiny"
set = ["epochs=1", "batch_size=4", "input_size=[32,32]", "multi_task=false"]

[plan.noise]
cases = 3
size = 32
noise = [0.1]
bias = []
"#;

fn study(dir: &Path) -> PathBuf {
    let options = SynthOptions {
        size: [32, 32],
        slices: 1,
        ..SynthOptions::default()
    };
    let mut table = String::from("case,image,rater:Ann,rater:Ben,rater:Cem\n");
    for n in 0..CASES {
        let case = generate_case(n, &options).unwrap();
        let path = |name: &str| dir.join(format!("{name}{n}.nii.gz"));
        write_map_f32(&path("image"), &case.image, None).unwrap();
        for (name, rater) in ["ann", "ben", "cem"].iter().zip(&case.raters) {
            write_labels(&path(name), rater, None).unwrap();
        }
        table += &format!("c{n},image{n}.nii.gz,ann{n}.nii.gz,ben{n}.nii.gz,cem{n}.nii.gz\n");
    }
    fs::write(dir.join("cases.csv"), table).unwrap();
    let mut labels = Vec::new();
    write_label_file(&mut labels, &LabelScheme::lumbar_paraspinal()).unwrap();
    fs::write(dir.join("labels.txt"), labels).unwrap();
    let path = dir.join("study.toml");
    fs::write(&path, STUDY).unwrap();
    path
}

/// Counts epochs, and cancels when a step begins with some words.
struct Seen {
    cancel: CancelFlag,
    stop_at: Option<&'static str>,
    steps: Vec<String>,
    epochs: std::rc::Rc<std::cell::Cell<usize>>,
}

struct Epochs(std::rc::Rc<std::cell::Cell<usize>>);

impl Watch for Epochs {
    fn epoch(&mut self, _record: &EpochRecord) {
        self.0.set(self.0.get() + 1);
    }
}

impl Progress for Seen {
    fn step(&mut self, words: &str) {
        if self.stop_at.is_some_and(|stop| words.starts_with(stop)) {
            self.cancel.cancel();
        }
        self.steps.push(words.to_owned());
    }

    fn run(&mut self, _run: &PlannedRun) -> Box<dyn Watch> {
        Box::new(Epochs(self.epochs.clone()))
    }
}

fn made(
    path: &Path,
    out: &Path,
    stop_at: Option<&'static str>,
) -> (Result<Report, WholeError>, Seen) {
    let study = read_study_for(path, StudyUse::Training).unwrap();
    let plan = StudyPlan::of_study(path, "tiny").unwrap();
    let scheme = study.labels.clone().unwrap();
    let denoise = |image: &raterlens_core::Volume<f32>| Ok(image.map(|v| *v));
    let whole = WholeStudy {
        path,
        study: &study,
        scheme: &scheme,
        plan: &plan,
        out,
        command: "raterlens study study.toml",
        device: DeviceRequest::Cpu,
        force: false,
        denoise: Some(&denoise),
    };
    let control = Control {
        progress: None,
        cancel: CancelFlag::default(),
    };
    let mut seen = Seen {
        cancel: control.cancel.clone(),
        stop_at,
        steps: Vec::new(),
        epochs: Default::default(),
    };
    let report = run_study(&whole, &control, &mut seen);
    (report, seen)
}

#[test]
fn a_study_is_trained_judged_and_written_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = study(dir.path());
    let out = dir.path().join("out");
    // Stopped while a model is judged: nothing is written that looks finished.
    let (stopped, seen) = made(&path, &out, Some("Judging single-small-transunet"));
    assert!(stopped.is_err_and(|e| e.is_cancelled()));
    assert_eq!(seen.epochs.get(), 10);
    assert!(!out.join("study.json").exists() && !out.join("report.html").exists());
    // Goes on: nothing is trained again.
    let (report, seen) = made(&path, &out, None);
    let report = report.unwrap();
    assert_eq!(seen.epochs.get(), 0);
    let files = [
        "report.html",
        "tables.csv",
        "images.csv",
        "findings.csv",
        "study.json",
    ];
    assert!(files.iter().all(|f| out.join(f).is_file()));
    check_rows(&report);
    check_tables(&out);
    check_images(&report, &out);
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    for words in [
        "Table 3.1",
        "Table 4.5",
        "Figure 4.2",
        "Figure A.1",
        "Genodisc",
        "by number of samples",
        "Variance of the raters",
        "denoised",
    ] {
        assert!(page.contains(words), "{words}");
    }
    // The same study again gives the same bytes.
    let before = files.map(|f| fs::read(out.join(f)).unwrap());
    made(&path, &out, None).0.unwrap();
    assert!(files.map(|f| fs::read(out.join(f)).unwrap()) == before);
}

/// Five combinations, four of them also as ensembles.
fn check_rows(report: &Report) {
    let rows = &report.results.rows;
    assert_eq!(rows.len(), 10);
    assert_eq!(rows.iter().filter(|r| r.key.is_ensemble).count(), 4);
    assert_eq!(report.results.images.len(), 4);
    let multi = rows.iter().find(|r| r.key.is_multi_task).unwrap();
    assert_eq!(multi.variance.as_ref().unwrap().mse.len(), 4);
    let evidential = rows.iter().find(|r| r.key.group == "variants").unwrap();
    assert!(evidential.way(Way::Evidential).is_some());
    assert_eq!(report.counts.len(), 8);
    // Three levels of uncertainty of two networks, with and without denoising.
    assert_eq!(report.noise.len(), 12);
    check_findings(report);
}

/// A finding's number is computed anew from the images' numbers.
fn check_findings(report: &Report) {
    let statement = "random sampling has the better Brier score than the majority vote";
    let found = report.findings.iter().filter(|f| f.statement == statement);
    // Two networks, each alone and as an ensemble.
    let found: Vec<_> = found.collect();
    assert_eq!(found.len(), 4);
    assert_eq!(found[0].models, "U-Net tiny");
    let mean_brier = |row: usize| {
        let brier = &report.results.rows[row].way(Way::Plain).unwrap().brier;
        brier.iter().flatten().sum::<f64>() / 16.0
    };
    let rows = &report.results.rows;
    assert!(rows[0].key.ground_truth == "majority" && rows[2].key.ground_truth == "random");
    let better = mean_brier(0) - mean_brier(2);
    assert!((found[0].difference.value.unwrap() - better).abs() < 1e-12);
    let interval = found[0].difference.interval.unwrap();
    let expected = match (interval.low > 0.0, interval.high < 0.0) {
        (true, _) => Verdict::Holds,
        (_, true) => Verdict::Contradicted,
        _ => Verdict::CannotBeTold,
    };
    assert_eq!(found[0].verdict, expected);
}

/// A mean of tables.csv is the mean of the images in images.csv.
fn check_tables(out: &Path) {
    let rows = |name: &str| -> Vec<csv::StringRecord> {
        let mut reader = csv::Reader::from_path(out.join(name)).unwrap();
        reader.records().map(Result::unwrap).collect()
    };
    let brier = rows("images.csv").into_iter().filter(|r| {
        [&r[1], &r[2], &r[3], &r[5], &r[6], &r[7]]
            == [
                "single",
                "transunet-tiny",
                "random",
                "false",
                "plain",
                "Left multifidus",
            ]
    });
    let brier: Vec<f64> = brier.map(|r| r[9].parse().unwrap()).collect();
    assert_eq!(brier.len(), 4);
    let mean = 1000.0 * brier.iter().sum::<f64>() / 4.0;
    let table = rows("tables.csv");
    let cell = table.iter().find(|r| {
        [&r[0], &r[1], &r[2], &r[3]]
            == [
                "4.1",
                "this study",
                "TransUNet tiny, random sampling",
                "Left multifidus",
            ]
    });
    let found: f64 = cell.unwrap()[4].parse().unwrap();
    assert!((found - mean).abs() < 1e-9, "{found} {mean}");
    // Compared with the U-Net: the baseline has no test.
    assert!(!cell.unwrap()[10].is_empty());
    let baseline = table
        .iter()
        .find(|r| r[0] == *"4.1" && r[2] == *"U-Net tiny, random sampling");
    assert!(baseline.unwrap()[10].is_empty());
    assert!(table
        .iter()
        .any(|r| r[1] == *"dissertation" && r[0] == *"4.4"));
}

/// Numbers of single models are means over the seeds, which the judgements hold.
fn check_images(report: &Report, out: &Path) {
    let dice = |seed: u32| -> f64 {
        let name = format!("single-small-unet-tiny-majority-seed{seed}.json");
        let text = fs::read_to_string(out.join("judged").join(name)).unwrap();
        let judged: serde_json::Value = serde_json::from_str(&text).unwrap();
        judged["images"][2]["ways"][0]["dice"][1].as_f64().unwrap()
    };
    let row = &report.results.rows[0];
    assert_eq!(row.name(), "U-Net tiny, majority vote");
    let found = row.way(Way::Plain).unwrap().dice[1][2];
    assert!((found - 0.5 * (dice(1) + dice(2))).abs() < 1e-12);
}
