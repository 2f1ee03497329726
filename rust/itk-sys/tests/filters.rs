//! Filters on synthetic images.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::sync::atomic::{AtomicUsize, Ordering};

use itk_sys::{
    denoise, ignore_progress, n4, resample, resample_labels, ComponentType, DenoiseOptions, Floats,
    Header, Interpolation, ItkError, LabelInterpolation, N4Options,
};

const IDENTITY: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

fn has_itk() -> bool {
    if !itk_sys::available() {
        eprintln!("skipped: built without ITK");
    }
    itk_sys::available()
}

fn header(size: [usize; 3], spacing: [f64; 3], origin: [f64; 3]) -> Header {
    Header::new(size, spacing, origin, IDENTITY, ComponentType::F32).unwrap()
}

/// Two tissues (100 and 200) in blocks, on 40 x 36 x `slices` voxels, changed by `by(x, y, n)`.
fn tissues(slices: usize, by: impl Fn(f64, f64, usize) -> f64) -> Floats {
    let size = [40, 36, slices];
    let values = (0..size.iter().product()).map(|n| {
        let (i, j) = (n % 40, n / 40 % 36);
        let tissue = if (i / 10 + j / 9) % 2 == 0 {
            100.0
        } else {
            200.0
        };
        (tissue * by(i as f64 / 40.0, j as f64 / 36.0, n)) as f32
    });
    Floats::new(header(size, [1.0, 1.0, 3.0], [0.0; 3]), values.collect()).unwrap()
}

/// A number in -1 to 1 that looks random.
fn noise(n: usize) -> f64 {
    let mixed = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 40) as f64 / f64::from(1 << 23) - 1.0
}

/// Standard deviation over mean within the tissue of about 100.
fn spread(image: &Floats, clean: &Floats) -> f64 {
    let pairs = image.values().iter().zip(clean.values());
    let of: Vec<f64> = pairs
        .filter(|(_, c)| **c < 150.0)
        .map(|(v, _)| f64::from(*v))
        .collect();
    let mean = of.iter().sum::<f64>() / of.len() as f64;
    let variance = of.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / of.len() as f64;
    variance.sqrt() / mean
}

#[test]
fn n4_takes_a_bias_field_away_in_volumes_and_in_single_slices() {
    if !has_itk() {
        return;
    }
    for slices in [8, 1] {
        let clean = tissues(slices, |_, _, _| 1.0);
        let biased = tissues(slices, |x, y, _| (0.6 * x - 0.4 * y).exp());
        let options = N4Options {
            shrink_factor: 2,
            ..N4Options::default()
        };
        let heard = AtomicUsize::new(0);
        let report = |fraction: f32| {
            assert!((0.0..=1.0).contains(&fraction));
            heard.fetch_add(1, Ordering::Relaxed);
            true
        };
        let found = n4(&biased, None, &options, &report).unwrap();
        let (before, after) = (spread(&biased, &clean), spread(&found.corrected, &clean));
        assert!(
            after < 0.35 * before,
            "{slices} slices: {before} to {after}"
        );
        assert!(heard.load(Ordering::Relaxed) > 0);
        // The field is what was divided by.
        for ((v, c), b) in biased
            .values()
            .iter()
            .zip(found.corrected.values())
            .zip(&found.log_bias)
        {
            assert!((v / b.exp() - c).abs() <= 1e-3 * c.abs());
        }
    }
}

#[test]
fn denoising_takes_noise_away_and_keeps_edges() {
    if !has_itk() {
        return;
    }
    for slices in [5, 1] {
        let clean = |n: usize| if n % 64 < 32 { 100.0 } else { 200.0 };
        let values = (0..64 * 48 * slices).map(|n| (clean(n) + 8.0 * noise(n)) as f32);
        let grid = header([64, 48, slices], [1.0; 3], [0.0; 3]);
        let noisy = Floats::new(grid, values.collect()).unwrap();
        let options = DenoiseOptions {
            rician: false,
            ..DenoiseOptions::default()
        };
        let found = denoise(&noisy, None, &options, &ignore_progress).unwrap();
        // Root mean square error against the image without noise.
        let error = |image: &Floats| {
            let squares = image.values().iter().enumerate();
            let sum: f64 = squares
                .map(|(n, v)| (f64::from(*v) - clean(n)).powi(2))
                .sum();
            (sum / image.values().len() as f64).sqrt()
        };
        let (before, after) = (error(&noisy), error(&found));
        println!("{slices} slices: {before} to {after}");
        assert!(after < 0.6 * before, "{slices} slices: {before} to {after}");
    }
}

