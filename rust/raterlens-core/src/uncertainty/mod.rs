//! Uncertainty from several samples of class probabilities (SPEC section 7): dropout passes, members of an ensemble, or augmentations.
//!
//! | I have | Use |
//! | --- | --- |
//! | samples one after another, not all in memory | [`SampleAccumulator`] |
//! | all samples in one array | [`reduce_samples`] |
//! | maps, and want numbers per structure and slice | [`summarise`] |
//!
//! For samples `p[t, c, i]` of T passes and C classes at voxel i, with `p_mean[c, i] = mean over t`:
//!
//! - predictive entropy `H(p_mean) = - sum over c of p_mean ln p_mean`, in nats, 0 to `ln C`;
//! - expected entropy `mean over t of H(p[t])`;
//! - mutual information, their difference, at least 0;
//! - variance `sum over c of (1/T) sum over t of (p[t, c] - p_mean[c])^2`, the population's, 0 to 1.
//!
//! Not here: drawing samples (the engine), and what the maps are worth ([`crate::evaluation`]).

mod accumulate;
mod error;
mod kernel;
mod maps;
mod reduce;
mod summary;

pub use accumulate::SampleAccumulator;
pub use error::UncertaintyError;
pub use maps::UncertaintyMaps;
pub use reduce::reduce_samples;
pub use summary::{summarise, MapMeans, StructureUncertainty, UncertaintySummary};
