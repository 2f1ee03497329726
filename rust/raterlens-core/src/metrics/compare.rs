//! Everything about every structure of two label maps.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::overlap::{overlap_counts, Emptiness, OverlapCounts};
use super::space::{
    check_orthogonal, check_tolerance, pixel_area_mm2, Block, MetricError, SurfaceSpace,
};
use super::surface_set::{SurfaceComparison, SurfaceSet};
use crate::grid::{check_grid, GridError};
use crate::volume::LabelMap;

pub(crate) const MM3_PER_ML: f64 = 1000.0;

/// How [`compare`] measures surfaces.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CompareOptions {
    /// Distance up to which surfaces count as equal for surface Dice; default 1 mm.
    pub tolerance_mm: f64,
    /// In space (default), or slice by slice.
    pub space: SurfaceSpace,
}

impl Default for CompareOptions {
    fn default() -> Self {
        Self {
            tolerance_mm: 1.0,
            space: SurfaceSpace::Volume,
        }
    }
}

/// One structure of a prediction against the truth. `None` means undefined: see the table in [`super`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StructureComparison {
    /// Id of the structure.
    pub structure: u16,
    /// Which of the two have no voxel of it.
    pub empty: Emptiness,
    /// Voxels of each and of both.
    pub voxels: OverlapCounts,
    /// Dice overlap.
    pub dice: f64,
    /// Intersection over union.
    pub iou: f64,
    /// Part of the prediction that is right.
    pub precision: Option<f64>,
    /// Part of the truth that was found.
    pub recall: Option<f64>,
    /// Distances between the surfaces.
    #[serde(flatten)]
    pub surface: SurfaceComparison,
    /// Volume of the prediction.
    pub prediction_ml: f64,
    /// Volume of the truth.
    pub truth_ml: f64,
    /// Prediction minus truth.
    pub volume_difference_ml: f64,
    /// Prediction minus truth, divided by truth.
    pub relative_volume_difference: Option<f64>,
    /// Differences of cross-sectional area.
    pub area: AreaDifference,
}

/// Prediction minus truth of cross-sectional areas, over the slices in which either has the structure.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct AreaDifference {
    /// Number of slices in which either has the structure.
    pub slices: usize,
    /// Mean difference; `None` without slices.
    pub mean_mm2: Option<f64>,
    /// Mean of the differences without their sign; `None` without slices.
    pub mean_absolute_mm2: Option<f64>,
    /// The slice of the largest difference, without its sign (the first of several).
    pub worst_slice: Option<usize>,
}

/// Compares the structures `ids` of a prediction with the truth, in the order of `ids`.
///
/// Both lie on one grid with axes at right angles. Slices (for areas, and for outlines with [`SurfaceSpace::Slices`]) are those of the
/// canonical axial orientation. Cost: one pass for the overlaps of all structures and one per map for the surfaces, on all
/// threads.
///
/// # Errors
/// Different grids, a sheared grid, or a tolerance that is no distance.
///
/// ```
/// use ndarray::Array3;
/// use raterlens_core::metrics::{compare, CompareOptions, Emptiness};
/// use raterlens_core::{Geometry, Volume};
/// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let grid = Geometry::new([4, 1, 1], [0.5, 1.0, 4.0], [0.0; 3], identity)?;
/// let map = |labels: [u16; 4]| Volume::new(Array3::from_shape_vec((1, 1, 4), labels.to_vec()).unwrap(), grid);
/// let (prediction, truth) = (map([1, 1, 1, 1])?, map([1, 1, 0, 0])?);
/// let found = compare(&prediction, &truth, &[1, 2], &CompareOptions::default())?;
/// assert_eq!(found[0].dice, 2.0 * 2.0 / (4.0 + 2.0));
/// assert_eq!(found[0].surface.distances.unwrap().hausdorff_mm, 2.0 * 0.5);
/// assert_eq!(found[0].area.mean_mm2, Some(2.0 * 0.5));
/// assert_eq!((found[1].dice, found[1].empty), (1.0, Emptiness::Both));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn compare(
    prediction: &LabelMap,
    truth: &LabelMap,
    ids: &[u16],
    options: &CompareOptions,
) -> Result<Vec<StructureComparison>, MetricError> {
    let grid = truth.geometry();
    check_grid(grid, prediction.geometry(), 2)?;
    check_orthogonal(grid)?;
    check_tolerance(options.tolerance_mm)?;
    let slices = slice_counts(prediction, truth, ids)?;
    let counts = total(&slices, ids.len());
    let (p, t) = (
        SurfaceSet::new(prediction, ids, options.space),
        SurfaceSet::new(truth, ids, options.space),
    );
    let surfaces = p.compare_all(&t, &counts, options.tolerance_mm);
    let voxel_ml = grid.voxel_volume_mm3() / MM3_PER_ML;
    let pixel_mm2 = pixel_area_mm2(grid);
    let rows = ids.iter().zip(counts).zip(surfaces).enumerate();
    Ok(rows
        .map(|(n, ((&id, counts), surface))| {
            let area = area_difference(&slices, n, pixel_mm2);
            structure_comparison(id, counts, surface, area, voxel_ml)
        })
        .collect())
}

