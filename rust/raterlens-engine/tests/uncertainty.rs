//! Maps of the model's uncertainty, from real networks with random weights.
#![allow(clippy::unwrap_used)] // In tests a panic is the failure.

use std::cell::{Cell, RefCell};

use ndarray::{s, Array3};
use raterlens_core::augment::AugmentOptions;
use raterlens_core::{Geometry, LabelMap, Volume};
use raterlens_engine::{
    Aleatoric, CancelFlag, Control, DeviceRequest, EngineError, Epistemic, Progress,
    SegmentRequest, SegmentResult, Segmenter, UncertaintyLayers, UncertaintyRequest,
    UncertaintySource,
};
use raterlens_nn::architecture::{Architecture, Size, Tasks};
use raterlens_nn::{Manifest, NnError};
use tempfile::TempDir;

const AXIAL: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
const SAMPLES: u32 = 4;

fn write(
    dir: &TempDir,
    name: &str,
    seed: i64,
    change: impl FnOnce(&mut Manifest),
) -> std::path::PathBuf {
    let architecture = Architecture::unet(Size::Tiny, Tasks::Multi).with_decoder_dropout(0.2);
    let mut manifest = Manifest::lumbar(name, architecture, [32, 32]);
    change(&mut manifest);
    let path = dir.path().join(format!("{name}.rlmodel"));
    raterlens_nn::train::write_untrained(&manifest, seed, &path).unwrap();
    path
}

fn segmenter(change: impl FnOnce(&mut Manifest)) -> Segmenter {
    let dir = tempfile::tempdir().unwrap();
    Segmenter::load(&write(&dir, "m", 2, change), DeviceRequest::Cpu).unwrap()
}

fn voxel(k: usize, j: usize, i: usize) -> f32 {
    ((i * 7 + j * 3) % 23 + (i / 9) * (j / 7) + 5 * k) as f32
}

fn image() -> Volume<f32> {
    let geometry = Geometry::new([40, 32, 5], [0.8, 0.8, 4.0], [0.0; 3], AXIAL).unwrap();
    let data = Array3::from_shape_fn(geometry.shape_kji(), |(k, j, i)| voxel(k, j, i));
    Volume::new(data, geometry).unwrap()
}

fn request(epistemic: Epistemic, aleatoric: Aleatoric) -> SegmentRequest {
    SegmentRequest {
        seed: 9,
        uncertainty: UncertaintyRequest {
            epistemic,
            aleatoric,
            samples: SAMPLES,
            keep_mean: false,
        },
        ..SegmentRequest::default()
    }
}

fn both() -> SegmentRequest {
    request(Epistemic::Dropout, Aleatoric::Augment)
}

fn run(segmenter: &Segmenter, volume: &Volume<f32>, request: &SegmentRequest) -> SegmentResult {
    segmenter
        .segment(volume, request, &Control::default())
        .unwrap()
}

fn maps(layers: &UncertaintyLayers) -> [&Array3<f32>; 4] {
    [
        layers.predictive_entropy.data(),
        layers.expected_entropy.data(),
        layers.mutual_information.data(),
        layers.variance.data(),
    ]
}

fn largest_difference(a: &Array3<f32>, b: &Array3<f32>) -> f32 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}

#[test]
fn maps_are_as_defined_and_labels_and_variance_stay() {
    let model = segmenter(|_| ());
    let plain = run(&model, &image(), &SegmentRequest::default());
    assert!(plain.uncertainty.is_empty() && plain.evidential.is_none());
    let found = run(&model, &image(), &both());
    assert!(found.labels == plain.labels && found.variance == plain.variance);
    let sources: Vec<_> = found.uncertainty.iter().map(|u| u.source).collect();
    assert_eq!(
        sources,
        [UncertaintySource::Dropout, UncertaintySource::Augmentation]
    );
    for layers in &found.uncertainty {
        assert_eq!(layers.samples, SAMPLES as usize);
        let [predictive, expected, information, variance] = maps(layers);
        assert_eq!(predictive.dim(), (5, 32, 40));
        for (p, (e, m)) in predictive.iter().zip(expected.iter().zip(information)) {
            assert!((p - e - m).abs() < 1e-5 && *m >= 0.0 && (0.0..=5_f32.ln() + 1e-5).contains(p));
        }
        assert!(variance.iter().all(|v| (0.0..=1.25).contains(v)));
        assert!(
            information.iter().any(|m| *m > 1e-4),
            "{} changed nothing",
            layers.source
        );
        // The means in numbers are those of the maps.
        let mean = predictive.mean().map(f64::from).unwrap();
        let told = layers.summary.image.predictive_entropy.unwrap();
        assert!((mean - told).abs() < 1e-5);
        assert_eq!(
            (layers.summary.slices.len(), layers.summary.structures.len()),
            (5, 4)
        );
    }
    let record = raterlens_engine::RunRecord::new(&found);
    assert_eq!(record.uncertainty.len(), 2);
    assert!(found
        .warnings
        .iter()
        .any(|w| w.contains("which changes of images")));
}

