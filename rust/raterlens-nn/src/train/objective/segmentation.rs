//! Cross-entropy and Dice of class probabilities.

use serde::{Deserialize, Serialize};
use tch::{Kind, Reduction, Tensor};

use super::Result;

/// Which soft Dice is minimised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiceKind {
    /// Mean over structures without background of `1 - (2 sum p y + 1) / (sum p + sum y + 1)`, sums over the batch.
    #[default]
    Structures,
    /// Mean over all classes, background included, of `1 - (2 sum p y + s) / (sum p^2 + sum y^2 + s)` with `s = 1e-5`.
    PublishedCode,
}

/// Mean cross-entropy with the soft target, and the softmax.
pub(super) fn cross_entropy(logits: &Tensor, targets: &Tensor) -> Result<(Tensor, Tensor)> {
    let none = None::<&Tensor>;
    let ce = logits.f_cross_entropy_loss(targets, none, Reduction::Mean, -100, 0.0)?;
    Ok((ce, logits.f_softmax(1, Kind::Float)?))
}

impl DiceKind {
    /// `probabilities` and `targets` are `[N, C, H, W]`.
    pub(super) fn loss(self, probabilities: &Tensor, targets: &Tensor) -> Result<Tensor> {
        let classes = probabilities.size().get(1).copied().unwrap_or(1);
        let sum = |t: &Tensor| t.f_sum_dim_intlist([0i64, 2, 3].as_slice(), false, Kind::Float);
        let (p, y, smooth) = match self {
            Self::Structures => (
                probabilities.f_narrow(1, 1, classes - 1)?,
                targets.f_narrow(1, 1, classes - 1)?,
                1.0,
            ),
            Self::PublishedCode => (probabilities.shallow_clone(), targets.shallow_clone(), 1e-5),
        };
        let both = sum(&p.f_mul(&y)?)?
            .f_mul_scalar(2.0)?
            .f_add_scalar(smooth)?;
        let either = match self {
            Self::Structures => sum(&p.f_add(&y)?)?,
            Self::PublishedCode => sum(&p.f_square()?)?.f_add(&sum(&y.f_square()?)?)?,
        };
        let dice = both.f_div(&either.f_add_scalar(smooth)?)?;
        Ok(dice.f_mean(Kind::Float)?.f_neg()?.f_add_scalar(1.0)?)
    }
}
