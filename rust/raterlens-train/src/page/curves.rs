//! What changed from epoch to epoch.

use raterlens_report::plots::{Axis, Curves, Figure, Series};

use crate::error::TrainError;
use crate::run::{EpochRecord, History, RunConfig};

/// All curves of a run.
pub(super) fn curves(config: &RunConfig, history: &History) -> Result<Vec<Figure>, TrainError> {
    let series = |name: &str, of: &dyn Fn(&EpochRecord) -> f64| {
        let x = history.epochs.iter().map(|e| e.epoch as f64).collect();
        Series::new(name, x, history.epochs.iter().map(of).collect())
    };
    let mut all = vec![
        (
            "Loss",
            Axis::new("Loss", ""),
            vec![
                series("training", &|e| e.training.total),
                series("validation", &|e| e.validation.total),
            ],
            "The weighted sum that is minimised.",
        ),
        (
            "Parts of the validation loss",
            Axis::new("Loss", ""),
            vec![
                series("Dice", &|e| e.validation.dice),
                series("cross-entropy", &|e| e.validation.cross_entropy),
                series("variance", &|e| e.validation.variance),
            ],
            "Before they are weighted.",
        ),
    ];
    let structures = config.scheme.structures.iter().enumerate();
    let dice = structures.clone().map(|(n, s)| {
        series(&s.title, &|e| {
            e.figures.structures.get(n).map_or(f64::NAN, |f| f.dice)
        })
    });
    all.push((
        "Dice on the validation part",
        Axis::new("Dice", "").holding([0.0, 1.0]),
        dice.collect(),
        "Mean over images, against the majority vote.",
    ));
    if config.recipe.multi_task {
        let errors = structures.map(|(n, s)| {
            let of = |e: &EpochRecord| e.figures.structures.get(n).and_then(|f| f.variance_mse);
            series(&s.title, &|e| of(e).map_or(f64::NAN, |v| v * 1e5))
        });
        all.push((
            "Error of the variance maps on the validation part",
            Axis::new("Mean squared error", "x 1e-5"),
            errors.collect(),
            "Against the maps of the raters' drawings, at the network's input size.",
        ));
    }
    all.push((
        "Brier score and calibration error on the validation part",
        Axis::new("Score", "x 1e-3"),
        vec![
            series("Brier score", &|e| e.figures.brier * 1e3),
            series("calibration error", &|e| e.figures.ece * 1e3),
        ],
        "Brier score against the raters' mean; calibration error against the majority vote, 10 bins per image.",
    ));
    all.push((
        "Learning rate",
        Axis::new("Learning rate", ""),
        vec![series("learning rate", &|e| e.learning_rate)],
        "Of the last step of each epoch.",
    ));
    let mut figures = Vec::new();
    for (title, y, series, note) in all {
        let curves = Curves {
            title: title.into(),
            x: Axis::new("Epoch", ""),
            y,
            series,
        };
        figures.push(Figure {
            plot: curves.draw()?,
            note: note.into(),
        });
    }
    Ok(figures)
}
