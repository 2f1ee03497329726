//! Images of any format.
//!
//! NIfTI-1 is read and written by `raterlens-core` itself. Everything else, and the filters of ITK, runs in the program
//! `raterlens-itk`, a process of its own for each file: ITK's readers are not proof against damaged files, and a crash there is an
//! [`ImageFileError`] here. Without that program (built with the feature `itk` off, or without ITK), NIfTI stays possible and
//! everything else says what is missing.
//!
//! | To | use |
//! | --- | --- |
//! | read an image or a label map of any format, or a folder with a DICOM series | [`read_image`], [`read_labels`] |
//! | know which series a folder has | [`list_series`] |
//! | write in a format by the file's name | [`write_image`], [`write_labels`] |
//! | names, colours and terms of a `.seg.nrrd` | [`seg_nrrd`] |
//! | take noise and the bias field away, change the voxels' size | [`denoise`], [`n4`], [`resample`] |

mod error;
mod family;
mod filters;
pub mod protocol;
mod read;
pub mod seg_nrrd;
mod series;
mod voxels;
mod worker;
mod write;

pub use error::ImageFileError;
pub use family::{is_seg_nrrd, stem, Family};
pub use filters::{denoise, n4, resample, with_spacing, DenoiseSettings, N4Settings, Planes};
pub use read::{looks_like_image, read_image, read_labels, read_segments, ReadOptions};
pub use series::{list_series, SeriesInfo};
pub use worker::{is_available, PROGRAM_VARIABLE};
pub use write::{write_image, write_labels, write_segmentation};
