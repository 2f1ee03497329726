//! Variance maps: where raters disagree about a structure (SPEC section 4).
//!
//! For each rater the mask becomes a soft label, the logistic function of its signed distance; the map is
//! the population variance of the soft labels over the raters.

use ndarray::{Array2, Array3, ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::distance::signed_distance_2d;
use crate::grid::{check_shapes, common_grid, GridError};
use crate::labels::LabelScheme;
use crate::orientation::CanonicalAxial;
use crate::volume::{LabelMap, Volume};

/// What distances are measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DistanceUnit {
    /// In-plane pixels; every pixel counts as 1 x 1.
    #[default]
    Pixel,
    /// Millimetres.
    Millimetre,
}

/// How variance maps are made; maps are only comparable when these are equal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct VarianceOptions {
    /// Width of the soft edge, in `unit`; default 1.
    pub tau: f64,
    /// Unit of distances and of `tau`; default pixels.
    pub unit: DistanceUnit,
}

impl Default for VarianceOptions {
    fn default() -> Self {
        Self {
            tau: 1.0,
            unit: DistanceUnit::Pixel,
        }
    }
}

impl VarianceOptions {
    /// The spacing that distances are computed with, for pixels of this size.
    fn distance_spacing(&self, pixel_mm: [f64; 2]) -> [f64; 2] {
        match self.unit {
            DistanceUnit::Pixel => [1.0, 1.0],
            DistanceUnit::Millimetre => pixel_mm,
        }
    }
}

/// Soft label `1 / (1 + exp(-d / tau))` of one mask `[rows, columns]`; `pixel_mm` is (rows, columns).
///
/// Range 0 to 1. An empty mask gives 0 everywhere, a full one 1.
#[must_use]
pub fn soft_label_2d(
    mask: ArrayView2<'_, bool>,
    options: &VarianceOptions,
    pixel_mm: [f64; 2],
) -> Array2<f64> {
    let mut soft = signed_distance_2d(mask, options.distance_spacing(pixel_mm));
    soft.mapv_inplace(|d| 1.0 / (1.0 + (-d / options.tau).exp()));
    soft
}

