//! Labels as channels of probabilities.

use half::f16;
use ndarray::{Array2, Array3, ArrayView2, ArrayView3, Axis};
use raterlens_core::{LabelScheme, ResampleError, SliceFrame};

/// The labels of a slice as class probabilities at the network's size `[structures + 1, H, W]`, background first: each class is
/// resampled linearly, padding is background.
pub(super) fn probabilities(
    labels: ArrayView2<'_, u16>,
    scheme: &LabelScheme,
    frame: &SliceFrame,
) -> Result<Array3<f32>, ResampleError> {
    let [height, width] = frame.input_size();
    let mut out = Array3::zeros((scheme.len() + 1, height, width));
    let ids = std::iter::once(0).chain(scheme.structures.iter().map(|s| s.id));
    for (id, mut channel) in ids.zip(out.axis_iter_mut(Axis(0))) {
        let mask = labels.mapv(|l| f32::from(l == id));
        channel.assign(&frame.map_to_input(mask.view(), f32::from(id == 0))?);
    }
    Ok(out)
}

/// The class of each pixel, 0 for background: of equal probabilities the first.
pub(crate) fn argmax(probabilities: ArrayView3<'_, f32>) -> Array2<u16> {
    let (_, height, width) = probabilities.dim();
    Array2::from_shape_fn((height, width), |(y, x)| {
        let mut best = (0_u16, f32::NEG_INFINITY);
        for (class, channel) in probabilities.axis_iter(Axis(0)).enumerate() {
            let value = channel.get((y, x)).copied().unwrap_or(f32::NEG_INFINITY);
            if value > best.1 {
                best = (class as u16, value);
            }
        }
        best.0
    })
}

/// Half the memory; probabilities and variances keep three digits.
pub(super) fn stored(values: &Array3<f32>) -> Array3<f16> {
    values.mapv(f16::from_f32)
}
