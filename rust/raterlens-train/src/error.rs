//! What can go wrong in training, in sentences for the user.

use std::io;
use std::path::{Path, PathBuf};

use raterlens_core::atomic::AtomicError;
use raterlens_core::augment::AugmentError;
use raterlens_core::control::Cancelled;
use raterlens_nn::NnError;
use raterlens_raters::RatersError;
use raterlens_report::ReportError;
use thiserror::Error;

/// Why training stopped. Checkpoints and finished runs stay.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The run was cancelled; the last checkpoint stays.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// Recipe, plan or options that make no sense.
    #[error("{0}")]
    Recipe(String),
    /// Study files with faults, all of them.
    #[error(transparent)]
    Raters(#[from] RatersError),
    /// The network.
    #[error(transparent)]
    Network(#[from] NnError),
    /// An augmentation out of range.
    #[error(transparent)]
    Augmentation(#[from] AugmentError),
    /// Images that cannot be made from label maps.
    #[error(transparent)]
    Synth(#[from] raterlens_synth::SynthError),
    /// A page that cannot be drawn.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The loss became something that is not a number.
    #[error("the loss is not a number in step {step}: lower the learning rate (it was {learning_rate:.2e}); the last checkpoint stays")]
    Diverged {
        /// The step, from 1.
        step: u64,
        /// Its learning rate.
        learning_rate: f64,
    },
    /// The folder of a run holds another one.
    #[error("the folder holds a run of other settings or data ({difference}): choose another folder, or start anew with --force ({})", path.display())]
    OtherRun {
        /// What differs.
        difference: String,
        /// The folder.
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
    /// A file that cannot be read.
    #[error("cannot read the file: {source} ({})", path.display())]
    Input {
        /// The system's reason.
        source: io::Error,
        /// The file.
        path: PathBuf,
    },
    /// Arrays that do not fit each other: a defect in RaterLens.
    #[error("internal error: {0}")]
    Internal(String),
}

impl TrainError {
    pub(crate) fn input(path: &Path, source: io::Error) -> Self {
        Self::Input {
            source,
            path: path.to_path_buf(),
        }
    }

    pub(crate) fn internal(reason: impl ToString) -> Self {
        Self::Internal(reason.to_string())
    }
}

/// Writes a file whole or not at all.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    raterlens_core::atomic::write_atomic(path, |out| out.write_all(bytes)).map_err(|source| {
        TrainError::Output {
            source,
            path: path.to_path_buf(),
        }
    })
}
