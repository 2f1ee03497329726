//! NIfTI-1 files in and out.
//!
//! Reads `.nii`, `.nii.gz` and `.hdr`/`.img` pairs in either byte order: signed and unsigned integers of 8
//! to 64 bits, 32 and 64-bit floats, with `scl_slope` and `scl_inter`. Writes `.nii` and `.nii.gz` (by
//! extension), whole or not at all. Several volumes of one grid, such as the probabilities of classes, are read and written along the fourth
//! dimension by [`read_series`] and [`write_series_f32`]; everything else takes one volume.
//!
//! The header is decoded by the `nifti` crate. Voxels are streamed here instead of by that crate, so that a
//! damaged header is refused before memory is asked for, and headers are written here, so that every geometry
//! field is the input's bit for bit and a full disk is noticed.
//!
//! # Position of the image
//! `sform` if the file has one (code above 0), else `qform`; a file with neither does not say which side is left
//! and is refused unless [`ReadOptions::allow_unoriented`]. Units of metres and micrometres become millimetres in
//! the [`Geometry`](crate::Geometry); the header's own numbers stay in [`NiftiGrid`].
//!
//! # Not done
//! NIfTI-2, RGB and complex voxels, five and more dimensions, header extensions.

mod error;
mod grid;
mod header;
mod quaternion;
mod read;
mod source;
mod voxels;
mod write;

pub use error::NiftiError;
pub use grid::NiftiGrid;
pub use read::{read_image, read_image_with, read_labels, read_series, NiftiImage, ReadOptions};
pub use write::{write_labels, write_map_f32, write_series_f32};
