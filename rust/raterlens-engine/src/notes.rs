//! What a user should know about an image before trusting what a model says about it.

use raterlens_core::{CanonicalAxial, LabelMap, LabelScheme};
use raterlens_nn::package::Manifest;

/// Slices tilted by less than this are not worth a word, degrees.
const OBLIQUE_DEG: f64 = 5.0;
/// In-plane pixels this much longer than wide were not acquired as axial slices.
const NON_AXIAL_RATIO: f64 = 2.0;
/// Slices further apart than this leave much of a muscle unseen, millimetres.
const THICK_SLICE_MM: f64 = 10.0;
/// Pixel sizes may leave the trained range by this factor before it is said.
const PIXEL_MARGIN: f64 = 1.5;

const AXIS_NAMES: [&str; 3] = ["first (i)", "second (j)", "third (k)"];

/// A remark about a model that does not say how its images were changed in training.
pub(crate) fn about_augmentation(manifest: &Manifest) -> Option<String> {
    manifest.augmentation.is_none().then(|| {
        "The model does not say which changes of images it was trained with: aleatoric uncertainty is from the usual ones (rotation, \
         translation, mirroring, intensity, noise, blur)."
            .into()
    })
}

/// Remarks about the image's grid, and about the model.
pub(crate) fn about_input(canonical: &CanonicalAxial, manifest: &Manifest) -> Vec<String> {
    let mut notes = Vec::new();
    let [across, down, apart] = canonical.output_geometry().spacing_mm;

    let tilt = canonical.obliqueness_deg();
    if tilt > OBLIQUE_DEG {
        notes.push(format!(
            "The image is tilted by {tilt:.0} degrees from the patient's axes: its slices are used as they are, not resliced."
        ));
    }
    let (short, long) = (across.min(down), across.max(down));
    if long > NON_AXIAL_RATIO * short {
        let axis = AXIS_NAMES.get(canonical.slice_axis()).unwrap_or(&"slice");
        notes.push(format!(
            "Axial slices lie across the image's {axis} axis and have pixels of {across:.2} x {down:.2} mm: \
             the image was probably not acquired axially, expect coarse outlines."
        ));
    }
    if apart > THICK_SLICE_MM {
        notes.push(format!(
            "Slices are {apart:.1} mm apart: volumes in millilitres assume that nothing changes in between."
        ));
    }
    let [low, high] = manifest.input.training_pixel_mm;
    // A model that does not know its range says 0 to 0.
    let known = high > 0.0;
    if known && (long > high * PIXEL_MARGIN || short * PIXEL_MARGIN < low) {
        notes.push(format!(
            "Pixels of {across:.2} x {down:.2} mm are outside what the model was trained on ({low:.2} to {high:.2} mm)."
        ));
    }
    if !manifest.predicts_variance() {
        notes.push(
            "The model predicts labels only: there are no maps of inter-rater variance.".into(),
        );
    }
    if manifest.provenance.synthetic_only {
        notes.push(
            "The model was trained on synthetic images only: neither labels nor variance are calibrated \
             for real patients. Not for clinical use."
                .into(),
        );
    }
    notes
}

/// One remark when structures are missing from the labels.
pub(crate) fn about_labels(labels: &LabelMap, scheme: &LabelScheme) -> Option<String> {
    let mut seen = vec![false; usize::from(u16::MAX) + 1];
    for id in labels.data() {
        if let Some(slot) = seen.get_mut(usize::from(*id)) {
            *slot = true;
        }
    }
    let absent = |id: u16| !seen.get(usize::from(id)).copied().unwrap_or(false);
    let missing: Vec<&str> = scheme
        .structures
        .iter()
        .filter(|s| absent(s.id))
        .map(|s| s.title.as_str())
        .collect();
    (!missing.is_empty()).then(|| format!("Not found in this image: {}.", missing.join(", ")))
}
