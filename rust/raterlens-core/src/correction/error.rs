//! Why marks could not be applied.

use thiserror::Error;

use super::MAX_REACH_MM;
use crate::grid::GridError;

/// Why marks could not be applied.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum CorrectionError {
    /// Soft label and variance are on two grids.
    #[error(transparent)]
    Grid(#[from] GridError),
    /// A marked voxel that does not exist.
    #[error("voxel {voxel:?} (i, j, k) was marked, but the image has {dims:?} voxels")]
    OutsideImage {
        /// The voxel.
        voxel: [usize; 3],
        /// Voxels along i, j, k.
        dims: [usize; 3],
    },
    /// A mark without voxels.
    #[error("a mark has no voxels: nothing was drawn")]
    EmptyMark,
    /// A reach that makes no sense.
    #[error("a reach of {reach_mm} mm makes no sense: give 0 to {MAX_REACH_MM} mm")]
    Reach {
        /// What was asked for.
        reach_mm: f64,
    },
}
