//! STAPLE: consensus and performance of raters at once, by expectation maximisation.
//!
//! A voxel's true class is hidden. Every rater gives class j where the truth is c with a probability `theta_r[j, c]`,
//! independent of the other raters: the confusion matrix, whose columns add up to 1. STAPLE looks for the matrices under
//! which what the raters gave is most likely, and for the probability of each class at each voxel.
//!
//! * E step: `W[c, i] = prior[c] * prod over r of theta_r[label_r(i), c]`, scaled to add up to 1 over c.
//! * M step: `theta_r[j, c]` = the mean of `[label_r(i) = j]` over voxels, weighted by `W[c, i]`.
//!
//! Binary: Warfield, Zou and Wells 2004, doi:10.1109/TMI.2004.828354, with sensitivity `theta[1, 1]` and specificity
//! `theta[0, 0]`. Multi-label: their section on more than two classes, as Rohlfing, Russakoff and Maurer 2004,
//! doi:10.1109/TMI.2004.830803. Binary STAPLE is the case of two classes, computed by the same code.

mod decide;
mod em;
mod fit;
mod options;
mod performance;

pub use fit::{staple, staple_structure, Staple};
pub use options::{Prior, Region, StapleOptions, Start};
pub use performance::{RaterPerformance, StructurePerformance};

pub(super) use fit::staple_of;

use serde::{Deserialize, Serialize};

/// One iteration of the estimation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Iteration {
    /// Logarithm of the probability of what the raters gave; never falls, but for rounding.
    pub log_likelihood: f64,
    /// Largest change of a confusion probability (and of an estimated prior) since the iteration before; `None` for the
    /// first.
    pub largest_change: Option<f64>,
}
