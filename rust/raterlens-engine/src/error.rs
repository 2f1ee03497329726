//! What can go wrong in a request, in sentences for the user.

use std::io;
use std::path::PathBuf;

use raterlens_core::atomic::AtomicError;
use raterlens_core::control::Cancelled;
use raterlens_core::image_check::ImageError;
use raterlens_core::nifti_io::NiftiError;
use raterlens_core::{ResampleError, VolumeError};
use raterlens_images::ImageFileError;
use raterlens_itksnap::WorkspaceError;
use raterlens_nn::{NnError, PackageError};
use thiserror::Error;

/// Why a request failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The run was cancelled; nothing was written.
    #[error("cancelled")]
    Cancelled,
    /// The image cannot be segmented.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The image file cannot be used.
    #[error(transparent)]
    File(#[from] NiftiError),
    /// The image file of another format cannot be used.
    #[error(transparent)]
    ImageFile(ImageFileError),
    /// An input file or folder cannot be opened or read.
    #[error("cannot read the input: {source} ({})", path.display())]
    Input {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The model package cannot be used.
    #[error(transparent)]
    Model(#[from] PackageError),
    /// The device cannot be used.
    #[error("{0}")]
    Device(String),
    /// The network could not be loaded or run.
    #[error(transparent)]
    Network(NnError),
    /// A request with settings that make no sense.
    #[error("{0}")]
    Request(String),
    /// The output cannot be written.
    #[error("{source} ({})", path.display())]
    Output {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: AtomicError,
    },
    /// A file is there already that RaterLens did not write, or that was changed since.
    #[error("'{file}' in the output folder was changed after RaterLens wrote it, or was written by something else: move it away, choose another folder, or replace it with --force")]
    WouldOverwrite {
        /// Name of the file.
        file: String,
    },
    /// The input image is itself one of the files to be written.
    #[error("the input image '{file}' lies in the output folder under a name that the results need: choose another output folder")]
    InputIsOutput {
        /// Name of the file.
        file: String,
    },
    /// The workspace could not be described.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// Arrays that do not fit each other: a defect in RaterLens.
    #[error("internal error: {0}")]
    Internal(String),
}

impl From<NnError> for EngineError {
    fn from(error: NnError) -> Self {
        match error {
            NnError::Package(package) => Self::Model(package),
            other => Self::Network(other),
        }
    }
}

impl From<ImageFileError> for EngineError {
    fn from(error: ImageFileError) -> Self {
        match error {
            ImageFileError::Nifti(error) => Self::File(error),
            ImageFileError::Cancelled(_) => Self::Cancelled,
            other => Self::ImageFile(other),
        }
    }
}

impl From<Cancelled> for EngineError {
    fn from(Cancelled: Cancelled) -> Self {
        Self::Cancelled
    }
}

impl From<VolumeError> for EngineError {
    fn from(error: VolumeError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<ResampleError> for EngineError {
    fn from(error: ResampleError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl EngineError {
    /// An output error for a path.
    pub(crate) fn output(path: impl Into<PathBuf>, source: impl Into<AtomicError>) -> Self {
        Self::Output {
            path: path.into(),
            source: source.into(),
        }
    }

    /// A file of the results that could not be written half-way.
    pub(crate) fn write(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::output(path, AtomicError::Write(source))
    }

    /// An image file of the results that could not be written.
    pub(crate) fn image_file_output(path: impl Into<PathBuf>, source: ImageFileError) -> Self {
        match source {
            ImageFileError::Nifti(source) => Self::image_output(path, source),
            ImageFileError::Write(source) => Self::write(path, source),
            ImageFileError::Cancelled(_) => Self::Cancelled,
            other => Self::write(path, io::Error::other(other.to_string())),
        }
    }

    /// An image file of the results that could not be written.
    pub(crate) fn image_output(path: impl Into<PathBuf>, source: NiftiError) -> Self {
        match source {
            NiftiError::Write(reason) => Self::output(path, reason),
            other => Self::Internal(other.to_string()),
        }
    }
}
