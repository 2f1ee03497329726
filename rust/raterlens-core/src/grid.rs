//! Checks that arrays and label maps which are compared voxel by voxel share one grid.

use thiserror::Error;

use crate::geometry::Geometry;
use crate::volume::Volume;

/// Positions of one voxel in two grids may differ by this much (headers store 32-bit floats).
pub const GRID_TOLERANCE_MM: f64 = 1e-3;

/// Why voxel-by-voxel work was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GridError {
    /// Nothing to work on.
    #[error("no label map was given: at least one rater is needed")]
    NoRaters,
    /// Two arrays differ in size.
    #[error("arrays of shape {expected:?} and {found:?} cannot be compared: resample one first")]
    ShapeMismatch {
        /// Shape of the first.
        expected: Vec<usize>,
        /// Shape of the other.
        found: Vec<usize>,
    },
    /// Two volumes differ in voxels or in position.
    #[error("volume {number} is not on the grid of volume 1: resample it to that grid first")]
    DifferentGrid {
        /// Which one, counted from 1.
        number: usize,
    },
    /// As many maps as structures are needed.
    #[error("{found} maps were given for {expected} structures: one per structure is needed")]
    MapCount {
        /// Number of structures.
        expected: usize,
        /// Number of maps.
        found: usize,
    },
}

/// Checks that two shapes are equal.
///
/// # Errors
/// [`GridError::ShapeMismatch`].
pub fn check_shapes(expected: &[usize], found: &[usize]) -> Result<(), GridError> {
    if expected == found {
        return Ok(());
    }
    Err(GridError::ShapeMismatch {
        expected: expected.to_vec(),
        found: found.to_vec(),
    })
}

/// Checks that `other` lies on `grid` within [`GRID_TOLERANCE_MM`]; `number` names it in the error.
///
/// # Errors
/// [`GridError::DifferentGrid`].
pub fn check_grid(grid: &Geometry, other: &Geometry, number: usize) -> Result<(), GridError> {
    match grid.max_distance_mm(other) {
        Some(distance_mm) if distance_mm <= GRID_TOLERANCE_MM => Ok(()),
        _ => Err(GridError::DifferentGrid { number }),
    }
}

/// The one grid that all volumes lie on: that of the first.
///
/// # Errors
/// [`GridError::NoRaters`] for an empty list, else [`GridError::DifferentGrid`].
pub fn common_grid<T>(volumes: &[Volume<T>]) -> Result<&Geometry, GridError> {
    let grid = volumes.first().ok_or(GridError::NoRaters)?.geometry();
    for (n, volume) in volumes.iter().enumerate().skip(1) {
        check_grid(grid, volume.geometry(), n + 1)?;
    }
    Ok(grid)
}
