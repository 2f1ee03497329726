//! What can go wrong with an image file, in sentences for the user.

use raterlens_core::control::Cancelled;
use raterlens_core::nifti_io::NiftiError;
use raterlens_core::{GeometryError, LabelSchemeError};
use thiserror::Error;

/// Why an image file could not be read or written. Messages name no path: the caller knows it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImageFileError {
    /// A NIfTI file.
    #[error(transparent)]
    Nifti(#[from] NiftiError),
    /// The run was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// ITK's reason.
    #[error("{0}")]
    Itk(String),
    /// There is no ITK.
    #[error("this is not NIfTI-1, and other formats need ITK, which this RaterLens does not have ({reason}): convert the image to .nii.gz, or install RaterLens with ITK")]
    NoItk {
        /// What is missing.
        reason: String,
    },
    /// The filters need ITK.
    #[error("{what} needs ITK, which this RaterLens does not have ({reason})")]
    NoFilter {
        /// What was asked for.
        what: &'static str,
        /// What is missing.
        reason: String,
    },
    /// The process with ITK ended without an answer.
    #[error("ITK crashed on this file ({how}): it is damaged or of a kind that ITK does not know; RaterLens itself is unharmed")]
    Crashed {
        /// Signal or exit code.
        how: String,
    },
    /// The process with ITK did not answer in time.
    #[error(
        "ITK did not finish with this file in {seconds} seconds: it is damaged or much too large"
    )]
    TimedOut {
        /// How long it was waited for.
        seconds: u64,
    },
    /// An answer that makes no sense.
    #[error("the program raterlens-itk gave an answer that is not understood ({0}): is it of another version?")]
    Protocol(String),
    /// A format that does not say which side is left.
    #[error("{format} files do not say which side is left: export the image again as NIfTI or NRRD, or convert it with `raterlens preprocess IMAGE -o OUT.nii.gz --allow-unoriented` and check the sides")]
    NoOrientation {
        /// The format.
        format: String,
    },
    /// A geometry that makes no sense.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
    /// More or fewer than three dimensions, or several numbers per voxel.
    #[error("{0}")]
    Shape(String),
    /// Not finite voxels.
    #[error("{count} of {total} voxels are not finite 32-bit numbers: replace them (NaN, infinity) before use")]
    NotFinite {
        /// How many.
        count: u64,
        /// Of how many.
        total: u64,
    },
    /// A label map with values that are no labels.
    #[error("{count} of {total} voxels are no labels, the first is {first}: labels are whole numbers from 0 to 65535")]
    NotLabels {
        /// How many.
        count: u64,
        /// Of how many.
        total: u64,
        /// The first such value.
        first: f64,
    },
    /// A folder without a series.
    #[error("the folder holds no DICOM series")]
    NoSeries,
    /// A folder with several series, and none was chosen.
    #[error("the folder holds {} DICOM series, name one with --series (its number, its UID or its description):\n{}", list.len(), list.join("\n"))]
    SeveralSeries {
        /// One line each.
        list: Vec<String>,
    },
    /// No such series.
    #[error("no DICOM series of the folder is '{wanted}'; there are:\n{}", list.join("\n"))]
    UnknownSeries {
        /// What was asked for.
        wanted: String,
        /// One line each.
        list: Vec<String>,
    },
    /// Segments that lie over each other.
    #[error("the segments '{first}' and '{second}' overlap in {voxels} voxels: a voxel can have one label; make them exclusive (in Slicer: Segment Editor, Masking, overwrite other segments) and save again")]
    Overlap {
        /// Name of a segment.
        first: String,
        /// Name of another.
        second: String,
        /// Voxels that both have.
        voxels: u64,
    },
    /// Segment descriptions that make no sense.
    #[error("the segments' descriptions are damaged: {0}")]
    Segments(String),
    /// Names of segments that make no label scheme.
    #[error(transparent)]
    Scheme(#[from] LabelSchemeError),
    /// A name that is no format.
    #[error(
        "the output's name has no ending of an image format: use {}",
        crate::family::ENDINGS
    )]
    BadEnding,
    /// The file cannot be written or moved into place.
    #[error("the output could not be written completely ({0})")]
    Write(std::io::Error),
}
