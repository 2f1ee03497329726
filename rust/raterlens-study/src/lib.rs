//! A model, or an ensemble, on the images of a study that several raters drew: how good it is, how well calibrated, and whether its
//! uncertainty follows its errors and the raters' disagreement (SPEC sections 7 and 8).
//!
//! | To | use |
//! | --- | --- |
//! | judge one image, each way of predicting | [`judge_image`] |
//! | judge all images of a study and sum them up | [`judge_study`] |
//! | write tables and numbers | [`write_judgement`] |
//! | train, judge and report a whole study | [`whole`] |
//!
//! A *way of predicting* is the plain prediction or the mean of samples ([`Way`]): of each, labels are the most probable class and the
//! uncertainty is the entropy of the probabilities.

mod error;
mod image;
mod output;
mod overall;
mod page;
mod scatter;
mod study;
mod truth;
mod way;
pub mod whole;

pub use error::StudyError;
pub use image::{judge_image, ImageJudgement, WayOnImage};
pub use output::{write_judgement, IMAGES_FILE, JUDGEMENT_FILE, OVERALL_FILE, REPORT_FILE};
pub use overall::{Overall, OverallStructure, OverallWay};
pub use study::{judge_study, StudyJudgement};
pub use truth::VarianceOnImage;
pub use way::Way;
