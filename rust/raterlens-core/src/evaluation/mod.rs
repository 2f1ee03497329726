//! What probabilities and uncertainty are worth (SPEC section 8), without any model.
//!
//! | question | function |
//! | --- | --- |
//! | are probabilities close to what the raters drew? | [`brier`] |
//! | does confidence mean accuracy? | [`calibration`], [`average_calibration`], [`class_wise_ece`] |
//! | does one factor for all logits mend that? | [`fit_temperature`] |
//! | is uncertainty high where the prediction is wrong? | [`average_precision`], [`auroc`], [`error_aurc`], [`ranking_scores`] |
//! | would leaving out the uncertain images help? | [`aurc`] |
//! | does uncertainty follow the raters' disagreement? | [`pearson`], [`fit_line`], [`partition_variance`] |
//! | do samples differ as raters do? | [`generalised_energy_distance`], [`ncc`] |
//! | is one method better than another on the same images? | [`paired_t_test`], [`wilcoxon`], [`holm`] |
//! | how sure is a number over images? | [`bootstrap`], [`bootstrap_mean`], [`bootstrap_pearson`] |
//!
//! NaN is refused everywhere, with its position. What is undefined (no wrong voxel, equal values, one image) is `None`, never a number that
//! looks like a result. Sums are taken in double precision, in an order that does not depend on the number of threads.

mod brier;
mod calibration;
mod check;
mod class_calibration;
mod distribution;
mod energy;
mod error;
mod holm;
mod intervals;
mod keys;
mod line;
mod mean_calibration;
mod ncc;
mod partition;
mod pearson;
mod radix;
mod ranking;
mod risk;
mod t_test;
mod temperature;
mod walk;
mod wilcoxon;

pub use brier::brier;
pub use calibration::{calibration, Calibration, CalibrationBin};
pub use class_calibration::class_wise_ece;
pub use energy::{generalised_energy_distance, EnergyDistance};
pub use error::EvaluationError;
pub use holm::holm;
pub use intervals::{bootstrap, bootstrap_mean, bootstrap_pearson};
pub use line::{fit_line, LineFit};
pub use mean_calibration::{average_calibration, MeanBin, MeanCalibration};
pub use ncc::ncc;
pub use partition::{partition_variance, VariancePartition};
pub use pearson::{pearson, Pearson};
pub use ranking::{auroc, average_precision, error_aurc, ranking_scores, RankingScores};
pub use risk::aurc;
pub use t_test::{paired_t_test, TTest};
pub use temperature::{fit_temperature, Temperature};
pub use wilcoxon::{wilcoxon, Wilcoxon, WilcoxonMethod};
