//! Why a NIfTI file was refused.

use thiserror::Error;

use crate::atomic::AtomicError;
use crate::geometry::GeometryError;

/// Why a NIfTI file could not be read or written. Messages name no path: the caller knows it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NiftiError {
    /// The file cannot be opened or read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// Not NIfTI-1 at all.
    #[error("this is not a NIfTI-1 file ({reason}): convert the image to .nii or .nii.gz first")]
    NotNifti {
        /// What gave it away.
        reason: &'static str,
    },
    /// The compressed stream is broken.
    #[error("the compressed data is damaged or cut off ({0}): copy or export the file again")]
    DamagedStream(std::io::Error),
    /// Fewer voxels than the header says.
    #[error("the header promises {expected} bytes of voxels but the file has {found}: it is cut off or its header is damaged")]
    TooShort {
        /// Bytes the header asks for.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
    /// More voxels than a compressed file of this size can hold.
    #[error("the header promises {expected} bytes of voxels, more than {compressed} compressed bytes can hold: its header is damaged")]
    ImplausibleSize {
        /// Bytes the header asks for.
        expected: u64,
        /// Size of the file.
        compressed: u64,
    },
    /// The machine has too little memory.
    #[error("{bytes} bytes of memory for the voxels are not available")]
    OutOfMemory {
        /// Bytes asked for.
        bytes: u64,
    },
    /// Fewer than three dimensions.
    #[error("the image has {dimensions} dimensions: a 3-D volume is needed")]
    NotThreeDimensional {
        /// Number of dimensions in the header.
        dimensions: u16,
    },
    /// More than one volume.
    #[error("the file holds {volumes} volumes (time points or channels): extract the one to use as a 3-D file")]
    SeveralVolumes {
        /// How many.
        volumes: u64,
    },
    /// A size of zero or less.
    #[error("the image's size {size:?} has an axis without voxels: its header is damaged")]
    BadDimensions {
        /// Sizes of the first three axes, as stored.
        size: [u16; 3],
    },
    /// A voxel type that is no single real number.
    #[error(
        "voxels of type {name} are not supported: convert the image to one grey value per voxel"
    )]
    UnsupportedType {
        /// Name of the type, or its code.
        name: String,
    },
    /// A header field that makes no sense.
    #[error("the header field {field} is {value}: {expected}")]
    BadField {
        /// Name of the field.
        field: &'static str,
        /// Its value.
        value: f64,
        /// What it should be.
        expected: &'static str,
    },
    /// Neither sform nor qform.
    #[error("the file does not say which side is left (neither sform nor qform is set): export it again with its orientation, or set the orientation with a tool of your choice")]
    NoOrientation,
    /// sform or qform is degenerate.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
    /// NaN or infinite voxels.
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
    /// A name that does not say the format.
    #[error("the output must be named .nii or .nii.gz")]
    BadExtension,
    /// An image too large for the format.
    #[error("an image of {dims:?} voxels does not fit NIfTI-1, whose axes have at most 32767")]
    TooLarge {
        /// Voxels along i, j, k.
        dims: [usize; 3],
    },
    /// A volume that is not where the grid says.
    #[error(
        "the volume is not on the grid it is to be written with: it differs in size or position"
    )]
    GridMismatch,
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] AtomicError),
}
