//! Why variability could not be computed.

use thiserror::Error;

use crate::fusion::FusionError;
use crate::volume::VolumeError;

/// Why variability could not be computed.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum VariabilityError {
    /// The raters or their labels.
    #[error(transparent)]
    Raters(#[from] FusionError),
    /// A width that makes no edge.
    #[error("the edge width tau is {tau}: it must be a positive number of pixels or millimetres (default 1)")]
    BadTau {
        /// The value.
        tau: f64,
    },
    /// An error bound that leaves nothing to compute.
    #[error(
        "the saturation {saturation} must be at least 0 (exact) and below 0.5 (default 2^-26)"
    )]
    BadSaturation {
        /// The value.
        saturation: f64,
    },
    /// A map that does not belong to the raters.
    #[error("a map of shape {found:?} (k, j, i) does not belong to raters of shape {expected:?}")]
    OtherMap {
        /// Shape of the raters' grid.
        expected: [usize; 3],
        /// Shape of the map.
        found: [usize; 3],
    },
    /// A result did not fit its grid.
    #[error(transparent)]
    Volume(#[from] VolumeError),
}
