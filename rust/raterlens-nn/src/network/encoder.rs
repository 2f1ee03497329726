//! The convolutional encoder that the tasks share.

use super::scope::Scope;
use tch::{TchError, Tensor};

use super::mode::Mode;
use super::r50::R50;
use super::resnet::Resnet;
use super::unet::UnetEncoder;
use crate::architecture::{Backbone, BackboneKind};

type Result<T> = std::result::Result<T, TchError>;

/// What transformer and decoder get from the encoder.
#[derive(Debug)]
pub(crate) struct Features {
    /// Features at 1/16 resolution.
    pub deep: Tensor,
    /// Skips, the coarsest (1/8) first.
    pub skips: Vec<Tensor>,
}

impl Features {
    /// From the outputs of all levels, the finest first.
    pub(crate) fn from_levels(mut levels: Vec<Tensor>) -> Result<Self> {
        let missing = || TchError::Shape("the encoder has no level".into());
        let deep = levels.pop().ok_or_else(missing)?;
        levels.reverse();
        Ok(Self {
            deep,
            skips: levels,
        })
    }
}

/// Channels of [`Features`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Channels {
    pub deep: i64,
    /// The coarsest first.
    pub skips: Vec<i64>,
}

impl Channels {
    pub(crate) fn of(size: &Backbone) -> Self {
        let w = size.width;
        let (deep, skips) = match size.kind {
            BackboneKind::Resnet34 => (4 * w, vec![2 * w, w, w]),
            BackboneKind::R50 => (16 * w, vec![8 * w, 4 * w, w]),
            BackboneKind::Unet => (16 * w, vec![8 * w, 4 * w, 2 * w, w]),
        };
        Self { deep, skips }
    }
}

/// One of the encoders.
#[derive(Debug)]
pub(crate) enum Encoder {
    Resnet(Resnet),
    R50(R50),
    Unet(UnetEncoder),
}

impl Encoder {
    /// `channels`: of the image.
    pub(crate) fn new(path: &Scope, size: &Backbone, channels: i64) -> Result<Self> {
        Ok(match size.kind {
            BackboneKind::Resnet34 => Self::Resnet(Resnet::new(path, size, channels)?),
            BackboneKind::R50 => Self::R50(R50::new(path, size, channels)?),
            BackboneKind::Unet => Self::Unet(UnetEncoder::new(path, size, channels)?),
        })
    }

    pub(crate) fn prepare(&mut self) -> Result<()> {
        match self {
            Self::Resnet(net) => net.prepare(),
            Self::R50(net) => net.prepare(),
            Self::Unet(net) => net.prepare(),
        }
    }

    pub(crate) fn forward(&self, x: &Tensor, mode: Mode) -> Result<Features> {
        match self {
            Self::Resnet(net) => net.forward(x, mode),
            Self::R50(net) => net.forward(x, mode),
            Self::Unet(net) => net.forward(x, mode),
        }
    }
}
