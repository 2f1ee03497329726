//! What can go wrong with a model, in words a user can act on.

use std::path::PathBuf;

use raterlens_core::atomic::AtomicError;
use tch::TchError;
use thiserror::Error;

/// Why a network could not be built, loaded or run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NnError {
    /// The package is damaged.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The architecture's numbers do not fit together.
    #[error("the model's architecture cannot be built: {0}")]
    Architecture(String),
    /// The input batch does not fit the model.
    #[error("the model expects slices of shape {expected:?} (channels, rows, columns) but got {found:?}")]
    InputShape {
        /// Channels, rows, columns of the model.
        expected: [usize; 3],
        /// Channels, rows, columns received.
        found: [usize; 3],
    },
    /// A user's TorchScript program cannot be used.
    #[error("the model's TorchScript program cannot be used: {0}")]
    Script(String),
    /// Test-time dropout of a model that has none.
    #[error("the model has no dropout, so that test-time dropout tells nothing: use another model, or an ensemble")]
    NoDropout,
    /// libtorch refused an operation.
    #[error("libtorch: {0}")]
    Torch(String),
    /// The network produced numbers that are none.
    #[error("the model produced values that are not numbers: its weights or the image's intensities are damaged")]
    NotANumber,
    /// Training data could not be made.
    #[error("training sample {index}: {reason}")]
    TrainingData {
        /// Which sample.
        index: u64,
        /// Why.
        reason: String,
    },
    /// A checkpoint that cannot be taken up.
    #[error("the checkpoint cannot be used: {0}")]
    Checkpoint(String),
    /// Training was asked for with impossible settings.
    #[error("training settings: {0}")]
    TrainingOptions(String),
}

impl From<TchError> for NnError {
    fn from(error: TchError) -> Self {
        Self::Torch(first_line(&error.to_string()))
    }
}

/// libtorch appends a C++ stack trace to its messages; the first line says what happened.
pub(crate) fn first_line(message: &str) -> String {
    let text = message
        .split("Exception raised from")
        .next()
        .unwrap_or(message);
    text.lines().next().unwrap_or(text).trim().to_string()
}

/// Why a model package was refused. Paths come last in each message.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PackageError {
    /// A file cannot be read or written.
    #[error("{action}: {source} ({})", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The package cannot be written.
    #[error("{source} ({})", path.display())]
    Output {
        /// The package.
        path: PathBuf,
        /// The reason.
        source: AtomicError,
    },
    /// `model.json` is not what it should be.
    #[error("the model description is damaged or from another program: {reason} ({})", path.display())]
    Manifest {
        /// What is wrong.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// A schema this version does not know.
    #[error("the model package has schema version {found}, this RaterLens reads version {supported}: update RaterLens or get the package in that version")]
    SchemaVersion {
        /// Version in the file.
        found: u64,
        /// Version that is understood.
        supported: u64,
    },
    /// A file differs from its recorded checksum.
    #[error("'{file}' of the model package does not match its SHA-256 checksum: the file was changed or damaged, get the package again")]
    Checksum {
        /// Name of the file inside the package.
        file: String,
    },
    /// A file is not listed in `SHA256SUMS`.
    #[error("'{file}' has no checksum in the model package's SHA256SUMS: the package is incomplete, get it again")]
    ChecksumMissing {
        /// Name of the file inside the package.
        file: String,
    },
    /// The weight file is no safetensors file, or has unusable tensors.
    #[error("the model's weights cannot be used: {0}")]
    Weights(String),
}
