//! What can go wrong with several raters' label maps, in sentences for the user.

use std::io;
use std::path::{Path, PathBuf};

use raterlens_core::agreement::AgreementError;
use raterlens_core::atomic::AtomicError;
use raterlens_core::control::Cancelled;
use raterlens_core::evaluation::EvaluationError;
use raterlens_core::fusion::FusionError;
use raterlens_core::metrics::MetricError;
use raterlens_core::nifti_io::NiftiError;
use raterlens_core::variability::VariabilityError;
use raterlens_core::{GridError, LabelSchemeError, VolumeError};
use raterlens_images::ImageFileError;
use thiserror::Error;

/// Why a request failed. Nothing was written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RatersError {
    /// The call was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// Fewer than two raters.
    #[error("{found} label map of this image was given: name at least two")]
    TooFewRaters {
        /// How many were given.
        found: usize,
    },
    /// No rater drew anything.
    #[error("nothing was drawn: every label map is empty (name the structures with --structures to look at them all the same)")]
    NothingDrawn,
    /// A label that the list of names does not have.
    #[error("rater '{rater}' uses label {label}, which the label names do not list: add it there, or name the structures to look at with --structures")]
    UnnamedLabel {
        /// The rater.
        rater: String,
        /// The label.
        label: u16,
    },
    /// A structure was asked for that is the background.
    #[error("structure 0 is the background: name labels from 1 to 65535")]
    BackgroundAsStructure,
    /// The label maps cannot be fused.
    #[error(transparent)]
    Fusion(#[from] FusionError),
    /// Variability cannot be computed.
    #[error(transparent)]
    Variability(#[from] VariabilityError),
    /// Agreement cannot be computed.
    #[error(transparent)]
    Agreement(#[from] AgreementError),
    /// Two maps cannot be compared.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// Maps on different grids.
    #[error(transparent)]
    Grid(#[from] GridError),
    /// Names of labels that make no scheme.
    #[error(transparent)]
    Scheme(#[from] LabelSchemeError),
    /// A file of label names that is not understood.
    #[error("the label names cannot be used: {reason} ({})", path.display())]
    LabelNames {
        /// What is wrong.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// An image file that cannot be used.
    #[error("{source} ({})", path.display())]
    File {
        /// The reason.
        source: ImageFileError,
        /// The file.
        path: PathBuf,
    },
    /// A picture file that cannot be used.
    #[error("the picture cannot be used: {reason} ({})", path.display())]
    Picture {
        /// What is wrong.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// A rater's map lies on another grid.
    #[error("rater '{rater}' is not on the grid of rater '{reference}': {difference}; --resample brings it there by the nearest voxel")]
    OtherGrid {
        /// The rater.
        rater: String,
        /// The rater whose grid counts.
        reference: String,
        /// What differs.
        difference: String,
    },
    /// The image lies on another grid than its label maps.
    #[error("the image is not on the grid of the label maps: {difference}; name the image they were drawn on ({})", path.display())]
    ImageGrid {
        /// What differs.
        difference: String,
        /// The image.
        path: PathBuf,
    },
    /// A map of numbers lies on another grid than the label maps.
    #[error("the map is not on the grid of the label maps: {difference}; bring it there first ({})", path.display())]
    MapGrid {
        /// What differs.
        difference: String,
        /// The map.
        path: PathBuf,
    },
    /// Numbers that cannot be evaluated.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// A file that cannot be opened or read.
    #[error("cannot read the file: {source} ({})", path.display())]
    Input {
        /// The system's reason.
        source: io::Error,
        /// The file.
        path: PathBuf,
    },
    /// A study file with faults, all of them.
    #[error("the study has {} {}:\n{}", problems.len(), if problems.len() == 1 { "problem" } else { "problems" }, lines(problems))]
    Study {
        /// One sentence each.
        problems: Vec<String>,
    },
    /// A request that makes no sense.
    #[error("{0}")]
    Request(String),
    /// A result file exists already.
    #[error("the output folder already has '{file}': choose another folder, or replace the files of an earlier run with --force ({})", dir.display())]
    WouldOverwrite {
        /// Name of the file.
        file: String,
        /// The folder.
        dir: PathBuf,
    },
    /// An input is one of the files to be written.
    #[error("the input '{file}' lies in the output folder under a name that the results need: choose another output folder")]
    InputIsOutput {
        /// Name of the file.
        file: String,
    },
    /// The output cannot be written.
    #[error("{source} ({})", path.display())]
    Output {
        /// The reason.
        source: AtomicError,
        /// The file or folder.
        path: PathBuf,
    },
    /// Arrays that do not fit each other: a defect in RaterLens.
    #[error("internal error: {0}")]
    Internal(String),
}

impl From<VolumeError> for RatersError {
    fn from(error: VolumeError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl RatersError {
    /// A file that could not be read, or whose reading was cancelled.
    pub(crate) fn image_input(path: &Path, source: ImageFileError) -> Self {
        match source {
            ImageFileError::Cancelled(cancelled) => cancelled.into(),
            source => Self::File {
                source,
                path: path.to_path_buf(),
            },
        }
    }

    pub(crate) fn output(path: &Path, source: impl Into<AtomicError>) -> Self {
        Self::Output {
            source: source.into(),
            path: path.to_path_buf(),
        }
    }

    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        Self::output(path, AtomicError::Write(source))
    }

    /// An image file of the results that could not be written.
    pub(crate) fn image_output(path: &Path, source: NiftiError) -> Self {
        match source {
            NiftiError::Write(reason) => Self::output(path, reason),
            other => Self::Internal(other.to_string()),
        }
    }
}

fn lines(problems: &[String]) -> String {
    let lines: Vec<_> = problems.iter().map(|p| format!("  - {p}")).collect();
    lines.join("\n")
}
