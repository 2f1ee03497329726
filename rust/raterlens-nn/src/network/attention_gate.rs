//! Attention gates on skips (Oktay 2018, "Attention U-Net").

use super::scope::Scope;
use tch::{TchError, Tensor};

use super::layers::{Conv, ConvSize};

type Result<T> = std::result::Result<T, TchError>;

/// `skip * sigmoid(psi(relu(Wx skip + Wg gating)))` with 1 x 1 convolutions; one factor for all channels of a pixel.
///
/// Choices: the gating signal is the stage's already upsampled input, so that the gate is computed on the skip's
/// own grid (the paper computes it on the coarser one and interpolates the factors); half as many channels between.
#[derive(Debug)]
pub(crate) struct AttentionGate {
    skip: Conv,
    gating: Conv,
    weight: Conv,
}

impl AttentionGate {
    pub(crate) fn new(path: &Scope, skip: i64, gating: i64) -> Result<Self> {
        let between = (skip / 2).max(1);
        Ok(Self {
            skip: Conv::new(&(path / "skip"), ConvSize::new(skip, between, 1), false)?,
            gating: Conv::new(&(path / "gating"), ConvSize::new(gating, between, 1), true)?,
            weight: Conv::new(&(path / "weight"), ConvSize::new(between, 1, 1), true)?,
        })
    }

    pub(crate) fn prepare(&mut self) -> Result<()> {
        let mut parts = [&mut self.skip, &mut self.gating, &mut self.weight].into_iter();
        parts.try_for_each(Conv::prepare)
    }

    /// The gated skip; `gating` has the skip's rows and columns.
    pub(crate) fn forward(&self, skip: &Tensor, gating: &Tensor) -> Result<Tensor> {
        let sum = self
            .skip
            .forward(skip)?
            .f_add(&self.gating.forward(gating)?)?;
        let factor = self.weight.forward(&sum.f_relu()?)?.f_sigmoid()?;
        skip.f_mul(&factor)
    }
}
