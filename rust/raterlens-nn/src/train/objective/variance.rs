//! Error of predicted variance maps.

use serde::{Deserialize, Serialize};
use tch::{Kind, Reduction, Tensor};

use super::Result;

/// Pixels added around what is not zero, in the published code.
const MARGIN: i64 = 10;

/// Which error of the variance maps is minimised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VarianceError {
    /// Mean squared error over every image of the batch.
    #[default]
    MeanSquared,
    /// Mean absolute error, summed over structures, of the first image of the batch, inside the box around predicted or
    /// reference values that are not zero, 10 pixels larger on each side.
    PublishedCode,
}

impl VarianceError {
    /// `predicted` and `reference` are `[N, C, H, W]`, both scaled.
    pub(super) fn loss(self, predicted: &Tensor, reference: &Tensor) -> Result<Tensor> {
        match self {
            Self::MeanSquared => Ok(predicted.f_mse_loss(reference, Reduction::Mean)?),
            Self::PublishedCode => {
                published(&predicted.f_select(0, 0)?, &reference.f_select(0, 0)?)
            }
        }
    }
}

/// `[C, H, W]` each.
fn published(predicted: &Tensor, reference: &Tensor) -> Result<Tensor> {
    let structures = predicted.size().first().copied().unwrap_or(0);
    let mut total = predicted.f_zeros_like()?.f_sum(Kind::Float)?;
    for n in 0..structures {
        let (p, r) = (predicted.f_select(0, n)?, reference.f_select(0, n)?);
        let used = p.f_detach()?.f_ne(0.0)?.f_logical_or(&r.f_ne(0.0)?)?;
        let (Some(rows), Some(columns)) = (span(&used, 1)?, span(&used, 0)?) else {
            continue; // nothing there, nothing predicted: no error
        };
        let cut = |t: &Tensor| {
            t.f_narrow(0, rows[0], rows[1])?
                .f_narrow(1, columns[0], columns[1])
        };
        let error = cut(&p)?.f_sub(&cut(&r)?)?.f_abs()?.f_mean(Kind::Float)?;
        total = total.f_add(&error)?;
    }
    Ok(total)
}

/// First index and length of what is used along the axis that stays when `across` is reduced, with the margin.
fn span(used: &Tensor, across: i64) -> Result<Option<[i64; 2]>> {
    let any = used.f_any_dim(across, false)?.f_to_kind(Kind::Int64)?;
    let found = any.f_nonzero()?.f_flatten(0, -1)?;
    if found.numel() == 0 {
        return Ok(None);
    }
    let length = any.size().first().copied().unwrap_or(0);
    let first = found.f_min()?.f_int64_value(&[])?;
    let last = found.f_max()?.f_int64_value(&[])?;
    let from = (first - MARGIN).max(0);
    let to = (last + MARGIN + 1).min(length);
    Ok(Some([from, to - from]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_box_of_the_published_code_by_hand() {
        let options = (Kind::Float, tch::Device::Cpu);
        let reference = Tensor::zeros([2, 2, 64, 64], options);
        // Structure 0 of the first image: one value; structure 1: nothing; the second image does not count.
        let _ = reference
            .narrow(0, 0, 1)
            .narrow(1, 0, 1)
            .narrow(2, 5, 1)
            .narrow(3, 40, 1)
            .fill_(0.5);
        let _ = reference.narrow(0, 1, 1).fill_(9.0);
        let predicted = reference.zeros_like();
        let loss = VarianceError::PublishedCode.loss(&predicted, &reference);
        // Rows 0 to 15, columns 30 to 50: one error of 0.5 among 16 * 21 pixels.
        let expected = 0.5 / (16.0 * 21.0);
        assert!((loss.unwrap().double_value(&[]) - expected).abs() < 1e-8);
    }
}
