//! Study files: what is read, and that all faults are listed at once.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::path::Path;

use common::{map, row, save};
use raterlens_core::agreement::Metric;
use raterlens_core::control::Control;
use raterlens_raters::study::{agree_study, labels_of_study, read_study, StudyFile};
use raterlens_raters::{scheme_of_labels, AgreeOptions, RatersError};

/// Two images; Ann drew the first twice, Ben is missing on the third.
fn write_study(dir: &Path) {
    save(dir, "ann/1.nii.gz", &row(&[0, 1, 1, 0]));
    save(dir, "ann/1b.nii.gz", &row(&[1, 1, 1, 0]));
    save(dir, "ben/1.nii.gz", &row(&[0, 1, 1, 1]));
    save(dir, "cem/1.nii.gz", &row(&[0, 1, 1, 0]));
    save(dir, "ann/2.nii.gz", &row(&[0, 2, 2, 0]));
    save(dir, "cem/2.nii.gz", &row(&[0, 2, 0, 0]));
    save(dir, "ann/3.nii.gz", &row(&[0, 2, 2, 0]));
    let table = "\u{feff}case,subject,rater:Ann,rater:Ann:2,rater:Ben,rater:Cem\n\
        one,s1,ann/1.nii.gz,ann/1b.nii.gz,ben/1.nii.gz,cem/1.nii.gz\n\
        two,s2,ann/2.nii.gz,,,cem/2.nii.gz\n\
        three,s3,ann/3.nii.gz,,,\n";
    fs::write(dir.join("cases.csv"), table).unwrap();
    fs::write(
        dir.join("study.toml"),
        "name = \"Pilot\"\ntable = \"cases.csv\"\n",
    )
    .unwrap();
}

fn problems(result: Result<StudyFile, RatersError>) -> Vec<String> {
    match result {
        Err(RatersError::Study { problems }) => problems,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_study_is_read_and_pooled() {
    let dir = tempfile::tempdir().unwrap();
    write_study(dir.path());
    let study = read_study(&dir.path().join("study.toml")).unwrap();
    assert_eq!((study.name.as_str(), study.cases.len()), ("Pilot", 2));
    assert_eq!(
        study.warnings,
        ["Case 'three' has one drawing and is left out: agreement needs two."]
    );
    assert_eq!(study.cases[0].attributes["subject"], "s1");
    let control = Control::default();
    let used = labels_of_study(&study, false, &control).unwrap();
    assert_eq!(used, [1, 2]);
    let scheme = scheme_of_labels(used);
    let options = AgreeOptions::default();
    let found = agree_study(
        &study,
        &scheme,
        &options,
        &Default::default(),
        false,
        &control,
    )
    .unwrap();
    let report = &found.agreement.report;
    assert_eq!(report.raters, ["Ann", "Ben", "Cem"]);
    let [one, two] = report.structures.as_slice() else {
        panic!()
    };
    let dice = one.matrix(Metric::Dice, &report.raters);
    assert_eq!(dice[[0, 1]], Some(2.0 * 2.0 / (2.0 + 3.0)));
    assert_eq!(dice[[1, 2]], Some(2.0 * 2.0 / (3.0 + 2.0)));
    // Ann and Cem drew both images; neither drew structure 1 in the second: Dice 1 there.
    assert_eq!(dice[[0, 2]], Some((1.0 + 1.0) / 2.0));
    // Ann against herself, by the second drawing of image one: neither has structure 2 there.
    assert_eq!(
        one.repeats[0].metrics[&Metric::Dice].mean.value,
        Some(2.0 * 2.0 / (2.0 + 3.0))
    );
    assert_eq!(
        two.matrix(Metric::Dice, &report.raters)[[0, 2]],
        Some((1.0 + 2.0 / 3.0) / 2.0)
    );
    // Least agreed first, each structure in the slice where it was drawn.
    assert_eq!(
        (found.slices[0].case.as_str(), found.slices[0].structure),
        ("two", 2)
    );
    let names: Vec<_> = found.slices[1]
        .drawings
        .iter()
        .map(|d| d.rater.as_str())
        .collect();
    assert_eq!(names, ["Ann", "Ann (2)", "Ben", "Cem"]);
}

#[test]
fn the_table_alone_is_a_study() {
    let dir = tempfile::tempdir().unwrap();
    write_study(dir.path());
    let study = read_study(&dir.path().join("cases.csv")).unwrap();
    assert_eq!((study.name.as_str(), study.cases.len()), ("cases", 2));
}

#[test]
fn every_fault_is_listed_at_once() {
    let dir = tempfile::tempdir().unwrap();
    write_study(dir.path());
    let table = "case,colour,rater:,rater:Ann:0,rater:Ann,rater:Ann,image\n\
        one,,,,ann/1.nii.gz,ann/none.nii.gz,\n\
        one,,,,ann/2.nii.gz,,missing.nii.gz\n\
        ,,,,ann/2.nii.gz,,\n\
        four,,\n";
    fs::write(dir.path().join("cases.csv"), table).unwrap();
    fs::write(
        dir.path().join("study.toml"),
        "table = \"cases.csv\"\nlabels = \"labels.txt\"\n",
    )
    .unwrap();
    let found = problems(read_study(&dir.path().join("study.toml")));
    let expected = [
        "cannot read the file",
        "column 'colour' means nothing here",
        "column 'rater:' means nothing here",
        "column 'rater:Ann:0' means nothing here",
        "column 'rater:Ann' is there twice",
        "line 2: there is no file 'ann/none.nii.gz'",
        "line 3: there is no file 'missing.nii.gz'",
        "line 3: the name 'one' was used before",
        "line 4 has no name in column 'case'",
        "line 5 has 3 cells for 7 columns",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found} / {expected}");
    }
}

#[test]
fn studies_that_say_too_little_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    write_study(dir.path());
    let toml = dir.path().join("study.toml");
    fs::write(&toml, "name = \"x\"\n").unwrap();
    assert!(problems(read_study(&toml))[0].contains("missing field `table`"));
    fs::write(&toml, "table = \"cases.csv\"\ntabel = 1\n").unwrap();
    assert!(problems(read_study(&toml))[0].contains("unknown field `tabel`"));
    fs::write(dir.path().join("cases.csv"), "image,rater:A\n").unwrap();
    let found = problems(read_study(&dir.path().join("cases.csv")));
    assert_eq!(
        found,
        [
            "there is no column 'case'",
            "there are fewer than two columns 'rater:NAME'"
        ]
    );
    fs::write(
        dir.path().join("cases.csv"),
        "case,rater:A,rater:B\none,ann/1.nii.gz,\n",
    )
    .unwrap();
    let found = problems(read_study(&dir.path().join("cases.csv")));
    assert_eq!(found, ["no image was drawn at least twice"]);
    let none = read_study(&dir.path().join("none.toml"))
        .unwrap_err()
        .to_string();
    assert!(none.starts_with("cannot read the file"), "{none}");
}

