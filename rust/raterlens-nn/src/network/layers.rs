//! Convolutions, norms and linear layers.
//!
//! Layers are made with zeros (and ones in norms): weights come from a file, or from
//! [`initialise`](super::initialise) when training starts.

use super::scope::Scope;
use tch::{Kind, TchError, Tensor};

use super::mode::Mode;

type Result<T> = std::result::Result<T, TchError>;

const BATCH_NORM_EPS: f64 = 1e-5;
const BATCH_NORM_MOMENTUM: f64 = 0.1;
const LAYER_NORM_EPS: f64 = 1e-6;

/// A square 2-D convolution with "same" padding.
#[derive(Debug)]
pub(crate) struct Conv {
    weight: Tensor,
    bias: Option<Tensor>,
    stride: i64,
    padding: i64,
}

/// What a [`Conv`] looks like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConvSize {
    pub from: i64,
    pub to: i64,
    pub kernel: i64,
    pub stride: i64,
}

impl ConvSize {
    /// A convolution of stride 1.
    pub(crate) fn new(from: i64, to: i64, kernel: i64) -> Self {
        Self {
            from,
            to,
            kernel,
            stride: 1,
        }
    }

    /// A 3 x 3 convolution of stride 1.
    pub(crate) fn three(from: i64, to: i64) -> Self {
        Self::new(from, to, 3)
    }

    pub(crate) fn with_stride(self, stride: i64) -> Self {
        Self { stride, ..self }
    }

    pub(crate) fn dims(self) -> [i64; 4] {
        [self.to, self.from, self.kernel, self.kernel]
    }
}

impl Conv {
    pub(crate) fn new(path: &Scope, size: ConvSize, bias: bool) -> Result<Self> {
        Ok(Self {
            weight: path.f_zeros("weight", &size.dims())?,
            bias: if bias {
                Some(path.f_zeros("bias", &[size.to])?)
            } else {
                None
            },
            stride: size.stride,
            padding: size.kernel / 2,
        })
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let stride = [self.stride, self.stride];
        let padding = [self.padding, self.padding];
        x.f_conv2d(&self.weight, self.bias.as_ref(), stride, padding, [1, 1], 1)
    }

    /// See [`Network::prepare`](super::Network::prepare).
    pub(crate) fn prepare(&mut self) -> Result<()> {
        self.weight = channels_last(&self.weight.f_detach()?)?;
        Ok(())
    }
}

/// The same values `[N, C, H, W]`, stored with the channels of a pixel side by side. A convolution with such a
/// weight computes and answers in that order, which is the faster one for libtorch on the CPU and on GPUs.
pub(crate) fn channels_last(x: &Tensor) -> Result<Tensor> {
    x.f_permute([0, 2, 3, 1])?
        .f_contiguous()?
        .f_permute([0, 3, 1, 2])
}

/// Batch normalisation over channels.
#[derive(Debug)]
pub(crate) struct BatchNorm {
    weight: Tensor,
    bias: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
}

impl BatchNorm {
    pub(crate) fn new(path: &Scope, channels: i64) -> Result<Self> {
        Ok(Self {
            weight: path.f_ones("weight", &[channels])?,
            bias: path.f_zeros("bias", &[channels])?,
            running_mean: path.f_zeros_no_train("running_mean", &[channels])?,
            running_var: path.f_ones_no_train("running_var", &[channels])?,
        })
    }

    /// Factor and summand of each channel that it is in evaluation, computed in float64.
    fn as_affine(&self) -> Result<(Tensor, Tensor)> {
        let double = |t: &Tensor| t.f_detach()?.f_to_kind(Kind::Double);
        let deviation = double(&self.running_var)?
            .f_add_scalar(BATCH_NORM_EPS)?
            .f_sqrt()?;
        let factor = double(&self.weight)?.f_div(&deviation)?;
        let shift = double(&self.running_mean)?.f_mul(&factor)?;
        Ok((factor, double(&self.bias)?.f_sub(&shift)?))
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        x.f_batch_norm(
            Some(&self.weight),
            Some(&self.bias),
            Some(&self.running_mean),
            Some(&self.running_var),
            mode.batch_statistics(),
            BATCH_NORM_MOMENTUM,
            BATCH_NORM_EPS,
            true,
        )
    }
}

/// Convolution without bias followed by batch normalisation.
#[derive(Debug)]
pub(crate) struct ConvNorm {
    conv: Conv,
    norm: BatchNorm,
    /// Both in one, for evaluation.
    folded: Option<Conv>,
    /// The folded one's parts for the first and the last channels of its input; their sum is the whole.
    parts: Option<[Conv; 2]>,
}

