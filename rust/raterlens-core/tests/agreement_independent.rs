//! Metrics and agreement against SciPy, scikit-learn, MONAI, statsmodels, krippendorff, pingouin and pandas: the numbers, their
//! script and the tolerances are in `independent/agreement`.
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests a panic is the failure

use std::sync::LazyLock;

use ndarray::Array3;
use raterlens_core::agreement::{
    AgreementOptions, AgreementReport, CaseAgreement, Comparison, ImageDrawings, Metric, Study,
};
use raterlens_core::metrics::SurfaceSpace;
use raterlens_core::{Geometry, LabelMap, Volume};
use serde_json::Value;

static EXPECTED: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("independent/agreement/expected.json")).unwrap()
});

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn close(found: Option<f64>, expected: &Value, tolerance: f64, what: &str) {
    match (found, expected.as_f64()) {
        (None, None) => {}
        (Some(f), Some(e)) => {
            assert!(
                (f - e).abs() <= tolerance * e.abs().max(1.0),
                "{what}: {f} {e}"
            );
        }
        (found, expected) => panic!("{what}: {found:?} {expected:?}"),
    }
}

fn grid() -> Geometry {
    let triple = |name: &str| -> Vec<f64> {
        list(&EXPECTED[name])
            .iter()
            .rev()
            .map(|v| v.as_f64().unwrap())
            .collect()
    };
    let dims: Vec<usize> = triple("shape_kji")
        .into_iter()
        .map(|n| n as usize)
        .collect();
    let spacing = triple("spacing_kji_mm");
    let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    Geometry::new(
        dims.try_into().unwrap(),
        spacing.try_into().unwrap(),
        [0.0; 3],
        identity,
    )
    .unwrap()
}

fn label_map(digits: &str) -> LabelMap {
    let labels: Vec<u16> = digits.bytes().map(|b| u16::from(b - b'0')).collect();
    let grid = grid();
    Volume::new(
        Array3::from_shape_vec(grid.shape_kji(), labels).unwrap(),
        grid,
    )
    .unwrap()
}

fn options(space: SurfaceSpace) -> AgreementOptions {
    let ids = list(&EXPECTED["structures"]).iter();
    let mut options = AgreementOptions::new(ids.map(|v| v.as_u64().unwrap() as u16).collect());
    options.compare.space = space;
    options.compare.tolerance_mm = EXPECTED["tolerance_mm"].as_f64().unwrap();
    options
}

/// The study of some of the cases.
fn study_of(cases: &[&Value], options: AgreementOptions) -> Study {
    let mut study = Study::new(options).unwrap();
    for case in cases {
        let raters = case["labels"].as_object().unwrap().iter();
        let maps: Vec<_> = raters
            .map(|(r, labels)| (r.clone(), label_map(text(labels))))
            .collect();
        let set = maps.iter().map(|(rater, map)| (rater.clone(), map));
        study
            .add(&ImageDrawings::of_raters(text(&case["case"]), set).unwrap())
            .unwrap();
    }
    study
}

fn all_cases() -> Vec<&'static Value> {
    list(&EXPECTED["cases"]).iter().collect()
}

static REPORT: LazyLock<AgreementReport> = LazyLock::new(|| {
    let study = study_of(&all_cases(), options(SurfaceSpace::Volume));
    study.report().unwrap()
});

fn comparison(case: &CaseAgreement, expected: &Value) -> Comparison {
    let structure = case
        .structures
        .iter()
        .find(|s| u64::from(s.structure) == expected["structure"].as_u64().unwrap())
        .unwrap();
    let number = |name: &Value| case.raters.iter().position(|r| r == text(name)).unwrap();
    let (a, b) = (number(&expected["a"]), number(&expected["b"]));
    let pair = structure.pairs.iter().find(|p| (p.a, p.b) == (a, b));
    pair.unwrap().comparison
}

fn for_each_pair(space: SurfaceSpace, check: impl Fn(&Comparison, &Value)) {
    let study = study_of(&all_cases(), options(space));
    let mut pairs = 0;
    for (case, expected) in study.cases().iter().zip(all_cases()) {
        for expected in list(&expected["pairs"]) {
            check(&comparison(case, expected), expected);
            pairs += 1;
        }
    }
    assert!(pairs > 80, "{pairs}");
}

#[test]
fn overlaps_equal_those_of_scikit_learn() {
    let metrics = [
        (Metric::Dice, "dice"),
        (Metric::Iou, "iou"),
        (Metric::Precision, "precision"),
        (Metric::Recall, "recall"),
    ];
    for_each_pair(SurfaceSpace::Volume, |found, expected| {
        for (metric, name) in metrics {
            close(found.value(metric), &expected["overlap"][name], 1e-12, name);
        }
    });
}

const DISTANCES: [(Metric, &str); 3] = [
    (Metric::HausdorffMm, "hausdorff_mm"),
    (Metric::Hd95Mm, "hd95_mm"),
    (Metric::AssdMm, "assd_mm"),
];

#[test]
fn surface_distances_equal_those_of_scipy_and_monai() {
    for_each_pair(SurfaceSpace::Volume, |found, expected| {
        for (metric, name) in DISTANCES {
            close(found.value(metric), &expected["surface"][name], 1e-9, name);
            close(found.value(metric), &expected["monai"][name], 1e-5, name);
        }
        let surface_dice = found.surface.distances.map(|d| d.surface_dice);
        close(
            surface_dice,
            &expected["surface"]["surface_dice"],
            1e-12,
            "surface Dice",
        );
        close(
            surface_dice,
            &expected["monai"]["surface_dice"],
            1e-5,
            "surface Dice",
        );
        let signed = found.value(Metric::SignedDistanceMm);
        close(
            signed,
            &expected["surface"]["signed_distance_mm"],
            1e-9,
            "signed",
        );
        let sd = found.surface.signed_distance_sd_mm;
        close(
            sd,
            &expected["surface"]["signed_distance_sd_mm"],
            1e-9,
            "spread",
        );
    });
}

