//! Recognises a case that needs no second run.

use std::path::Path;

use super::{CaseSource, RUN_FILE};
use crate::request::{ModelIdentity, SegmentRequest};
use crate::run_record::{RunRecord, Versions, RUN_RECORD_VERSION};
use crate::segmenter::Segmenter;
use crate::uncertainty::UncertaintyRequest;

/// A run record is a few kilobytes; anything far beyond is not one.
const MAX_RECORD_BYTES: u64 = 4 << 20;

/// What determines a result: the input's bytes, the model, the settings and the program's version.
///
/// The device is not part of it: results agree to 1e-5 across devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    input_sha256: String,
    model_checksum: String,
    seed: u64,
    batch_size: usize,
    member_checksums: Vec<String>,
    uncertainty: UncertaintyRequest,
    probabilities: bool,
    versions: Versions,
}

impl Fingerprint {
    /// Of a run that is about to be made.
    #[must_use]
    pub fn new(source: &CaseSource, segmenter: &Segmenter, request: &SegmentRequest) -> Self {
        Self {
            input_sha256: source.identity.sha256.clone(),
            model_checksum: segmenter.model_checksum().to_owned(),
            seed: request.seed,
            batch_size: request.batch_size_on(&segmenter.device().name),
            member_checksums: checksums(segmenter.members()),
            uncertainty: request.uncertainty.simplified(),
            probabilities: request.keep_probabilities,
            versions: Versions::current(),
        }
    }

    fn matches(&self, record: &RunRecord) -> bool {
        let input = record.input.as_ref().map(|i| i.sha256.as_str());
        input == Some(self.input_sha256.as_str())
            && record.model.checksum == self.model_checksum
            && record.seed == self.seed
            && record.batch_size == self.batch_size
            && checksums(&record.members) == self.member_checksums
            && record.requested == self.uncertainty
            && record.probabilities == self.probabilities
            && record.versions == self.versions
    }
}

fn checksums(models: &[ModelIdentity]) -> Vec<String> {
    models.iter().map(|m| m.checksum.clone()).collect()
}

/// The run record of a folder; `None` when there is none that this version understands.
#[must_use]
pub fn read_record(dir: &Path) -> Option<RunRecord> {
    let path = dir.join(RUN_FILE);
    if std::fs::metadata(&path).ok()?.len() > MAX_RECORD_BYTES {
        return None;
    }
    let record: RunRecord = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    (record.record_version == RUN_RECORD_VERSION).then_some(record)
}

/// Whether `dir` holds the finished result of exactly this run: a record that matches and every file it
/// names. Files may have been edited since (a corrected label map is still the user's case).
#[must_use]
pub fn is_complete(dir: &Path, wanted: &Fingerprint) -> bool {
    read_record(dir).is_some_and(|record| {
        let present = |file: &String| dir.join(file).is_file();
        wanted.matches(&record) && !record.outputs.is_empty() && record.outputs.keys().all(present)
    })
}
