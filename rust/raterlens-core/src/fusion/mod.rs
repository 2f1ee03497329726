//! Several raters' label maps become one consensus, with what is known about each rater (SPEC section 3).
//!
//! | I want | Use |
//! | --- | --- |
//! | to bring raters together, some of them perhaps missing | [`RaterSet`] |
//! | the label that most raters gave, with a rule for ties | [`vote`], [`TiePolicy`] |
//! | posteriors, sensitivity, specificity and confusion matrices | [`staple()`], [`staple_structure`] |
//! | the share of raters per structure and voxel | [`mean_label`] |
//! | the mean of soft edges | [`soft_distance_label`] |
//! | counts of what raters gave together, for statistics of my own | [`Patterns`] |
//!
//! Voxels at which the raters gave the same labels are interchangeable for every method but the distance label. There
//! are few such *patterns*, so the methods work on a histogram of patterns ([`Patterns`]) and voxels are only read once
//! and written once, in parallel. Results do not depend on the number of threads.
//!
//! Label maps may hold `u8` or `u16` ([`LabelValue`]); every value from 0 to the type's largest is a proper label.

mod blocks;
mod classes;
mod error;
mod grid_difference;
mod hashed;
mod histogram;
mod label_value;
mod mean;
mod patterns;
mod raters;
pub mod staple;
mod tally;
mod ties;
mod tiles;
mod vote;

pub use crate::variability::soft_distance_label;
pub use classes::{Classes, UnknownLabels};
pub use error::{FusionError, PriorFault};
pub use grid_difference::GridDifference;
pub use label_value::LabelValue;
pub use mean::{mean_label, MeanLabel};
pub use patterns::Patterns;
pub use raters::{Rater, RaterSet};
pub use staple::{staple, staple_structure, Staple, StapleOptions};
pub use ties::{ParseTiePolicyError, TiePolicy};
pub use vote::{majority_vote, vote};