#[test]
fn distances_slice_by_slice_equal_the_means_of_those_of_scipy() {
    for_each_pair(SurfaceSpace::Slices, |found, expected| {
        for (metric, name) in DISTANCES {
            close(found.value(metric), &expected["slices"][name], 1e-9, name);
        }
        let surface_dice = found.surface.distances.map(|d| d.surface_dice);
        close(
            surface_dice,
            &expected["slices"]["surface_dice"],
            1e-9,
            "surface Dice",
        );
    });
}

#[test]
fn deviations_from_the_consensus_of_the_others_equal_those_of_scipy() {
    let study = study_of(&all_cases(), options(SurfaceSpace::Volume));
    for (case, expected) in study.cases().iter().zip(all_cases()) {
        for expected in list(&expected["consensus"]) {
            let rater = case
                .raters
                .iter()
                .position(|r| r == text(&expected["rater"]))
                .unwrap();
            let id = expected["structure"].as_u64().unwrap();
            let structure = case
                .structures
                .iter()
                .find(|s| u64::from(s.structure) == id)
                .unwrap();
            let found = structure.consensus[rater].unwrap();
            let of = |metric, name: &str| close(found.value(metric), &expected[name], 1e-9, name);
            of(Metric::Dice, "dice");
            of(Metric::VolumeDifferenceMl, "volume_ml");
            of(Metric::SignedDistanceMm, "signed_distance_mm");
        }
    }
}

#[test]
fn fleiss_kappa_equals_that_of_statsmodels() {
    for case in all_cases() {
        let report = study_of(&[case], options(SurfaceSpace::Volume))
            .report()
            .unwrap();
        let expected = &case["fleiss_kappa"];
        let check = |found: &raterlens_core::agreement::NominalAgreement, expected: &Value| {
            close(
                found.fleiss_kappa.value,
                &expected["voxels"],
                1e-9,
                "voxels",
            );
            let foreground = found.fleiss_kappa_foreground.value;
            close(foreground, &expected["foreground"], 1e-9, "foreground");
        };
        check(&report.nominal, &expected["all"]);
        for structure in report.structures.iter().filter(|s| s.images > 0) {
            check(
                &structure.nominal,
                &expected[structure.structure.to_string()],
            );
        }
    }
}

#[test]
fn krippendorffs_alpha_with_absent_raters_equals_that_of_its_package() {
    let expected = &EXPECTED["krippendorff_alpha"];
    let check = |found: &raterlens_core::agreement::NominalAgreement, expected: &Value| {
        close(
            found.krippendorff_alpha.value,
            &expected["voxels"],
            1e-9,
            "voxels",
        );
        let foreground = found.krippendorff_alpha_foreground.value;
        close(foreground, &expected["foreground"], 1e-9, "foreground");
    };
    check(&REPORT.nominal, &expected["all"]);
    for structure in &REPORT.structures {
        check(
            &structure.nominal,
            &expected[structure.structure.to_string()],
        );
    }
}

#[test]
fn icc_equals_that_of_pingouin_and_differences_those_of_pandas() {
    for structure in &REPORT.structures {
        let expected = &EXPECTED["quantities"][structure.structure.to_string()];
        let both = [
            (&structure.volume_ml, "volume_ml"),
            (&structure.area_mm2, "area_mm2"),
        ];
        for (found, name) in both {
            let expected = &expected[name];
            close(found.icc.value, &expected["icc"], 1e-6, name);
            assert_eq!(
                found.complete as u64,
                expected["complete"].as_u64().unwrap()
            );
            for expected in list(&expected["pairs"]) {
                let names = (text(&expected["a"]), text(&expected["b"]));
                let same = |p: &&_| -> bool {
                    let p: &raterlens_core::agreement::BlandAltman = p;
                    (p.a.as_str(), p.b.as_str()) == names
                };
                let pair = found.pairs.iter().find(same).unwrap();
                assert_eq!(pair.differences as u64, expected["n"].as_u64().unwrap());
                close(pair.bias.value, &expected["bias"], 1e-9, "bias");
                close(pair.sd, &expected["sd"], 1e-9, "sd");
                close(
                    pair.lower_limit.value,
                    &expected["limits"][0],
                    1e-9,
                    "lower",
                );
                close(
                    pair.upper_limit.value,
                    &expected["limits"][1],
                    1e-9,
                    "upper",
                );
            }
        }
    }
}

#[test]
fn the_percentile_interval_is_that_of_scipy() {
    let mut options = options(SurfaceSpace::Volume);
    options.bootstrap.replicates = 20_000;
    let report = study_of(&all_cases(), options).report().unwrap();
    let expected = &EXPECTED["bootstrap_dice_ben_cy"];
    let pairs = &report.structures[0].pairs;
    let pair = pairs
        .iter()
        .find(|p| (p.a.as_str(), p.b.as_str()) == ("ben", "cy"));
    let mean = pair.unwrap().metrics[&Metric::Dice].mean;
    close(mean.value, &expected["mean"], 1e-12, "mean");
    let ends = ["low", "high"].map(|end| expected[end].as_f64().unwrap());
    let interval = mean.interval.unwrap();
    for (found, expected) in [interval.low, interval.high].into_iter().zip(ends) {
        let width = ends[1] - ends[0];
        assert!(
            (found - expected).abs() < 0.04 * width,
            "{found} {expected} {width}"
        );
    }
}
