//! The named recipes.

use raterlens_core::augment::AugmentOptions;
use raterlens_core::{Normalisation, ResizeRule, VarianceOptions};
use raterlens_nn::train::{Objective, OptimiserKind, Precision, Schedule};

use raterlens_synth::LabelImageOptions;

use super::{ImageSource, Recipe};
use crate::error::TrainError;

/// Momentum and decay of the code the authors published; the text names none, so all of SGD's recipes use them.
const MOMENTUM: f64 = 0.9;
const WEIGHT_DECAY: f64 = 1e-4;
/// The published schedule, `(1 - k/K)^0.9`.
const POWER: f64 = 0.9;

impl Recipe {
    /// Names of the recipes.
    pub const NAMES: [&'static str; 4] = ["default", "chapter3", "chapter4", "published-code"];

    /// A named recipe.
    ///
    /// | name | what it is |
    /// | --- | --- |
    /// | `default` | what works best: AdamW with a cosine, all augmentations, both tasks |
    /// | `chapter3` | the dissertation's multi-task training: SGD at 0.00125, batches of 2, 150 epochs |
    /// | `chapter4` | its single-task training: Dice and cross-entropy, up to 250 epochs with early stopping |
    /// | `published-code` | the code its authors published, no mirroring, variance not scaled |
    ///
    /// # Errors
    /// The names there are.
    pub fn named(name: &str) -> Result<Self, TrainError> {
        match name {
            "default" => Ok(default()),
            "chapter3" => Ok(chapter3()),
            "chapter4" => Ok(chapter4()),
            "published-code" => Ok(published_code()),
            other => Err(TrainError::Recipe(format!(
                "'{other}' is no recipe: use {}",
                Self::NAMES.join(", ")
            ))),
        }
    }
}

fn default() -> Recipe {
    Recipe {
        base: "default".into(),
        multi_task: true,
        epochs: 100,
        repeats: 1,
        batch_size: 8,
        learning_rate: 1e-3,
        schedule: Schedule::Cosine { warmup_steps: 20 },
        optimiser: OptimiserKind::AdamW { weight_decay: 1e-2 },
        objective: Objective::chapter3(),
        max_gradient_norm: 5.0,
        precision: Precision::Mixed,
        patience: 30,
        checkpoint_every: 1,
        input_size: [256, 256],
        resize: ResizeRule::PadToSquare,
        normalisation: Normalisation::ZScoreOtsu,
        decoder_dropout: -1.0,
        variance: VarianceOptions::default(),
        variance_scale: 70.0,
        augment: AugmentOptions::usual(),
        images: ImageSource::Study,
        synth: LabelImageOptions::default(),
    }
}

/// Chapter 3: `0.4 DiceCE + 0.6 MSE`, factor 70, SGD; rotation, mirroring, noise, blur. Ranges are choices.
fn chapter3() -> Recipe {
    Recipe {
        base: "chapter3".into(),
        epochs: 150,
        batch_size: 2,
        learning_rate: 0.00125,
        schedule: Schedule::Polynomial { power: POWER },
        optimiser: OptimiserKind::Sgd {
            momentum: MOMENTUM,
            weight_decay: WEIGHT_DECAY,
        },
        max_gradient_norm: 0.0,
        precision: Precision::Float32,
        patience: 0,
        resize: ResizeRule::Stretch,
        normalisation: Normalisation::MinMax,
        augment: AugmentOptions {
            chance: 0.5,
            rotation_deg: 15.0,
            mirror_chance: 0.5,
            noise: 0.05,
            blur_px: 1.0,
            ..AugmentOptions::default()
        },
        ..default()
    }
}

/// Chapter 4: single-task, early stopping; rotation, translation, intensity shift, noise. Rate, batch and ranges are choices.
fn chapter4() -> Recipe {
    Recipe {
        base: "chapter4".into(),
        multi_task: false,
        epochs: 250,
        batch_size: 8,
        learning_rate: 0.01,
        objective: Objective::chapter4(),
        patience: 30,
        augment: AugmentOptions {
            chance: 0.5,
            rotation_deg: 15.0,
            translation: 0.05,
            shift: 0.1,
            noise: 0.05,
            ..AugmentOptions::default()
        },
        ..chapter3()
    }
}

/// The published code: rotation within 0.09 rad, shift 0.2, translation, noise, blur; no mirroring, no factor 70.
fn published_code() -> Recipe {
    Recipe {
        base: "published-code".into(),
        epochs: 250,
        batch_size: 8,
        learning_rate: 0.0033,
        objective: Objective::published_code(),
        decoder_dropout: 0.18,
        variance_scale: 1.0,
        augment: AugmentOptions {
            chance: 0.5,
            rotation_deg: 0.09_f64.to_degrees(),
            translation: 0.05,
            shift: 0.2,
            noise: 0.05,
            blur_px: 1.0,
            ..AugmentOptions::default()
        },
        ..chapter3()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_is_valid_and_survives_toml() {
        for name in Recipe::NAMES {
            let recipe = Recipe::named(name).unwrap();
            recipe.check().unwrap();
            assert_eq!(recipe.base, name);
            let text = toml::to_string(&recipe).unwrap();
            assert_eq!(toml::from_str::<Recipe>(&text).unwrap(), recipe);
        }
        assert!(Recipe::named("chapter5").is_err());
    }

    #[test]
    fn recipes_are_those_of_the_dissertation() {
        let three = Recipe::named("chapter3").unwrap();
        assert_eq!(
            (three.epochs, three.batch_size, three.variance_scale),
            (150, 2, 70.0)
        );
        assert!(three.multi_task && three.augment.mirror_chance > 0.0);
        let four = Recipe::named("chapter4").unwrap();
        assert!(!four.multi_task && four.patience > 0 && four.epochs == 250);
        let code = Recipe::named("published-code").unwrap();
        assert_eq!(code.augment.mirror_chance, 0.0);
        assert_eq!(code.fit_options(10, 1).schedule.factor(0, 2500), 1.0);
    }
}
