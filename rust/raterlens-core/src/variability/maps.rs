//! Variance maps and soft distance labels of whole images.

use ndarray::{Array3, ArrayView3};

use super::error::VariabilityError;
use super::in_plane;
use super::in_volume;
use super::options::{DistanceExtent, SoftLabelOptions, VarianceOptions};
use super::rows::Wanted;
use crate::fusion::{FusionError, LabelValue, RaterSet};
use crate::geometry::Geometry;
use crate::labels::LabelScheme;
use crate::orientation::CanonicalAxial;
use crate::volume::{LabelMap, Volume};

/// Variance maps of all structures, in the scheme's order, on the raters' grid.
///
/// [`variance_map`] of each structure with distances within slices.
///
/// # Errors
/// No rater, raters on different grids, or a `tau` that is not positive.
///
/// ```
/// use ndarray::array;
/// use raterlens_core::variability::{variance_maps, VarianceOptions};
/// use raterlens_core::{Geometry, LabelScheme, Volume};
/// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let grid = Geometry::new([2, 1, 1], [0.5, 0.5, 4.0], [0.0; 3], identity)?;
/// // One rater sees structure 1 in the whole slice, the other does not: soft labels 1 and 0.
/// let raters = [Volume::new(array![[[1, 1]]], grid)?, Volume::new(array![[[0, 0]]], grid)?];
/// let maps = variance_maps(&raters, &LabelScheme::lumbar_paraspinal(), &VarianceOptions::default())?;
/// assert_eq!(maps[0].data(), &array![[[0.25, 0.25]]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn variance_maps(
    raters: &[LabelMap],
    scheme: &LabelScheme,
    options: &VarianceOptions,
) -> Result<Vec<Volume<f32>>, VariabilityError> {
    let set = RaterSet::from_volumes(raters)?;
    let options = SoftLabelOptions::from(*options);
    let ids = scheme.structures.iter().map(|s| s.id);
    ids.map(|id| variance_map(&set, id, &options)).collect()
}

/// Variance map of one structure: the population variance of the present raters' soft labels (SPEC section 4),
/// `V(i) = (1/R) sum over r of (s_r(i) - mean_r s_r(i))^2` with `s = 1 / (1 + exp(-d / tau))` and the signed distance d.
///
/// # Result
/// Range 0 to 0.25 on the raters' grid; one rater gives zeros, as does a structure that nobody drew. A rater whose
/// slice (in 3-D: image) is empty has soft label 0 there, one who filled it 1.
///
/// # Accuracy
/// Distances are exact and Euclidean, computed in double precision (in 3-D see the note below). The variance is within
/// `saturation * (1 + saturation)` of the definition before it is rounded to single precision. In 3-D with millimetres,
/// single precision of intermediate squared distances adds less than 1e-8.
///
/// # Errors
/// Label 0, and numbers that make no edge.
///
/// # Cost
/// Linear in the voxels of the box that holds the structure and its reach (18 `tau` by default), in parallel over
/// slices. Memory: rows of a slice per thread; in 3-D 5 bytes per rater and voxel of that box.
///
/// ```
/// use ndarray::array;
/// use raterlens_core::fusion::RaterSet;
/// use raterlens_core::variability::{variance_map, SoftLabelOptions};
/// use raterlens_core::{Geometry, Volume};
/// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let grid = Geometry::new([3, 1, 1], [0.5, 0.5, 4.0], [0.0; 3], identity)?;
/// let raters = [Volume::new(array![[[0_u8, 0, 7]]], grid)?, Volume::new(array![[[0_u8, 7, 7]]], grid)?];
/// let map = variance_map(&RaterSet::from_volumes(&raters)?, 7, &SoftLabelOptions::default())?;
/// let soft = |d: f64| 1.0 / (1.0 + (-d).exp());
/// // At the middle voxel the signed distances are -1 and 1: variance of two values, a quarter of the square.
/// let expected = 0.25 * (soft(1.0) - soft(-1.0)).powi(2);
/// assert!((f64::from(map.data()[[0, 0, 1]]) - expected).abs() < 1e-7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn variance_map<T: LabelValue>(
    set: &RaterSet<'_, T>,
    label: u16,
    options: &SoftLabelOptions,
) -> Result<Volume<f32>, VariabilityError> {
    map(set, label, options, Wanted::Variance)
}

/// Soft distance label of one structure: the mean of the present raters' soft labels (SPEC sections 3 and 4).
///
/// # Result
/// Range 0 to 1 on the raters' grid, within `saturation` of the definition; otherwise as [`variance_map`].
///
/// # Errors
/// Label 0, and numbers that make no edge.
///
/// ```
/// use ndarray::array;
/// use raterlens_core::fusion::{soft_distance_label, RaterSet};
/// use raterlens_core::variability::SoftLabelOptions;
/// use raterlens_core::{Geometry, Volume};
/// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let grid = Geometry::new([2, 1, 1], [0.5, 0.5, 4.0], [0.0; 3], identity)?;
/// let raters = [Volume::new(array![[[0_u8, 7]]], grid)?, Volume::new(array![[[7_u8, 0]]], grid)?];
/// let soft = soft_distance_label(&RaterSet::from_volumes(&raters)?, 7, &SoftLabelOptions::default())?;
/// assert_eq!(soft.data(), &array![[[0.5, 0.5]]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn soft_distance_label<T: LabelValue>(
    set: &RaterSet<'_, T>,
    label: u16,
    options: &SoftLabelOptions,
) -> Result<Volume<f32>, VariabilityError> {
    map(set, label, options, Wanted::Mean)
}