/// Overlaps by slice, then by structure.
fn slice_counts(
    prediction: &LabelMap,
    truth: &LabelMap,
    ids: &[u16],
) -> Result<Vec<Vec<OverlapCounts>>, GridError> {
    let p = SurfaceSpace::Slices.blocks(prediction);
    let t = SurfaceSpace::Slices.blocks(truth);
    let slices: Vec<_> = p.iter().zip(&t).collect();
    let count = |((p, _), (t, _)): (&Block<'_>, &Block<'_>)| overlap_counts(p, t, ids);
    slices.into_par_iter().map(count).collect()
}

fn total(slices: &[Vec<OverlapCounts>], structures: usize) -> Vec<OverlapCounts> {
    let mut total = vec![OverlapCounts::default(); structures];
    for slice in slices {
        total.iter_mut().zip(slice).for_each(|(t, s)| t.add(s));
    }
    total
}

fn structure_comparison(
    structure: u16,
    voxels: OverlapCounts,
    surface: SurfaceComparison,
    area: AreaDifference,
    voxel_ml: f64,
) -> StructureComparison {
    let prediction_ml = voxels.prediction as f64 * voxel_ml;
    let truth_ml = voxels.truth as f64 * voxel_ml;
    let difference = prediction_ml - truth_ml;
    StructureComparison {
        structure,
        empty: voxels.emptiness(),
        voxels,
        dice: voxels.dice(),
        iou: voxels.iou(),
        precision: voxels.precision(),
        recall: voxels.recall(),
        surface,
        prediction_ml,
        truth_ml,
        volume_difference_ml: difference,
        relative_volume_difference: (voxels.truth > 0).then(|| difference / truth_ml),
        area,
    }
}

