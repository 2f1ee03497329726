//! The decoder of one task: four upsampling stages of two convolution blocks, skips, a head.

use super::scope::Scope;
use tch::{TchError, Tensor};

use super::attention_gate::AttentionGate;
use super::dropout::{Branch, Place, Site};
use super::layers::{Conv, ConvNorm, ConvSize};
use super::mode::Mode;
use crate::architecture::Decoder as Size;

type Result<T> = std::result::Result<T, TchError>;

/// Upsample, join the skip, two blocks of convolution, batch norm, ReLU and dropout.
#[derive(Debug)]
struct Stage {
    gate: Option<AttentionGate>,
    blocks: [ConvNorm; 2],
    sites: [Site; 2],
    dropout: f64,
}

impl Stage {
    /// `number`: of the stage, from 0; `skip`: channels of its skip, 0 for none.
    fn new(
        path: &Scope,
        size: &Size,
        (number, branch): (usize, Branch),
        (from, skip, to): (i64, i64, i64),
    ) -> Result<Self> {
        let block = |name: &str, from| ConvNorm::new(&(path / name), ConvSize::three(from, to));
        let site = |block| Site {
            branch,
            place: Place::Decoder(2 * number + block),
        };
        Ok(Self {
            gate: if size.attention_gates && skip > 0 {
                Some(AttentionGate::new(&(path / "gate"), skip, from)?)
            } else {
                None
            },
            blocks: [block("block0", from + skip)?, block("block1", to)?],
            sites: [site(0), site(1)],
            dropout: size.dropout,
        })
    }

    fn prepare(&mut self) -> Result<()> {
        if let Some(gate) = &mut self.gate {
            gate.prepare()?;
        }
        self.blocks.iter_mut().try_for_each(ConvNorm::prepare)
    }

    /// Up to the stage's first dropout site.
    fn enter(&self, x: &Tensor, skip: Option<&Tensor>, mode: Mode) -> Result<Tensor> {
        let (_, _, h, w) = x.size4()?;
        let unscaled = None::<f64>;
        let mut y = x.f_upsample_bilinear2d([2 * h, 2 * w], true, unscaled, unscaled)?;
        if let Some(skip) = skip {
            y = match &self.gate {
                Some(gate) => Tensor::f_cat(&[&y, &gate.forward(skip, &y)?], 1)?,
                None => Tensor::f_cat(&[&y, skip], 1)?,
            };
        }
        let [first, _] = &self.blocks;
        first.forward_relu(&y, mode)
    }

    /// From the first dropout site on.
    fn leave(&self, entered: Tensor, mode: Mode) -> Result<Tensor> {
        let y = mode.dropout(entered, self.sites[0], self.dropout)?;
        let [_, second] = &self.blocks;
        mode.dropout(second.forward_relu(&y, mode)?, self.sites[1], self.dropout)
    }
}

/// One task's way from deep features back to the input's resolution.
#[derive(Debug)]
pub(crate) struct Decoder {
    entry: Option<ConvNorm>,
    stages: Vec<Stage>,
    head: Conv,
}

impl Decoder {
    /// `from`: channels of the deep features; `skips`: channels of the skips, the coarsest first; `outputs`:
    /// channels of the result.
    pub(crate) fn new(
        path: &Scope,
        size: &Size,
        branch: Branch,
        from: i64,
        skips: &[i64],
        outputs: i64,
    ) -> Result<Self> {
        let entry = if size.head > 0 {
            let conv = ConvSize::three(from, size.head);
            Some(ConvNorm::new(&(path / "entry"), conv)?)
        } else {
            None
        };
        let mut from = if size.head > 0 { size.head } else { from };
        let mut stages = Vec::new();
        for (n, to) in size.channels.iter().enumerate() {
            let skip = skips.get(n).copied().unwrap_or(0);
            let stage = path / format!("stage{n}");
            stages.push(Stage::new(&stage, size, (n, branch), (from, skip, *to))?);
            from = *to;
        }
        Ok(Self {
            entry,
            stages,
            head: Conv::new(&(path / "head"), ConvSize::three(from, outputs), true)?,
        })
    }

    pub(crate) fn prepare(&mut self) -> Result<()> {
        if let Some(entry) = &mut self.entry {
            entry.prepare()?;
        }
        self.stages.iter_mut().try_for_each(Stage::prepare)?;
        self.head.prepare()
    }

    /// The part before the first dropout site: the same in every pass of test-time dropout.
    ///
    /// `[N, from, h, w]` to `[N, channels of stage 0, 2 h, 2 w]`.
    pub(crate) fn enter(&self, deep: &Tensor, skips: &[Tensor], mode: Mode) -> Result<Tensor> {
        let [first, ..] = &self.stages[..] else {
            return Err(TchError::Shape("the decoder has no stage".into()));
        };
        match &self.entry {
            Some(entry) => first.enter(&entry.forward_relu(deep, mode)?, skips.first(), mode),
            None => first.enter(deep, skips.first(), mode),
        }
    }

    /// The part from the first dropout site on: what [`enter`](Self::enter) gave to `[N, outputs, 16 h, 16 w]`.
    pub(crate) fn leave(&self, entered: &Tensor, skips: &[Tensor], mode: Mode) -> Result<Tensor> {
        let mut y = entered.shallow_clone();
        for (n, stage) in self.stages.iter().enumerate() {
            if n > 0 {
                y = stage.enter(&y, skips.get(n), mode)?;
            }
            y = stage.leave(y, mode)?;
        }
        self.head.forward(&y)
    }
}
