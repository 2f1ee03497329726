//! Numbers from maps: whole image and slice by slice.

use ndarray::{ArrayView2, ArrayView3, Axis};
use rayon::prelude::*;
use serde::Serialize;

use super::error::VariabilityError;
use super::maps::slices_first;
use crate::fusion::{FusionError, LabelValue, RaterSet};
use crate::volume::Volume;

/// Variability of one structure in the whole image or one slice.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct VarianceRow {
    /// The structure's label.
    pub structure: u16,
    /// Index along the image's own axial slice axis, in the order of storage; `None` for the whole image.
    pub slice: Option<usize>,
    /// Voxels.
    pub voxels: u64,
    /// Voxels that at least one present rater gave to the structure.
    pub voxels_any: u64,
    /// Voxels that every present rater gave to it.
    pub voxels_all: u64,
    /// Mean of the variance map over all voxels.
    pub mean_variance: f64,
    /// Mean over the voxels that at least one rater gave; `None` when nobody gave any.
    pub mean_variance_any: Option<f64>,
    /// Largest value.
    pub max_variance: f32,
}

/// Entropy of the whole image or one slice.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EntropyRow {
    /// Index along the image's own axial slice axis, in the order of storage; `None` for the whole image.
    pub slice: Option<usize>,
    /// Voxels.
    pub voxels: u64,
    /// Voxels at which the raters differ.
    pub voxels_disputed: u64,
    /// Mean over all voxels, nats.
    pub mean_entropy: f64,
    /// Mean over the voxels at which the raters differ; `None` without any.
    pub mean_entropy_disputed: Option<f64>,
    /// Largest value.
    pub max_entropy: f32,
}

/// Sums that rows are made from; they add up over slices.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    voxels: u64,
    chosen: u64,
    all: u64,
    sum: f64,
    sum_chosen: f64,
    max: f32,
}

impl Sums {
    fn add(&mut self, value: f32, is_chosen: bool) {
        self.voxels += 1;
        self.sum += f64::from(value);
        self.max = self.max.max(value);
        if is_chosen {
            self.chosen += 1;
            self.sum_chosen += f64::from(value);
        }
    }

    fn join(self, other: &Self) -> Self {
        Self {
            voxels: self.voxels + other.voxels,
            chosen: self.chosen + other.chosen,
            all: self.all + other.all,
            sum: self.sum + other.sum,
            sum_chosen: self.sum_chosen + other.sum_chosen,
            max: self.max.max(other.max),
        }
    }

    fn mean(&self) -> f64 {
        self.sum / self.voxels.max(1) as f64
    }

    fn mean_chosen(&self) -> Option<f64> {
        (self.chosen > 0).then(|| self.sum_chosen / self.chosen as f64)
    }
}

/// The whole image first, then its slices.
fn numbered(slices: Vec<Sums>) -> impl Iterator<Item = (Option<usize>, Sums)> {
    let whole = slices.iter().fold(Sums::default(), Sums::join);
    let slices = slices.into_iter().enumerate();
    std::iter::once((None, whole)).chain(slices.map(|(k, sums)| (Some(k), sums)))
}

/// What the variance map of a structure says: one row for the whole image, then one per slice.
///
/// # Inputs
/// The map of [`variance_map`](super::variance_map) for this label and these raters.
///
/// # Errors
/// Label 0, or a map of another shape.
pub fn summarise_variance<T: LabelValue>(
    set: &RaterSet<'_, T>,
    label: u16,
    map: &Volume<f32>,
) -> Result<Vec<VarianceRow>, VariabilityError> {
    if label == 0 {
        return Err(FusionError::BackgroundAsStructure.into());
    }
    let (expected, found) = (set.grid().shape_kji(), map.geometry().shape_kji());
    if expected != found {
        return Err(VariabilityError::OtherMap { expected, found });
    }
    let order = slices_first(set.grid());
    let views: Vec<ArrayView3<'_, T>> = set
        .present()
        .map(|(_, v)| v.data().view().permuted_axes(order))
        .collect();
    let values = map.data().view().permuted_axes(order);
    let slices: Vec<Sums> = (0..values.len_of(Axis(0)))
        .into_par_iter()
        .map(|k| {
            let raters: Vec<_> = views.iter().map(|v| v.index_axis(Axis(0), k)).collect();
            drawn_sums(&raters, label, values.index_axis(Axis(0), k))
        })
        .collect();
    let rows = numbered(slices).map(|(slice, sums)| VarianceRow {
        structure: label,
        slice,
        voxels: sums.voxels,
        voxels_any: sums.chosen,
        voxels_all: sums.all,
        mean_variance: sums.mean(),
        mean_variance_any: sums.mean_chosen(),
        max_variance: sums.max,
    });
    Ok(rows.collect())
}

