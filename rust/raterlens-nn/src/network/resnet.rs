//! ResNet-34 (He 2016) up to 1/16 resolution, with skips at 1/8, 1/4 and 1/2.

use super::scope::Scope;
use tch::{TchError, Tensor};

use super::downsample::{blur_pool, max_pool_three};
use super::encoder::Features;
use super::layers::{ConvNorm, ConvSize};
use super::mode::Mode;
use crate::architecture::Backbone;

type Result<T> = std::result::Result<T, TchError>;

/// A convolution that carries a stride, which a blur may take over.
#[derive(Debug)]
struct Strided {
    conv: ConvNorm,
    blur: bool,
}

impl Strided {
    fn new(path: &Scope, size: ConvSize, blur: bool) -> Result<Self> {
        let blur = blur && size.stride > 1;
        let size = size.with_stride(if blur { 1 } else { size.stride });
        Ok(Self {
            conv: ConvNorm::new(path, size)?,
            blur,
        })
    }

    fn prepare(&mut self) -> Result<()> {
        self.conv.prepare()
    }

    /// Convolution, norm, ReLU, and the blur last (Zhang 2019, eq. 4).
    fn forward_relu(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let y = self.conv.forward_relu(x, mode)?;
        if self.blur {
            blur_pool(&y)
        } else {
            Ok(y)
        }
    }

    /// For a shortcut, which has no ReLU: the blur first.
    fn forward_linear(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        if self.blur {
            self.conv.forward(&blur_pool(x)?, mode)
        } else {
            self.conv.forward(x, mode)
        }
    }
}

/// A basic residual block: two 3 x 3 convolutions.
#[derive(Debug)]
struct BasicBlock {
    first: Strided,
    second: ConvNorm,
    projection: Option<Strided>,
}

impl BasicBlock {
    fn new(path: &Scope, size: ConvSize, blur: bool) -> Result<Self> {
        let changes_shape = size.stride != 1 || size.from != size.to;
        let projection = ConvSize { kernel: 1, ..size };
        Ok(Self {
            first: Strided::new(&(path / "first"), size, blur)?,
            second: ConvNorm::new(&(path / "second"), ConvSize::three(size.to, size.to))?,
            projection: if changes_shape {
                Some(Strided::new(&(path / "projection"), projection, blur)?)
            } else {
                None
            },
        })
    }

    fn prepare(&mut self) -> Result<()> {
        self.first.prepare()?;
        self.second.prepare()?;
        self.projection.as_mut().map_or(Ok(()), Strided::prepare)
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let y = self.first.forward_relu(x, mode)?;
        let y = self.second.forward(&y, mode)?;
        let shortcut = match &self.projection {
            Some(p) => p.forward_linear(x, mode)?,
            None => x.shallow_clone(),
        };
        y.f_add(&shortcut)?.f_relu_()
    }
}

/// The first three stages of ResNet-34.
#[derive(Debug)]
pub(crate) struct Resnet {
    root: Strided,
    stages: Vec<Vec<BasicBlock>>,
    blur: bool,
}

impl Resnet {
    pub(crate) fn new(path: &Scope, size: &Backbone, channels: i64) -> Result<Self> {
        let (w, blur) = (size.width, size.blur_pool);
        let root = ConvSize::new(channels, w, 7).with_stride(2);
        let mut stages = Vec::new();
        let mut from = w;
        for (n, blocks) in size.blocks.iter().enumerate() {
            let to = w << n;
            let stage = path / format!("stage{n}");
            let mut list = Vec::new();
            for b in 0..*blocks {
                let stride = if b == 0 && n > 0 { 2 } else { 1 };
                let size = ConvSize::three(from, to).with_stride(stride);
                list.push(BasicBlock::new(
                    &(&stage / format!("block{b}")),
                    size,
                    blur,
                )?);
                from = to;
            }
            stages.push(list);
        }
        Ok(Self {
            root: Strided::new(&(path / "root"), root, blur)?,
            stages,
            blur,
        })
    }

    pub(crate) fn prepare(&mut self) -> Result<()> {
        self.root.prepare()?;
        let mut blocks = self.stages.iter_mut().flatten();
        blocks.try_for_each(BasicBlock::prepare)
    }

    pub(crate) fn forward(&self, x: &Tensor, mode: Mode) -> Result<Features> {
        let half = self.root.forward_relu(x, mode)?;
        let mut y = max_pool_three(&half, self.blur)?;
        let mut levels = vec![half];
        for stage in &self.stages {
            for block in stage {
                y = block.forward(&y, mode)?;
            }
            levels.push(y.shallow_clone());
        }
        Features::from_levels(levels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::Architecture;
    use tch::nn::VarStore;

    #[test]
    fn base_has_the_encoder_of_resnet_34() {
        // By hand: 3x3 convolutions of the three stages, projections, root, batch norms.
        let vs = VarStore::new(tch::Device::Cpu);
        let base = Architecture::base();
        Resnet::new(&Scope::new(&vs.root()), &base.backbone, 1).unwrap();
        let block = |from: i64, to: i64| 9 * from * to + 9 * to * to + 4 * to;
        let stage = |from: i64, to: i64, n: i64| {
            let projection = if from == to { 0 } else { from * to + 2 * to };
            block(from, to) + (n - 1) * block(to, to) + projection
        };
        let root = 49 * 64 + 2 * 64;
        let expected = root + stage(64, 64, 3) + stage(64, 128, 4) + stage(128, 256, 6);
        let count: i64 = vs
            .trainable_variables()
            .iter()
            .map(|t| t.numel() as i64)
            .sum();
        assert_eq!(count, expected);
    }
}
