//! What can go wrong when a study is judged.

use std::path::PathBuf;

use raterlens_core::atomic::AtomicError;
use raterlens_core::evaluation::EvaluationError;
use raterlens_engine::EngineError;
use raterlens_raters::RatersError;
use thiserror::Error;

/// Why a model could not be judged on a study.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StudyError {
    /// The model could not be run; nothing was written.
    #[error("image '{case}': {source}")]
    Run {
        /// Name of the image.
        case: String,
        /// The reason.
        source: EngineError,
    },
    /// Images or drawings that cannot be used, one sentence each.
    #[error("{}", problems.join("\n"))]
    Images {
        /// The faults.
        problems: Vec<String>,
    },
    /// The raters' label maps cannot be compared with the prediction.
    #[error(transparent)]
    Raters(#[from] RatersError),
    /// Numbers that no statistic can be taken of.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// No image to judge.
    #[error("the study has no image of this part")]
    NoImages,
    /// A result that cannot be written.
    #[error("{source} ({})", path.display())]
    Output {
        /// The folder or file.
        path: PathBuf,
        /// The reason.
        source: AtomicError,
    },
    /// A figure that cannot be drawn.
    #[error(transparent)]
    Report(#[from] raterlens_report::ReportError),
    /// A table that cannot be put into words.
    #[error("internal: {0}")]
    Internal(String),
}

impl StudyError {
    /// Whether the user stopped it.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        match self {
            Self::Run { source, .. } => matches!(source, EngineError::Cancelled),
            Self::Raters(error) => matches!(error, RatersError::Cancelled(_)),
            _ => false,
        }
    }
}
