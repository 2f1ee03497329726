//! Why a case could not be made.

use raterlens_core::{GeometryError, VolumeError};
use thiserror::Error;

/// Why a case could not be made.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum SynthError {
    /// An option is outside what the generator can draw.
    #[error("option `{option}` is {value}: {expected}")]
    BadOption {
        /// Name of the field of [`crate::SynthOptions`], or of the argument.
        option: &'static str,
        /// What it was.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// The image grid was refused.
    #[error("the synthetic image's grid was refused")]
    Geometry(#[from] GeometryError),
    /// Voxels and grid disagree.
    #[error("the synthetic voxels do not fit their grid")]
    Volume(#[from] VolumeError),
    /// Slices of different sizes.
    #[error("the synthetic slices do not stack")]
    Stack(#[from] ndarray::ShapeError),
}
