//! The engine on a real network with random weights: progress, cancel, repeatability, notes, saving.
#![allow(clippy::unwrap_used)] // In tests a panic is the failure.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ndarray::Array3;
use raterlens_core::nifti_io::{read_image, write_map_f32};
use raterlens_core::{Geometry, Volume};
use raterlens_engine::batch::{plan_cases, run_cases, CaseStatus, Policy};
use raterlens_engine::case::{save_case, CaseSource, Overwrite};
use raterlens_engine::{
    CancelFlag, Control, DeviceRequest, EngineError, Progress, SegmentRequest, Segmenter,
};
use raterlens_nn::{Architecture, Manifest};

fn model() -> &'static Path {
    static MODEL: OnceLock<PathBuf> = OnceLock::new();
    MODEL.get_or_init(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("engine-untrained.rlmodel");
        let mut manifest = Manifest::lumbar("untrained", Architecture::tiny(), [32, 32]);
        manifest.input.training_pixel_mm = [0.5, 1.0];
        manifest.provenance.synthetic_only = true;
        raterlens_nn::train::write_untrained(&manifest, 2, &dir).unwrap();
        dir
    })
}

fn segmenter() -> Segmenter {
    Segmenter::load(model(), DeviceRequest::Cpu).unwrap()
}

/// An image with structure, on axes turned by `tilt_deg` about the patient's left-right axis.
fn image(dims: [usize; 3], spacing_mm: [f64; 3], tilt_deg: f64) -> Volume<f32> {
    let (sin, cos) = tilt_deg.to_radians().sin_cos();
    let direction = [[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]];
    let geometry = Geometry::new(dims, spacing_mm, [0.0; 3], direction).unwrap();
    let data = Array3::from_shape_fn(geometry.shape_kji(), |(k, j, i)| {
        ((i * 7 + j * 3) % 23 + (i / 9) * (j / 7) + 5 * k) as f32
    });
    Volume::new(data, geometry).unwrap()
}

#[test]
fn progress_rises_to_one_and_names_its_stages() {
    let seen = RefCell::new(Vec::new());
    let listen = |now: Progress| seen.borrow_mut().push(now);
    let control = Control {
        progress: Some(&listen),
        ..Control::default()
    };
    let volume = image([40, 32, 6], [0.8, 0.8, 4.0], 0.0);
    let request = SegmentRequest::default();
    segmenter().segment(&volume, &request, &control).unwrap();
    let seen = seen.into_inner();
    // At least once per slice on the CPU.
    assert!(seen.len() >= 6, "{seen:?}");
    assert!(seen.windows(2).all(|p| p[0].fraction <= p[1].fraction));
    assert_eq!(seen.last().map(|p| p.fraction), Some(1.0));
    assert!(seen.iter().all(|p| !p.stage.is_empty()));
}

#[test]
fn a_flag_raised_in_the_middle_ends_the_run_at_the_next_batch() {
    let cancel = CancelFlag::new();
    let batches = RefCell::new(0);
    let listen = |now: Progress| {
        *batches.borrow_mut() += 1;
        if now.fraction > 0.4 {
            cancel.cancel();
        }
    };
    let control = Control {
        progress: Some(&listen),
        cancel: cancel.clone(),
    };
    let volume = image([40, 32, 10], [0.8, 0.8, 4.0], 0.0);
    let ended = segmenter().segment(&volume, &SegmentRequest::default(), &control);
    assert!(matches!(ended, Err(EngineError::Cancelled)));
    // One report for the check, five for slices 0 to 4 (0.95 * 5 / 10 > 0.4): none after the flag.
    assert!(*batches.borrow() <= 1 + 6, "{batches:?}");
}

