//! One file, written beside its place and then moved there.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::AtomicError;

const BUFFER_LEN: usize = 1 << 16;

/// Writes a file through `write`; it appears under `path` complete and on disk, or not at all.
///
/// The bytes go to a hidden file in the same folder, are flushed to the disk, and the file is then renamed,
/// replacing an older one. When anything fails the hidden file is removed and an older file stays as it was.
///
/// # Errors
/// A folder that cannot be written to, or whatever `write` returns.
///
/// ```
/// use raterlens_core::atomic::write_atomic;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("table.csv");
/// write_atomic(&path, |w| w.write_all(b"a,b\n"))?;
/// assert_eq!(std::fs::read(&path)?, b"a,b\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_atomic(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), AtomicError> {
    let (temporary, file) = create_hidden_beside(path)?;
    let mut writer = BufWriter::with_capacity(BUFFER_LEN, file);
    write(&mut writer)
        .and_then(|()| writer.into_inner().map_err(io::IntoInnerError::into_error))
        .and_then(|file| file.sync_all())
        .map_err(AtomicError::Write)?;
    fs::rename(&temporary.path, path).map_err(AtomicError::Write)?;
    temporary.keep();
    sync_folder(parent_of(path));
    Ok(())
}

/// Removes a file when dropped, unless kept.
struct RemoveOnDrop {
    path: PathBuf,
}

impl RemoveOnDrop {
    fn keep(mut self) {
        self.path = PathBuf::new();
    }
}

impl Drop for RemoveOnDrop {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            // Nothing can be done about a file that cannot be removed; the first error is reported.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn create_hidden_beside(path: &Path) -> Result<(RemoveOnDrop, File), AtomicError> {
    let (path, file) = create_hidden(path, |hidden| {
        OpenOptions::new().write(true).create_new(true).open(hidden)
    })?;
    Ok((RemoveOnDrop { path }, file))
}

/// Creates something in the same folder under a name that nothing else has:
/// `.<name>.<process>-<count>.partial`.
///
/// A name that exists (left by a process that was killed, or of another machine on a shared disk) is not touched.
pub(super) fn create_hidden<T>(
    path: &Path,
    create: impl Fn(&Path) -> io::Result<T>,
) -> Result<(PathBuf, T), AtomicError> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    const ATTEMPTS: usize = 1000;
    let name = path.file_name().ok_or(AtomicError::NoName)?;
    let mut last_error = io::Error::from(io::ErrorKind::AlreadyExists);
    for _ in 0..ATTEMPTS {
        let mut hidden = OsString::from(".");
        hidden.push(name);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        hidden.push(format!(".{}-{count}.partial", std::process::id()));
        let hidden = parent_of(path).join(hidden);
        match create(&hidden) {
            Ok(created) => return Ok((hidden, created)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => last_error = e,
            Err(e) => return Err(AtomicError::Folder(e)),
        }
    }
    Err(AtomicError::Folder(last_error))
}

/// The folder a path is in; `.` for a bare name.
pub(super) fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes renames in a folder durable, on systems where a folder can be opened.
pub(super) fn sync_folder(folder: &Path) {
    if cfg!(unix) {
        // Best effort: some file systems refuse, and the data itself is already on the disk.
        let _ = File::open(folder).and_then(|f| f.sync_all());
    }
}