#[test]
fn the_seed_decides_and_the_batch_size_does_not() {
    let model = segmenter(|_| ());
    let first = run(&model, &image(), &both());
    let wide = SegmentRequest {
        batch_size: 3,
        ..both()
    };
    let wide = run(&model, &image(), &wide);
    let other = SegmentRequest { seed: 10, ..both() };
    let other = run(&model, &image(), &other);
    for ((a, b), c) in first
        .uncertainty
        .iter()
        .zip(&wide.uncertainty)
        .zip(&other.uncertainty)
    {
        for ((a, b), c) in maps(a).into_iter().zip(maps(b)).zip(maps(c)) {
            assert!(
                largest_difference(a, b) < 1e-5,
                "{}",
                largest_difference(a, b)
            );
            assert!(largest_difference(a, c) > 1e-4);
        }
    }
    let again = run(&model, &image(), &both());
    assert!(again
        .uncertainty
        .iter()
        .zip(&first.uncertainty)
        .all(|(a, b)| maps(a) == maps(b)));
}

#[test]
fn an_image_stored_in_another_orientation_has_the_same_maps_in_the_same_place() {
    let model = segmenter(|_| ());
    let upright = image();
    // Columns to the right, slices from head to foot.
    let direction = [[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]];
    let last = upright.geometry().lps_from_ijk().apply([39.0, 0.0, 4.0]);
    let grid = Geometry::new([40, 32, 5], [0.8, 0.8, 4.0], last, direction).unwrap();
    let turn = |map: &Array3<f32>| map.slice(s![..;-1, .., ..;-1]).to_owned();
    let turned = Volume::new(turn(upright.data()), grid).unwrap();
    let a = run(&model, &upright, &both());
    let b = run(&model, &turned, &both());
    for (a, b) in a.uncertainty.iter().zip(&b.uncertainty) {
        for (a, b) in maps(a).into_iter().zip(maps(b)) {
            assert!(largest_difference(&turn(a), b) < 1e-6);
        }
        assert_eq!(b.predictive_entropy.geometry(), &grid);
        let means = |l: &UncertaintyLayers| {
            let slices = l.summary.slices.iter().map(|s| s.variance.unwrap());
            slices.collect::<Vec<_>>()
        };
        let mut reversed = means(b);
        reversed.reverse();
        assert!(means(a)
            .iter()
            .zip(reversed)
            .all(|(a, b)| (a - b).abs() < 1e-9));
    }
}

/// Labels of an image that was mirrored left to right, brought back, sides exchanged.
fn mirrored_back(labels: &LabelMap) -> Array3<u16> {
    let other_side = |id: u16| match id {
        0 => 0,
        odd if odd % 2 == 1 => odd + 1,
        even => even - 1,
    };
    labels.data().slice(s![.., .., ..;-1]).mapv(other_side)
}

#[test]
fn a_mirrored_sample_comes_back_on_its_own_side() {
    let model = segmenter(|m| {
        m.augmentation = Some(AugmentOptions {
            mirror_chance: 1.0,
            ..AugmentOptions::default()
        });
    });
    let original = image();
    let mut wanted = request(Epistemic::None, Aleatoric::Augment);
    wanted.uncertainty.keep_mean = true;
    let found = run(&model, &original, &wanted);
    let [layers] = &found.uncertainty[..] else {
        unreachable!("one uncertainty was asked for")
    };
    // Every sample is the same mirrored pass.
    assert!(layers.mutual_information.data().iter().all(|m| *m < 1e-6));
    let flipped = original.data().slice(s![.., .., ..;-1]).to_owned();
    let flipped = Volume::new(flipped, *original.geometry()).unwrap();
    let expected = mirrored_back(&run(&model, &flipped, &SegmentRequest::default()).labels);
    assert_eq!(layers.mean.len(), 5);
    let most_probable = Array3::from_shape_fn(expected.raw_dim(), |at| {
        let p = layers.mean.iter().map(|m| m.data()[at]);
        let best = p
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        best.unwrap().0 as u16
    });
    let wrong = most_probable
        .iter()
        .zip(&expected)
        .filter(|(a, b)| a != b)
        .count();
    assert!(
        wrong * 1000 < expected.len(),
        "{wrong} of {} voxels",
        expected.len()
    );
    // It would be noticed: the model treats the sides differently.
    let unchanged = run(&model, &original, &SegmentRequest::default()).labels;
    assert!(unchanged.data() != expected);
}

