//! The slices of a case that somebody labelled.

use ndarray::{Array3, ArrayView3, Axis};
use raterlens_core::{CanonicalAxial, Geometry, LabelMap, Volume};

use crate::error::EngineError;

/// Image and labels in the canonical orientation, only the axial slices with a label. The distance of slices
/// means nothing any more.
pub(super) fn labelled(
    image: &Volume<f32>,
    labels: &LabelMap,
) -> Result<(Volume<f32>, LabelMap), EngineError> {
    let canonical = CanonicalAxial::for_geometry(image.geometry());
    let image = canonical.to_canonical(image)?;
    // The grids are equal up to the noise of headers: one change of axes for both.
    let labels = Volume::new(labels.data().clone(), *canonical.input_geometry())?;
    let labels = canonical.to_canonical(&labels)?;
    let slices = labels.data().axis_iter(Axis(0)).enumerate();
    let chosen: Vec<usize> = slices
        .filter(|(_, s)| s.iter().any(|v| *v != 0))
        .map(|(k, _)| k)
        .collect();
    if chosen.is_empty() {
        return Err(EngineError::Request(
            "the reference has no label at all".into(),
        ));
    }
    let mut geometry = *image.geometry();
    geometry.dims[2] = chosen.len();
    Ok((
        take(image.data().view(), &chosen, &geometry)?,
        take(labels.data().view(), &chosen, &geometry)?,
    ))
}

fn take<T: Copy>(
    data: ArrayView3<'_, T>,
    slices: &[usize],
    geometry: &Geometry,
) -> Result<Volume<T>, EngineError> {
    let chosen: Array3<T> = data.select(Axis(0), slices);
    Ok(Volume::new(chosen, *geometry)?)
}
