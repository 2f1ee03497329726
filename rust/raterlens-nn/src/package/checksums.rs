//! `SHA256SUMS`: one line a file, as `sha256sum` writes and checks them.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{io, read_limited};
use crate::error::PackageError;

/// Name of the checksum file inside a package.
pub(super) const SUMS_FILE: &str = "SHA256SUMS";
const MAX_SUMS_BYTES: u64 = 1 << 20;

/// File names and their checksums.
#[derive(Debug, Default)]
pub(super) struct Checksums(BTreeMap<String, String>);

impl Checksums {
    pub(super) fn read(dir: &Path) -> Result<Self, PackageError> {
        let bytes = read_limited(&dir.join(SUMS_FILE), MAX_SUMS_BYTES)?;
        let text = String::from_utf8_lossy(&bytes);
        let line = |l: &str| {
            let (sum, file) = l.split_once("  ")?;
            Some((file.trim_end().to_string(), sum.to_string()))
        };
        Ok(Self(text.lines().filter_map(line).collect()))
    }

    pub(super) fn add(&mut self, file: &str, sum: String) {
        self.0.insert(file.into(), sum);
    }

    pub(super) fn verify(&self, file: &str, found: &str) -> Result<(), PackageError> {
        match self.0.get(file) {
            None => Err(PackageError::ChecksumMissing { file: file.into() }),
            Some(sum) if sum != found => Err(PackageError::Checksum { file: file.into() }),
            Some(_) => Ok(()),
        }
    }
}

impl fmt::Display for Checksums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|(file, sum)| writeln!(f, "{sum}  {file}"))
    }
}

pub(crate) fn hex(digest: &[u8]) -> String {
    digest.iter().map(|b| format!("{b:02x}")).collect()
}

pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Streams a file through SHA-256.
pub(crate) fn sha256_of_file(path: &Path) -> Result<String, PackageError> {
    let fail = |e| io("cannot read the model package", path, e);
    let mut file = std::fs::File::open(path).map_err(fail)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = file.read(&mut buffer).map_err(fail)?;
        let Some(chunk) = buffer.get(..n).filter(|c| !c.is_empty()) else {
            return Ok(hex(&hasher.finalize()));
        };
        hasher.update(chunk);
    }
}
