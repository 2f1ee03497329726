//! `log.jsonl`: one line of JSON per epoch.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use raterlens_core::atomic::AtomicError;
use serde::Serialize;

use super::history::{EpochRecord, History};
use crate::data::{Dataset, EpochSource};
use crate::error::{write_file, TrainError};

/// A line of the log.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    record: &'a EpochRecord,
    /// Whose drawing was the target of each slice, in the order of the training part and its repetitions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    raters: Vec<&'a str>,
}

fn line(
    record: &EpochRecord,
    data: &Dataset,
    source: &EpochSource<'_>,
    repeats: u64,
) -> Result<Vec<u8>, TrainError> {
    let mut raters = Vec::new();
    for repeat in 0..repeats as u32 {
        for (n, slice) in data.slices.iter().enumerate() {
            let drawn = source.rater_of(record.epoch - 1, n, repeat);
            if slice.raters.len() > 1 {
                raters.extend(slice.raters.get(drawn).map(String::as_str));
            }
        }
    }
    let mut bytes = serde_json::to_vec(&Line { record, raters }).map_err(TrainError::internal)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Writes the log of the epochs so far: what a killed run wrote after its last checkpoint is dropped.
pub(super) fn rewrite(
    path: &Path,
    history: &History,
    data: &Dataset,
    source: &EpochSource<'_>,
    repeats: u64,
) -> Result<(), TrainError> {
    let mut all = Vec::new();
    for record in &history.epochs {
        all.extend(line(record, data, source, repeats)?);
    }
    write_file(path, &all)
}

/// Adds the last epoch.
pub(super) fn append(
    path: &Path,
    record: &EpochRecord,
    data: &Dataset,
    source: &EpochSource<'_>,
    repeats: u64,
) -> Result<(), TrainError> {
    let bytes = line(record, data, source, repeats)?;
    let file = OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut f| f.write_all(&bytes))
        .map_err(|e| TrainError::Output {
            source: AtomicError::Write(e),
            path: path.to_path_buf(),
        })
}
