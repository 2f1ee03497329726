//! The end of a run: package, test figures, page.

use raterlens_core::control::CancelFlag;
use raterlens_nn::train::Trainer;
use raterlens_nn::{Device, ModelPackage};
use serde::{Deserialize, Serialize};

use super::config::RunConfig;
use super::fit::{RunData, RunReport};
use super::folder::RunFolder;
use super::history::History;
use super::package::{card, manifest};
use super::test_figures::{test_model, TestFigures};
use crate::error::{write_file, TrainError};
use crate::page::training_page;

/// What `done.json` says.
#[derive(Debug, Serialize, Deserialize)]
struct Done {
    history: History,
    test: Option<TestFigures>,
    model: String,
}

fn model_folder(config: &RunConfig) -> String {
    format!("{}.rlmodel", config.name)
}

/// What a finished run gave; none if it is not finished.
pub(super) fn read_done(folder: &RunFolder, config: &RunConfig) -> Option<RunReport> {
    let bytes = std::fs::read(folder.path("done.json")).ok()?;
    let done: Done = serde_json::from_slice(&bytes).ok()?;
    let model = folder.path(&model_folder(config));
    // A package that was removed or changed since is made again.
    ModelPackage::open(&model).ok()?;
    Some(RunReport {
        model,
        history: done.history,
        test: done.test,
        was_done: true,
    })
}

/// Writes the package of the best weights, judges it on the test part, draws the page, and says that the run is done.
pub(super) fn finish(
    folder: &RunFolder,
    config: &RunConfig,
    data: RunData<'_>,
    device: &Device,
    mut trainer: Trainer,
    history: History,
    cancel: &CancelFlag,
) -> Result<RunReport, TrainError> {
    trainer.take_weights_of(&folder.path("best.safetensors"))?;
    let mut manifest = manifest(config, data.train);
    manifest.provenance.steps = history.best().map_or(0, |b| b.step);
    let dir = folder.path(&model_folder(config));
    let draft = card(&manifest, config, &history, None);
    let package = trainer.write_package(&dir, manifest.clone(), &draft)?;
    let test = match data.test.is_empty() {
        true => None,
        false => Some(test_model(
            &package,
            data.test,
            &config.recipe,
            device,
            cancel,
        )?),
    };
    let text = card(package.manifest(), config, &history, test.as_ref());
    write_file(&dir.join("README.md"), text.as_bytes())?;
    let page = training_page(config, &history, test.as_ref(), data.validation, &trainer)?;
    write_file(&folder.path("training.html"), page.as_bytes())?;
    let done = Done {
        history,
        test,
        model: model_folder(config),
    };
    let json = serde_json::to_vec_pretty(&done).map_err(TrainError::internal)?;
    write_file(&folder.path("done.json"), &json)?;
    Ok(RunReport {
        model: dir,
        history: done.history,
        test: done.test,
        was_done: false,
    })
}
