//! What the header of a weight file tells, without reading the weights.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use safetensors::tensor::Metadata;

use super::io;
use crate::error::PackageError;

/// As the safetensors library itself limits it.
const LONGEST_HEADER: u64 = 100_000_000;
/// Statistics of batch norms: stored with the weights, but not learnt by gradient.
const STATISTICS: [&str; 2] = [".running_mean", ".running_var"];

/// Numbers in a safetensors file, statistics of batch norms not counted.
pub(super) fn parameter_count(path: &Path) -> Result<u64, PackageError> {
    let metadata = read(path)?;
    let learnt = |name: &str| !STATISTICS.iter().any(|s| name.ends_with(s));
    let sizes = metadata
        .tensors()
        .into_iter()
        .filter(|(name, _)| learnt(name));
    Ok(sizes
        .map(|(_, info)| info.shape.iter().product::<usize>() as u64)
        .sum())
}

fn read(path: &Path) -> Result<Metadata, PackageError> {
    let fail = |e| io("cannot read the model package", path, e);
    let mut file = File::open(path).map_err(fail)?;
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(fail)?;
    let length = u64::from_le_bytes(length).min(LONGEST_HEADER);
    let mut json = Vec::new();
    file.take(length).read_to_end(&mut json).map_err(fail)?;
    serde_json::from_slice(&json).map_err(|e| PackageError::Weights(e.to_string()))
}
