//! [ITK](https://itk.org) for Rust, as far as programs for medical images need it: files of many formats, N4 bias-field
//! correction, adaptive non-local means denoising, resampling.
//!
//! A small safe API over a C++ half of about 500 lines, joined by [`cxx`]. Images are plain memory on both sides: nothing of ITK's
//! types is seen here, and no voxel is copied that need not be.
//!
//! | To | use |
//! | --- | --- |
//! | read a file: NIfTI, Analyze, NRRD, MetaImage, DICOM, GIPL, PNG, TIFF | [`read`], or [`ImageReader`] to see the header first |
//! | write one | [`write`](fn@write) |
//! | list and read DICOM series | [`dicom::list_series`], [`dicom::read_series`] |
//! | correct the bias field | [`n4`](fn@n4) |
//! | take noise away | [`denoise`](fn@denoise) |
//! | move an image onto another grid | [`resample`](fn@resample), [`resample_labels`] |
//! | say how many threads ITK may use | [`set_threads`] |
//!
//! ```no_run
//! use itk_sys::{denoise, n4, DenoiseOptions, Floats, N4Options, ReadLimits};
//! let image = itk_sys::read("image.nrrd".as_ref(), &ReadLimits::default())?;
//! let image = Floats::from_image(&image)?;
//! let report = |fraction: f32| { eprintln!("{fraction}"); true };
//! let image = denoise(&image, None, &DenoiseOptions::default(), &report)?;
//! let corrected = n4(&image, None, &N4Options::default(), &report)?.corrected;
//! itk_sys::write("corrected.nii.gz".as_ref(), &corrected.to_image(), true)?;
//! # Ok::<(), itk_sys::ItkError>(())
//! ```
//!
//! # Places
//! As in ITK: millimetres in the patient's LPS space, axes i, j, k, i fastest in memory.
//!
//! # Which ITK
//! That of 3D Slicer's SDK (`slicer-core-sdk` wheel), or with the feature `system-itk` one of the system; see `build.rs`. **Never load
//! two ITKs into one process**: tens of thousands of equal symbols, and it crashes. Without any ITK at build time the crate is
//! empty: [`available`] is false and everything returns [`ItkError::NotBuilt`].
//!
//! # Damaged files
//! [`ReadLimits`] refuse a header that promises more than its file can hold before memory is asked for. ITK's readers themselves
//! are not proof against hostile files: read files of unknown origin in a process of their own.

#[cfg(has_itk)]
#[allow(clippy::too_many_arguments)] // Structs with borrowed slices cannot cross the bridge.
mod bridge;
mod denoise;
pub mod dicom;
mod error;
mod floats;
mod header;
mod n4;
mod progress;
mod read;
mod resample;
mod threads;
mod voxels;
mod write;

pub use denoise::{denoise, DenoiseOptions};
pub use error::ItkError;
pub use floats::Floats;
pub use header::{Header, PixelKind};
pub use n4::{n4, Corrected, N4Options};
pub use progress::{ignore_progress, Progress};
pub use read::{read, ImageReader, ReadLimits};
pub use resample::{resample, resample_labels, Interpolation, LabelInterpolation};
pub use threads::{set_threads, threads};
pub use voxels::{ComponentType, Image, Voxels};
pub use write::write;

/// Whether an ITK was found when this crate was built.
#[must_use]
pub const fn available() -> bool {
    cfg!(has_itk)
}

/// ITK's version, such as `5.4.5`; `None` without an ITK.
#[must_use]
pub fn version() -> Option<String> {
    #[cfg(has_itk)]
    {
        let mut bytes = Vec::new();
        bridge::ffi::version(&mut bytes);
        bytes.pop();
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
    #[cfg(not(has_itk))]
    None
}
