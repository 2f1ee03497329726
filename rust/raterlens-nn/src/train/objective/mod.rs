//! What training minimises (SPEC section 6).

mod evidential;
mod segmentation;
mod variance;

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::loss::LossParts;
use crate::architecture::Head;
use crate::error::NnError;
use crate::network::TaskOutputs;

pub use segmentation::DiceKind;
pub use variance::VarianceError;

type Result<T> = std::result::Result<T, NnError>;

/// The weighted sum that training minimises:
/// `segmentation_weight * (dice_weight * Dice + cross_entropy_weight * CE) + variance_weight * variance error`.
///
/// A network without variance maps leaves out the last term. With an evidential head CE is the expected cross-entropy under the
/// Dirichlet distribution plus a penalty for evidence of wrong classes (Sensoy 2018, eq. 4 and section 4).
///
/// ```
/// use raterlens_nn::train::Objective;
/// let o = Objective::chapter3();
/// assert_eq!((o.segmentation_weight, o.variance_weight), (0.4, 0.6));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Objective {
    /// Weight of task 1.
    pub segmentation_weight: f64,
    /// Weight of Dice within task 1.
    pub dice_weight: f64,
    /// Weight of cross-entropy within task 1.
    pub cross_entropy_weight: f64,
    /// Which Dice.
    pub dice: DiceKind,
    /// Weight of task 2.
    pub variance_weight: f64,
    /// Which error of the variance maps.
    pub variance_error: VarianceError,
}

impl Default for Objective {
    fn default() -> Self {
        Self::chapter3()
    }
}

impl Objective {
    /// `0.4 (0.4 Dice + 0.6 CE) + 0.6 MSE`.
    #[must_use]
    pub fn chapter3() -> Self {
        Self {
            segmentation_weight: 0.4,
            dice_weight: 0.4,
            cross_entropy_weight: 0.6,
            dice: DiceKind::Structures,
            variance_weight: 0.6,
            variance_error: VarianceError::MeanSquared,
        }
    }

    /// `0.4 Dice + 0.6 CE`, for single-task networks.
    #[must_use]
    pub fn chapter4() -> Self {
        Self {
            segmentation_weight: 1.0,
            ..Self::chapter3()
        }
    }

    /// That of the code the authors published: Dice with squared denominators over all classes, and an absolute error of the
    /// variance near the structures of each batch's first image.
    #[must_use]
    pub fn published_code() -> Self {
        Self {
            dice_weight: 0.5,
            cross_entropy_weight: 0.5,
            dice: DiceKind::PublishedCode,
            variance_error: VarianceError::PublishedCode,
            ..Self::chapter3()
        }
    }

    /// Checks the weights.
    ///
    /// # Errors
    /// [`NnError::TrainingOptions`] names the weight.
    pub fn check(&self) -> Result<()> {
        let weights = [
            ("segmentation_weight", self.segmentation_weight),
            ("dice_weight", self.dice_weight),
            ("cross_entropy_weight", self.cross_entropy_weight),
            ("variance_weight", self.variance_weight),
        ];
        for (name, weight) in weights {
            if !(weight.is_finite() && weight >= 0.0) {
                let text = format!("objective.{name} is {weight}, it must be zero or positive");
                return Err(NnError::TrainingOptions(text));
            }
        }
        Ok(())
    }

