//! Training from the first or the last checkpoint's epoch to the end.

use std::path::{Path, PathBuf};
use std::time::Instant;

use raterlens_core::control::CancelFlag;
use raterlens_nn::train::Trainer;
use raterlens_nn::{Device, ModelPackage};

use super::config::RunConfig;
use super::epoch::{train_epoch, validate};
use super::finish::{finish, read_done};
use super::folder::RunFolder;
use super::history::{EpochRecord, History};
use super::log;
use super::package::manifest;
use super::test_figures::TestFigures;
use crate::data::{Dataset, EpochSource};
use crate::error::TrainError;
use raterlens_raters::study::StudyCase;

/// What a run learns from and is judged by.
#[derive(Debug, Clone, Copy)]
pub struct RunData<'a> {
    /// Slices that train.
    pub train: &'a Dataset,
    /// Slices that decide when to stop.
    pub validation: &'a Dataset,
    /// Images that are looked at once, at the end.
    pub test: &'a [&'a StudyCase],
    /// The model whose weights training begins with; none: weights drawn by chance.
    pub start: Option<&'a ModelPackage>,
}

/// What a caller learns while a run goes on; called on the thread that runs it.
pub trait Watch {
    /// The run begins, or goes on after so many epochs, each of so many steps.
    fn begin(&mut self, _epochs_done: u64, _epochs: u64, _steps: u64) {}
    /// A step was made, with this loss.
    fn step(&mut self, _loss: f64) {}
    /// An epoch was made.
    fn epoch(&mut self, _record: &EpochRecord) {}
}

/// Nobody watches.
impl Watch for () {}

/// What a run gave.
#[derive(Debug, Clone, PartialEq)]
pub struct RunReport {
    /// The model package.
    pub model: PathBuf,
    /// Epochs made, and the best one.
    pub history: History,
    /// Figures on the test part; none when it is empty.
    pub test: Option<TestFigures>,
    /// Whether the run was complete already.
    pub was_done: bool,
}

/// Trains one model in `dir`, or goes on where an earlier run of the same configuration was interrupted.
///
/// A run that goes on makes the same steps as one that was never interrupted: bit for bit on a CPU.
///
/// # Errors
/// A folder with another run; a loss that is not a number; a full disk; cancelled. Checkpoints stay in each case.
pub fn train_run(
    dir: &Path,
    config: &RunConfig,
    data: RunData<'_>,
    device: &Device,
    force: bool,
    cancel: &CancelFlag,
    watch: &mut dyn Watch,
) -> Result<RunReport, TrainError> {
    let folder = RunFolder::open(dir, config, force)?;
    if let Some(report) = read_done(&folder, config) {
        return Ok(report);
    }
    let recipe = &config.recipe;
    let source = EpochSource::new(data.train, &config.scheme, recipe, config.seed);
    let options = recipe.fit_options(source.steps(), config.seed);
    let mut trainer = Trainer::new(&manifest(config, data.train), options, data.start, device)?;
    let mut history = match folder.last() {
        Some(path) => serde_json::from_value(trainer.restore(&path)?)
            .map_err(|e| raterlens_nn::NnError::Checkpoint(e.to_string()))?,
        None => History::default(),
    };
    let log_file = folder.path("log.jsonl");
    log::rewrite(&log_file, &history, data.train, &source, recipe.repeats)?;
    watch.begin(history.epochs.len() as u64, recipe.epochs, source.steps());
    let judged = EpochSource::new(data.validation, &config.scheme, recipe, config.seed);
    let stops_early =
        |history: &History| recipe.patience > 0 && history.since_best() >= recipe.patience;
    while (history.epochs.len() as u64) < recipe.epochs && !stops_early(&history) {
        let started = Instant::now();
        let epoch = history.epochs.len() as u64;
        let (training, learning_rate) =
            train_epoch(&mut trainer, &source, epoch, cancel, &mut |loss| {
                watch.step(loss)
            })?;
        let (validation, figures) = validate(
            &trainer,
            data.validation,
            &judged,
            &config.scheme,
            recipe.batch_size,
            cancel,
        )?;
        let record = EpochRecord {
            epoch: epoch + 1,
            step: trainer.step(),
            learning_rate,
            training,
            validation,
            figures,
            seconds: started.elapsed().as_secs_f64(),
        };
        log::append(&log_file, &record, data.train, &source, recipe.repeats)?;
        watch.epoch(&record);
        history.epochs.push(record);
        if history.since_best() == 0 {
            trainer.save_weights(&folder.path("best.safetensors"))?;
        }
        let last = epoch + 1 == recipe.epochs || stops_early(&history);
        if last || (epoch + 1).is_multiple_of(recipe.checkpoint_every) {
            let notes = serde_json::to_value(&history).map_err(TrainError::internal)?;
            trainer.save(&folder.path("last.safetensors"), &notes)?;
        }
    }
    finish(&folder, config, data, device, trainer, history, cancel)
}
