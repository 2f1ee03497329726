//! The decoder of one task: four upsampling stages of two convolution blocks, three skips, a head.

use tch::nn::Path;
use tch::{TchError, Tensor};

use super::layers::{Conv, ConvNorm, ConvSize};
use crate::architecture::Decoder as Size;

type Result<T> = std::result::Result<T, TchError>;

/// Upsample, join the skip, two blocks of convolution, batch norm, ReLU and dropout.
#[derive(Debug)]
struct Stage {
    blocks: [ConvNorm; 2],
    dropout: f64,
}

impl Stage {
    fn new(path: &Path, from: i64, to: i64, dropout: f64) -> Result<Self> {
        let block = |name: &str, from| ConvNorm::new(&(path / name), &ConvSize::three(from, to));
        Ok(Self {
            blocks: [block("block0", from)?, block("block1", to)?],
            dropout,
        })
    }

    fn forward(&self, x: &Tensor, skip: Option<&Tensor>, train: bool) -> Result<Tensor> {
        let (_, _, h, w) = x.size4()?;
        let unscaled = None::<f64>;
        let mut y = x.f_upsample_bilinear2d([2 * h, 2 * w], true, unscaled, unscaled)?;
        if let Some(skip) = skip {
            y = Tensor::f_cat(&[&y, skip], 1)?;
        }
        for block in &self.blocks {
            y = block
                .forward(&y, train)?
                .f_relu()?
                .f_dropout(self.dropout, train)?;
        }
        Ok(y)
    }
}

/// One task's way from tokens back to the input's resolution.
#[derive(Debug)]
pub(crate) struct Decoder {
    entry: ConvNorm,
    stages: Vec<Stage>,
    head: Conv,
}

impl Decoder {
    /// `skips`: channels of the skips at 1/8, 1/4 and 1/2; `outputs`: channels of the result.
    pub(crate) fn new(
        path: &Path,
        size: &Size,
        hidden: i64,
        skips: [i64; 3],
        outputs: i64,
    ) -> Result<Self> {
        let mut stages = Vec::new();
        let mut from = size.head;
        for (n, to) in size.channels.iter().enumerate() {
            let skip = skips.get(n).copied().unwrap_or(0);
            let stage = path / format!("stage{n}");
            stages.push(Stage::new(&stage, from + skip, *to, size.dropout)?);
            from = *to;
        }
        Ok(Self {
            entry: ConvNorm::new(&(path / "entry"), &ConvSize::three(hidden, size.head))?,
            stages,
            head: Conv::new(&(path / "head"), &ConvSize::three(from, outputs), true)?,
        })
    }

    /// `[N, hidden, h, w]` to `[N, outputs, 16 h, 16 w]`.
    pub(crate) fn forward(&self, x: &Tensor, skips: &[Tensor; 3], train: bool) -> Result<Tensor> {
        let mut y = self.entry.forward(x, train)?.f_relu()?;
        for (n, stage) in self.stages.iter().enumerate() {
            y = stage.forward(&y, skips.get(n), train)?;
        }
        self.head.forward(&y)
    }
}
