//! Random changes of a slice that leave open what a rater would have drawn: for training, and for test-time augmentation
//! (SPEC sections 6 and 7).
//!
//! A slice is `[rows, columns]` in canonical order: columns run to the patient's left, so that mirroring them exchanges left and
//! right. Whoever mirrors must exchange paired structures, too: [`Augmentation::channel_from`] says which channel comes from where.
//!
//! Order: rotation, translation and mirroring in one linear resampling; Gaussian blur; gain and shift of intensities; Gaussian noise.

mod blur;
mod drawn;
mod options;
mod spatial;

pub use drawn::Augmentation;
pub use options::{AugmentError, AugmentOptions};
pub use spatial::SpatialChange;