fn drawn_sums<T: LabelValue>(
    raters: &[ArrayView2<'_, T>],
    label: u16,
    values: ArrayView2<'_, f32>,
) -> Sums {
    let mut sums = Sums::default();
    for (j, row) in values.outer_iter().enumerate() {
        let mut drawn = vec![0_usize; row.len()];
        for rater in raters {
            for (count, &given) in drawn.iter_mut().zip(rater.row(j)) {
                *count += usize::from(given.into() == label);
            }
        }
        for (&value, count) in row.iter().zip(drawn) {
            sums.add(value, count > 0);
            sums.all += u64::from(count == raters.len());
        }
    }
    sums
}

/// What an entropy map says: one row for the whole image, then one per slice.
///
/// # Inputs
/// The map of [`gt_entropy`](super::gt_entropy); raters differ where it is above 0.
#[must_use]
pub fn summarise_entropy(map: &Volume<f32>) -> Vec<EntropyRow> {
    let values = map
        .data()
        .view()
        .permuted_axes(slices_first(map.geometry()));
    let slices: Vec<Sums> = (0..values.len_of(Axis(0)))
        .into_par_iter()
        .map(|k| {
            let mut sums = Sums::default();
            let slice = values.index_axis(Axis(0), k);
            slice.iter().for_each(|&h| sums.add(h, h > 0.0));
            sums
        })
        .collect();
    let rows = numbered(slices).map(|(slice, sums)| EntropyRow {
        slice,
        voxels: sums.voxels,
        voxels_disputed: sums.chosen,
        mean_entropy: sums.mean(),
        mean_entropy_disputed: sums.mean_chosen(),
        max_entropy: sums.max,
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Geometry;
    use ndarray::Array3;

    /// Slices along j: the array's second axis.
    fn volume<T>(voxels: Vec<T>) -> Volume<T> {
        let direction = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]];
        let grid = Geometry::new([2, 2, 1], [0.5, 4.0, 0.5], [0.0; 3], direction).unwrap();
        Volume::new(Array3::from_shape_vec((1, 2, 2), voxels).unwrap(), grid).unwrap()
    }

    #[test]
    fn rows_by_hand() {
        let raters = [volume(vec![7_u8, 0, 0, 0]), volume(vec![7, 7, 0, 0])];
        let set = RaterSet::from_volumes(&raters).unwrap();
        let map = volume(vec![0.0, 0.25, 0.125, 0.0]);
        let rows = summarise_variance(&set, 7, &map).unwrap();
        let expected = |slice, voxels, voxels_any, voxels_all, mean, any, max| VarianceRow {
            structure: 7,
            slice,
            voxels,
            voxels_any,
            voxels_all,
            mean_variance: mean,
            mean_variance_any: any,
            max_variance: max,
        };
        assert_eq!(
            rows,
            [
                expected(None, 4, 2, 1, 0.375 / 4.0, Some(0.25 / 2.0), 0.25),
                expected(Some(0), 2, 2, 1, 0.25 / 2.0, Some(0.25 / 2.0), 0.25),
                expected(Some(1), 2, 0, 0, 0.125 / 2.0, None, 0.125),
            ]
        );
    }

    #[test]
    fn entropy_rows_by_hand() {
        let rows = summarise_entropy(&volume(vec![0.0, 0.5, 0.0, 0.0]));
        let expected = |slice, voxels, voxels_disputed, mean, disputed, max| EntropyRow {
            slice,
            voxels,
            voxels_disputed,
            mean_entropy: mean,
            mean_entropy_disputed: disputed,
            max_entropy: max,
        };
        assert_eq!(
            rows,
            [
                expected(None, 4, 1, 0.5 / 4.0, Some(0.5), 0.5),
                expected(Some(0), 2, 1, 0.5 / 2.0, Some(0.5), 0.5),
                expected(Some(1), 2, 0, 0.0, None, 0.0),
            ]
        );
    }

    #[test]
    fn a_map_of_another_image_is_refused() {
        let raters = [volume(vec![7_u8, 0, 0, 0])];
        let set = RaterSet::from_volumes(&raters).unwrap();
        let grid = Geometry::new([1, 1, 1], [1.0; 3], [0.0; 3], set.grid().direction_lps).unwrap();
        let other = Volume::new(Array3::zeros((1, 1, 1)), grid).unwrap();
        let refused = summarise_variance(&set, 7, &other);
        assert!(matches!(refused, Err(VariabilityError::OtherMap { .. })));
    }
}