fn area_difference(
    slices: &[Vec<OverlapCounts>],
    structure: usize,
    pixel_mm2: f64,
) -> AreaDifference {
    let mut found = AreaDifference::default();
    let (mut sum, mut absolute, mut worst) = (0.0, 0.0, -1.0);
    let counts = slices.iter().enumerate();
    for (slice, counts) in counts.filter_map(|(n, slice)| Some((n, slice.get(structure)?))) {
        if counts.emptiness() == Emptiness::Both {
            continue;
        }
        let difference = (counts.prediction as f64 - counts.truth as f64) * pixel_mm2;
        found.slices += 1;
        sum += difference;
        absolute += difference.abs();
        if difference.abs() > worst {
            worst = difference.abs();
            found.worst_slice = Some(slice);
        }
    }
    let mean = |sum: f64| (found.slices > 0).then(|| sum / found.slices as f64);
    found.mean_mm2 = mean(sum);
    found.mean_absolute_mm2 = mean(absolute);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Geometry;
    use crate::volume::Volume;
    use ndarray::{array, Array3};

    const X: [f64; 3] = [1.0, 0.0, 0.0];
    const Y: [f64; 3] = [0.0, 1.0, 0.0];
    const UP: [f64; 3] = [0.0, 0.0, 1.0];

    /// `axes`: the LPS directions of i, j and k.
    fn map(data: Array3<u16>, axes: [[f64; 3]; 3]) -> LabelMap {
        let direction = [0, 1, 2].map(|world| axes.map(|axis| axis[world]));
        let (k, j, i) = data.dim();
        let grid = Geometry::new([i, j, k], [0.5, 2.0, 5.0], [0.0; 3], direction).unwrap();
        Volume::new(data, grid).unwrap()
    }

    fn compared(axes: [[f64; 3]; 3], ids: &[u16]) -> Vec<StructureComparison> {
        let prediction = array![[[1, 1, 0], [1, 2, 0]], [[0, 0, 0], [2, 2, 2]]];
        let truth = array![[[1, 0, 0], [0, 0, 0]], [[1, 0, 0], [0, 0, 3]]];
        let options = CompareOptions::default();
        compare(&map(prediction, axes), &map(truth, axes), ids, &options).unwrap()
    }

    #[test]
    fn areas_by_hand_along_each_axis() {
        let area = |axes| {
            let area = compared(axes, &[1])[0].area;
            let (mean, absolute) = (area.mean_mm2.unwrap(), area.mean_absolute_mm2.unwrap());
            (area.slices, mean, absolute, area.worst_slice)
        };
        // Slices along k, pixels of 0.5 x 2 mm: 3 against 1, and 0 against 1.
        assert_eq!(
            area([X, Y, UP]),
            (2, (2.0 - 1.0) / 2.0, (2.0 + 1.0) / 2.0, Some(0))
        );
        // Along j, pixels of 0.5 x 5 mm: 2 against 2, and 1 against 0.
        assert_eq!(area([X, UP, Y]), (2, 2.5 / 2.0, 2.5 / 2.0, Some(1)));
        // Along i, pixels of 2 x 5 mm: 2 against 2, and 1 against 0; nobody drew in the third.
        assert_eq!(area([UP, Y, X]), (2, 10.0 / 2.0, 10.0 / 2.0, Some(1)));
    }

    #[test]
    fn volumes_and_the_values_of_empty_structures() {
        let found = compared([X, Y, UP], &[1, 2, 3, 4]);
        let row = |n: usize| {
            let c = &found[n];
            let relative = c.relative_volume_difference;
            (
                c.empty,
                c.volume_difference_ml,
                relative,
                c.surface.surface_dice,
            )
        };
        // A voxel has 5 cubic millimetres.
        let (one, four) = (5.0 / 1000.0, 4.0 * 5.0 / 1000.0);
        assert_eq!(
            (found[0].prediction_ml, found[0].truth_ml),
            (3.0 * one, 2.0 * one)
        );
        assert!((found[0].relative_volume_difference.unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(row(1), (Emptiness::Truth, four, None, 0.0));
        assert_eq!(row(2), (Emptiness::Prediction, -one, Some(-1.0), 0.0));
        assert_eq!(row(3), (Emptiness::Both, 0.0, None, 1.0));
        for c in &found[1..] {
            assert_eq!(
                (c.surface.distances, c.surface.signed_distance_mm),
                (None, None)
            );
        }
        assert_eq!((found[3].area.slices, found[3].area.mean_mm2), (0, None));
    }

    #[test]
    fn inputs_that_cannot_be_compared_are_refused() {
        let a = map(Array3::zeros((1, 1, 2)), [X, Y, UP]);
        let turned = map(Array3::zeros((1, 1, 2)), [Y, X, UP]);
        let sheared = map(Array3::zeros((1, 1, 2)), [X, [0.6, 0.8, 0.0], UP]);
        let refused = |x: &LabelMap, y: &LabelMap, tolerance_mm| {
            let options = CompareOptions {
                tolerance_mm,
                ..CompareOptions::default()
            };
            compare(x, y, &[1], &options).unwrap_err()
        };
        assert!(matches!(refused(&a, &turned, 1.0), MetricError::Grid(_)));
        assert!(matches!(
            refused(&sheared, &sheared, 1.0),
            MetricError::Sheared { .. }
        ));
        assert!(matches!(
            refused(&a, &a, -1.0),
            MetricError::BadTolerance { .. }
        ));
    }
}
