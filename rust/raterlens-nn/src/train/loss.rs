//! Chapter 3's loss: `L = 0.4 (0.4 Dice + 0.6 CE) + 0.6 MSE`, the variance times its scale.

use tch::{Kind, Reduction, Tensor};

use crate::error::NnError;
use crate::network::TaskOutputs;

const SEGMENTATION_WEIGHT: f64 = 0.4;
const VARIANCE_WEIGHT: f64 = 0.6;
const DICE_WEIGHT: f64 = 0.4;
const CROSS_ENTROPY_WEIGHT: f64 = 0.6;
/// Keeps the Dice of a structure that is absent defined (absent and not predicted: 1).
const DICE_SMOOTH: f64 = 1.0;

type Result<T> = std::result::Result<T, NnError>;

/// The loss and what it consists of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossParts {
    /// The weighted sum.
    pub total: f64,
    /// 1 - mean soft Dice of the structures (background not counted), over the whole batch.
    pub dice: f64,
    /// Mean cross-entropy with the soft target.
    pub cross_entropy: f64,
    /// Mean squared error of the scaled variance maps; 0 for a network that predicts none.
    pub variance_mse: f64,
}

/// Loss of a batch. `targets`: class probabilities `[N, C, H, W]`; `variance`: unscaled reference
/// maps `[N, C - 1, H, W]`; `scale`: what they are multiplied by.
pub(super) fn multitask(
    outputs: &TaskOutputs,
    targets: &Tensor,
    variance: &Tensor,
    scale: f64,
) -> Result<(Tensor, LossParts)> {
    let none = None::<&Tensor>;
    let logits = &outputs.logits;
    let ce = logits.f_cross_entropy_loss(targets, none, Reduction::Mean, -100, 0.0)?;
    let dice = dice_loss(&logits.f_softmax(1, Kind::Float)?, targets)?;
    let scaled = variance.f_mul_scalar(scale)?;
    let mse = match &outputs.scaled_variance {
        Some(predicted) => predicted.f_mse_loss(&scaled, Reduction::Mean)?,
        None => ce.f_zeros_like()?,
    };
    let segmentation = dice
        .f_mul_scalar(DICE_WEIGHT)?
        .f_add(&ce.f_mul_scalar(CROSS_ENTROPY_WEIGHT)?)?;
    let total = segmentation
        .f_mul_scalar(SEGMENTATION_WEIGHT)?
        .f_add(&mse.f_mul_scalar(VARIANCE_WEIGHT)?)?;
    let parts = LossParts {
        total: total.f_double_value(&[])?,
        dice: dice.f_double_value(&[])?,
        cross_entropy: ce.f_double_value(&[])?,
        variance_mse: mse.f_double_value(&[])?,
    };
    Ok((total, parts))
}

/// 1 - mean over structures of the soft Dice, sums taken over the batch.
fn dice_loss(probabilities: &Tensor, targets: &Tensor) -> Result<Tensor> {
    let structures = probabilities.size().get(1).copied().unwrap_or(1) - 1;
    let p = probabilities.f_narrow(1, 1, structures)?;
    let y = targets.f_narrow(1, 1, structures)?;
    let sum = |t: &Tensor| t.f_sum_dim_intlist([0i64, 2, 3].as_slice(), false, Kind::Float);
    let both = sum(&p.f_mul(&y)?)?
        .f_mul_scalar(2.0)?
        .f_add_scalar(DICE_SMOOTH)?;
    let either = sum(&p.f_add(&y)?)?.f_add_scalar(DICE_SMOOTH)?;
    let dice = both.f_div(&either)?.f_mean(Kind::Float)?;
    Ok(dice.f_neg()?.f_add_scalar(1.0)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-6, "{a} != {b}");
    }

    /// Two pixels, one structure; logits 0 give probabilities of one half. By hand.
    #[test]
    fn loss_of_two_pixels_by_hand() {
        let outputs = TaskOutputs {
            logits: Tensor::zeros([1, 2, 1, 2], (Kind::Float, tch::Device::Cpu)),
            scaled_variance: Some(Tensor::from_slice(&[7f32, 0.0]).reshape([1, 1, 1, 2])),
        };
        let targets = Tensor::from_slice(&[0f32, 1.0, 1.0, 0.0]).reshape([1, 2, 1, 2]);
        let variance = Tensor::from_slice(&[0.1f32, 0.1]).reshape([1, 1, 1, 2]);
        let (_, parts) = multitask(&outputs, &targets, &variance, 70.0).unwrap();
        // p = 1/2 on both pixels, y = 1 on the first: 2 * 1/2 over 1 + 1, each plus the smoothing.
        close(parts.dice, 1.0 - (1.0 + 1.0) / (2.0 + 1.0));
        close(parts.cross_entropy, 2f64.ln());
        close(parts.variance_mse, (0.0 + 49.0) / 2.0);
        let expected = 0.4 * (0.4 * parts.dice + 0.6 * parts.cross_entropy) + 0.6 * 24.5;
        assert!((parts.total - expected).abs() < 1e-5);
    }

    #[test]
    fn an_absent_structure_that_is_not_predicted_costs_nothing() {
        let sure = Tensor::from_slice(&[1f32, 1.0, 0.0, 0.0]).reshape([1, 2, 1, 2]);
        close(dice_loss(&sure, &sure).unwrap().double_value(&[]), 0.0);
    }
}
