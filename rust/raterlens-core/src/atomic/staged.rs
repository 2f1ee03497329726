//! A folder of results, written beside its place and then moved there.

use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::file::{create_hidden, parent_of, sync_folder};
use super::AtomicError;

/// Collects the files of one result and moves them into their folder together.
///
/// Files are written to a hidden folder beside the final one. [`Self::commit`] moves them; the file it names as
/// completion marker is moved last, and an older marker is taken away first, so that a folder with a marker is
/// always complete, even after a power cut. Dropped without commit, or when commit fails, everything is removed:
/// older files in the final folder are then as before. A process that is killed leaves the hidden folder behind,
/// which is harmless. Files only: sub-folders are not supported.
///
/// ```
/// use raterlens_core::atomic::StagedDir;
/// let folder = tempfile::tempdir()?;
/// let case = folder.path().join("case-1");
/// let staged = StagedDir::new(&case)?;
/// std::fs::write(staged.path().join("measures.csv"), "a,b\n")?;
/// std::fs::write(staged.path().join("run.json"), "{}")?;
/// assert!(!case.exists());
/// staged.commit("run.json")?;
/// assert!(case.join("measures.csv").is_file() && case.join("run.json").is_file());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct StagedDir {
    staging: PathBuf,
    final_dir: PathBuf,
    /// Folders that did not exist before, innermost first.
    made: Vec<PathBuf>,
}

impl StagedDir {
    /// Makes the hidden folder, and the parents of `final_dir` that do not exist.
    ///
    /// # Errors
    /// A folder that cannot be made or, if `final_dir` exists, cannot be written to.
    pub fn new(final_dir: &Path) -> Result<Self, AtomicError> {
        if final_dir.file_name().is_none() {
            return Err(AtomicError::NoName);
        }
        let mut staged = Self {
            staging: PathBuf::new(),
            final_dir: final_dir.to_path_buf(),
            made: Vec::new(),
        };
        let parent = parent_of(final_dir);
        let missing = parent.ancestors().take_while(|a| !a.exists());
        staged.made = missing
            .filter(|a| !a.as_os_str().is_empty())
            .map(Path::to_path_buf)
            .collect();
        fs::create_dir_all(parent).map_err(AtomicError::Folder)?;
        (staged.staging, ()) = create_hidden(final_dir, |hidden| fs::create_dir(hidden))?;
        if final_dir.exists() {
            staged.check_writable()?;
        }
        Ok(staged)
    }

    /// The folder to write into.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.staging
    }

    /// Moves all files into the final folder, `marker` last.
    ///
    /// # Errors
    /// A marker that was not written, or a file that cannot be moved; the final folder is then as before.
    pub fn commit(mut self, marker: &str) -> Result<(), AtomicError> {
        let names = self.names_with_last(OsStr::new(marker))?;
        for name in &names {
            sync_file(&self.staging.join(name)).map_err(AtomicError::Write)?;
        }
        if self.final_dir.exists() {
            self.merge(&names)?;
        } else {
            fs::rename(&self.staging, &self.final_dir).map_err(AtomicError::Folder)?;
            self.staging = PathBuf::new();
        }
        self.made.clear();
        sync_folder(&self.final_dir);
        sync_folder(parent_of(&self.final_dir));
        Ok(())
    }

    /// The staged files in order of name, `marker` at the end.
    fn names_with_last(&self, marker: &OsStr) -> Result<Vec<OsString>, AtomicError> {
        let entries = fs::read_dir(&self.staging).map_err(AtomicError::Write)?;
        let mut names = entries
            .map(|entry| entry.map(|e| e.file_name()))
            .collect::<io::Result<Vec<_>>>()
            .map_err(AtomicError::Write)?;
        if !names.iter().any(|name| name == marker) {
            let marker = marker.to_string_lossy().into_owned();
            return Err(AtomicError::MarkerMissing { marker });
        }
        names.sort_by(|a, b| (a == marker).cmp(&(b == marker)).then_with(|| a.cmp(b)));
        Ok(names)
    }

    /// Moves the files into an existing folder; on failure what was there before is put back.
    fn merge(&self, names: &[OsString]) -> Result<(), AtomicError> {
        let aside = self.staging.join(".replaced");
        fs::create_dir(&aside).map_err(AtomicError::Write)?;
        let mut moves = Moves::default();
        let moved = self.merge_files(names, &aside, &mut moves);
        if moved.is_err() {
            moves.undo();
        }
        moved.map_err(AtomicError::Write)
    }

    fn merge_files(&self, names: &[OsString], aside: &Path, moves: &mut Moves) -> io::Result<()> {
        // The older marker goes first: from here on the folder does not count as complete.
        for name in names.iter().rev() {
            let older = self.final_dir.join(name);
            if older.symlink_metadata().is_ok() {
                moves.rename(older, aside.join(name))?;
            }
        }
        sync_folder(&self.final_dir);
        for name in names {
            moves.rename(self.staging.join(name), self.final_dir.join(name))?;
        }
        Ok(())
    }

    fn check_writable(&self) -> Result<(), AtomicError> {
        let (probe, ()) = create_hidden(&self.final_dir.join("probe"), |hidden| {
            fs::File::create_new(hidden).map(drop)
        })?;
        fs::remove_file(probe).map_err(AtomicError::Folder)
    }
}

impl Drop for StagedDir {
    fn drop(&mut self) {
        // Removal is best effort: the error that led here is the one to report.
        if !self.staging.as_os_str().is_empty() {
            let _ = fs::remove_dir_all(&self.staging);
        }
        for folder in &self.made {
            let _ = fs::remove_dir(folder); // only if it is empty
        }
    }
}

/// Renames that can be taken back.
#[derive(Default)]
struct Moves {
    done: Vec<(PathBuf, PathBuf)>,
}

impl Moves {
    fn rename(&mut self, from: PathBuf, to: PathBuf) -> io::Result<()> {
        fs::rename(&from, &to)?;
        self.done.push((from, to));
        Ok(())
    }

    fn undo(&mut self) {
        for (from, to) in self.done.drain(..).rev() {
            let _ = fs::rename(to, from);
        }
    }
}

fn sync_file(path: &Path) -> io::Result<()> {
    // Windows flushes only files that are open for writing.
    OpenOptions::new().write(true).open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_that_fails_half_way_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let case = folder.path().join("case");
        fs::create_dir(&case).unwrap();
        for name in ["labels", "notes.txt", "run.json"] {
            fs::write(case.join(name), b"old").unwrap();
        }
        let staged = StagedDir::new(&case).unwrap();
        for name in ["labels", "added", "run.json"] {
            fs::write(staged.path().join(name), b"new").unwrap();
        }
        // "lost" is not in the staging folder: two files have been moved when it fails.
        let names = ["added", "labels", "lost", "run.json"].map(OsString::from);
        assert!(staged.merge(&names).is_err());
        drop(staged);
        for name in ["labels", "notes.txt", "run.json"] {
            assert_eq!(fs::read(case.join(name)).unwrap(), b"old", "{name}");
        }
        assert!(!case.join("added").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
