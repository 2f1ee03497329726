//! What can go wrong.

use thiserror::Error;

/// Why ITK could not do something. Messages name no path: the caller knows it.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ItkError {
    /// The crate was built without ITK.
    #[error("this program was built without ITK")]
    NotBuilt,
    /// The progress function said to stop.
    #[error("cancelled")]
    Cancelled,
    /// ITK's own reason.
    #[error("{0}")]
    Itk(String),
    /// A header that promises more voxels than its file can hold.
    #[error("the header promises {expected} bytes of voxels, more than a file of {found} bytes can hold: it is cut off or its header is damaged")]
    Implausible {
        /// Bytes of voxels.
        expected: u128,
        /// Bytes of the file, or of its folder where the voxels are in files beside the header.
        found: u64,
    },
    /// More voxels than the limit.
    #[error("the voxels take {bytes} bytes, more than the {limit} that are allowed")]
    TooLarge {
        /// Bytes of voxels.
        bytes: u128,
        /// The limit.
        limit: u64,
    },
    /// No memory.
    #[error("{bytes} bytes of memory for the voxels are not available")]
    OutOfMemory {
        /// Bytes asked for.
        bytes: u128,
    },
    /// A header that makes no sense.
    #[error("the image's header is damaged: {0}")]
    BadHeader(String),
    /// A kind of voxel that is not one number of a known type.
    #[error("voxels of this kind are not supported: {0}")]
    UnsupportedVoxels(String),
    /// Arguments that do not fit each other.
    #[error("{0}")]
    BadArgument(String),
    /// A DICOM folder that cannot be used.
    #[error("{0}")]
    Series(String),
    /// The file cannot be opened.
    #[error("the file cannot be read: {0}")]
    Io(String),
}

#[cfg(has_itk)]
impl From<cxx::Exception> for ItkError {
    fn from(error: cxx::Exception) -> Self {
        match error.what().trim() {
            "cancelled" => Self::Cancelled,
            "" => Self::Itk("ITK gave no reason".into()),
            reason => Self::Itk(one_line(reason)),
        }
    }
}

/// ITK's texts have line breaks and its own class names in front.
#[cfg(has_itk)]
fn one_line(reason: &str) -> String {
    let words: Vec<&str> = reason.split_whitespace().collect();
    let text = words.join(" ");
    let text = text.strip_prefix("ITK ERROR: ").unwrap_or(&text);
    match text.split_once("): ") {
        Some((class, rest)) if class.contains("(0x") => rest.to_owned(),
        _ => text.to_owned(),
    }
}
