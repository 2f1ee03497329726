//! `training.html`: curves and sample predictions of a run.

mod curves;
mod samples;

use raterlens_nn::train::Trainer;
use raterlens_report::plots::{figures_html, FigureGroup, FiguresPage};

use crate::data::Dataset;
use crate::error::TrainError;
use crate::run::{History, RunConfig, TestFigures};

/// The page of a run as HTML.
pub(crate) fn training_page(
    config: &RunConfig,
    history: &History,
    test: Option<&TestFigures>,
    validation: &Dataset,
    trainer: &Trainer,
) -> Result<String, TrainError> {
    let groups = vec![
        FigureGroup {
            title: "Curves".into(),
            lead: "Training losses are with augmentation and dropout, validation losses without: they are not on one footing.".into(),
            tables: Vec::new(),
            figures: curves::curves(config, history)?,
        },
        FigureGroup {
            title: "Predictions on the validation part".into(),
            lead: "At the network's input size, with the weights of the best epoch: the slices with the most of the structures in different images.".into(),
            tables: Vec::new(),
            figures: samples::samples(config, validation, trainer)?,
        },
    ];
    Ok(figures_html(&FiguresPage {
        title: format!("Training of {}", config.name),
        lead: lead(config, history, test),
        notes: vec!["The validation part decided when to stop: only the test figures are of images that had no say.".into()],
        groups,
        made_by: format!("{}; {}", config.software, config.command),
    }))
}

fn lead(config: &RunConfig, history: &History, test: Option<&TestFigures>) -> Vec<String> {
    let mut lead = Vec::new();
    if let Some(best) = history.best() {
        lead.push(format!(
            "{} epochs; the smallest validation loss was that of epoch {}, with a mean Dice of {:.3} against the majority vote.",
            history.epochs.len(),
            best.epoch,
            best.figures.dice
        ));
    }
    match test {
        Some(test) => lead.push(format!(
            "On {} test images: mean Dice {:.3}, Brier score {:.2} x 1e-3, calibration error {:.4}{}.",
            test.figures.images,
            test.figures.dice,
            test.figures.brier * 1e3,
            test.figures.ece,
            test.figures
                .variance_mse
                .map_or(String::new(), |v| format!(", variance error {:.2} x 1e-5", v * 1e5)),
        )),
        None => lead.push("There is no test part.".into()),
    }
    lead.push(format!(
        "Study '{}', ground truth {}, recipe {}, seed {}.",
        config.study, config.ground_truth, config.recipe.base, config.seed
    ));
    lead
}
