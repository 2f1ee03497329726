//! Peak memory of fusion, variability and metrics: at most three times the input as `u8`, and the outputs asked for.
//!
//! A program of its own, with one test, because the counting allocator sees everything that runs beside it.
#![allow(clippy::unwrap_used)] // in helpers of tests a panic is the failure

use peak_alloc::PeakAlloc;

use ndarray::Array3;
use raterlens_core::fusion::{
    staple, staple_structure, vote, Classes, RaterSet, StapleOptions, TiePolicy,
};
use raterlens_core::metrics::{overlap_counts, surface_metrics, surfaces};
use raterlens_core::variability::{gt_entropy, variance_map, DistanceExtent, SoftLabelOptions};
use raterlens_core::{Geometry, Volume};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const RATERS: usize = 5;
const DIMS: [usize; 3] = [256, 256, 48];
const VOXELS: usize = 256 * 256 * 48;

/// Boxes of labels 1 to 4, shifted by a voxel from rater to rater.
fn rater(number: usize) -> Volume<u8> {
    let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let grid = Geometry::new(DIMS, [0.5, 0.5, 4.0], [0.0; 3], identity).unwrap();
    let data = Array3::from_shape_fn(grid.shape_kji(), |(k, j, i)| {
        let inside = (8..40).contains(&k)
            && (60 + number..180 + number).contains(&j)
            && (60 + number..200).contains(&i);
        u8::from(inside) * (1 + ((j + number) / 60 % 2 + 2 * (i / 130)) as u8)
    });
    Volume::new(data, grid).unwrap()
}

/// Bytes beyond the raters that `job` had allocated at its peak, its result included.
fn peak_of<R>(job: impl FnOnce() -> R) -> usize {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let result = job();
    let peak = ALLOCATOR.peak_usage();
    drop(result);
    peak - before
}

#[test]
fn peaks_stay_below_three_inputs_and_the_outputs() {
    let maps: Vec<_> = (1..=RATERS).map(rater).collect();
    let set = RaterSet::from_volumes(&maps).unwrap();
    let input = RATERS * VOXELS;
    // The raters themselves are one of the three.
    let budget = |output_bytes_per_voxel: usize| 2 * input + output_bytes_per_voxel * VOXELS;
    let in_volume = SoftLabelOptions {
        extent: DistanceExtent::Volume,
        ..SoftLabelOptions::default()
    };
    let classes = Classes::found_in(&set);
    let pair = [0, 1].map(|n| maps[n].data().view());
    let ids = [1, 2, 3, 4];
    let jobs: [(&str, usize, usize); 7] = [
        (
            "vote",
            1,
            peak_of(|| vote(&set, &TiePolicy::Background).unwrap()),
        ),
        (
            "binary STAPLE, posterior",
            4,
            peak_of(|| {
                let fused = staple_structure(&set, 1, &StapleOptions::default()).unwrap();
                fused.posterior(1).unwrap()
            }),
        ),
        (
            "multi-label STAPLE, consensus",
            1,
            peak_of(|| {
                let fused = staple(&set, &classes, &StapleOptions::default()).unwrap();
                fused.consensus_in::<u8>().unwrap()
            }),
        ),
        (
            "entropy",
            4,
            peak_of(|| gt_entropy(&set, &classes).unwrap()),
        ),
        (
            "variance in slices",
            4,
            peak_of(|| variance_map(&set, 1, &SoftLabelOptions::default()).unwrap()),
        ),
        (
            "variance in slices, all structures",
            4 * 4,
            peak_of(|| {
                let map = |&id: &u16| variance_map(&set, id, &SoftLabelOptions::default()).unwrap();
                ids.iter().map(map).collect::<Vec<_>>()
            }),
        ),
        (
            "variance in the volume",
            4,
            peak_of(|| variance_map(&set, 1, &in_volume).unwrap()),
        ),
    ];
    for (name, output, peak) in jobs {
        check(name, peak, input, budget(output));
    }
    let two = 2 * VOXELS;
    let overlap = peak_of(|| overlap_counts(&pair[0], &pair[1], &ids).unwrap());
    check("overlap of two raters", overlap, two, 2 * two);
    let distances = peak_of(|| {
        let [a, b] = pair.each_ref().map(|labels| surfaces(labels, &ids));
        let pairs = a.iter().zip(&b);
        let metrics = pairs.map(|(a, b)| surface_metrics(a, b, [4.0, 0.5, 0.5], 1.0));
        metrics.collect::<Vec<_>>()
    });
    check("distances of two raters", distances, two, 2 * two);
}

fn check(name: &str, peak: usize, input: usize, budget: usize) {
    let share = peak as f64 / input as f64;
    println!("{name}: {share:.2} times the input beyond the input");
    assert!(
        peak <= budget,
        "{name}: {peak} bytes, {share:.2} times the input"
    );
}
