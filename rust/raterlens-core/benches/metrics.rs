//! Metrics and agreement at realistic sizes: `cargo bench -p raterlens-core --bench metrics`.
//!
//! `inputs` says what is measured on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod inputs;

use std::hint::black_box;
use std::time::Duration;

use criterion::{criterion_group, criterion_main, Criterion};
use inputs::{Case, B};
use ndarray::{indices, s};
use raterlens_core::agreement::{AgreementOptions, AgreementReport, CaseAgreement, ImageDrawings};
use raterlens_core::metrics::{compare, overlap_counts, surface_metrics, surfaces, CompareOptions};
use raterlens_core::LabelMap;

const IDS: [u16; 4] = [1, 2, 3, 4];
const SPACING_MM: [f64; 3] = B.spacing_kji_mm;

fn five_raters() -> Vec<LabelMap> {
    B.load()
        .iter()
        .map(|rater| rater.map(|&label| u16::from(label)))
        .collect()
}

/// Hausdorff, HD95, ASSD and surface Dice of every structure, from the label maps.
fn distances(a: &LabelMap, b: &LabelMap, ids: &[u16]) -> f64 {
    let (a, b) = rayon::join(
        || surfaces(&a.data().view(), ids),
        || surfaces(&b.data().view(), ids),
    );
    let pairs = a.iter().zip(&b);
    pairs
        .filter_map(|(a, b)| surface_metrics(a, b, SPACING_MM, 1.0))
        .map(|m| m.hausdorff_mm + m.hd95_mm + m.assd_mm)
        .sum()
}

fn two_raters(c: &mut Criterion) {
    let raters = five_raters();
    let (a, b) = (&raters[0], &raters[1]);
    let mut group = c.benchmark_group("two raters, 4 structures, 320x320x60");
    group
        .measurement_time(Duration::from_secs(8))
        .sample_size(20);
    group.bench_function("Dice and IoU", |bench| {
        bench.iter(|| {
            let counts = overlap_counts(&a.data().view(), &b.data().view(), &IDS).unwrap();
            black_box(counts.iter().map(|c| c.dice() + c.iou()).sum::<f64>())
        });
    });
    group.bench_function("HD, HD95, ASSD, surface Dice", |bench| {
        bench.iter(|| black_box(distances(a, b, &IDS)));
    });
    group.bench_function("everything (compare)", |bench| {
        bench.iter(|| black_box(compare(a, b, &IDS, &CompareOptions::default()).unwrap()));
    });
    group.finish();
}

/// The worst for a search from surface to surface: structures at opposite ends of the image.
fn far_apart(c: &mut Criterion) {
    let ball = |centre: f64| {
        let voxels = indices(B.shape).into_iter().map(|(k, j, i)| {
            let at = [
                (k as f64 - 30.0) * 3.0,
                (j as f64 - 160.0) * 0.625,
                (i as f64 - centre) * 0.625,
            ];
            u16::from(at.iter().map(|x| x * x).sum::<f64>() < 30.0 * 30.0)
        });
        B.volume(voxels.collect())
    };
    let (a, b) = (ball(60.0), ball(260.0));
    let mut group = c.benchmark_group("two balls of 60 mm, 65 mm apart, 320x320x60");
    group
        .measurement_time(Duration::from_secs(8))
        .sample_size(10);
    group.bench_function("HD, HD95, ASSD, surface Dice", |bench| {
        bench.iter(|| black_box(distances(&a, &b, &[1])));
    });
    group.finish();
}

fn agreement(c: &mut Criterion) {
    let raters = five_raters();
    let names = ["a", "b", "c", "d", "e"];
    let options = AgreementOptions::new(IDS.to_vec());
    let set = ImageDrawings::of_raters("x", names.into_iter().zip(&raters)).unwrap();
    let mut group = c.benchmark_group("five raters, 4 structures");
    group
        .measurement_time(Duration::from_secs(8))
        .sample_size(10);
    group.bench_function("measure one case, 320x320x60", |bench| {
        bench.iter(|| black_box(CaseAgreement::measure(&set, &options).unwrap()));
    });
    let part = Case {
        shape: [4, 100, 100],
        ..B
    };
    let small: Vec<_> = raters
        .iter()
        .map(|r| r.data().slice(s![28..32, 100..200, 100..200]))
        .map(|labels| part.volume(labels.iter().copied().collect()))
        .collect();
    let set = ImageDrawings::of_raters("x", names.into_iter().zip(&small)).unwrap();
    let case = CaseAgreement::measure(&set, &options).unwrap();
    let cases: Vec<_> = (0..100)
        .map(|n| {
            let mut case = case.clone();
            case.case = n.to_string();
            case
        })
        .collect();
    group.bench_function("report on 100 cases, 2000 replicates", |bench| {
        bench.iter(|| black_box(AgreementReport::pool(&cases, &options).unwrap()));
    });
    group.finish();
}

criterion_group!(benches, two_raters, far_apart, agreement);
criterion_main!(benches);
