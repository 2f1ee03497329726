//! U-Net's encoder (Ronneberger 2015) with batch norms and "same" padding.

use super::scope::Scope;
use tch::{TchError, Tensor};

use super::downsample::max_pool_two;
use super::encoder::Features;
use super::layers::{ConvNorm, ConvSize};
use super::mode::Mode;
use crate::architecture::Backbone;

type Result<T> = std::result::Result<T, TchError>;

/// Grids of the encoder: 1/1, 1/2, 1/4, 1/8, 1/16.
pub(super) const LEVELS: usize = 5;

/// Two 3 x 3 convolutions at each of five levels, a max-pool between them.
#[derive(Debug)]
pub(crate) struct UnetEncoder {
    levels: Vec<[ConvNorm; 2]>,
    blur: bool,
}

impl UnetEncoder {
    pub(crate) fn new(path: &Scope, size: &Backbone, channels: i64) -> Result<Self> {
        let mut from = channels;
        let mut levels = Vec::new();
        for n in 0..LEVELS {
            let to = size.width << n;
            let level = path / format!("level{n}");
            let block = |b: usize, from| {
                ConvNorm::new(&(&level / format!("block{b}")), ConvSize::three(from, to))
            };
            levels.push([block(0, from)?, block(1, to)?]);
            from = to;
        }
        Ok(Self {
            levels,
            blur: size.blur_pool,
        })
    }

    pub(crate) fn prepare(&mut self) -> Result<()> {
        let mut blocks = self.levels.iter_mut().flatten();
        blocks.try_for_each(ConvNorm::prepare)
    }

    pub(crate) fn forward(&self, x: &Tensor, mode: Mode) -> Result<Features> {
        let mut outputs: Vec<Tensor> = Vec::new();
        for blocks in &self.levels {
            let mut y = match outputs.last() {
                None => x.shallow_clone(),
                Some(finer) => max_pool_two(finer, self.blur)?,
            };
            for block in blocks {
                y = block.forward_relu(&y, mode)?;
            }
            outputs.push(y);
        }
        Features::from_levels(outputs)
    }
}
