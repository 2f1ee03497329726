//! In what space distances are measured, and which inputs are refused.

use ndarray::{ArrayView3, Axis};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::geometry::Geometry;
use crate::grid::GridError;
use crate::orientation::CanonicalAxial;
use crate::volume::LabelMap;

/// Cosine between two axes above which a grid counts as sheared (0.06 degrees; headers are rounded).
const MAX_AXIS_COSINE: f64 = 1e-3;

/// Why a comparison was refused.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum MetricError {
    /// The inputs are not on one grid.
    #[error(transparent)]
    Grid(#[from] GridError),
    /// Distances along the axes do not add up as in a rectangular grid.
    #[error(
        "the image's axes are not at right angles (cosine {cosine:.4}): resample it to a rectangular grid before distances are measured"
    )]
    Sheared {
        /// Largest cosine between two axes.
        cosine: f64,
    },
    /// A tolerance that is no distance.
    #[error(
        "a surface tolerance of {tolerance_mm} mm cannot be used: give 0 or a positive number"
    )]
    BadTolerance {
        /// What was given.
        tolerance_mm: f64,
    },
}

/// What counts as one surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SurfaceSpace {
    /// The surface of the structure in space; distances go across slices.
    #[default]
    Volume,
    /// The outline in every slice by itself, slices as in the canonical axial orientation; the value of a volume is the mean
    /// over the slices that have one.
    Slices,
}

/// Refuses grids whose axes are not at right angles.
pub(crate) fn check_orthogonal(geometry: &Geometry) -> Result<(), MetricError> {
    let axes = [0, 1, 2].map(|axis| geometry.axis_lps(axis));
    let cosine = |a: [f64; 3], b: [f64; 3]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>().abs();
    let [i, j, k] = axes;
    let cosine = cosine(i, j).max(cosine(j, k)).max(cosine(k, i));
    if cosine > MAX_AXIS_COSINE {
        return Err(MetricError::Sheared { cosine });
    }
    Ok(())
}

/// Refuses tolerances that are negative or not a number.
pub(crate) fn check_tolerance(tolerance_mm: f64) -> Result<(), MetricError> {
    if tolerance_mm >= 0.0 {
        return Ok(());
    }
    Err(MetricError::BadTolerance { tolerance_mm })
}

/// Area of one voxel in a slice of the canonical axial orientation, for axes at right angles.
pub(crate) fn pixel_area_mm2(geometry: &Geometry) -> f64 {
    let slice_axis = CanonicalAxial::for_geometry(geometry).slice_axis();
    let spacing = geometry.spacing_mm.iter().enumerate();
    let in_plane = spacing.filter(|(axis, _)| *axis != slice_axis);
    in_plane.map(|(_, mm)| mm).product()
}

/// Labels `[k, j, i]` within which distances are measured, with their spacing in the same order.
pub(crate) type Block<'a> = (ArrayView3<'a, u16>, [f64; 3]);

impl SurfaceSpace {
    /// The label map as one block, or as one block per slice.
    pub(crate) fn blocks(self, labels: &LabelMap) -> Vec<Block<'_>> {
        let [si, sj, sk] = labels.geometry().spacing_mm;
        let (view, spacing) = (labels.data().view(), [sk, sj, si]);
        match self {
            Self::Volume => vec![(view, spacing)],
            Self::Slices => {
                let slice_axis = CanonicalAxial::for_geometry(labels.geometry()).slice_axis();
                slices(view, spacing, 2 - slice_axis)
            }
        }
    }
}

fn slices(view: ArrayView3<'_, u16>, spacing: [f64; 3], axis: usize) -> Vec<Block<'_>> {
    let mut block_spacing = spacing;
    // The slice axis comes first; the others keep their order.
    block_spacing[..=axis].rotate_right(1);
    (0..view.len_of(Axis(axis)))
        .map(|n| {
            let slice = view.index_axis_move(Axis(axis), n);
            (slice.insert_axis(Axis(0)), block_spacing)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::Volume;
    use ndarray::Array3;

    #[test]
    fn slices_keep_their_own_spacing_whatever_their_axis() {
        // By hand: j is the patient's axis, so slices are stacked along it; spacing (i, j, k) = 1, 4, 2.
        let direction = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]];
        let grid = Geometry::new([3, 2, 5], [1.0, 4.0, 2.0], [0.0; 3], direction).unwrap();
        let data = Array3::from_shape_fn((5, 2, 3), |(k, j, i)| (100 * k + 10 * j + i) as u16);
        let labels = Volume::new(data, grid).unwrap();
        let blocks = SurfaceSpace::Slices.blocks(&labels);
        assert_eq!(blocks.len(), 2);
        let (view, spacing) = &blocks[1];
        assert_eq!((view.shape(), spacing), (&[1, 5, 3][..], &[4.0, 2.0, 1.0]));
        assert_eq!(view[[0, 3, 2]], 312);
        assert_eq!(pixel_area_mm2(&grid), 1.0 * 2.0);
    }

    #[test]
    fn sheared_grids_and_bad_tolerances_are_refused() {
        let slanted = [
            [1.0, 0.0, 0.1],
            [0.0, 1.0, 0.0],
            [0.0, 0.0, 0.99_f64.sqrt()],
        ];
        let grid = Geometry::new([1, 1, 1], [1.0; 3], [0.0; 3], slanted).unwrap();
        assert_eq!(
            check_orthogonal(&grid),
            Err(MetricError::Sheared { cosine: 0.1 })
        );
        assert!(check_tolerance(0.0).is_ok());
        assert!(check_tolerance(-0.5).is_err() && check_tolerance(f64::NAN).is_err());
    }
}