#[test]
fn a_filter_stops_when_it_is_told_to() {
    if !has_itk() {
        return;
    }
    let image = tissues(8, |x, _, n| 1.0 + x + 0.1 * noise(n));
    let stop = |_: f32| false;
    let stopped = n4(&image, None, &N4Options::default(), &stop).unwrap_err();
    assert_eq!(stopped, ItkError::Cancelled);
    let stopped = denoise(&image, None, &DenoiseOptions::default(), &stop).unwrap_err();
    assert_eq!(stopped, ItkError::Cancelled);
}

#[test]
fn results_do_not_change_from_run_to_run() {
    if !has_itk() {
        return;
    }
    let image = tissues(8, |x, y, n| {
        (0.5 * x - 0.3 * y).exp() * (1.0 + 0.1 * noise(n))
    });
    let (mut denoised, mut corrected) = (Vec::new(), Vec::new());
    for threads in [1, 2, 2, 2] {
        itk_sys::set_threads(threads).unwrap();
        assert_eq!(itk_sys::threads(), threads);
        let options = DenoiseOptions::default();
        denoised.push(denoise(&image, None, &options, &ignore_progress).unwrap());
        let found = n4(&image, None, &N4Options::default(), &ignore_progress).unwrap();
        corrected.push(found.corrected);
    }
    assert!(denoised.iter().all(|d| *d == denoised[0]));
    assert!(corrected[2..].iter().all(|c| *c == corrected[1]));
    // N4 sums up per thread: another number of threads rounds differently.
    let far = corrected[0].values().iter().zip(corrected[1].values());
    let far = far
        .map(|(a, b)| (a - b).abs() / a.abs())
        .fold(0.0, f32::max);
    assert!(far < 1e-3, "{far}");
}

#[test]
fn resampling_by_hand() {
    if !has_itk() {
        return;
    }
    let from = header([3, 1, 1], [2.0, 1.0, 1.0], [10.0, 0.0, 0.0]);
    let image = Floats::new(from.clone(), vec![0.0, 10.0, 30.0]).unwrap();
    let target = header([4, 1, 1], [1.0; 3], [11.0, 0.0, 0.0]);
    let linear = resample(
        &image,
        &target,
        Interpolation::Linear,
        -1.0,
        &ignore_progress,
    )
    .unwrap();
    assert_eq!(linear.values(), [5.0, 10.0, 20.0, 30.0]);
    let far = header([2, 1, 1], [1.0; 3], [14.0, 0.0, 0.0]);
    let nearest = resample(&image, &far, Interpolation::Nearest, -1.0, &ignore_progress).unwrap();
    assert_eq!(nearest.values()[0], 30.0);
    for how in [LabelInterpolation::Nearest, LabelInterpolation::Vote] {
        let labels = resample_labels(&from, &[7, 7, 9], &target, how, &ignore_progress).unwrap();
        assert_eq!((labels[1], labels[3]), (7, 9), "{how:?}");
        assert!(
            labels.iter().all(|l| [7, 9].contains(l)),
            "{how:?}: {labels:?}"
        );
    }
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    if !has_itk() {
        return;
    }
    let image = tissues(2, |_, _, _| 1.0);
    let none = vec![0; image.values().len()];
    let n4_with = |options: N4Options, mask: Option<&[u8]>| {
        n4(&image, mask, &options, &ignore_progress)
            .unwrap_err()
            .to_string()
    };
    let options = N4Options::default;
    assert!(n4_with(options(), Some(&none)).contains("mask is empty"));
    assert!(n4_with(options(), Some(&[1])).contains("mask has 1 voxels"));
    let no_levels = N4Options {
        iterations: vec![],
        ..options()
    };
    assert!(n4_with(no_levels, None).contains("levels"));
    let few = N4Options {
        control_points: 3,
        ..options()
    };
    assert!(n4_with(few, None).contains("control points"));
}