#[test]
fn an_ensemble_answers_with_its_mean_and_tells_what_its_members_disagree_about() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (write(&dir, "a", 1, |_| ()), write(&dir, "b", 2, |_| ()));
    let wanted = request(Epistemic::Ensemble, Aleatoric::None);
    let load = |models: &[&std::path::Path]| Segmenter::load_ensemble(models, DeviceRequest::Cpu);
    let twice = run(&load(&[&a, &a]).unwrap(), &image(), &wanted);
    let once = run(
        &Segmenter::load(&a, DeviceRequest::Cpu).unwrap(),
        &image(),
        &SegmentRequest::default(),
    );
    assert!(twice.labels == once.labels);
    assert!(twice.uncertainty[0]
        .mutual_information
        .data()
        .iter()
        .all(|m| *m < 1e-6));
    let found = run(&load(&[&a, &b]).unwrap(), &image(), &wanted);
    assert_eq!(found.uncertainty[0].samples, 2);
    assert_eq!(
        (found.model.name.as_str(), found.members[0].name.as_str()),
        ("a", "b")
    );
    assert!(found.uncertainty[0]
        .mutual_information
        .data()
        .iter()
        .any(|m| *m > 1e-4));
    let other = run(
        &Segmenter::load(&b, DeviceRequest::Cpu).unwrap(),
        &image(),
        &SegmentRequest::default(),
    );
    for ((mean, a), b) in found
        .variance
        .iter()
        .zip(&once.variance)
        .zip(&other.variance)
    {
        for ((mean, a), b) in mean.data().iter().zip(a.data()).zip(b.data()) {
            assert!((mean - (a + b) / 2.0).abs() < 1e-6);
        }
    }
    let wider = write(&dir, "wide", 3, |m| m.input.size = [48, 48]);
    let refused = load(&[&a, &wider]).unwrap_err().to_string();
    assert!(refused.contains("inputs differ"), "{refused}");
    assert!(load(&[]).is_err());
}

#[test]
fn what_cannot_be_sampled_is_refused_before_anything_is_computed() {
    let without = segmenter(|m| {
        m.architecture = m.architecture.take().map(|a| a.with_decoder_dropout(0.0));
    });
    let ended = without.segment(&image(), &both(), &Control::default());
    assert!(matches!(
        ended,
        Err(EngineError::Network(NnError::NoDropout))
    ));
    let alone = segmenter(|_| ());
    let wanted = request(Epistemic::Ensemble, Aleatoric::None);
    let ended = alone.segment(&image(), &wanted, &Control::default());
    assert!(matches!(ended, Err(EngineError::Request(_))));
}

#[test]
fn progress_rises_and_a_cancelled_run_ends_at_the_next_sample() {
    let model = segmenter(|_| ());
    let seen = RefCell::new(Vec::new());
    let listen = |now: Progress| seen.borrow_mut().push(now.fraction);
    let control = Control {
        progress: Some(&listen),
        ..Control::default()
    };
    model.segment(&image(), &both(), &control).unwrap();
    let seen = seen.into_inner();
    assert!(seen.len() > 5 * 2 * SAMPLES as usize);
    assert!(seen.windows(2).all(|p| p[0] <= p[1] + 1e-6), "{seen:?}");

    let cancel = CancelFlag::new();
    let after = Cell::new(0);
    let listen = |now: Progress| {
        if cancel.is_cancelled() {
            after.set(after.get() + 1);
        }
        if now.stage == "Sampling" {
            cancel.cancel();
        }
    };
    let control = Control {
        progress: Some(&listen),
        cancel: cancel.clone(),
    };
    let ended = model.segment(&image(), &both(), &control);
    assert!(matches!(ended, Err(EngineError::Cancelled)));
    assert_eq!(after.get(), 0);
}

#[test]
fn an_evidential_head_tells_its_uncertainty_in_one_pass() {
    let model = segmenter(|m| {
        m.architecture = m
            .architecture
            .take()
            .map(Architecture::with_evidential_head);
    });
    let found = run(&model, &image(), &SegmentRequest::default());
    let map = found.evidential.unwrap();
    assert_eq!(map.geometry(), image().geometry());
    assert!(map.data().iter().all(|u| *u > 0.0 && *u <= 1.0 + 1e-6));
}
