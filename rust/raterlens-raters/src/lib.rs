//! What a host asks about several raters of one image, as one API: fuse them, map where they differ, say how well they
//! agree. Needs neither a network nor libtorch, so it builds and tests in seconds.
//!
//! | To | use |
//! | --- | --- |
//! | make one consensus of several label maps | [`fuse()`] |
//! | map where and how much raters differ | [`variability()`] |
//! | compare two and more raters, over one image or many | [`agree()`] |
//! | judge a prediction, its probabilities and uncertainty maps | [`evaluate()`] |
//! | show the results of a comparison as tables | [`tables`] |
//! | read raters' files, also of a whole study | [`files`], [`study`] |
//! | write results as files, all or none | [`output`] |
//!
//! The same label maps and settings give bit-identical results whichever host asks, and on any number of threads.
//! Algorithms and their definitions are in [`raterlens_core`]; here they are only put together.

mod agree;
mod error;
mod evaluate;
pub mod files;
mod fuse;
pub mod output;
mod scheme;
pub mod slices;
pub mod study;
pub mod tables;
mod variability;

pub use agree::{agree, AgreeOptions, Agreement};
pub use error::RatersError;
pub use evaluate::{
    evaluate, EvaluateInput, Evaluation, ProbabilityScores, UncertaintyScores, CALIBRATION_BINS,
};
pub use fuse::{
    fuse, FuseOptions, Fused, Method, Performance, RaterScore, StapleFit, StapleKind,
    StructureScore, StructureSize,
};
pub use scheme::{check_named, labels_used, scheme_of_labels};
pub use variability::{variability, OnMap, Variability};
