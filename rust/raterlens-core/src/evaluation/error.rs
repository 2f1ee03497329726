//! What cannot be evaluated.

use thiserror::Error;

/// Why an evaluation was refused.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// Nothing to evaluate.
    #[error("{what}: nothing was given")]
    Empty {
        /// Which input.
        what: &'static str,
    },
    /// Two inputs that should be as long as each other.
    #[error("{found} {what} for {expected} {other}: give one for each")]
    Length {
        /// Which input.
        what: &'static str,
        /// How many it has.
        found: usize,
        /// The input that it belongs to.
        other: &'static str,
        /// How many that has.
        expected: usize,
    },
    /// A number that is NaN or infinite.
    #[error("{what}: number {position} (from 0) is {value}, not finite")]
    NotFinite {
        /// Which input.
        what: &'static str,
        /// Where.
        position: usize,
        /// The number.
        value: f64,
    },
    /// A number that should lie between 0 and 1.
    #[error("{what}: number {position} (from 0) is {value}, not between 0 and 1")]
    NotProbability {
        /// Which input.
        what: &'static str,
        /// Where.
        position: usize,
        /// The number.
        value: f64,
    },
    /// Arrays on different grids.
    #[error("{what} has shape {found:?}, expected {expected:?}: both must lie on one grid")]
    Shape {
        /// Which input.
        what: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// The shape it should have.
        expected: Vec<usize>,
    },
    /// A label beyond the classes.
    #[error("label {label} at voxel {position} (from 0) has no class: there are {classes} with the background")]
    NoClass {
        /// The label.
        label: u16,
        /// Where.
        position: usize,
        /// Number of classes.
        classes: usize,
    },
    /// No bin.
    #[error("calibration needs at least one bin")]
    NoBins,
    /// Images with different numbers of bins.
    #[error(
        "image {image} (from 0) has {found} bins, the first has {expected}: use one number for all"
    )]
    BinCount {
        /// Which image.
        image: usize,
        /// Its number of bins.
        found: usize,
        /// That of the first.
        expected: usize,
    },
}
