//! A whole study: networks x ground truths x uncertainties, from training to the dissertation's tables and figures.
//!
//! | To | use |
//! | --- | --- |
//! | read or make a plan | [`StudyPlan`] |
//! | train, judge and report, or go on with it | [`run_study`] |
//!
//! Numbers of several seeds of one combination are averaged image by image; intervals are drawn over images.

mod dissertation;
mod error;
mod figures;
mod findings;
mod judged;
mod noise;
mod output;
mod pictures;
mod plan;
mod results;
mod row;
mod run;
mod samples;
mod table;
mod tables;

pub use error::WholeError;
pub use findings::{Finding, Verdict};
pub use noise::{Denoise, Disturbance, NoisePlan, NoiseResult};
pub use output::{Report, FINDINGS_FILE, NUMBERS_FILE, STUDY_FILE, TABLES_FILE, WHOLE_REPORT_FILE};
pub use plan::{ModelGroup, StudyPlan};
pub use results::{Related, Results};
pub use row::{Row, RowKey, VarianceRow, WayRow};
pub use run::{run_study, Progress, WholeStudy};
pub use samples::SampleCount;
pub use table::{Cell, Comparison, Table, TableRow};
