//! Fusion and variability at the sizes of the speed goals, and one small image that shows fixed costs.
//!
//! `cargo bench -p raterlens-core --bench fusion`; `inputs` says what is measured on. `RAYON_NUM_THREADS` limits the threads.
#![allow(missing_docs, clippy::unwrap_used)] // A benchmark that fails must stop.

mod inputs;

use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{criterion_group, criterion_main, BenchmarkGroup, Criterion, Throughput};
use inputs::{Case, A, B, C, SMALL};
use raterlens_core::fusion::{
    staple, staple_structure, vote, Classes, RaterSet, StapleOptions, TiePolicy,
};
use raterlens_core::variability::{gt_entropy, variance_map, DistanceExtent, SoftLabelOptions};

fn group<'a>(
    criterion: &'a mut Criterion,
    name: &str,
    case: &Case,
) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .throughput(Throughput::Bytes((case.raters * case.voxels()) as u64));
    group
}

fn bench_staple(criterion: &mut Criterion) {
    for case in [&SMALL, &B, &C] {
        let maps = case.load();
        let set = RaterSet::from_volumes(&maps).unwrap();
        let options = StapleOptions::default();
        let mut binary = group(criterion, "staple_binary", case);
        binary.bench_function(format!("{}/posterior_f32", case.name), |b| {
            b.iter(|| {
                let fused = staple_structure(black_box(&set), 1, &options).unwrap();
                fused.posterior(1).unwrap()
            });
        });
        binary.bench_function(format!("{}/posterior_f64", case.name), |b| {
            b.iter(|| {
                let fused = staple_structure(black_box(&set), 1, &options).unwrap();
                fused.posterior_f64(1).unwrap()
            });
        });
        binary.finish();
        if case.structures > 1 {
            group(criterion, "staple_multi", case).bench_function(case.name, |b| {
                b.iter(|| {
                    let classes = Classes::found_in(black_box(&set));
                    let fused = staple(&set, &classes, &options).unwrap();
                    fused.consensus_in::<u8>().unwrap()
                });
            });
        }
    }
}

fn bench_vote(criterion: &mut Criterion) {
    for case in [&SMALL, &A, &B, &C] {
        let maps = case.load();
        let set = RaterSet::from_volumes(&maps).unwrap();
        let mut votes = group(criterion, "vote", case);
        for policy in [
            TiePolicy::Background,
            TiePolicy::FirstRater,
            TiePolicy::Random(1),
        ] {
            let name = format!("{}/{policy}", case.name);
            votes.bench_function(name, |b| b.iter(|| vote(black_box(&set), &policy).unwrap()));
        }
        votes.finish();
    }
}

fn bench_variability(criterion: &mut Criterion) {
    let in_volume = SoftLabelOptions {
        extent: DistanceExtent::Volume,
        unit: raterlens_core::DistanceUnit::Millimetre,
        ..SoftLabelOptions::default()
    };
    let exact = SoftLabelOptions {
        saturation: 0.0,
        ..SoftLabelOptions::default()
    };
    let cases = [
        (&SMALL, "in_plane_px", SoftLabelOptions::default()),
        (&A, "in_plane_px", SoftLabelOptions::default()),
        (&A, "in_plane_px_exact", exact),
        (&B, "volume_mm", in_volume),
    ];
    for (case, name, options) in cases {
        let maps = case.load();
        let set = RaterSet::from_volumes(&maps[..3]).unwrap();
        let name = format!("{}/{name}", case.name);
        group(criterion, "variance_of_all_structures", case).bench_function(name, |b| {
            b.iter(|| -> Vec<_> {
                let labels = case.ids().into_iter();
                labels
                    .map(|label| variance_map(black_box(&set), label, &options).unwrap())
                    .collect()
            });
        });
    }
    let maps = B.load();
    let set = RaterSet::from_volumes(&maps).unwrap();
    group(criterion, "gt_entropy", &B).bench_function("B", |b| {
        b.iter(|| gt_entropy(black_box(&set), &Classes::found_in(&set)).unwrap());
    });
}

criterion_group!(benches, bench_staple, bench_vote, bench_variability);
criterion_main!(benches);
