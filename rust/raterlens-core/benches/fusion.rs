//! Fusion and variability at the sizes of the speed goals, and one small image that shows fixed costs.
//!
//! `cargo bench -p raterlens-core --bench fusion`. Inputs are nested, wobbly ellipsoids. To time on other inputs, name a
//! folder with `A.npy` (3 x 64 x 256 x 256), `B.npy` (5 x 60 x 320 x 320) and `C.npy` (5 x 200 x 512 x 512), arrays of
//! `uint8` in C order, in `RATERLENS_BENCH_DATA`. `RAYON_NUM_THREADS` limits the threads.
#![allow(missing_docs, clippy::unwrap_used)] // A benchmark that fails must stop.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

use criterion::{criterion_group, criterion_main, BenchmarkGroup, Criterion, Throughput};
use ndarray::Array3;

use criterion::measurement::WallTime;
use raterlens_core::fusion::{
    staple, staple_structure, vote, Classes, RaterSet, StapleOptions, TiePolicy,
};
use raterlens_core::variability::{gt_entropy, variance_map, DistanceExtent, SoftLabelOptions};
use raterlens_core::{Geometry, Volume};

/// One benchmark input.
struct Case {
    name: &'static str,
    raters: usize,
    /// Voxels along (k, j, i).
    shape: [usize; 3],
    spacing_kji_mm: [f64; 3],
    structures: u8,
}

const A: Case = Case {
    name: "A",
    raters: 3,
    shape: [64, 256, 256],
    spacing_kji_mm: [1.0, 1.0, 1.0],
    structures: 4,
};
const B: Case = Case {
    name: "B",
    raters: 5,
    shape: [60, 320, 320],
    spacing_kji_mm: [3.0, 0.625, 0.625],
    structures: 4,
};
const C: Case = Case {
    name: "C",
    raters: 5,
    shape: [200, 512, 512],
    spacing_kji_mm: [1.0, 0.7, 0.7],
    structures: 1,
};
const SMALL: Case = Case {
    name: "small",
    raters: 3,
    shape: [4, 32, 32],
    spacing_kji_mm: [4.0, 0.5, 0.5],
    structures: 4,
};

impl Case {
    fn load(&self) -> Vec<Volume<u8>> {
        let voxels = self.voxels();
        let all = self.read().unwrap_or_else(|| self.make());
        all.chunks_exact(voxels)
            .map(|r| self.volume(r.to_vec()))
            .collect()
    }

    fn voxels(&self) -> usize {
        self.shape.iter().product()
    }

    fn volume(&self, voxels: Vec<u8>) -> Volume<u8> {
        let ([k, j, i], [dk, dj, di]) = (self.shape, self.spacing_kji_mm);
        let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let grid = Geometry::new([i, j, k], [di, dj, dk], [0.0; 3], identity).unwrap();
        Volume::new(Array3::from_shape_vec(self.shape, voxels).unwrap(), grid).unwrap()
    }

    /// The array of a NumPy file: magic, version, header length, header, then the bytes.
    fn read(&self) -> Option<Vec<u8>> {
        let folder = PathBuf::from(std::env::var_os("RATERLENS_BENCH_DATA")?);
        let bytes = std::fs::read(folder.join(format!("{}.npy", self.name))).ok()?;
        let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let data = bytes[10 + header..].to_vec();
        assert_eq!(data.len(), self.raters * self.voxels(), "{}.npy", self.name);
        Some(data)
    }

    fn make(&self) -> Vec<u8> {
        let [k, j, i] = self.shape.map(|n| n as f64);
        let mut out = Vec::with_capacity(self.raters * self.voxels());
        for rater in 0..self.raters {
            let phase = 1.7 * rater as f64;
            out.extend(ndarray::indices(self.shape).into_iter().map(|(z, y, x)| {
                let [z, y, x] = [z as f64 / k, y as f64 / j, x as f64 / i];
                let wobble = 0.03 * ((40.0 * x + phase).sin() + (37.0 * y - phase).cos());
                let label = |s: u8| {
                    let (dy, dx) = (y - 0.5 - 0.05 * f64::from(s), x - 0.5 + 0.04 * f64::from(s));
                    let radius = 0.34 / (1.0 + f64::from(s));
                    let across = (dy * dy + dx * dx).sqrt() / radius;
                    across.hypot((z - 0.5) / 0.45) + wobble < 1.0
                };
                (0..self.structures)
                    .rev()
                    .find(|&s| label(s))
                    .map_or(0, |s| s + 1)
            }));
        }
        out
    }
}

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
                let labels = 1..=u16::from(case.structures);
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
