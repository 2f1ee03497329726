//! The encoder: ResNet-34 (He 2016) up to 1/16 resolution, with skips at 1/2, 1/4 and 1/8.

use tch::nn::Path;
use tch::{TchError, Tensor};

use super::layers::{ConvNorm, ConvSize};
use crate::architecture::Backbone;

type Result<T> = std::result::Result<T, TchError>;

/// What the decoder and the transformer get from the encoder.
pub(crate) struct Features {
    /// `[N, 4w, H/16, W/16]`.
    pub deep: Tensor,
    /// Skips at 1/8, 1/4 and 1/2: `[N, 2w, ..]`, `[N, w, ..]`, `[N, w, ..]`.
    pub skips: [Tensor; 3],
}

/// A basic residual block: two 3 x 3 convolutions.
#[derive(Debug)]
struct BasicBlock {
    first: ConvNorm,
    second: ConvNorm,
    projection: Option<ConvNorm>,
}

impl BasicBlock {
    fn new(path: &Path, from: i64, to: i64, stride: i64) -> Result<Self> {
        let changes_shape = stride != 1 || from != to;
        let projection = ConvSize {
            from,
            to,
            kernel: 1,
            stride,
        };
        Ok(Self {
            first: ConvNorm::new(
                &(path / "first"),
                &ConvSize {
                    from,
                    to,
                    kernel: 3,
                    stride,
                },
            )?,
            second: ConvNorm::new(&(path / "second"), &ConvSize::three(to, to))?,
            projection: if changes_shape {
                Some(ConvNorm::new(&(path / "projection"), &projection)?)
            } else {
                None
            },
        })
    }

    fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let y = self.first.forward(x, train)?.f_relu()?;
        let y = self.second.forward(&y, train)?;
        let shortcut = match &self.projection {
            Some(p) => p.forward(x, train)?,
            None => x.shallow_clone(),
        };
        y.f_add(&shortcut)?.f_relu()
    }
}

/// The first three stages of ResNet-34.
#[derive(Debug)]
pub(crate) struct Resnet {
    root: ConvNorm,
    stages: Vec<Vec<BasicBlock>>,
}

impl Resnet {
    pub(crate) fn new(path: &Path, size: &Backbone, channels: i64) -> Result<Self> {
        let w = size.width;
        let root = ConvSize {
            from: channels,
            to: w,
            kernel: 7,
            stride: 2,
        };
        let mut stages = Vec::new();
        let mut from = w;
        for (n, blocks) in size.blocks.iter().enumerate() {
            let to = w << n;
            let stage = path / format!("stage{n}");
            let mut list = Vec::new();
            for b in 0..*blocks {
                let stride = if b == 0 && n > 0 { 2 } else { 1 };
                list.push(BasicBlock::new(
                    &(&stage / format!("block{b}")),
                    from,
                    to,
                    stride,
                )?);
                from = to;
            }
            stages.push(list);
        }
        Ok(Self {
            root: ConvNorm::new(&(path / "root"), &root)?,
            stages,
        })
    }

    pub(crate) fn forward(&self, x: &Tensor, train: bool) -> Result<Features> {
        let half = self.root.forward(x, train)?.f_relu()?;
        let mut y = half.f_max_pool2d([3, 3], [2, 2], [1, 1], [1, 1], false)?;
        let mut outputs = Vec::new();
        for stage in &self.stages {
            for block in stage {
                y = block.forward(&y, train)?;
            }
            outputs.push(y.shallow_clone());
        }
        let missing = || TchError::Shape("the encoder has fewer than three stages".into());
        let deep = outputs.pop().ok_or_else(missing)?;
        let eighth = outputs.pop().ok_or_else(missing)?;
        let quarter = outputs.pop().ok_or_else(missing)?;
        Ok(Features {
            deep,
            skips: [eighth, quarter, half],
        })
    }
}
