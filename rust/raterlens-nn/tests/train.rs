//! Training on a task that can be solved: find a bright square and where its outline is soft.

// A helper of a test may fail the test.
#![allow(clippy::unwrap_used)]

use ndarray::{Array2, Array3};
use raterlens_nn::train::{train, TrainOptions, TrainingData, TrainingSample};
use raterlens_nn::{
    open_device, Architecture, DeviceRequest, Manifest, ModelPackage, NnError, Predictor,
};

const SIZE: usize = 32;

/// A bright square of class 1 whose place follows from the index; variance at its left edge.
struct Squares;

impl TrainingData for Squares {
    fn sample(&self, index: u64) -> Result<TrainingSample, String> {
        let (top, left) = (4 + (index * 7 % 9) as usize, 4 + (index * 5 % 11) as usize);
        let inside =
            |y: usize, x: usize| (top..top + 14).contains(&y) && (left..left + 14).contains(&x);
        let mut target = Array3::zeros((5, SIZE, SIZE));
        let mut variance = Array3::zeros((4, SIZE, SIZE));
        for y in 0..SIZE {
            for x in 0..SIZE {
                target[[usize::from(inside(y, x)), y, x]] = 1.0;
                if inside(y, x) && x == left {
                    variance[[0, y, x]] = 0.1;
                }
            }
        }
        let image = Array2::from_shape_fn((SIZE, SIZE), |(y, x)| {
            f32::from(inside(y, x)) + 0.1 * ((x * 3 + y * 7) % 5) as f32
        });
        Ok(TrainingSample {
            image,
            target,
            variance,
        })
    }
}

struct Broken;

impl TrainingData for Broken {
    fn sample(&self, index: u64) -> Result<TrainingSample, String> {
        match index {
            0..4 => Squares.sample(index),
            _ => Err("the disk is gone".into()),
        }
    }
}

fn options(steps: u64) -> TrainOptions {
    TrainOptions {
        steps,
        batch_size: 4,
        warmup_steps: 5,
        ..TrainOptions::default()
    }
}

fn manifest() -> Manifest {
    let mut architecture = Architecture::tiny();
    architecture.backbone.width = 8;
    Manifest::lumbar("squares", architecture, [SIZE, SIZE])
}

#[test]
fn it_learns_and_the_package_predicts_what_was_learned() {
    let dir = tempfile::tempdir().unwrap();
    let cpu = open_device(DeviceRequest::Cpu);
    let mut losses = Vec::new();
    let out = dir.path().join("m.rlmodel");
    let package = train(
        &manifest(),
        &options(120),
        None,
        &cpu,
        &Squares,
        &out,
        &mut |r| {
            losses.push(r.loss.total);
        },
    )
    .unwrap();
    assert!(
        losses[119] < 0.25 * losses[0],
        "{} to {}",
        losses[0],
        losses[119]
    );
    let unseen = Squares.sample(1_000_003).unwrap();
    let batch = unseen
        .image
        .clone()
        .into_shape_with_order((1, 1, SIZE, SIZE))
        .unwrap();
    let y = Predictor::load(&package, &cpu)
        .unwrap()
        .predict(batch.view())
        .unwrap();
    let right = ndarray::Zip::from(unseen.target.index_axis(ndarray::Axis(0), 1))
        .and(y.probabilities.slice(ndarray::s![0, 1, .., ..]))
        .fold(0, |n, t, p| n + usize::from((*t > 0.5) == (*p > 0.5)));
    assert!(
        right as f64 > 0.95 * (SIZE * SIZE) as f64,
        "{right} pixels right"
    );
    assert_eq!(package.manifest().provenance.steps, 120);
}

#[test]
fn the_same_seed_gives_the_same_losses() {
    let dir = tempfile::tempdir().unwrap();
    let cpu = open_device(DeviceRequest::Cpu);
    let run = |name: &str, seed: u64| {
        let mut losses = Vec::new();
        let o = TrainOptions { seed, ..options(3) };
        train(
            &manifest(),
            &o,
            None,
            &cpu,
            &Squares,
            &dir.path().join(name),
            &mut |r| {
                losses.push(r.loss.total);
            },
        )
        .unwrap();
        losses
    };
    assert_eq!(run("a", 5), run("b", 5));
    assert_ne!(run("a", 5), run("c", 6));
}

#[test]
fn a_sample_that_cannot_be_made_stops_the_run_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let cpu = open_device(DeviceRequest::Cpu);
    let out = dir.path().join("m.rlmodel");
    let error = train(
        &manifest(),
        &options(5),
        None,
        &cpu,
        &Broken,
        &out,
        &mut |_| (),
    )
    .unwrap_err();
    assert!(
        matches!(error, NnError::TrainingData { index: 4, .. }),
        "{error}"
    );
    assert!(!out.exists());
}

#[test]
fn a_run_can_go_on_from_a_package() {
    let dir = tempfile::tempdir().unwrap();
    let cpu = open_device(DeviceRequest::Cpu);
    let run = |name: &str, steps: u64, start: Option<&ModelPackage>| {
        let mut losses = Vec::new();
        let out = dir.path().join(name);
        let o = options(steps);
        let package = train(&manifest(), &o, start, &cpu, &Squares, &out, &mut |r| {
            losses.push(r.loss.total);
        });
        (package.unwrap(), losses)
    };
    let (package, first) = run("a.rlmodel", 60, None);
    let (_, second) = run("b.rlmodel", 2, Some(&package));
    assert!(
        second[0] < 0.5 * first[0],
        "{} after {}",
        second[0],
        first[0]
    );
}
