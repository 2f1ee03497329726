//! The evaluation of real drawings against scikit-learn and SciPy: `independent/make_real_evaluation.py` made the numbers.
//!
//! The drawings are not part of this repository; where they are not, the test says so and passes.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use ndarray::{Array3, Array4};
use raterlens_core::metrics::CompareOptions;
use raterlens_core::{Geometry, LabelMap, Volume};
use raterlens_raters::{evaluate, scheme_of_labels, EvaluateInput};
use serde_json::Value;

/// An 8-bit grey mask as one slice with pixels of 1 mm (the true size is not known).
fn read_mask(path: &Path) -> LabelMap {
    let file = BufReader::new(File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let (rows, columns) = (info.height as usize, info.width as usize);
    let labels = pixels[..rows * columns].iter().map(|&p| u16::from(p > 127));
    let grid = Geometry::new([columns, rows, 1], [1.0; 3], [0.0; 3], common::AXIAL).unwrap();
    let labels = Array3::from_shape_vec((1, rows, columns), labels.collect()).unwrap();
    Volume::new(labels, grid).unwrap()
}

fn close(found: Option<f64>, expected: &Value, tolerance: f64, what: &str) {
    let (found, expected) = (found.unwrap(), expected.as_f64().unwrap());
    assert!(
        (found - expected).abs() <= tolerance,
        "{what}: {found} {expected}"
    );
}

#[test]
fn seven_raters_of_brain_images_as_scikit_learn_and_scipy_judge_them() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/brain_growth_mri_7raters");
    if !folder.is_dir() {
        eprintln!("skipped: the shared data folder brain_growth_mri_7raters is not there");
        return;
    }
    let expected: Value =
        serde_json::from_str(include_str!("independent/real_evaluation.json")).unwrap();
    let cases = expected["cases"].as_object().unwrap();
    assert_eq!(cases.len(), 28);
    for (name, expected) in cases {
        let map = |n: usize| read_mask(&folder.join(format!("masks/{name}_rater{n}.png")));
        let raters: Vec<(String, LabelMap)> =
            (1..=7).map(|n| (format!("rater{n}"), map(n))).collect();
        let shape = raters[0].1.data().dim();
        let share = |index: (usize, usize, usize)| {
            let votes: u16 = raters[..6].iter().map(|(_, m)| m.data()[index]).sum();
            f32::from(votes) / 6.0
        };
        let p = Array4::from_shape_fn((2, shape.0, shape.1, shape.2), |(c, k, j, i)| match c {
            0 => 1.0 - share((k, j, i)),
            _ => share((k, j, i)),
        });
        let scheme = scheme_of_labels([1]);
        let input = EvaluateInput {
            truth: Some(&raters[6].1),
            raters: &[],
            prediction: None,
            probabilities: Some(&p),
            uncertainties: &[],
            scheme: &scheme,
        };
        let found = evaluate(&input, &CompareOptions::default()).unwrap();
        assert_eq!(
            found.wrong_voxels,
            expected["wrong_voxels"].as_u64().unwrap(),
            "{name}"
        );
        let map = &found.uncertainties[0];
        close(
            map.ranking.average_precision,
            &expected["average_precision"],
            1e-9,
            name,
        );
        close(map.ranking.auroc, &expected["auroc"], 1e-9, name);
        close(
            Some(found.structures[0].dice),
            &expected["dice"],
            1e-9,
            name,
        );
        let brier = found.probabilities.unwrap().brier[1];
        close(Some(brier), &expected["brier"], 1e-9, name);
        // With all seven as raters: their entropy, which is stored in single precision.
        let all = EvaluateInput {
            raters: &raters,
            ..input
        };
        let all = evaluate(&all, &CompareOptions::default()).unwrap();
        close(all.gt_entropy, &expected["gt_entropy"], 1e-8, name);
        let r = all.uncertainties[0].gt_entropy_by_voxel.and_then(|p| p.r);
        close(r, &expected["r"], 1e-6, name);
    }
}
