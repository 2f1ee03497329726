//! Volumes and geometry, label schemes, variability, measures and NIfTI: everything of RaterLens
//! that needs neither libtorch nor ITK, so that it builds and tests in seconds.
//!
//! Array order is `[k, j, i]` everywhere (i fastest, as NIfTI and ITK store voxels); points and
//! directions are LPS unless a name says `ras`.

pub mod agreement;
pub mod atomic;
pub mod augment;
pub mod control;
pub mod correction;
pub mod distance;
pub mod evaluation;
pub mod fusion;
pub mod geometry;
pub mod grid;
pub mod image_check;
pub mod label_list;
pub mod labels;
pub mod measures;
pub mod metrics;
pub mod nifti_io;
pub mod normalise;
pub mod orientation;
pub mod random;
pub mod regrid;
pub mod resample;
pub mod slice_orientation;
pub mod uncertainty;
pub mod variability;
pub mod volume;
mod weights;

pub use geometry::{Affine, Geometry, GeometryError};
pub use grid::GridError;
pub use image_check::{check_image, ImageError};
pub use labels::{LabelScheme, LabelSchemeError, Structure, Terminology};
pub use measures::{measure, MeasureRow, Measures};
pub use nifti_io::{NiftiError, NiftiGrid, NiftiImage};
pub use normalise::Normalisation;
pub use orientation::CanonicalAxial;
pub use resample::{ResampleError, ResizeRule, SliceFrame};
pub use slice_orientation::SliceOrientation;
pub use variability::{DistanceUnit, VarianceOptions};
pub use volume::{LabelMap, Volume, VolumeError};
