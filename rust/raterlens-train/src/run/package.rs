//! The description of a trained model, and its card.

use std::fmt::Write;

use raterlens_nn::Manifest;

use super::config::RunConfig;
use super::history::History;
use super::test_figures::TestFigures;
use crate::data::Dataset;
use crate::recipe::ImageSource;

/// The description of the model that a run trains.
pub(super) fn manifest(config: &RunConfig, train: &Dataset) -> Manifest {
    let recipe = &config.recipe;
    let mut architecture = config.architecture.clone();
    if recipe.decoder_dropout >= 0.0 {
        architecture = architecture.with_decoder_dropout(recipe.decoder_dropout);
    }
    let mut m = Manifest::lumbar(&config.name, architecture, recipe.input_size);
    let titles: Vec<_> = config
        .scheme
        .structures
        .iter()
        .map(|s| s.title.as_str())
        .collect();
    let variance = match m.predicts_variance() {
        true => ", with predicted inter-rater variance",
        false => "",
    };
    m.description = format!(
        "{} on images like those of the study '{}'{variance}.",
        titles.join(", "),
        config.study
    );
    m.intended_use = "Research. Not a medical device; not for clinical use.".to_owned();
    m.licence = "LicenseRef-not-stated".to_owned();
    m.label_scheme = config.scheme.clone();
    m.input.resize = recipe.resize;
    m.input.normalisation = recipe.normalisation;
    m.input.training_pixel_mm = train.pixel_mm;
    m.variance.unit = recipe.variance.unit;
    m.variance.tau = recipe.variance.tau;
    m.variance.scale = recipe.variance_scale;
    if recipe.images == ImageSource::Study {
        m.augmentation = Some(recipe.augment.clone());
    }
    let count = |part| config.parts.values().filter(|p| **p == part).count();
    m.provenance.data = format!(
        "Study '{}': {} images to train, {} to validate",
        config.study,
        count(raterlens_raters::study::Part::Train),
        count(raterlens_raters::study::Part::Validation),
    );
    if recipe.images == ImageSource::Synth {
        m.provenance.synthetic_only = true;
        m.provenance.data +=
            ", as shapes: every image was made from a label map by chance (domain randomisation)";
    }
    m.provenance.command = config.command.clone();
    m.provenance.seed = config.seed;
    m.provenance.ground_truth = config.ground_truth.to_string();
    m.provenance.batch_size = recipe.batch_size;
    m.provenance.software = config.software.clone();
    m
}

/// The model card as Markdown.
pub(super) fn card(
    m: &Manifest,
    config: &RunConfig,
    history: &History,
    test: Option<&TestFigures>,
) -> String {
    let mut text = format!("# {}\n\n{}\n\n", m.name, m.description);
    let best = history.best();
    let lines = [
        ("Intended use", m.intended_use.clone()),
        ("Data", m.provenance.data.clone()),
        (
            "Ground truth",
            format!(
                "{} (predictions are judged against the majority vote all the same)",
                config.ground_truth
            ),
        ),
        (
            "Training",
            format!(
                "recipe `{}`; {} of at most {} epochs, the weights are those of epoch {}; seed {}",
                config.recipe.base,
                history.epochs.len(),
                config.recipe.epochs,
                best.map_or(0, |b| b.epoch),
                config.seed
            ),
        ),
        (
            "Pixel size of the training images",
            format!("{:.3} to {:.3} mm", m.input.training_pixel_mm[0], m.input.training_pixel_mm[1]),
        ),
        ("Command", format!("`{}`", config.command)),
        ("Software", config.software.clone()),
        (
            "Licence of the weights",
            "not stated: whoever trained them decides; name it in `model.json` before passing them on"
                .to_owned(),
        ),
    ];
    for (name, value) in lines {
        let _ = writeln!(text, "- **{name}:** {value}");
    }
    let _ = write!(text, "\n## How well it does\n\n");
    match test {
        Some(test) => text += &table(test),
        None => text +=
            "The study has no test part: nothing is known about images the model has not seen.\n",
    }
    let _ = write!(
        text,
        "\nFigures are of this study's images alone. Other scanners, sequences, ages and diseases may give worse results.\n"
    );
    text
}

fn table(test: &TestFigures) -> String {
    let mut text = format!(
        "On {} images of subjects that were not trained on, against the raters' majority vote and variance maps:\n\n\
         | Structure | Dice (SD over images) | Variance MSE x 1e5 | Brier x 1e3 |\n| --- | --- | --- | --- |\n",
        test.figures.images
    );
    for s in &test.figures.structures {
        let variance = s
            .variance_mse
            .map_or("-".to_owned(), |v| format!("{:.2}", v * 1e5));
        let _ = writeln!(
            text,
            "| {} | {:.3} ({:.3}) | {variance} | {:.2} |",
            s.name,
            s.dice,
            s.dice_sd,
            s.brier * 1e3
        );
    }
    let _ = writeln!(
        text,
        "\nExpected calibration error: {:.4}.",
        test.figures.ece
    );
    text
}