impl ConvNorm {
    pub(crate) fn new(path: &Scope, size: ConvSize) -> Result<Self> {
        Ok(Self {
            conv: Conv::new(&(path / "conv"), size, false)?,
            norm: BatchNorm::new(&(path / "norm"), size.to)?,
            folded: None,
            parts: None,
        })
    }

    /// Folds the norm into the convolution: `W' = factor W`, and the summand becomes its bias. See [`Network::prepare`](super::Network::prepare).
    pub(crate) fn prepare(&mut self) -> Result<()> {
        let (factor, shift) = self.norm.as_affine()?;
        let kind = self.conv.weight.kind();
        let factor = factor.f_to_kind(kind)?.f_reshape([-1, 1, 1, 1])?;
        self.folded = Some(Conv {
            weight: channels_last(&self.conv.weight.f_detach()?.f_mul(&factor)?)?,
            bias: Some(shift.f_to_kind(kind)?),
            ..self.conv
        });
        Ok(())
    }

    /// Prepares [`first_part`](Self::first_part) and [`second_part`](Self::second_part), this of the last `channels` of the input.
    pub(crate) fn split(&mut self, channels: i64) -> Result<()> {
        if let Some(folded) = &self.folded {
            let (_, from, ..) = folded.weight.size4()?;
            let part = |first, count, bias: Option<&Tensor>| -> Result<Conv> {
                Ok(Conv {
                    weight: channels_last(&folded.weight.f_narrow(1, first, count)?)?,
                    bias: bias.map(Tensor::shallow_clone),
                    ..*folded
                })
            };
            let first = from - channels;
            let parts = [
                part(0, first, folded.bias.as_ref())?,
                part(first, channels, None)?,
            ];
            self.parts = Some(parts);
        }
        Ok(())
    }

    /// What the first channels of the input contribute, the summand included.
    ///
    /// # Errors
    /// Not split.
    pub(crate) fn first_part(&self, x: &Tensor) -> Result<Tensor> {
        let not_split = || TchError::Shape("the convolution is not split".into());
        let [first, _] = self.parts.as_ref().ok_or_else(not_split)?;
        first.forward(x)
    }

    /// What the last channels of the input contribute; `None` if not split.
    pub(crate) fn second_part(&self, x: &Tensor) -> Result<Option<Tensor>> {
        let part = self.parts.as_ref().map(|[_, second]| second.forward(x));
        part.transpose()
    }

    pub(crate) fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        match &self.folded {
            Some(folded) if !mode.batch_statistics() => folded.forward(x),
            _ => self.norm.forward(&self.conv.forward(x)?, mode),
        }
    }

    pub(crate) fn forward_relu(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let mut y = self.forward(x, mode)?;
        // The convolution's own result, which nobody else holds.
        y.f_relu_()
    }
}

/// Group normalisation.
#[derive(Debug)]
pub(crate) struct GroupNorm {
    weight: Tensor,
    bias: Tensor,
    groups: i64,
    eps: f64,
}

impl GroupNorm {
    pub(crate) fn new(path: &Scope, channels: i64, groups: i64, eps: f64) -> Result<Self> {
        Ok(Self {
            weight: path.f_ones("weight", &[channels])?,
            bias: path.f_zeros("bias", &[channels])?,
            groups,
            eps,
        })
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (weight, bias) = (Some(&self.weight), Some(&self.bias));
        x.f_group_norm(self.groups, weight, bias, self.eps, true)
    }
}

/// `y = W x + b` on the last axis.
#[derive(Debug)]
pub(crate) struct Linear {
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    pub(crate) fn new(path: &Scope, from: i64, to: i64) -> Result<Self> {
        Ok(Self {
            weight: path.f_zeros("weight", &[to, from])?,
            bias: path.f_zeros("bias", &[to])?,
        })
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.f_linear(&self.weight, Some(&self.bias))
    }
}

/// Layer normalisation over the last axis.
#[derive(Debug)]
pub(crate) struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    size: i64,
}

impl LayerNorm {
    pub(crate) fn new(path: &Scope, size: i64) -> Result<Self> {
        Ok(Self {
            weight: path.f_ones("weight", &[size])?,
            bias: path.f_zeros("bias", &[size])?,
            size,
        })
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.f_layer_norm(
            [self.size],
            Some(&self.weight),
            Some(&self.bias),
            LAYER_NORM_EPS,
            true,
        )
    }
}
