//! Why label maps could not be fused.

use thiserror::Error;

use super::grid_difference::GridDifference;
use crate::volume::VolumeError;

/// Why label maps could not be fused.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum FusionError {
    /// An empty list of raters.
    #[error("no rater was given: at least one label map is needed")]
    NoRaters,
    /// Raters, but none with a label map.
    #[error("none of the {count} raters has a label map of this image: leave the image out")]
    NonePresent {
        /// Number of raters.
        count: usize,
    },
    /// Two raters with one name.
    #[error("two raters are called '{id}': give each a name of its own")]
    DuplicateRater {
        /// The name.
        id: String,
    },
    /// A rater's map does not lie on the grid of the first.
    #[error("rater '{rater}' is not on the grid of rater '{reference}': {difference}; resample it to that grid first")]
    DifferentGrid {
        /// The rater.
        rater: String,
        /// The rater whose grid counts: the first that is present.
        reference: String,
        /// What differs.
        difference: Box<GridDifference>,
    },
    /// A label that the scheme does not name.
    #[error(
        "rater '{rater}' uses label {label} in {voxels} voxels, but the label scheme does not name it: \
         add it to the scheme, or choose to count unknown labels as background"
    )]
    UnknownLabel {
        /// The first rater who uses it.
        rater: String,
        /// The smallest label that the scheme does not name.
        label: u16,
        /// Its voxels in that rater's map.
        voxels: u64,
    },
    /// The label for undecided voxels is a rater's label.
    #[error("label {label} cannot stand for undecided voxels: raters use it; choose a value that nobody uses")]
    UndecidedInUse {
        /// The label.
        label: u16,
    },
    /// A label does not fit in the type of the result.
    #[error("label {label} does not fit in an 8-bit label map: use 16 bits or a label up to 255")]
    LabelTooWide {
        /// The label.
        label: u16,
    },
    /// Background was asked for as if it were a structure.
    #[error("label 0 is the background: name a structure's label (1 to 65535)")]
    BackgroundAsStructure,
    /// A label that took no part in the fusion.
    #[error("label {label} took no part in the fusion: choose one of {known:?}")]
    NoSuchLabel {
        /// The label asked for.
        label: u16,
        /// The labels there are.
        known: Vec<u16>,
    },
    /// A result did not fit its grid.
    #[error(transparent)]
    Volume(#[from] VolumeError),
    /// The confusion matrices would not fit in memory.
    #[error("confusion matrices of {raters} raters over {classes} labels are too large: fuse structure by structure")]
    TooManyClasses {
        /// Number of raters.
        raters: usize,
        /// Number of labels with background.
        classes: usize,
    },
    /// A fixed prior that is none.
    #[error("the prior {0}")]
    BadPrior(PriorFault),
    /// A tolerance that never or always stops.
    #[error("the tolerance {tolerance} must be a positive number (default 1e-7)")]
    BadTolerance {
        /// The value.
        tolerance: f64,
    },
    /// Not one iteration allowed.
    #[error("the iteration cap must be at least 1")]
    NoIterations,
    /// A starting performance that says nothing.
    #[error("the starting performance {value} must lie between 0 and 1, both excluded (Warfield: 0.99999)")]
    BadStart {
        /// The value.
        value: f64,
    },
}

/// What is wrong with a fixed prior.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[non_exhaustive]
pub enum PriorFault {
    /// A label of the fusion without a probability.
    #[error("has no probability for label {label}: give one for every structure")]
    Missing {
        /// The label.
        label: u16,
    },
    /// A label that takes no part, the background, or one named twice.
    #[error("names label {label}, which is background, unknown to the fusion, or named twice")]
    Unexpected {
        /// The label.
        label: u16,
    },
    /// A value outside 0 to 1, or values that leave less than nothing for the background.
    #[error("of label {label} is {value}: probabilities lie in 0 to 1 and add up to at most 1 (background gets the rest)")]
    OutOfRange {
        /// The label at which the fault shows.
        label: u16,
        /// Its probability.
        value: f64,
    },
}
