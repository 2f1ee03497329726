//! `fuse`, `variability`, `agree`, `evaluate`: the program on files written byte by byte.
#![allow(clippy::unwrap_used)] // In tests a panic is the failure.

mod common;

use std::fs;
use std::path::Path;
use std::process::Output;

use common::nifti::Nifti;
use common::{assert_success, command, names, stderr, stdout};

/// Oblique, left-handed, anisotropic: i runs to the patient's right, turned by about 11 degrees.
const AFFINE: [[f32; 4]; 3] = [
    [0.59, 0.24, 0.0, -12.0],
    [0.118, -1.2, 0.0, 31.0],
    [0.0, 0.0, 4.5, -7.0],
];
const DIMS: [usize; 3] = [6, 5, 2];

/// A label map whose voxel (i, j, k) has the label that `at` says; stored as float, as some programs do.
fn labels(dir: &Path, name: &str, at: impl Fn(usize, usize, usize) -> u8) -> String {
    let mut voxels = Vec::new();
    for k in 0..DIMS[2] {
        for j in 0..DIMS[1] {
            voxels.extend((0..DIMS[0]).map(|i| f32::from(at(i, j, k))));
        }
    }
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    Nifti::float(DIMS, AFFINE, &voxels).save(&path);
    path.to_str().unwrap().to_owned()
}

/// Three raters: columns below 2, 3 and 3 are structure 1; the last column is structure 2 for the first two.
fn raters(dir: &Path) -> [String; 3] {
    [
        labels(dir, "ann.nii.gz", |i, _, _| {
            u8::from(i < 2) + 2 * u8::from(i == 5)
        }),
        labels(dir, "ben.nii.gz", |i, _, _| {
            u8::from(i < 3) + 2 * u8::from(i == 5)
        }),
        labels(dir, "cem.nii", |i, _, k| u8::from(i < 3 && k == 0)),
    ]
}

fn run(verb: &str, files: &[String], more: &[&str]) -> Output {
    command().arg(verb).args(files).args(more).output().unwrap()
}

fn json(output: &Output) -> serde_json::Value {
    assert_success(output);
    serde_json::from_str(&stdout(output)).unwrap()
}

#[test]
fn fuse_writes_a_consensus_with_the_input_header_geometry() {
    let dir = tempfile::tempdir().unwrap();
    let files = raters(dir.path());
    let out = dir.path().join("new/out");
    let out_arg = out.to_str().unwrap();
    let found = run("fuse", &files, &["-o", out_arg]);
    assert_success(&found);
    assert!(
        stdout(&found).contains("Consensus of 3 raters by majority"),
        "{}",
        stdout(&found)
    );
    assert_eq!(
        names(&out),
        [
            "consensus.nii.gz",
            "performance.json",
            "posterior_label_1.nii.gz",
            "posterior_label_2.nii.gz"
        ]
    );
    let consensus = Nifti::load(&out.join("consensus.nii.gz"));
    let first_row = &consensus.u8_voxels()[..6];
    assert_eq!(first_row, [1, 1, 1, 0, 0, 2]);
    let second_slice = &consensus.u8_voxels()[30..36];
    assert_eq!(second_slice, [1, 1, 0, 0, 0, 2]); // ann and ben differ at i = 2, cem drew nothing there
    let input = Nifti::load(Path::new(&files[0]));
    for name in names(&out).iter().filter(|n| n.ends_with(".nii.gz")) {
        assert_eq!(
            Nifti::load(&out.join(name)).geometry_bytes(),
            input.geometry_bytes(),
            "{name}"
        );
    }
}

#[test]
fn every_method_and_option_of_fuse_runs() {
    let dir = tempfile::tempdir().unwrap();
    let files = raters(dir.path());
    let out = dir.path().join("out");
    let fuse = |more: &[&str]| {
        let args = [&["-o", out.to_str().unwrap(), "--force", "--json"], more].concat();
        json(&run("fuse", &files, &args))
    };
    for method in ["majority", "staple", "mean", "soft-distance"] {
        let found = fuse(&["--method", method]);
        assert_eq!(found["method"], method);
        assert_eq!(found["raters"][2]["rater"], "cem");
    }
    for ties in [
        "lowest-label",
        "first-rater",
        "undecided:255",
        "staple",
        "random:42",
    ] {
        fuse(&["--ties", ties]);
    }
    let staple = |more: &[&str]| fuse(&[&["--method", "staple"], more].concat())["staple"].clone();
    assert_eq!(staple(&[])[0]["labels"], serde_json::json!([0, 1, 2]));
    assert_eq!(staple(&["--per-structure"]).as_array().unwrap().len(), 2);
    assert_eq!(staple(&["--max-iterations", "2"])[0]["converged"], false);
    assert_eq!(
        staple(&["--prior", "1=0.3", "--prior", "2=0.1"])[0]["prior"][1],
        0.3
    );
    assert_ne!(staple(&["--estimate-prior"]), staple(&[]));
    assert_ne!(staple(&["--region", "disagreement"]), staple(&[]));
    assert_ne!(
        staple(&["--start-performance", "0.99999"])[0]["trace"],
        staple(&[])[0]["trace"]
    );
    let one = fuse(&["--structures", "2"]);
    assert_eq!(one["structures"].as_array().unwrap().len(), 1);
    let wide = fuse(&[
        "--method",
        "soft-distance",
        "--tau",
        "3",
        "--unit",
        "mm",
        "--extent",
        "volume",
    ]);
    assert_ne!(wide["structures"][0]["voxels"], serde_json::Value::Null);
}