#[test]
fn two_runs_and_two_threads_give_the_same_bits() {
    let volume = image([40, 32, 5], [0.8, 0.8, 4.0], 0.0);
    let segmenter = segmenter();
    let run = || {
        let result = segmenter
            .segment(&volume, &SegmentRequest::default(), &Control::default())
            .unwrap();
        (result.labels, result.variance)
    };
    let first = run();
    let (a, b) = std::thread::scope(|s| {
        let (a, b) = (s.spawn(run), s.spawn(run));
        (a.join().unwrap(), b.join().unwrap())
    });
    assert!(first == a && first == b);
}

#[test]
fn soft_labels_agree_with_labels_and_change_nothing_else() {
    // Stored from head to foot, columns to the right: soft labels must be turned back like everything else.
    let turned = [[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]];
    let upright = image([40, 32, 5], [0.8, 0.8, 4.0], 0.0);
    let grid = Geometry::new([40, 32, 5], [0.8, 0.8, 4.0], [0.0; 3], turned).unwrap();
    let volume = Volume::new(upright.into_parts().0, grid).unwrap();
    let (segmenter, request) = (segmenter(), SegmentRequest::default());
    let plain = segmenter
        .segment(&volume, &request, &Control::default())
        .unwrap();
    let soft = segmenter
        .segment_soft(&volume, &request, &Control::default())
        .unwrap();
    assert!(plain.labels == soft.labels && plain.variance == soft.variance);
    let mut drawn = 0;
    for (structure, map) in segmenter.scheme().structures.iter().zip(&soft.soft) {
        let inside = map.map(|&q| q >= 0.5);
        assert!(inside == plain.labels.map(|&l| l == structure.id));
        assert!(map.data().iter().all(|q| (0.0..=1.0).contains(q)));
        drawn += inside.data().iter().filter(|m| **m).count();
    }
    assert!(drawn > 0);
    assert_eq!(soft.byte_len(), 40 * 32 * 5 * (2 + 4 * 8));
}

#[test]
fn noise_in_the_headers_spacing_changes_nothing() {
    let exact = image([40, 32, 3], [0.8, 0.8, 4.0], 0.0);
    let noisy = image([40, 32, 3], [0.800_000_1, 0.8, 4.0], 1e-7);
    let segmenter = segmenter();
    let layers = |v: &Volume<f32>| {
        let request = SegmentRequest::default();
        let result = segmenter.segment(v, &request, &Control::default()).unwrap();
        let maps: Vec<Array3<f32>> = result
            .variance
            .into_iter()
            .map(|m| m.into_parts().0)
            .collect();
        (result.labels.into_parts().0, maps)
    };
    assert!(layers(&exact) == layers(&noisy));
}

#[test]
fn what_a_user_should_know_is_said() {
    let segmenter = segmenter();
    let notes = |v: &Volume<f32>| {
        let request = SegmentRequest::default();
        let result = segmenter.segment(v, &request, &Control::default()).unwrap();
        result.warnings.join("\n")
    };
    let plain = notes(&image([40, 32, 2], [0.8, 0.8, 4.0], 0.0));
    assert!(plain.contains("synthetic images only"), "{plain}");
    for word in ["tilted", "acquired axially", "apart", "outside"] {
        assert!(!plain.contains(word), "{plain}");
    }
    let odd = notes(&image([40, 12, 2], [0.8, 4.0, 12.0], 20.0));
    for words in [
        "tilted by 20 degrees",
        "0.80 x 4.00 mm",
        "12.0 mm apart",
        "0.50 to 1.00 mm",
    ] {
        assert!(odd.contains(words), "'{words}' is not in: {odd}");
    }
}

#[test]
fn images_that_cannot_be_segmented_are_refused() {
    let flat = image([40, 32, 3], [1.0; 3], 0.0).map(|_| 3.0);
    let request = SegmentRequest::default();
    let refused = segmenter().segment(&flat, &request, &Control::default());
    assert!(matches!(refused, Err(EngineError::Image(_))));
}

