//! DICOM series: which there are in a folder, and the volumes they hold.
//!
//! Slices are put in order by their place in the patient, never by file name or instance number. A series may hold several
//! volumes ([`Stack`]s): other orientations (one tilted stack per disc level), echoes, or image types such as fat and water.

mod stack;

use std::path::{Path, PathBuf};

use crate::error::ItkError;
use crate::read::{ImageReader, ReadLimits};
use crate::voxels::Image;

pub use stack::{stacks_of, Slice, Stack};

/// The DICOM files of one series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Series Instance UID.
    pub uid: String,
    /// Its files, in no order that matters.
    pub files: Vec<PathBuf>,
}

/// The series of a folder; also of the folders in it when `recursive`. Files that are no DICOM images are passed over.
///
/// # Errors
/// A folder that cannot be read, or built without ITK. A folder without DICOM gives an empty list.
pub fn list_series(folder: &Path, recursive: bool) -> Result<Vec<Series>, ItkError> {
    if !folder.is_dir() {
        return Err(ItkError::Io("it is not a folder".into()));
    }
    #[cfg(has_itk)]
    {
        let mut bytes = Vec::new();
        let path = crate::read::path_bytes(folder)?;
        crate::bridge::ffi::list_series(&path, recursive, &mut bytes)?;
        let mut series = Vec::new();
        let mut lines = crate::read::split(&bytes).into_iter();
        while let Some(uid) = lines.next() {
            let mut files: Vec<PathBuf> = lines
                .by_ref()
                .take_while(|line| !line.is_empty())
                .map(PathBuf::from)
                .collect();
            files.sort();
            // ITK appends parts of its own to the UID.
            series.push(Series { uid, files });
        }
        series.sort_by(|a, b| a.uid.cmp(&b.uid));
        Ok(series)
    }
    #[cfg(not(has_itk))]
    {
        let _ = recursive;
        Err(ItkError::NotBuilt)
    }
}

/// Reads the volumes that these files make up together.
///
/// # Errors
/// A file that cannot be read, a missing slice, slices at one place, or more bytes than allowed.
///
/// ```no_run
/// use itk_sys::{dicom, ReadLimits};
/// for series in dicom::list_series("study".as_ref(), true)? {
///     for stack in dicom::read_series(&series.files, &ReadLimits::default())? {
///         println!("{} slices of {:?}", stack.image.header.size[2], stack.image.header.spacing);
///     }
/// }
/// # Ok::<(), itk_sys::ItkError>(())
/// ```
pub fn read_series(files: &[PathBuf], limits: &ReadLimits) -> Result<Vec<Stack>, ItkError> {
    stacks_of(read_slices(files, limits)?)
}

/// Reads files one by one.
///
/// # Errors
/// A file that cannot be read, or more bytes in all than allowed.
pub fn read_slices(files: &[PathBuf], limits: &ReadLimits) -> Result<Vec<Slice>, ItkError> {
    let mut left = limits.max_bytes;
    let mut slices = Vec::new();
    for path in files {
        let reader = ImageReader::open(path)?;
        let bytes = reader.header().byte_count();
        let image: Image = reader.read(&ReadLimits { max_bytes: left })?;
        left = left.saturating_sub(u64::try_from(bytes).unwrap_or(u64::MAX));
        slices.push(Slice { image });
    }
    Ok(slices)
}
