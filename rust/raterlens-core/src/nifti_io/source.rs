//! Opens the files of an image, compressed or not.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::error::NiftiError;

const BUFFER_LEN: usize = 1 << 16;

/// Deflate cannot make data more than 1032 times smaller (zlib's technical notes).
const MAX_DEFLATE_RATIO: u64 = 1032;

/// One open file.
pub(super) struct Source {
    reader: Box<dyn Read>,
    file_len: u64,
    is_compressed: bool,
}

impl Source {
    /// Opens a file; whether it is compressed is decided by its first two bytes, not by its name.
    pub(super) fn open(path: &Path) -> Result<Self, NiftiError> {
        // Before opening: that could wait forever for a pipe.
        if !std::fs::metadata(path)?.is_file() {
            return Err(NiftiError::NotNifti {
                reason: "it is not a file",
            });
        }
        let mut file = File::open(path)?;
        let file_len = file.metadata()?.len();
        let mut start = [0; 2];
        let is_compressed = file.read_exact(&mut start).is_ok() && start == [0x1f, 0x8b];
        io::Seek::rewind(&mut file)?;
        let file = BufReader::with_capacity(BUFFER_LEN, file);
        let reader: Box<dyn Read> = if is_compressed {
            Box::new(BufReader::with_capacity(
                BUFFER_LEN,
                MultiGzDecoder::new(file),
            ))
        } else {
            Box::new(file)
        };
        Ok(Self {
            reader,
            file_len,
            is_compressed,
        })
    }

    /// Refuses a promise of `offset + voxels` bytes that this file cannot keep, before anything is read.
    pub(super) fn check_can_hold(&self, offset: u64, voxel_bytes: u64) -> Result<(), NiftiError> {
        let expected = offset.saturating_add(voxel_bytes);
        if self.is_compressed {
            let most = self.file_len.saturating_mul(MAX_DEFLATE_RATIO);
            if expected > most {
                return Err(NiftiError::ImplausibleSize {
                    expected: voxel_bytes,
                    compressed: self.file_len,
                });
            }
        } else if expected > self.file_len {
            return Err(NiftiError::TooShort {
                expected: voxel_bytes,
                found: self.file_len.saturating_sub(offset),
            });
        }
        Ok(())
    }

    /// Fills `buffer` as far as there is data; returns how far.
    pub(super) fn read_up_to(&mut self, buffer: &mut [u8]) -> Result<usize, NiftiError> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.reader.read(rest) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(self.error(e)),
            }
        }
        Ok(filled)
    }

    /// Skips `count` bytes, or fewer if there are no more.
    pub(super) fn skip(&mut self, count: u64) -> Result<u64, NiftiError> {
        let skipped = io::copy(&mut (&mut self.reader).take(count), &mut io::sink());
        skipped.map_err(|e| self.error(e))
    }

    fn error(&self, error: io::Error) -> NiftiError {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        let is_format = matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof);
        if self.is_compressed && is_format {
            NiftiError::DamagedStream(error)
        } else {
            NiftiError::Io(error)
        }
    }
}

/// The header's file: for `name.img` and `name.img.gz`, the `.hdr` beside it.
pub(super) fn header_path(path: &Path) -> PathBuf {
    swapped(path, "img", "hdr").unwrap_or_else(|| path.to_path_buf())
}

/// The voxels' file of a pair, given the header's: `.img`, else `.img.gz`.
pub(super) fn voxel_path(header_path: &Path) -> Result<PathBuf, NiftiError> {
    let plain = without_gz(header_path).with_extension("img");
    let mut compressed = plain.clone().into_os_string();
    compressed.push(".gz");
    let candidates = [plain, PathBuf::from(compressed)];
    candidates
        .into_iter()
        .find(|path| path.is_file())
        .ok_or(NiftiError::NotNifti {
            reason: "it is a header whose .img file is not beside it",
        })
}

fn without_gz(path: &Path) -> PathBuf {
    let is_gz = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("gz"));
    if is_gz {
        path.with_extension("")
    } else {
        path.to_path_buf()
    }
}

fn swapped(path: &Path, from: &str, to: &str) -> Option<PathBuf> {
    let bare = without_gz(path);
    if !bare.extension()?.eq_ignore_ascii_case(from) {
        return None;
    }
    let plain = bare.with_extension(to);
    if plain.is_file() {
        return Some(plain);
    }
    let mut compressed = plain.into_os_string();
    compressed.push(".gz");
    Some(PathBuf::from(compressed))
}