#[test]
fn a_host_can_save_what_it_holds_and_cancelling_a_batch_leaves_no_case() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.nii.gz");
    write_map_f32(&path, &image([40, 32, 3], [0.8, 0.8, 4.0], 0.0), None).unwrap();
    let segmenter = segmenter();
    let image = read_image(&path).unwrap();
    let request = SegmentRequest::default();
    let result = segmenter
        .segment(&image.volume, &request, &Control::default())
        .unwrap();
    let source = CaseSource::open(&path).unwrap();
    let out = dir.path().join("saved");
    let scheme = segmenter.scheme();
    let overwrite = Overwrite::default();
    let record = save_case(&out, "a", &source, &image, scheme, &result, overwrite).unwrap();
    assert!(record.outputs.keys().all(|f| out.join(f).is_file()));

    // The same case as a batch gives the same layers.
    let plan = plan_cases(&[path]);
    let batch = dir.path().join("batch");
    let run = |cancel: &CancelFlag| {
        run_cases(
            &segmenter,
            &plan.cases,
            &batch,
            &request,
            Policy::Resume,
            cancel,
            &(),
        )
    };
    let raised = CancelFlag::new();
    raised.cancel();
    assert!(matches!(run(&raised), Err(EngineError::Cancelled)));
    assert!(!batch.exists());
    let outcomes = run(&CancelFlag::new()).unwrap();
    assert!(matches!(outcomes[0].status, CaseStatus::Done));
    let same = [
        "labels.nii.gz",
        "variance_multifidus_left.nii.gz",
        "measures.csv",
    ];
    let again = outcomes[0].record.as_ref().unwrap();
    assert!(same.iter().all(|f| record.outputs[*f] == again.outputs[*f]));
}

#[test]
fn a_model_of_one_task_gives_labels_without_variance_maps_and_says_so() {
    use raterlens_nn::architecture::{Size, Tasks};
    let dir = tempfile::tempdir().unwrap();
    let package = dir.path().join("single.rlmodel");
    let architecture = Architecture::unet(Size::Tiny, Tasks::Single);
    let manifest = Manifest::lumbar("single", architecture, [32, 32]);
    raterlens_nn::train::write_untrained(&manifest, 2, &package).unwrap();
    let segmenter = Segmenter::load(&package, DeviceRequest::Cpu).unwrap();

    let path = dir.path().join("image.nii.gz");
    write_map_f32(&path, &image([24, 24, 4], [0.8, 0.8, 4.0], 0.0), None).unwrap();
    let nifti = read_image(&path).unwrap();
    let request = SegmentRequest::default();
    let result = segmenter
        .segment(&nifti.volume, &request, &Control::default())
        .unwrap();
    assert!(result.variance.is_empty());
    assert!(result
        .measures
        .rows
        .iter()
        .all(|r| r.mean_variance.is_none()));
    let said = |w: &String| w.contains("predicts labels only");
    assert!(result.warnings.iter().any(said), "{:?}", result.warnings);

    let out = dir.path().join("case");
    let source = CaseSource::open(&path).unwrap();
    let scheme = segmenter.scheme();
    let save = |o| save_case(&out, "case", &source, &nifti, scheme, &result, o);
    let record = save(Overwrite::OwnUnchanged).unwrap();
    let is_map = |name: &str| name.starts_with("variance_");
    assert!(!record.outputs.keys().any(|name| is_map(name)));
    let count_maps = || {
        let names = std::fs::read_dir(&out).unwrap();
        let names = names.map(|e| e.unwrap().file_name().into_string().unwrap());
        names.filter(|name| is_map(name)).count()
    };
    assert_eq!(count_maps(), 0);

    // Maps of an earlier run with another model must not lie beside this one's labels.
    let earlier = self::segmenter();
    let maps = earlier.segment(&nifti.volume, &request, &Control::default());
    let o = Overwrite::OwnUnchanged;
    save_case(&out, "case", &source, &nifti, scheme, &maps.unwrap(), o).unwrap();
    assert_eq!(count_maps(), 4);
    save(Overwrite::OwnUnchanged).unwrap();
    assert_eq!(count_maps(), 0);
}
