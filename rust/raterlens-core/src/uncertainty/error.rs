//! What cannot be taken for samples of probabilities.

use thiserror::Error;

/// How far the classes of a voxel may sum from 1: more than single and half precision lose.
pub(crate) const SUM_TOLERANCE: f32 = 2e-3;

/// Why samples were refused.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[non_exhaustive]
pub enum UncertaintyError {
    /// No sample at all.
    #[error("no sample was given: uncertainty needs at least one")]
    NoSamples,
    /// Fewer than two classes.
    #[error("samples have {found} class: give the background as a class of its own")]
    TooFewClasses {
        /// Number of classes.
        found: usize,
    },
    /// A sample of another shape than the first.
    #[error("sample {sample} has shape {found:?} [class, k, j, i], the first has {expected:?}: all samples must lie on one grid")]
    SampleShape {
        /// Which sample, from 0.
        sample: usize,
        /// Its shape.
        found: [usize; 4],
        /// Shape of the first.
        expected: [usize; 4],
    },
    /// A value that is no probability.
    #[error("sample {sample} has {value} for class {class} at voxel {index_kji:?} [k, j, i]: probabilities lie between 0 and 1 (apply the softmax first)")]
    NoProbability {
        /// Which sample, from 0.
        sample: usize,
        /// Which class, from 0.
        class: usize,
        /// The voxel.
        index_kji: [usize; 3],
        /// The value.
        value: f32,
    },
    /// Classes that do not sum to 1.
    #[error("the classes of sample {sample} sum to {sum} at voxel {index_kji:?} [k, j, i], not to 1: apply the softmax over the classes first")]
    NotNormalised {
        /// Which sample, from 0.
        sample: usize,
        /// The voxel.
        index_kji: [usize; 3],
        /// The sum.
        sum: f32,
    },
    /// Labels on another grid than the maps.
    #[error("labels have shape {found:?} [k, j, i], the maps have {expected:?}: both must lie on one grid")]
    LabelShape {
        /// Shape of the labels.
        found: [usize; 3],
        /// Shape of the maps.
        expected: [usize; 3],
    },
    /// An axis that a volume does not have.
    #[error("{axis} is no axis of a volume: name 0 (k), 1 (j) or 2 (i)")]
    SliceAxis {
        /// The axis.
        axis: usize,
    },
}