/// Variance map of one structure in one slice from the masks of all raters.
///
/// Range 0 to 0.25; one rater gives zeros. The order of the raters matters to the last bit only.
///
/// # Errors
/// No mask, or masks of different shapes.
///
/// ```
/// use ndarray::array;
/// use raterlens_core::variability::{variance_map_2d, VarianceOptions};
/// // One rater sees the structure in the slice, the other does not: soft labels 1 and 0.
/// let (full, empty) = (array![[true, true]], array![[false, false]]);
/// let map = variance_map_2d(&[full.view(), empty.view()], &VarianceOptions::default(), [1.0, 1.0])?;
/// assert_eq!(map, array![[0.25, 0.25]]);
/// # Ok::<(), raterlens_core::GridError>(())
/// ```
pub fn variance_map_2d(
    masks: &[ArrayView2<'_, bool>],
    options: &VarianceOptions,
    pixel_mm: [f64; 2],
) -> Result<Array2<f32>, GridError> {
    let first = masks.first().ok_or(GridError::NoRaters)?;
    for mask in masks {
        check_shapes(first.shape(), mask.shape())?;
    }
    let soft: Vec<_> = masks
        .iter()
        .map(|mask| soft_label_2d(*mask, options, pixel_mm))
        .collect();
    let count = masks.len() as f64;
    let mut mean = Array2::<f64>::zeros(first.raw_dim());
    for s in &soft {
        mean += s;
    }
    mean /= count;
    let mut variance = Array2::<f64>::zeros(first.raw_dim());
    for s in &soft {
        ndarray::Zip::from(&mut variance)
            .and(s)
            .and(&mean)
            .for_each(|v, &s, &m| *v += (s - m) * (s - m));
    }
    Ok(variance.mapv(|v| (v / count) as f32))
}

/// Variance maps of all structures, in the scheme's order, on the raters' grid.
///
/// Distances are within the slices of the canonical axial orientation, whichever array axis they are
/// stacked along.
///
/// # Errors
/// No rater, or raters on different grids.
pub fn variance_maps(
    raters: &[LabelMap],
    scheme: &LabelScheme,
    options: &VarianceOptions,
) -> Result<Vec<Volume<f32>>, GridError> {
    let grid = common_grid(raters)?;
    let canonical = CanonicalAxial::for_geometry(grid);
    let spacing_mm = canonical.output_geometry().spacing_mm;
    let pixel_mm = [spacing_mm[1], spacing_mm[0]];
    let raters = raters
        .iter()
        .map(|r| canonical.to_canonical(r).map_err(mismatch))
        .collect::<Result<Vec<_>, _>>()?;
    scheme
        .structures
        .iter()
        .map(|s| {
            let map = structure_map(&raters, s.id, options, pixel_mm)?;
            canonical.from_canonical(map).map_err(mismatch)
        })
        .collect()
}

fn structure_map(
    raters: &[LabelMap],
    id: u16,
    options: &VarianceOptions,
    pixel_mm: [f64; 2],
) -> Result<Array3<f32>, GridError> {
    let first = raters.first().ok_or(GridError::NoRaters)?;
    let mut map = Array3::zeros(first.data().raw_dim());
    let slices: Vec<_> = map.axis_iter_mut(Axis(0)).collect();
    slices
        .into_par_iter()
        .enumerate()
        .try_for_each(|(k, mut slice)| {
            let masks: Vec<_> = raters
                .iter()
                .map(|r| r.data().index_axis(Axis(0), k).mapv(|label| label == id))
                .collect();
            if masks.iter().any(|mask| mask.iter().any(|&inside| inside)) {
                let views: Vec<_> = masks.iter().map(|mask| mask.view()).collect();
                slice.assign(&variance_map_2d(&views, options, pixel_mm)?);
            }
            Ok(())
        })?;
    Ok(map)
}

fn mismatch(error: crate::volume::VolumeError) -> GridError {
    match error {
        crate::volume::VolumeError::ShapeMismatch { expected, found } => GridError::ShapeMismatch {
            expected: expected.to_vec(),
            found: found.to_vec(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Geometry;
    use ndarray::array;

    fn logistic(d: f64) -> f64 {
        1.0 / (1.0 + (-d).exp())
    }

    #[test]
    fn three_raters_by_hand() {
        // One row; the raters put the left edge of the structure at pixel 1, 1 and 2.
        let near = array![[false, true, true, true]];
        let far = array![[false, false, true, true]];
        let d_near = [-1.0, 1.0, 2.0, 3.0];
        let d_far = [-2.0, -1.0, 1.0, 2.0];
        let masks = [near.view(), far.view(), near.view()];
        let map = variance_map_2d(&masks, &VarianceOptions::default(), [1.0; 2]).unwrap();
        for x in 0..4 {
            let (s1, s2) = (logistic(d_near[x]), logistic(d_far[x]));
            // Two values a, two thirds and one third of the weight: variance 2/9 (a - b)^2.
            let expected = 2.0 / 9.0 * (s1 - s2) * (s1 - s2);
            assert!(
                (f64::from(map[[0, x]]) - expected).abs() < 1e-8,
                "pixel {x}"
            );
        }
    }

    #[test]
    fn millimetres_and_tau_scale_the_edge() {
        let mask = array![[false, true]];
        let millimetres = VarianceOptions {
            tau: 3.0,
            unit: DistanceUnit::Millimetre,
        };
        let soft = soft_label_2d(mask.view(), &millimetres, [7.0, 0.5]);
        assert_eq!(soft, array![[logistic(-0.5 / 3.0), logistic(0.5 / 3.0)]]);
        let pixels = soft_label_2d(mask.view(), &VarianceOptions::default(), [7.0, 0.5]);
        assert_eq!(pixels, array![[logistic(-1.0), logistic(1.0)]]);
    }

    #[test]
    fn one_rater_or_equal_raters_have_no_variance() {
        let mask = array![[false, true], [true, true]];
        let zeros = Array2::<f32>::zeros((2, 2));
        for n in 1..4 {
            let masks = vec![mask.view(); n];
            let map = variance_map_2d(&masks, &VarianceOptions::default(), [1.0; 2]).unwrap();
            assert_eq!(map, zeros);
        }
    }

    #[test]
    fn no_rater_and_unequal_shapes_are_refused() {
        let (a, b) = (array![[true, false]], array![[true], [false]]);
        let options = VarianceOptions::default();
        let refused = |masks: &[ArrayView2<'_, bool>]| variance_map_2d(masks, &options, [1.0; 2]);
        assert_eq!(refused(&[]), Err(GridError::NoRaters));
        assert!(matches!(
            refused(&[a.view(), b.view()]),
            Err(GridError::ShapeMismatch { .. })
        ));
        assert!(variance_maps(&[], &LabelScheme::lumbar_paraspinal(), &options).is_err());
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
}
