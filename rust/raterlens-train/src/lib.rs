//! Training of models on studies of several raters.
//!
//! | To | use |
//! | --- | --- |
//! | choose how a model is trained | [`Recipe`], [`GroundTruth`] |
//! | train several networks on several ground truths, each from several seeds | [`Plan`] |
//! | train one | [`train_run`] |
//! | judge a model on a study's images | [`test_model`] |
//!
//! Runs are repeatable from their seed, resume exactly after an interruption, and end with a model package whose card says how it
//! does on images of the study's test part.
//!
//! Not here: networks, losses and optimisers ([`raterlens_nn`]), reading studies ([`raterlens_raters::study`]).

pub mod data;
mod error;
pub mod figures;
mod ground_truth;
mod page;
mod plan;
mod recipe;
mod run;

pub use error::TrainError;
pub use ground_truth::GroundTruth;
pub use plan::{data_checksums, network_of_name, slug, Plan, PlanReport, PlannedRun, RunSummary};
pub use recipe::{ImageSource, Recipe};
pub use run::{
    test_model, train_run, EpochRecord, History, ImageResult, Losses, RunConfig, RunData,
    RunReport, TestFigures, Watch,
};
