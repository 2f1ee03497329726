//! How well two or more raters agree, over one image or many (SPEC section 4).
//!
//! One [`ImageDrawings`] holds the drawings of one image. [`CaseAgreement::measure`] reduces it to small numbers, after which the
//! label maps can be dropped; [`AgreementReport::pool`] joins any number of cases. [`Study`] does both.
//!
//! | question | where |
//! | --- | --- |
//! | each pair of raters: Dice, IoU, distances | [`PairAgreement`], [`StructureAgreement::matrix`] |
//! | all raters at once, voxel by voxel | [`fleiss_kappa`], [`krippendorff_alpha`] |
//! | volumes and areas | [`icc_2_1`], [`BlandAltman`] |
//! | does a rater draw larger or smaller than the rest? | [`RaterBias`] |
//! | the same rater twice | [`StructureAgreement::repeats`] |
//!
//! Every estimate over images comes with a percentile bootstrap interval, or says why it has none. Images are drawn as a whole: the
//! slices of one image are not independent.
//!
//! Not here: agreement about an image's uncertainty, and tests of hypotheses. Raters who leave out an image are missing there and
//! nowhere else; a structure that a rater left empty is an answer, not a gap.

mod bland_altman;
mod bootstrap;
mod case;
mod consensus;
mod error;
mod icc;
mod image_drawings;
mod measured;
mod metric;
mod nominal;
mod notes;
mod options;
mod pairs;
mod patterns;
mod philox;
mod pooling;
mod quantity;
mod rater_bias;
mod report;
mod slice_table;
mod study;
mod summary;

pub use bland_altman::{bland_altman, BlandAltman};
pub(crate) use bootstrap::Resamples;
pub use bootstrap::{Estimate, Interval, Undefined};
pub use case::{CaseAgreement, CasePair, CaseSlice, CaseStructure};
pub use consensus::leave_one_out_consensus;
pub use error::AgreementError;
pub use icc::icc_2_1;
pub use image_drawings::{Drawing, ImageDrawings};
pub use metric::{Comparison, Metric};
pub use nominal::{fleiss_kappa, krippendorff_alpha, NominalAgreement, NominalCounts};
pub use options::{AgreementOptions, BootstrapOptions};
pub use pairs::PairAgreement;
pub use quantity::{QuantityAgreement, QuantityRow};
pub use rater_bias::{Deviation, RaterBias};
pub use report::{AgreementReport, StructureAgreement};
pub use study::Study;
pub use summary::Summary;