#[test]
fn variability_writes_maps_of_all_structures() {
    let dir = tempfile::tempdir().unwrap();
    let files = raters(dir.path());
    fs::write(
        dir.path().join("names.txt"),
        "1 9 9 9 1 1 1 \"Left muscle\"\n2 9 9 8 1 1 1 \"Right muscle\"\n",
    )
    .unwrap();
    let out = dir.path().join("out");
    let label_names = dir.path().join("names.txt");
    let more = [
        "-o",
        out.to_str().unwrap(),
        "--labels",
        label_names.to_str().unwrap(),
    ];
    let found = run("variability", &files, &more);
    assert_success(&found);
    assert!(
        stdout(&found).contains("Right muscle"),
        "{}",
        stdout(&found)
    );
    let expected = [
        "entropy.csv",
        "entropy.nii.gz",
        "variability.json",
        "variance.csv",
        "variance_left_muscle.nii.gz",
        "variance_right_muscle.nii.gz",
    ];
    assert_eq!(names(&out), expected);
    let variance = Nifti::load(&out.join("variance_right_muscle.nii.gz")).f32_voxels();
    // By hand: two raters have d = 1 in the last column, the third an empty slice (soft label 0).
    let soft = 1.0 / (1.0 + (-1.0_f64).exp());
    let expected = soft * soft * (2.0 / 3.0) * (1.0 / 3.0);
    assert!(
        (f64::from(variance[5]) - expected).abs() < 1e-6,
        "{}",
        variance[5]
    );
}

