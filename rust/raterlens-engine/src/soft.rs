//! A model's soft label of each structure, for corrections by a rater.

use ndarray::{Array2, ArrayView2, ArrayView3, ArrayViewMut2, Axis};
use raterlens_core::{LabelMap, Volume};

use crate::error::EngineError;
use crate::slices::WayBack;

/// Labels, soft labels and variance of one image, on its own grid: what [`raterlens_core::correction::correct`] acts on.
#[derive(Debug, Clone)]
pub struct SoftLayers {
    /// Structure ids.
    pub labels: LabelMap,
    /// One soft label per structure of the model's scheme, in its order: the structure's probability against its strongest
    /// rival's, `p / (p + rival)`, in [0, 1]. It is at least 0.5 exactly where `labels` has the structure.
    pub soft: Vec<Volume<f32>>,
    /// Predicted inter-rater variance, one map per structure, in [0, 0.25].
    pub variance: Vec<Volume<f32>>,
    /// What the user should know about this image and model, in sentences.
    pub warnings: Vec<String>,
}

impl SoftLayers {
    /// Bytes of memory that the layers take.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        let maps = self.soft.len() + self.variance.len();
        self.labels.data().len() * (2 + 4 * maps)
    }
}

/// Writes one slice of each structure's soft label.
///
/// `probabilities` is `[structures + 1, rows, columns]` at the network's size; `labels` is what was chosen from it.
pub(crate) fn soft_labels(
    probabilities: ArrayView3<'_, f32>,
    back: WayBack<'_>,
    labels: ArrayView2<'_, u16>,
    outs: Vec<ArrayViewMut2<'_, f32>>,
) -> Result<(), EngineError> {
    let channels = probabilities
        .axis_iter(Axis(0))
        .map(|channel| back.native(channel))
        .collect::<Result<Vec<_>, _>>()?;
    for (c, (structure, mut out)) in back.scheme.structures.iter().zip(outs).enumerate() {
        let Some(own) = channels.get(c + 1) else {
            continue; // the package's own check: one channel for each structure
        };
        let rival = strongest_but(&channels, c + 1, own.raw_dim());
        ndarray::Zip::from(&mut out)
            .and(own)
            .and(&rival)
            .and(labels)
            .for_each(|out, &own, &rival, &label| {
                *out = on_side(own / (own + rival), label == structure.id);
            });
    }
    Ok(())
}

/// The largest of all channels but one.
fn strongest_but(channels: &[Array2<f32>], but: usize, dim: ndarray::Ix2) -> Array2<f32> {
    let mut best = Array2::zeros(dim);
    let others = channels.iter().enumerate().filter(|(c, _)| *c != but);
    for (_, channel) in others {
        ndarray::Zip::from(&mut best)
            .and(channel)
            .for_each(|best: &mut f32, &p| *best = best.max(p));
    }
    best
}

/// A soft label that agrees with the label also where two probabilities tie, or both are nothing.
fn on_side(soft: f32, is_inside: bool) -> f32 {
    const HALF: f32 = 0.5;
    if is_inside {
        soft.max(HALF)
    } else {
        soft.min(HALF.next_down())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{array, Array3};
    use raterlens_core::slice_orientation::SliceOrientation;
    use raterlens_core::{LabelScheme, ResizeRule, SliceFrame};

    #[test]
    fn a_soft_label_is_the_share_against_the_strongest_rival_and_agrees_with_the_label() {
        let scheme = LabelScheme::lumbar_paraspinal();
        let frame = SliceFrame::new(ResizeRule::Stretch, [1, 3], [1.0, 1.0], [1, 3]).unwrap();
        let mut p = Array3::<f32>::zeros((5, 1, 3));
        // Background 0.2, structure 1 0.6, structure 2 0.2; a tie of background and 1; a tie of 1 and 2.
        p.slice_mut(ndarray::s![.., 0, 0])
            .assign(&array![0.2, 0.6, 0.2, 0.0, 0.0]);
        p.slice_mut(ndarray::s![.., 0, 1])
            .assign(&array![0.5, 0.5, 0.0, 0.0, 0.0]);
        p.slice_mut(ndarray::s![.., 0, 2])
            .assign(&array![0.2, 0.4, 0.4, 0.0, 0.0]);
        let labels = array![[1_u16, 0, 1]];
        let mut soft = vec![Array2::<f32>::zeros((1, 3)); 4];
        let outs = soft.iter_mut().map(|s| s.view_mut()).collect();
        let back = WayBack {
            frame: &frame,
            orientation: SliceOrientation::AxialLps,
            scheme: &scheme,
        };
        soft_labels(p.view(), back, labels.view(), outs).unwrap();
        let near = |a: f32, b: f32| (a - b).abs() < 1e-6;
        assert!(near(soft[0][[0, 0]], 0.6 / 0.8) && near(soft[1][[0, 0]], 0.2 / 0.8));
        assert_eq!(soft[0][[0, 1]], 0.5_f32.next_down());
        assert_eq!(
            (soft[0][[0, 2]], soft[1][[0, 2]]),
            (0.5, 0.5_f32.next_down())
        );
        assert_eq!(soft[3], array![[0.0, 0.0, 0.0]]);
    }

    #[test]
    fn where_all_is_nothing_the_soft_label_is_a_number_all_the_same() {
        assert_eq!(on_side(f32::NAN, false), 0.5_f32.next_down());
        assert_eq!(on_side(f32::NAN, true), 0.5);
    }
}
