//! How a model is trained: every setting, and the named sets of them (SPEC section 6).

mod change;
mod named;

use raterlens_core::augment::AugmentOptions;
use raterlens_core::{Normalisation, ResizeRule, VarianceOptions};
use raterlens_nn::architecture::Tasks;
use raterlens_nn::train::{FitOptions, Objective, OptimiserKind, Precision, Schedule};
use raterlens_synth::LabelImageOptions;
use serde::{Deserialize, Serialize};

use crate::error::TrainError;

/// How a model is trained. [`Recipe::named`] gives the known ones; any field can be changed by [`Recipe::with`] or a TOML file.
///
/// ```
/// use raterlens_train::Recipe;
/// let recipe = Recipe::named("chapter3")?.with("epochs=20")?.with("augment.rotation_deg=5")?;
/// assert_eq!((recipe.epochs, recipe.augment.rotation_deg), (20, 5.0));
/// assert!(recipe.with("epoch=20").is_err());
/// # Ok::<(), raterlens_train::TrainError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Name of the recipe this one began as.
    pub base: String,
    /// Whether the network also predicts variance maps.
    pub multi_task: bool,
    /// How often every slice of the training part is seen.
    pub epochs: u64,
    /// Each epoch shows every slice so often: raise it where a study has few slices.
    pub repeats: u64,
    /// Slices per step.
    pub batch_size: usize,
    /// Largest learning rate.
    pub learning_rate: f64,
    /// How the rate changes from step to step.
    pub schedule: Schedule,
    /// The optimiser.
    pub optimiser: OptimiserKind,
    /// What is minimised.
    pub objective: Objective,
    /// Gradients longer than this are shortened to it; 0: never.
    pub max_gradient_norm: f64,
    /// Number format of activations on a GPU.
    pub precision: Precision,
    /// Training ends when the validation loss has not fallen for so many epochs; 0: never.
    pub patience: u64,
    /// A checkpoint is written every so many epochs.
    pub checkpoint_every: u64,
    /// Rows and columns of the network's input.
    pub input_size: [usize; 2],
    /// How a slice becomes that size.
    pub resize: ResizeRule,
    /// How intensities are scaled.
    pub normalisation: Normalisation,
    /// Dropout at the decoder's sites; below 0: the network's own.
    pub decoder_dropout: f64,
    /// How variance maps are made.
    pub variance: VarianceOptions,
    /// Variance maps are multiplied by this in training, predictions divided by it.
    pub variance_scale: f64,
    /// Random changes of the slices of a study's images.
    pub augment: AugmentOptions,
    /// Where the images come from.
    #[serde(default)]
    pub images: ImageSource,
    /// How images are made from label maps, where they are.
    #[serde(default)]
    pub synth: LabelImageOptions,
}

/// Where the images of a training come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageSource {
    /// The study has them.
    #[default]
    Study,
    /// They are made from the study's label maps, a new one each time a label map is shown (domain randomisation); `augment="synth"`
    /// in a recipe means this.
    Synth,
}

impl Recipe {
    /// What the network predicts.
    #[must_use]
    pub fn tasks(&self) -> Tasks {
        match self.multi_task {
            true => Tasks::Multi,
            false => Tasks::Single,
        }
    }

    /// Settings of the optimisation for a training part of `steps_per_epoch` steps.
    #[must_use]
    pub fn fit_options(&self, steps_per_epoch: u64, seed: u64) -> FitOptions {
        FitOptions {
            steps: self.epochs * steps_per_epoch,
            learning_rate: self.learning_rate,
            schedule: self.schedule,
            optimiser: self.optimiser,
            objective: self.objective.clone(),
            max_gradient_norm: (self.max_gradient_norm > 0.0).then_some(self.max_gradient_norm),
            precision: self.precision,
            seed,
        }
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`TrainError::Recipe`], or the part's own error, names the setting.
    pub fn check(&self) -> Result<(), TrainError> {
        let fail = |text: String| Err(TrainError::Recipe(format!("recipe: {text}")));
        let whole = [
            ("epochs", self.epochs),
            ("repeats", self.repeats),
            ("batch_size", self.batch_size as u64),
            ("checkpoint_every", self.checkpoint_every),
        ];
        for (name, value) in whole {
            if value == 0 || value > 1_000_000 {
                return fail(format!("{name} is {value}, use 1 to 1000000"));
            }
        }
        if self.decoder_dropout >= 1.0 || self.decoder_dropout.is_nan() {
            return fail(format!(
                "decoder_dropout is {}, use a number below 1",
                self.decoder_dropout
            ));
        }
        for (name, value) in [
            ("variance_scale", self.variance_scale),
            ("variance.tau", self.variance.tau),
        ] {
            if !(value.is_finite() && value > 0.0) {
                return fail(format!("{name} is {value}, it must be a positive number"));
            }
        }
        self.augment.check()?;
        self.synth.check()?;
        self.fit_options(1, 0).check()?;
        Ok(())
    }
}