fn map<T: LabelValue>(
    set: &RaterSet<'_, T>,
    label: u16,
    options: &SoftLabelOptions,
    wanted: Wanted,
) -> Result<Volume<f32>, VariabilityError> {
    options.check()?;
    if label == 0 {
        return Err(FusionError::BackgroundAsStructure.into());
    }
    let grid = set.grid();
    let mut out = Array3::zeros(grid.shape_kji());
    if let Some(memory) = out.as_slice_mut() {
        raterlens_os::prefer_huge_pages(memory);
    }
    // A label that the type cannot hold is one that nobody drew.
    if let Ok(label) = T::try_from(label) {
        let order = match options.extent {
            DistanceExtent::InPlane => slices_first(grid),
            DistanceExtent::Volume => [0, 1, 2],
        };
        let views: Vec<ArrayView3<'_, T>> = set
            .present()
            .map(|(_, v)| v.data().view().permuted_axes(order))
            .collect();
        let [i, j, k] = options.spacing(grid.spacing_mm);
        let [a, b, c] = order.map(|axis| [k, j, i][axis]);
        let target = out.view_mut().permuted_axes(order);
        match options.extent {
            DistanceExtent::InPlane => {
                in_plane::fill(&views, label, options, [b, c], wanted, target);
            }
            DistanceExtent::Volume => {
                in_volume::fill(&views, label, options, [a, b, c], wanted, target);
            }
        }
    }
    Ok(Volume::new(out, *grid)?)
}