#[test]
fn what_spreadsheets_leave_behind_is_understood_or_named() {
    let dir = tempfile::tempdir().unwrap();
    write_study(dir.path());
    let table = dir.path().join("cases.csv");
    fs::write(&table, "case,rater:A,rater:B\r\n\r\none,ann/1.nii.gz,ben/1.nii.gz\r\n,,\r\ntwo,ann/2.nii.gz,x.nii\r\n").unwrap();
    // Lines are counted as in the file, empty ones too.
    assert_eq!(
        problems(read_study(&table)),
        ["line 5: there is no file 'x.nii'"]
    );
    fs::write(&table, "case;rater:A;rater:B\none;a;b\n").unwrap();
    let found = problems(read_study(&table));
    assert!(found.len() == 1 && found[0].contains("commas"), "{found:?}");
    fs::write(
        &table,
        b"case,rater:A,rater:B\n\xe9,ann/1.nii.gz,ben/1.nii.gz\n",
    )
    .unwrap();
    assert!(problems(read_study(&table))[0].contains("UTF-8"));
}

#[test]
fn every_file_of_a_study_is_known_so_that_none_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    write_study(dir.path());
    let files = read_study(&dir.path().join("study.toml")).unwrap().files();
    for name in [
        "study.toml",
        "cases.csv",
        "ann/1b.nii.gz",
        "cem/2.nii.gz",
        "ann/3.nii.gz",
    ] {
        assert!(files.contains(&dir.path().join(name)), "{name}: {files:?}");
    }
}

#[test]
fn one_file_for_two_raters_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    write_study(dir.path());
    fs::write(
        dir.path().join("s.csv"),
        "case,rater:A,rater:B\none,ann/1.nii.gz,ann/../ann/1.nii.gz\n",
    )
    .unwrap();
    let study = read_study(&dir.path().join("s.csv")).unwrap();
    let refused = labels_of_study(&study, false, &Control::default())
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("'A' and 'B' are the same file"),
        "{refused}"
    );
}

#[test]
fn annotations_lost_in_resampling_are_said_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    save(dir.path(), "a.nii.gz", &map([3, 1, 1], &[0, 1, 1]));
    save(dir.path(), "b.nii.gz", &row(&[0, 1, 1, 2]));
    save(dir.path(), "c.nii.gz", &row(&[0, 0, 0, 2]));
    let words =
        |other: &str| ["a.nii.gz", other].map(|n| dir.path().join(n).to_str().unwrap().to_owned());
    let load = |other: &str| {
        let files = raterlens_raters::files::rater_files(&words(other)).unwrap();
        raterlens_raters::files::load_raters(&files, true, &Control::default())
    };
    let warning = &load("b.nii.gz").unwrap().warnings[0];
    assert!(
        warning.contains("Nothing is left of label 2") && warning.contains("had 0.01 ml"),
        "{warning}"
    );
    let refused = load("c.nii.gz").unwrap_err().to_string();
    assert!(
        refused.contains("rater 'c'") && refused.contains("same image"),
        "{refused}"
    );
}

#[test]
fn another_grid_is_refused_or_resampled_with_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    save(dir.path(), "a.nii.gz", &row(&[0, 1, 1, 0]));
    save(dir.path(), "b.nii.gz", &map([3, 1, 1], &[0, 1, 1])); // the same voxels without the last
    fs::write(
        dir.path().join("s.csv"),
        "case,rater:A,rater:B\none,a.nii.gz,b.nii.gz\n",
    )
    .unwrap();
    let study = read_study(&dir.path().join("s.csv")).unwrap();
    let scheme = scheme_of_labels([1]);
    let run = |resample| {
        let options = AgreeOptions::default();
        agree_study(
            &study,
            &scheme,
            &options,
            &Default::default(),
            resample,
            &Control::default(),
        )
    };
    let refused = run(false).unwrap_err().to_string();
    assert!(
        refused.contains("rater 'B'") && refused.contains("--resample"),
        "{refused}"
    );
    let found = run(true).unwrap();
    assert_eq!(found.warnings.len(), 1);
    assert!(
        found.warnings[0].contains("nearest voxel"),
        "{:?}",
        found.warnings
    );
    let dice = found.agreement.report.structures[0].mean_over_pairs[&Metric::Dice]
        .mean
        .value;
    assert_eq!(dice, Some(1.0));
}