    /// The loss of a batch. `targets`: class probabilities `[N, C, H, W]`; `variance`: unscaled reference maps
    /// `[N, C - 1, H, W]`; `scale`: what they are multiplied by; `penalty`: weight of the evidential penalty, 0 to 1.
    pub(super) fn of(
        &self,
        outputs: &TaskOutputs,
        targets: &Tensor,
        variance: &Tensor,
        context: Context,
    ) -> Result<(Tensor, LossParts)> {
        let logits = outputs.logits.f_to_kind(Kind::Float)?;
        let (ce, probabilities) = match context.head {
            Head::Softmax => segmentation::cross_entropy(&logits, targets)?,
            Head::Evidential => evidential::cross_entropy(&logits, targets, context.penalty)?,
        };
        let dice = self.dice.loss(&probabilities, targets)?;
        let error = match &outputs.scaled_variance {
            Some(predicted) => {
                let predicted = predicted.f_to_kind(Kind::Float)?;
                let reference = variance.f_mul_scalar(context.variance_scale)?;
                self.variance_error.loss(&predicted, &reference)?
            }
            None => ce.f_zeros_like()?,
        };
        let segmentation = dice
            .f_mul_scalar(self.dice_weight)?
            .f_add(&ce.f_mul_scalar(self.cross_entropy_weight)?)?;
        let total = segmentation
            .f_mul_scalar(self.segmentation_weight)?
            .f_add(&error.f_mul_scalar(self.variance_weight)?)?;
        let parts = LossParts {
            total: total.f_double_value(&[])?,
            dice: dice.f_double_value(&[])?,
            cross_entropy: ce.f_double_value(&[])?,
            variance_mse: error.f_double_value(&[])?,
        };
        Ok((total, parts))
    }
}

/// What a loss depends on besides the batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    /// What the outputs of task 1 mean.
    pub head: Head,
    /// Factor of the variance maps.
    pub variance_scale: f64,
    /// Weight of the evidential penalty; grows from 0 to 1 during training.
    pub penalty: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> Context {
        Context {
            head: Head::Softmax,
            variance_scale: 70.0,
            penalty: 0.0,
        }
    }

    /// Two pixels, one structure; logits 0 give probabilities of one half. By hand.
    #[test]
    fn weights_of_the_published_code_by_hand() {
        let outputs = TaskOutputs {
            logits: Tensor::zeros([1, 2, 1, 2], (Kind::Float, tch::Device::Cpu)),
            scaled_variance: Some(Tensor::from_slice(&[0.3f32, 0.0]).reshape([1, 1, 1, 2])),
        };
        let targets = Tensor::from_slice(&[0f32, 1.0, 1.0, 0.0]).reshape([1, 2, 1, 2]);
        let variance = Tensor::from_slice(&[0.1f32, 0.1]).reshape([1, 1, 1, 2]);
        let one = Context {
            variance_scale: 1.0,
            ..context()
        };
        let objective = Objective::published_code();
        let (total, parts) = objective.of(&outputs, &targets, &variance, one).unwrap();
        // Each class: intersection 1/2, squares 2/4 + 1: Dice 2 * 0.5 / 1.5.
        assert!((parts.dice - (1.0 - 1.0 / 1.5)).abs() < 1e-5);
        assert!((parts.variance_mse - (0.2 + 0.1) / 2.0).abs() < 1e-6);
        let expected = 0.4 * (0.5 * parts.dice + 0.5 * 2f64.ln()) + 0.6 * 0.15;
        assert!((total.double_value(&[]) - expected).abs() < 1e-6);
    }

    #[test]
    fn chapter_three_equals_the_loss_of_the_generator_path() {
        tch::manual_seed(1);
        let options = (Kind::Float, tch::Device::Cpu);
        let outputs = TaskOutputs {
            logits: Tensor::randn([2, 5, 8, 8], options),
            scaled_variance: Some(Tensor::rand([2, 4, 8, 8], options)),
        };
        let targets = Tensor::randn([2, 5, 8, 8], options).softmax(1, Kind::Float);
        let variance = Tensor::rand([2, 4, 8, 8], options) * 0.25;
        let objective = Objective::chapter3();
        let (total, _) = objective
            .of(&outputs, &targets, &variance, context())
            .unwrap();
        let (other, _) =
            super::super::loss::multitask(&outputs, &targets, &variance, 70.0).unwrap();
        assert_eq!(total.double_value(&[]), other.double_value(&[]));
    }

    #[test]
    fn negative_weights_are_refused() {
        let bad = Objective {
            dice_weight: -1.0,
            ..Objective::default()
        };
        assert!(bad.check().unwrap_err().to_string().contains("dice_weight"));
    }
}
