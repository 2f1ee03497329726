//! Uncertainty maps and scores at realistic sizes: `cargo bench -p raterlens-core --bench evaluation`.
//!
//! `inputs::probabilities` says what is measured on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod inputs;

use std::hint::black_box;
use std::time::Duration;

use criterion::{criterion_group, criterion_main, Criterion};
use inputs::probabilities::{samples, scores};
use ndarray::Axis;
use raterlens_core::evaluation::{average_precision, calibration, ranking_scores};
use raterlens_core::uncertainty::{reduce_samples, SampleAccumulator};

fn maps(c: &mut Criterion) {
    let samples = samples();
    let mut group = c.benchmark_group("uncertainty maps, 10 x 5 x 16x256x256");
    group
        .measurement_time(Duration::from_secs(8))
        .sample_size(20);
    group.bench_function("all at once", |bench| {
        bench.iter(|| black_box(reduce_samples(&samples.view()).unwrap()));
    });
    group.bench_function("one after another", |bench| {
        bench.iter(|| {
            let mut sums = SampleAccumulator::default();
            for sample in samples.axis_iter(Axis(0)) {
                sums.push(&sample).unwrap();
            }
            black_box(sums.finish().unwrap())
        });
    });
    group.finish();
}

fn rankings(c: &mut Criterion) {
    let (scores, positive) = scores();
    let mut group = c.benchmark_group("4.19 million voxels");
    group
        .measurement_time(Duration::from_secs(8))
        .sample_size(20);
    group.bench_function("average precision", |bench| {
        bench.iter(|| black_box(average_precision(&scores, &positive).unwrap()));
    });
    group.bench_function("average precision, AUROC, AURC", |bench| {
        bench.iter(|| black_box(ranking_scores(&scores, &positive).unwrap()));
    });
    group.bench_function("calibration", |bench| {
        bench.iter(|| black_box(calibration(&scores, &positive, 10).unwrap()));
    });
    group.finish();
}

criterion_group!(benches, maps, rankings);
criterion_main!(benches);
