//! Files and folders of results that appear whole or not at all.

mod file;
mod staged;

use thiserror::Error;

pub use file::write_atomic;
pub use staged::StagedDir;

/// Why an output could not be written. Messages name no path: the caller knows it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AtomicError {
    /// The output has no file or folder name.
    #[error("the output path names no file or folder")]
    NoName,
    /// The folder cannot be made or written to.
    #[error(
        "the output folder cannot be written to ({0}): choose another, or change its permissions"
    )]
    Folder(std::io::Error),
    /// Writing failed half-way; nothing was left behind.
    #[error("the output could not be written completely ({0}): check the free space of the disk")]
    Write(std::io::Error),
    /// The completion marker was never written.
    #[error("the results are incomplete: '{marker}' was not written")]
    MarkerMissing {
        /// Name of the file that must come last.
        marker: String,
    },
}
