//! Surface distances: Hausdorff, HD95, ASSD and surface Dice, exact, in millimetres.
//!
//! A **surface voxel** is a voxel of the structure with a face neighbour (6 in space, 4 in a slice) outside it; beyond
//! the border of the image is outside. Axes along which the image has a single voxel are not looked at (else every voxel of
//! a slice would be surface), unless all three have one. Distances are between voxel centres. This is the surface of
//! SciPy's `mask & ~binary_erosion(mask)`, MedPy and MONAI; surface-distance weighs surface elements between voxels instead, so
//! its values differ.

mod extract;
mod nearest;
mod rows;
mod summary;

pub use extract::surfaces;
pub use rows::Surface;
pub use summary::{surface_dice_when_empty, surface_metrics, SurfaceMetrics};

pub(crate) use summary::{signed_sums, summarise, SignedSums};
