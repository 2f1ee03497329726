//! Writes a package whole or not at all, its weights as a stream.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use raterlens_core::atomic::StagedDir;
use sha2::{Digest, Sha256};

use super::checksums::{hex, sha256_hex, Checksums, SUMS_FILE};
use super::manifest::{Manifest, WeightsSpec};
use super::{bad, io as io_error, put, ModelPackage, MANIFEST_FILE};
use crate::error::PackageError;

const BUFFER: usize = 1 << 20;

/// Passes bytes on and takes their checksum on the way.
struct Hashed<W> {
    inner: W,
    hasher: Sha256,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.update(bytes.get(..count).unwrap_or(bytes));
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Writes a package into `dir`: the weights come from `weights`, which writes the content of `file`; then the
/// description, whose `weights` is filled in here, the card and the checksums. The folder appears complete, or is
/// as it was before.
pub(crate) fn write_streamed<E: From<PackageError>>(
    dir: &Path,
    mut manifest: Manifest,
    file: &str,
    card: &str,
    weights: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<ModelPackage, E> {
    let staged = StagedDir::new(dir).map_err(|source| PackageError::Output {
        source,
        path: dir.to_path_buf(),
    })?;
    let path = staged.path().join(file);
    let failed = |e: io::Error| E::from(io_error("cannot write the model package", dir, e));
    let inner = BufWriter::with_capacity(BUFFER, File::create(&path).map_err(failed)?);
    let mut out = Hashed {
        inner,
        hasher: Sha256::new(),
    };
    weights(&mut out)?;
    out.flush().map_err(failed)?;
    manifest.weights = WeightsSpec {
        file: file.into(),
        sha256: hex(&out.hasher.finalize()),
    };

    let mut json = serde_json::to_vec_pretty(&manifest).map_err(|e| bad(dir, e))?;
    json.push(b'\n');
    let mut sums = Checksums::default();
    sums.add(MANIFEST_FILE, sha256_hex(&json));
    sums.add(file, manifest.weights.sha256.clone());
    put(staged.path(), MANIFEST_FILE, &json)?;
    put(staged.path(), "README.md", card.as_bytes())?;
    put(staged.path(), SUMS_FILE, sums.to_string().as_bytes())?;
    let committed = staged.commit(SUMS_FILE);
    committed.map_err(|source| PackageError::Output {
        source,
        path: dir.to_path_buf(),
    })?;
    Ok(ModelPackage::open(dir)?)
}
