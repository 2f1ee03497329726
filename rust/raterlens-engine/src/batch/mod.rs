//! Many images with one model: a folder per case, one table, and failures that stop nobody else.

mod inputs;
mod names;
mod table;

use std::path::{Path, PathBuf};

use raterlens_images::{read_image, ReadOptions};

use crate::case::{is_complete, read_record, CaseSource, CaseWriter, Fingerprint, Overwrite};
use crate::error::EngineError;
use crate::request::SegmentRequest;
use crate::run_record::RunRecord;
use crate::segmenter::Segmenter;
use raterlens_core::control::{CancelFlag, Control, Progress};

pub use inputs::{images_at, looks_like_nifti, read_list};
pub use names::{case_name, plan_cases, BatchPlan, PlannedCase};

/// What happens with results that are there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Policy {
    /// Complete results of the same image, model and settings are kept; others are replaced if nobody
    /// changed them.
    #[default]
    Resume,
    /// Everything is computed anew and replaced.
    Force,
}

/// How a case ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum CaseStatus {
    /// Computed and written.
    Done,
    /// Was complete already.
    Skipped,
    /// Failed; nothing was written for it.
    Failed(EngineError),
}

/// One case of a batch.
#[derive(Debug)]
pub struct CaseOutcome {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub dir: PathBuf,
    /// How it ended.
    pub status: CaseStatus,
    /// The record of the run that is in the folder now, unless it failed.
    pub record: Option<RunRecord>,
}

/// Hears of a batch's progress, on the thread that runs it.
pub trait BatchObserver {
    /// Case number `number` (from 0) of `of` begins.
    fn case_started(&self, _name: &str, _number: usize, _of: usize) {}
    /// A case moves on.
    fn case_progress(&self, _now: Progress) {}
    /// A case ended.
    fn case_finished(&self, _outcome: &CaseOutcome) {}
}

/// Listens to nothing.
impl BatchObserver for () {}

/// Segments one image into the folder `dir`, or finds it done already.
///
/// Whether the folder can be written is found out before the work. On any error, also when cancelled, the
/// folder is as before.
///
/// # Errors
/// An unreadable or unusable image, an output folder that cannot be written or would lose someone's file,
/// [`EngineError::Cancelled`].
pub fn run_case(
    segmenter: &Segmenter,
    case: &PlannedCase,
    dir: &Path,
    request: &SegmentRequest,
    policy: Policy,
    control: &Control<'_>,
) -> Result<(CaseStatus, RunRecord), EngineError> {
    control.cancel.check()?;
    let source = CaseSource::open_series(&case.path, case.series.as_deref())?;
    let wanted = Fingerprint::new(&source, segmenter, request);
    if policy == Policy::Resume && is_complete(dir, &wanted) {
        if let Some(record) = read_record(dir) {
            return Ok((CaseStatus::Skipped, record));
        }
    }
    let options = ReadOptions {
        series: case.series.clone(),
        ..ReadOptions::default()
    };
    let quiet = Control {
        progress: None,
        cancel: control.cancel.clone(),
    };
    let image = read_image(&case.path, &options, &quiet)?;
    let overwrite = match policy {
        Policy::Resume => Overwrite::OwnUnchanged,
        Policy::Force => Overwrite::Always,
    };
    let writer = CaseWriter::open(dir, &source, segmenter.scheme(), overwrite)?;
    let mut result = segmenter.segment(&image.volume, request, control)?;
    result.warnings.splice(0..0, image.warnings.iter().cloned());
    let record = writer.save(&case.name, &image, &result, &control.cancel)?;
    Ok((CaseStatus::Done, record))
}

/// Works through `cases`, each into its own folder under `out_dir`, and writes `measures.csv` of all that
/// succeeded there. A case that fails is in the outcomes and stops nobody.
///
/// # Errors
/// [`EngineError::Cancelled`]: the case under way left nothing, finished ones stay and are found again by
/// the next run. [`EngineError::Output`]: `out_dir` or the table cannot be written.
pub fn run_cases(
    segmenter: &Segmenter,
    cases: &[PlannedCase],
    out_dir: &Path,
    request: &SegmentRequest,
    policy: Policy,
    cancel: &CancelFlag,
    observer: &dyn BatchObserver,
) -> Result<Vec<CaseOutcome>, EngineError> {
    let report = |now: Progress| observer.case_progress(now);
    let control = Control {
        progress: Some(&report),
        cancel: cancel.clone(),
    };
    let mut outcomes = Vec::with_capacity(cases.len());
    for (number, case) in cases.iter().enumerate() {
        observer.case_started(&case.name, number, cases.len());
        let dir = out_dir.join(&case.name);
        let (status, record) = match run_case(segmenter, case, &dir, request, policy, &control) {
            Ok((status, record)) => (status, Some(record)),
            Err(EngineError::Cancelled) => return Err(EngineError::Cancelled),
            Err(error) => (CaseStatus::Failed(error), None),
        };
        let outcome = CaseOutcome {
            name: case.name.clone(),
            dir,
            status,
            record,
        };
        observer.case_finished(&outcome);
        outcomes.push(outcome);
    }
    table::write_combined(out_dir, &outcomes)?;
    Ok(outcomes)
}
