//! The R50 encoder as the TransUNet authors published it (SPEC section 5): weight-standardised convolutions,
//! group norms, post-activation units, a max-pool without padding.

use super::scope::Scope;
use tch::{TchError, Tensor};

use super::encoder::Features;
use super::layers::{channels_last, ConvSize, GroupNorm};
use super::mode::Mode;
use crate::architecture::{Backbone, R50_GROUPS};

type Result<T> = std::result::Result<T, TchError>;

const STANDARDISE_EPS: f64 = 1e-5;
const NORM_EPS: f64 = 1e-6;
const PROJECTION_NORM_EPS: f64 = 1e-5;
/// Channels that a grey image is repeated to.
const COLOURS: i64 = 3;
/// A unit's output has this many times the channels of its middle.
const EXPANSION: i64 = 4;

/// A convolution without bias whose filters are brought to mean 0 and variance 1 before use.
#[derive(Debug)]
struct StandardisedConv {
    weight: Tensor,
    /// The standardised weight, for evaluation.
    prepared: Option<Tensor>,
    stride: i64,
    padding: i64,
}

impl StandardisedConv {
    fn new(path: &Scope, size: ConvSize) -> Result<Self> {
        Ok(Self {
            weight: path.f_zeros("weight", &size.dims())?,
            prepared: None,
            stride: size.stride,
            padding: size.kernel / 2,
        })
    }

    /// `(w - mean) / sqrt(var + eps)` over each filter, with the biased variance.
    fn standardised(&self) -> Result<Tensor> {
        let filter = [1i64, 2, 3];
        let (var, mean) = self.weight.f_var_mean_correction(&filter[..], 0, true)?;
        let deviation = var.f_add_scalar(STANDARDISE_EPS)?.f_sqrt()?;
        self.weight.f_sub(&mean)?.f_div(&deviation)
    }

    fn prepare(&mut self) -> Result<()> {
        self.prepared = Some(channels_last(&self.standardised()?.f_detach()?)?);
        Ok(())
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let (stride, padding) = ([self.stride; 2], [self.padding; 2]);
        let none = None::<&Tensor>;
        let weight = match &self.prepared {
            Some(weight) if !mode.batch_statistics() => weight.shallow_clone(),
            _ => self.standardised()?,
        };
        x.f_conv2d(&weight, none, stride, padding, [1, 1], 1)
    }
}

/// A standardised convolution followed by a group norm.
#[derive(Debug)]
struct ConvGroup {
    conv: StandardisedConv,
    norm: GroupNorm,
}

impl ConvGroup {
    fn new(path: &Scope, size: ConvSize) -> Result<Self> {
        Self::with_groups(path, size, R50_GROUPS, NORM_EPS)
    }

    fn with_groups(path: &Scope, size: ConvSize, groups: i64, eps: f64) -> Result<Self> {
        Ok(Self {
            conv: StandardisedConv::new(&(path / "conv"), size)?,
            norm: GroupNorm::new(&(path / "norm"), size.to, groups, eps)?,
        })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        self.norm.forward(&self.conv.forward(x, mode)?)
    }
}

/// A bottleneck: 1 x 1, 3 x 3 (with the stride) and 1 x 1 convolution.
#[derive(Debug)]
struct Unit {
    first: ConvGroup,
    second: ConvGroup,
    third: ConvGroup,
    projection: Option<ConvGroup>,
}

impl Unit {
    fn new(path: &Scope, from: i64, to: i64, stride: i64) -> Result<Self> {
        let middle = to / EXPANSION;
        let second = ConvSize::three(middle, middle).with_stride(stride);
        let projection = ConvSize::new(from, to, 1).with_stride(stride);
        Ok(Self {
            first: ConvGroup::new(&(path / "first"), ConvSize::new(from, middle, 1))?,
            second: ConvGroup::new(&(path / "second"), second)?,
            third: ConvGroup::new(&(path / "third"), ConvSize::new(middle, to, 1))?,
            projection: if stride != 1 || from != to {
                // One group for each channel.
                let path = path / "projection";
                let conv = ConvGroup::with_groups(&path, projection, to, PROJECTION_NORM_EPS)?;
                Some(conv)
            } else {
                None
            },
        })
    }

