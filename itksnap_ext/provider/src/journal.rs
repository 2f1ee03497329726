//! What this provider is working on.
//!
//! The service has no time limit and no way to give a ticket back: one that its provider forgets stays claimed for ever. So a
//! ticket is written down before anything else is done with it, and crossed out when the service knows how it ended.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use fs4::fs_std::FileExt;
use raterlens_core::atomic::write_atomic;
use serde::{Deserialize, Serialize};

/// A ticket under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The ticket.
    pub ticket: u64,
    /// Name of the service it asks for.
    pub service: String,
    /// The service's address.
    pub server: String,
    /// How often work on it began.
    #[serde(default)]
    pub tries: u32,
    /// Whether its result is complete at the service, so that only its end is still to be told.
    #[serde(default)]
    pub sent: bool,
}

/// The journal of one provider instance; no two processes have the same one open.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    _lock: File,
}

impl Journal {
    /// Opens the journal in a folder, which is made if it is not there.
    ///
    /// # Errors
    /// A folder that cannot be written, or another process that has the journal open.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join("lock"))?;
        if !FileExt::try_lock_exclusive(&lock)? {
            return Err(io::Error::other(
                "another provider with this instance name is running: give each its own --instance",
            ));
        }
        Ok(Self {
            path: folder.join("ticket.json"),
            _lock: lock,
        })
    }

    /// The ticket that was under way; none if there was none.
    ///
    /// # Errors
    /// A file that cannot be read, or is damaged.
    pub fn pending(&self) -> io::Result<Option<Entry>> {
        match fs::read(&self.path) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Writes a ticket down.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn begin(&self, entry: &Entry) -> io::Result<()> {
        let bytes = serde_json::to_vec(entry)?;
        write_atomic(&self.path, |out| out.write_all(&bytes)).map_err(io::Error::other)
    }

    /// Crosses it out.
    ///
    /// # Errors
    /// A file that cannot be deleted.
    pub fn end(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_survives_the_process_and_no_two_have_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a");
        let entry = Entry {
            ticket: 7,
            service: "RaterLens-Segment".into(),
            server: "http://x".into(),
            tries: 1,
            sent: true,
        };
        let journal = Journal::open(&folder).unwrap();
        assert_eq!(journal.pending().unwrap(), None);
        journal.begin(&entry).unwrap();
        assert!(Journal::open(&folder).is_err());
        drop(journal);
        let journal = Journal::open(&folder).unwrap();
        assert_eq!(journal.pending().unwrap(), Some(entry));
        journal.end().unwrap();
        journal.end().unwrap();
        assert_eq!(journal.pending().unwrap(), None);
    }
}
