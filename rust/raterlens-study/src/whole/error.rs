//! What can stop a whole study.

use std::io;
use std::path::PathBuf;

use raterlens_core::atomic::AtomicError;
use raterlens_core::control::Cancelled;
use raterlens_core::evaluation::EvaluationError;
use raterlens_engine::EngineError;
use raterlens_raters::RatersError;
use raterlens_report::ReportError;
use raterlens_synth::SynthError;
use raterlens_train::TrainError;
use thiserror::Error;

use crate::error::StudyError;

/// Why a whole study stopped. Finished runs and judged models stay; the report is written at the end or not at all.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WholeError {
    /// A plan that makes no sense.
    #[error("{0}")]
    Plan(String),
    /// Cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// A training.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A model that cannot be judged.
    #[error(transparent)]
    Judge(#[from] StudyError),
    /// Study files with faults.
    #[error(transparent)]
    Raters(#[from] RatersError),
    /// A model that cannot be run.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Numbers that no statistic can be taken of.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// A figure that cannot be drawn.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// Synthetic images that cannot be made.
    #[error(transparent)]
    Synth(#[from] SynthError),
    /// A file that cannot be read.
    #[error("cannot read the file: {source} ({})", path.display())]
    Input {
        /// The system's reason.
        source: io::Error,
        /// The file.
        path: PathBuf,
    },
    /// A file that cannot be written.
    #[error("{source} ({})", path.display())]
    Output {
        /// The reason.
        source: AtomicError,
        /// The file.
        path: PathBuf,
    },
    /// A defect in RaterLens.
    #[error("internal error: {0}")]
    Internal(String),
}

impl WholeError {
    /// Whether the user stopped it.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        match self {
            Self::Cancelled(_) => true,
            Self::Train(error) => matches!(error, TrainError::Cancelled(_)),
            Self::Judge(error) => error.is_cancelled(),
            Self::Raters(error) => matches!(error, RatersError::Cancelled(_)),
            Self::Engine(error) => matches!(error, EngineError::Cancelled),
            _ => false,
        }
    }

    /// Something that cannot happen, happened.
    pub(super) fn internal(reason: impl std::fmt::Display) -> Self {
        Self::Internal(reason.to_string())
    }
}