#[test]
fn agree_writes_a_report_for_one_image_and_for_a_study() {
    let dir = tempfile::tempdir().unwrap();
    let [ann, ben, cem] = raters(dir.path());
    let image = labels(dir.path(), "image.nii.gz", |i, j, k| (10 * i + j + k) as u8);
    let out = dir.path().join("one");
    let named = [
        format!("Ann={ann}"),
        format!("Ben={ben}"),
        format!("Ann={cem}"),
    ];
    let found = run(
        "agree",
        &named,
        &[
            "--image",
            &image,
            "-o",
            out.to_str().unwrap(),
            "--title",
            "Pilot",
        ],
    );
    assert_success(&found);
    assert!(
        stdout(&found).contains("Agreement of 2 raters on 1 image\n"),
        "{}",
        stdout(&found)
    );
    let html = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(html.contains("<title>Pilot") && html.contains("data:image/png"));
    assert!(
        !html.contains(dir.path().to_str().unwrap()),
        "a path in the report"
    );
    let files = [
        "agreement.json",
        "differences.csv",
        "limits_of_agreement.csv",
        "measurements.csv",
        "overall.csv",
        "pairs.csv",
        "raters.csv",
        "report.html",
    ];
    assert_eq!(names(&out), files);
    // The third drawing is Ann's second: intra-rater.
    let pairs = fs::read_to_string(out.join("pairs.csv")).unwrap();
    assert!(
        pairs.contains("label_1,Ann,Ben,1") && pairs.contains("label_1,Ann,Ann,1"),
        "{pairs}"
    );

    let table = "case,image,rater:Ann,rater:Ben,rater:Cem\n\
        first,image.nii.gz,ann.nii.gz,ben.nii.gz,cem.nii\n\
        second,,ann.nii.gz,,cem.nii\n";
    fs::write(dir.path().join("cases.csv"), table).unwrap();
    fs::write(
        dir.path().join("study.toml"),
        "name = \"Two\"\ntable = \"cases.csv\"\n",
    )
    .unwrap();
    let study = dir.path().join("study.toml");
    let out = dir.path().join("two");
    let args = [
        "--study",
        study.to_str().unwrap(),
        "-o",
        out.to_str().unwrap(),
        "--json",
    ];
    let found = json(&run("agree", &[], &args));
    assert_eq!(found["cases"], serde_json::json!(["first", "second"]));
    assert_eq!(found["raters"], serde_json::json!(["Ann", "Ben", "Cem"]));
    // Structure 1, Ann and Cem: 20 and 15 voxels, 10 in common; the same in both images, so that the interval has no width.
    let pairs = found["structures"][0]["pairs"].as_array().unwrap();
    let pair = pairs
        .iter()
        .find(|p| p["a"] == "Ann" && p["b"] == "Cem")
        .unwrap();
    let dice = &pair["metrics"]["dice"]["mean"];
    assert_eq!(dice["value"], 2.0 * 10.0 / (20.0 + 15.0));
    assert_eq!(dice["interval"]["low"], dice["interval"]["high"]);
    assert_eq!(pair["comparisons"], 2);
    // The same seed, the same bytes.
    let again = dir.path().join("again");
    let args = [
        "--study",
        study.to_str().unwrap(),
        "-o",
        again.to_str().unwrap(),
    ];
    assert_success(&run("agree", &[], &args));
    for name in names(&out) {
        assert_eq!(
            fs::read(out.join(&name)).unwrap(),
            fs::read(again.join(&name)).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn synthetic_cases_are_a_study_that_can_be_compared_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let study = dir.path().join("study");
    let make = |seed: &str| {
        let args = [
            "--size", "64", "--slices", "4", "--cases", "2", "--seed", seed, "-o",
        ];
        assert_success(&run(
            "synth",
            &[],
            &[&args[..], &[study.to_str().unwrap()]].concat(),
        ));
    };
    make("1");
    make("3"); // the table then has the cases of both runs
    let (file, out) = (study.join("study.toml"), dir.path().join("out"));
    let args = [
        "--study",
        file.to_str().unwrap(),
        "-o",
        out.to_str().unwrap(),
        "--json",
    ];
    let found = json(&run("agree", &[], &args));
    assert_eq!(
        found["cases"],
        serde_json::json!(["synth-0001", "synth-0002", "synth-0003", "synth-0004"])
    );
    assert_eq!(found["structures"].as_array().unwrap().len(), 4);
    let html = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(html.contains("Left erector spinae"));
    // A study of somebody else is not replaced.
    let own = dir.path().join("own");
    fs::create_dir(&own).unwrap();
    fs::write(own.join("cases.csv"), "mine").unwrap();
    let refused = run(
        "synth",
        &[],
        &["--size", "64", "--slices", "4", "-o", own.to_str().unwrap()],
    );
    assert!(
        stderr(&refused).contains("cases.csv"),
        "{}",
        stderr(&refused)
    );
    assert_eq!(names(&own), ["cases.csv"]);
    assert_eq!(fs::read_to_string(own.join("cases.csv")).unwrap(), "mine");
}

#[test]
fn evaluate_prints_a_table_or_json() {
    let dir = tempfile::tempdir().unwrap();
    let [ann, ben, cem] = raters(dir.path());
    let found = json(&run(
        "evaluate",
        &[],
        &["--truth", &ann, "--prediction", &ben, "--json"],
    ));
    let one = &found["structures"][0];
    assert_eq!(
        (one["name"].as_str(), one["structure"].as_u64()),
        (Some("label_1"), Some(1))
    );
    assert_eq!(one["dice"], 2.0 * 20.0 / (30.0 + 20.0));
    assert_eq!(
        (&one["recall"], &one["precision"]),
        (&serde_json::json!(1.0), &serde_json::json!(2.0 / 3.0))
    );
    // One column of 0.6017 mm more: the affine's first axis, as 32-bit numbers.
    let spacing = f64::from(0.59_f32).hypot(f64::from(0.118_f32));
    assert!(
        (one["distances"]["hausdorff_mm"].as_f64().unwrap() - spacing).abs() < 1e-6,
        "{one}"
    );
    // Cem has no structure 2: the documented values.
    let found = json(&run(
        "evaluate",
        &[],
        &["--truth", &ann, "--prediction", &cem, "--json"],
    ));
    let two = &found["structures"][1];
    assert_eq!(
        (two["empty"].as_str(), two["dice"].as_f64()),
        (Some("prediction"), Some(0.0))
    );
    assert_eq!(
        (&two["precision"], &two["distances"]),
        (&serde_json::Value::Null, &serde_json::Value::Null)
    );
    let text = run("evaluate", &[], &["--truth", &ann, "--prediction", &cem]);
    assert!(
        stdout(&text).contains("Label 2 (not predicted)"),
        "{}",
        stdout(&text)
    );
}

#[test]
fn another_grid_is_refused_with_what_differs_or_resampled() {
    let dir = tempfile::tempdir().unwrap();
    let [ann, ben, _] = raters(dir.path());
    let mut moved = Nifti::load(Path::new(&ben));
    moved.put_f32(280 + 12, -12.0 + 2.0);
    let moved_file = dir.path().join("moved.nii.gz");
    moved.save(&moved_file);
    let files = [ann, moved_file.to_str().unwrap().to_owned()];
    let out = dir.path().join("out");
    let refused = run("fuse", &files, &["-o", out.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    let text = stderr(&refused);
    assert!(
        text.contains("rater 'moved'") && text.contains("--resample"),
        "{text}"
    );
    assert!(!out.exists());
    let found = run("fuse", &files, &["-o", out.to_str().unwrap(), "--resample"]);
    assert_success(&found);
    assert!(
        stderr(&found).contains("nearest voxel"),
        "{}",
        stderr(&found)
    );
}

#[test]
fn bad_requests_are_one_sentence_and_write_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let files = raters(dir.path());
    let [ann, ben, _] = &files;
    let broken = labels(dir.path(), "broken.nii", |i, _, _| i as u8);
    let mut voxels = Nifti::load(Path::new(&broken));
    voxels.put_f32(352, 0.5);
    voxels.save(Path::new(&broken));
    fs::write(dir.path().join("names.txt"), "1 9 9 9 1 1 1 \"A\"\n").unwrap();
    let label_names = dir.path().join("names.txt").to_str().unwrap().to_owned();
    let before = names(dir.path());
    let out = dir.path().join("out").to_str().unwrap().to_owned();
    let one = |s: &str| vec![s.to_owned()];
    let both = vec![ann.clone(), ben.clone()];
    let cases: [(&str, Vec<String>, &[&str], &str); 9] = [
        ("fuse", one(ann), &[], "name at least two"),
        ("variability", one(ann), &[], "name at least two"),
        ("agree", one(ann), &[], "name at least two"),
        (
            "fuse",
            vec![ann.clone(), "none.nii.gz".into()],
            &[],
            "none.nii.gz",
        ),
        ("fuse", vec![ann.clone(), broken], &[], "broken.nii"),
        ("fuse", both.clone(), &["--labels", &label_names], "label 2"),
        ("fuse", both.clone(), &["--structures", "0"], "background"),
        ("variability", both.clone(), &["--tau", "0"], "tau"),
        ("agree", both.clone(), &["--replicates", "3"], "replicates"),
    ];
    for (verb, files, more, words) in cases {
        let refused = run(verb, &files, &[&["-o", out.as_str()], more].concat());
        let text = stderr(&refused);
        assert_eq!(refused.status.code(), Some(1), "{verb} {more:?}: {text}");
        assert!(
            text.starts_with("error: ") && text.contains(words),
            "{verb}: {text}"
        );
        assert!(!text.contains("panicked"), "{text}");
        assert_eq!(names(dir.path()), before, "{verb} {more:?}");
    }
    // Names of labels, too, are input: never replaced.
    let own = dir.path().join("own");
    fs::create_dir(&own).unwrap();
    let named = own.join("performance.json");
    fs::write(&named, r#"[{"id":1,"name":"a","title":"A","color":[1,2,3]},{"id":2,"name":"b","title":"B","color":[1,2,3]}]"#).unwrap();
    let args = [
        "-o",
        own.to_str().unwrap(),
        "--force",
        "--labels",
        named.to_str().unwrap(),
    ];
    let refused = run("fuse", &both, &args);
    assert!(stderr(&refused).contains("performance.json") && refused.status.code() == Some(1));
    assert!(fs::read_to_string(&named).unwrap().starts_with('['));
    // A structure that nobody drew is said; options of another method are refused.
    let found = run("variability", &both, &["-o", &out, "--structures", "1,7"]);
    assert_success(&found);
    assert!(
        stderr(&found).contains("Nobody drew structure 7"),
        "{}",
        stderr(&found)
    );
    let again = run(
        "variability",
        &both,
        &["-o", &out, "--structures", "1", "--force"],
    );
    assert!(
        stderr(&again).contains("variance_label_7.nii.gz"),
        "{}",
        stderr(&again)
    );
    let refused = run("fuse", &both, &["-o", &out, "--prior", "1=0.1"]);
    assert!(
        stderr(&refused).contains("--method staple"),
        "{}",
        stderr(&refused)
    );
    let wrong = run("fuse", &both, &["-o", &out, "--method", "vote"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("majority, staple, mean or soft-distance"));
}