/// The array axes (0 = k, 1 = j, 2 = i) with that of the slices first. Directions do not matter to distances.
pub(super) fn slices_first(grid: &Geometry) -> [usize; 3] {
    match CanonicalAxial::for_geometry(grid).slice_axis() {
        0 => [2, 0, 1],
        1 => [1, 0, 2],
        _ => [0, 1, 2],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variability::{soft_label_2d, variance_map_2d, DistanceUnit};
    use ndarray::{array, Array2, Axis};

    fn logistic(d: f64) -> f64 {
        1.0 / (1.0 + (-d).exp())
    }

    /// Two raters who differ in one voxel of a 3 x 3 slice, in a stack of two slices.
    fn raters() -> Vec<LabelMap> {
        let direction = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let grid = Geometry::new([3, 3, 2], [0.5, 0.5, 4.0], [0.0; 3], direction).unwrap();
        let mut one = Array3::<u16>::zeros((2, 3, 3));
        one[[1, 1, 0]] = 2;
        let mut two = one.clone();
        two[[1, 1, 1]] = 2;
        [one, two]
            .map(|data| Volume::new(data, grid).unwrap())
            .to_vec()
    }

    #[test]
    fn maps_are_made_within_slices_and_in_the_order_of_the_scheme() {
        let scheme = LabelScheme::lumbar_paraspinal();
        let maps = variance_maps(&raters(), &scheme, &VarianceOptions::default()).unwrap();
        assert_eq!(maps.len(), 4);
        assert!(maps[0].data().iter().all(|&v| v == 0.0)); // structure 1: nobody drew it
        let left = maps[1].data();
        assert!(left.index_axis(Axis(0), 0).iter().all(|&v| v == 0.0)); // the empty slice
        let half = 0.5 * (logistic(-1.0) - logistic(1.0)); // at the voxel they differ in
        assert!((f64::from(left[[1, 1, 1]]) - half * half).abs() < 1e-8);
    }

    #[test]
    fn millimetres_are_those_of_rows_and_columns() {
        let direction = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        // Columns 0.5 mm apart, rows 2 mm; one rater marks the left pixel, one the whole 2 x 2 slice.
        let grid = Geometry::new([2, 2, 1], [0.5, 2.0, 4.0], [0.0; 3], direction).unwrap();
        let raters = [array![[[1, 0], [0, 0]]], array![[[1, 1], [1, 1]]]]
            .map(|data| Volume::new(data, grid).unwrap());
        let options = VarianceOptions {
            unit: DistanceUnit::Millimetre,
            ..VarianceOptions::default()
        };
        let scheme = LabelScheme::lumbar_paraspinal();
        let map = variance_maps(&raters, &scheme, &options).unwrap();
        let expected = |d: f64| {
            let half = 0.5 * (1.0 - logistic(d)); // the whole slice has soft label 1
            half * half
        };
        let found = |j: usize, i: usize| f64::from(map[0].data()[[0, j, i]]);
        assert!((found(0, 1) - expected(-0.5)).abs() < 1e-7);
        assert!((found(1, 0) - expected(-2.0)).abs() < 1e-7);
    }

    #[test]
    fn the_array_order_of_the_raters_does_not_matter() {
        let scheme = LabelScheme::lumbar_paraspinal();
        let options = VarianceOptions::default();
        let expected = variance_maps(&raters(), &scheme, &options).unwrap();
        // The same grid stored with the patient's superior axis as i.
        let stored = [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]];
        let grid = Geometry::new([2, 3, 3], [4.0, 0.5, 0.5], [0.0; 3], stored).unwrap();
        let turned: Vec<_> = raters()
            .into_iter()
            .map(|r| {
                let data = r.into_parts().0.permuted_axes([2, 1, 0]);
                Volume::new(data.as_standard_layout().into_owned(), grid).unwrap()
            })
            .collect();
        let maps = variance_maps(&turned, &scheme, &options).unwrap();
        for (map, expected) in maps.iter().zip(&expected) {
            assert_eq!(map.data(), &expected.data().view().permuted_axes([2, 1, 0]));
        }
    }

    /// A stack with a blob that every rater places otherwise; one rater misses it on the last slice, one fills that.
    fn blobs() -> Vec<LabelMap> {
        let direction = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let grid = Geometry::new([40, 30, 4], [0.5, 0.75, 3.0], [0.0; 3], direction).unwrap();
        let map = |rater: usize| {
            let data = Array3::from_shape_fn((4, 30, 40), |(k, j, i)| {
                let (y, x) = (j as f64 - 12.0 - rater as f64, i as f64 - 15.0 - k as f64);
                let inside = y * y + 0.5 * x * x < 30.0 + 10.0 * rater as f64;
                let inside = (inside && !(rater == 0 && k == 3)) || (rater == 1 && k == 3);
                3 * u16::from(inside)
            });
            Volume::new(data, grid).unwrap()
        };
        (0..3).map(map).collect()
    }

    #[test]
    fn slices_equal_their_definition_within_the_stated_error() {
        let raters = blobs();
        let set = RaterSet::from_volumes(&raters).unwrap();
        for (unit, saturation) in [
            (DistanceUnit::Pixel, 0.0),
            (DistanceUnit::Pixel, 1e-3),
            (DistanceUnit::Millimetre, 0.0),
            (DistanceUnit::Millimetre, 1e-3),
        ] {
            let tau = 0.8;
            let options = SoftLabelOptions {
                tau,
                unit,
                saturation,
                ..SoftLabelOptions::default()
            };
            let variance = variance_map(&set, 3, &options).unwrap();
            let mean = soft_distance_label(&set, 3, &options).unwrap();
            let plain = VarianceOptions { tau, unit };
            let mut largest = [0.0_f64; 2];
            for k in 0..4 {
                let masks: Vec<Array2<bool>> = raters
                    .iter()
                    .map(|r| r.data().index_axis(Axis(0), k).mapv(|v| v == 3))
                    .collect();
                let views: Vec<_> = masks.iter().map(|m| m.view()).collect();
                let expected = variance_map_2d(&views, &plain, [0.75, 0.5]).unwrap();
                let soft =
                    |v: &ndarray::ArrayView2<'_, bool>| soft_label_2d(*v, &plain, [0.75, 0.5]);
                let sum = views.iter().map(soft).reduce(|a, b| a + b).unwrap();
                for ((j, i), e) in expected.indexed_iter() {
                    let difference = f64::from(variance.data()[[k, j, i]]) - f64::from(*e);
                    largest[0] = largest[0].max(difference.abs());
                    let difference = f64::from(mean.data()[[k, j, i]]) - sum[[j, i]] / 3.0;
                    largest[1] = largest[1].max(difference.abs());
                }
            }
            let rounding = 6e-8;
            assert!(
                largest[0] <= saturation * (1.0 + saturation) + rounding,
                "{largest:?}"
            );
            assert!(largest[1] <= saturation + rounding, "{largest:?}");
            // The bound is not a formality: saturating does change values.
            assert_eq!(largest[1] > rounding, saturation > 0.0, "{largest:?}");
        }
    }

    #[test]
    fn a_missing_rater_is_not_an_empty_one() {
        let raters = blobs();
        let two = RaterSet::from_volumes(&raters[1..]).unwrap();
        let of = |set: &RaterSet<'_, u16>| variance_map(set, 3, &SoftLabelOptions::default());
        use crate::fusion::Rater;
        let missing = RaterSet::new(vec![
            Rater::missing("A"),
            Rater::new("B", &raters[1]),
            Rater::new("C", &raters[2]),
        ]);
        assert_eq!(of(&missing.unwrap()).unwrap(), of(&two).unwrap());
    }

    #[test]
    fn background_and_labels_beyond_the_type() {
        let grid = *blobs()[0].geometry();
        let bytes = [Volume::new(Array3::<u8>::zeros(grid.shape_kji()), grid).unwrap()];
        let set = RaterSet::from_volumes(&bytes).unwrap();
        let options = SoftLabelOptions::default();
        assert_eq!(
            variance_map(&set, 0, &options),
            Err(FusionError::BackgroundAsStructure.into())
        );
        let none = variance_map(&set, 300, &options).unwrap();
        assert!(none.data().iter().all(|&v| v == 0.0));
    }
}