    fn prepare(&mut self) -> Result<()> {
        let always = [&mut self.first, &mut self.second, &mut self.third];
        let mut parts = always.into_iter().chain(&mut self.projection);
        parts.try_for_each(|part| part.conv.prepare())
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let y = self.first.forward(x, mode)?.f_relu_()?;
        let y = self.second.forward(&y, mode)?.f_relu_()?;
        let y = self.third.forward(&y, mode)?;
        let shortcut = match &self.projection {
            Some(p) => p.forward(x, mode)?,
            None => x.shallow_clone(),
        };
        shortcut.f_add(&y)?.f_relu_()
    }
}

/// The published encoder.
#[derive(Debug)]
pub(crate) struct R50 {
    root: ConvGroup,
    stages: Vec<Vec<Unit>>,
}

impl R50 {
    pub(crate) fn new(path: &Scope, size: &Backbone, channels: i64) -> Result<Self> {
        let w = size.width;
        let colours = if channels == 1 { COLOURS } else { channels };
        let root = ConvSize::new(colours, w, 7).with_stride(2);
        let mut stages = Vec::new();
        let mut from = w;
        for (n, units) in size.blocks.iter().enumerate() {
            let to = (EXPANSION * w) << n;
            let stage = path / format!("stage{n}");
            let mut list = Vec::new();
            for u in 0..*units {
                let stride = if u == 0 && n > 0 { 2 } else { 1 };
                list.push(Unit::new(&(&stage / format!("unit{u}")), from, to, stride)?);
                from = to;
            }
            stages.push(list);
        }
        Ok(Self {
            root: ConvGroup::new(&(path / "root"), root)?,
            stages,
        })
    }

    pub(crate) fn prepare(&mut self) -> Result<()> {
        self.root.conv.prepare()?;
        let mut units = self.stages.iter_mut().flatten();
        units.try_for_each(Unit::prepare)
    }

    /// Training differs from evaluation only in when the weights are standardised.
    pub(crate) fn forward(&self, x: &Tensor, mode: Mode) -> Result<Features> {
        let (_, channels, rows, columns) = x.size4()?;
        let mut half = if channels == 1 {
            self.root.forward(&x.f_repeat([1, COLOURS, 1, 1])?, mode)?
        } else {
            self.root.forward(x, mode)?
        };
        let half = half.f_relu_()?;
        let mut y = half.f_max_pool2d([3, 3], [2, 2], [0, 0], [1, 1], false)?;
        let mut levels = vec![half];
        for (n, stage) in self.stages.iter().enumerate() {
            for unit in stage {
                y = unit.forward(&y, mode)?;
            }
            let scale = 4 << n;
            levels.push(fill(&y, rows / scale, columns / scale)?);
        }
        Features::from_levels(levels)
    }
}

/// Zeros at the bottom and the right up to this size: the pool without padding loses one row and column.
fn fill(x: &Tensor, rows: i64, columns: i64) -> Result<Tensor> {
    let (_, _, h, w) = x.size4()?;
    if (h, w) == (rows, columns) {
        return Ok(x.shallow_clone());
    }
    x.f_constant_pad_nd([0, columns - w, 0, rows - h])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::{Architecture, Size, Tasks};
    use tch::nn::VarStore;
    use tch::{Device, Kind};

    #[test]
    fn the_quarter_skip_is_filled_with_zeros_at_bottom_and_right() {
        let vs = VarStore::new(Device::Cpu);
        let size = Architecture::transunet_r50(Size::Tiny, Tasks::Multi).backbone;
        let r50 = R50::new(&Scope::new(&vs.root()), &size, 1).unwrap();
        crate::network::initialise(&vs).unwrap();
        let x = Tensor::rand([1, 1, 64, 96], (Kind::Float, Device::Cpu));
        let features = r50.forward(&x, Mode::Evaluation).unwrap();
        assert_eq!(features.deep.size(), [1, 16 * 32, 4, 6]);
        let quarter = &features.skips[1];
        assert_eq!(quarter.size(), [1, 4 * 32, 16, 24]);
        let edge = |dim, at| f64::try_from(quarter.select(dim, at).abs().max()).unwrap();
        assert_eq!((edge(2, 15), edge(3, 23)), (0.0, 0.0));
        assert!(edge(2, 14) > 0.0 && edge(3, 22) > 0.0);
    }
}
