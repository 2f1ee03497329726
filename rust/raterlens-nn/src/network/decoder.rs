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
    /// Channels of the skip.
    skip: i64,
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
            skip,
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
        self.blocks.iter_mut().try_for_each(ConvNorm::prepare)?;
        let [first, _] = &mut self.blocks;
        match (self.skip, &self.gate) {
            (1.., None) => first.split(self.skip),
            _ => Ok(()),
        }
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

    /// What a skip of one slice contributes to this stage in every sample.
    fn share(&self, skip: Option<&Tensor>) -> Result<Shared> {
        let [first, _] = &self.blocks;
        Ok(match (skip, &self.gate) {
            (None, _) => Shared::Nothing,
            (Some(skip), Some(_)) => Shared::Skip(skip.shallow_clone()),
            (Some(skip), None) => match first.second_part(skip)? {
                Some(part) => Shared::Part(part),
                None => Shared::Skip(skip.shallow_clone()),
            },
        })
    }

    /// As [`enter`](Self::enter) for many samples `x` of one slice, whose skip is shared.
    fn enter_shared(&self, x: &Tensor, shared: &Shared, mode: Mode) -> Result<Tensor> {
        let [first, _] = &self.blocks;
        match shared {
            Shared::Nothing => self.enter(x, None, mode),
            Shared::Skip(skip) => {
                let (samples, ..) = x.size4()?;
                let skip = skip.f_expand([samples, -1, -1, -1], false)?;
                self.enter(x, Some(&skip), mode)
            }
            Shared::Part(part) => {
                let (_, _, h, w) = x.size4()?;
                let unscaled = None::<f64>;
                let y = x.f_upsample_bilinear2d([2 * h, 2 * w], true, unscaled, unscaled)?;
                first.first_part(&y)?.f_add_(part)?.f_relu_()
            }
        }
    }

    /// From the first dropout site on.
    fn leave(&self, entered: Tensor, mode: Mode) -> Result<Tensor> {
        let y = mode.dropout(entered, self.sites[0], self.dropout)?;
        let [_, second] = &self.blocks;
        mode.dropout(second.forward_relu(&y, mode)?, self.sites[1], self.dropout)
    }
}

/// What the skip of one slice contributes to a stage.
#[derive(Debug)]
enum Shared {
    Nothing,
    /// The skip, where what becomes of it depends on the sample.
    Skip(Tensor),
    /// Its part of the first convolution.
    Part(Tensor),
}

/// What the skips of one slice contribute to the stages after the first, the same in every sample.
#[derive(Debug)]
pub(crate) struct SharedSkips(Vec<Shared>);

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

    /// What the skips of one slice contribute to every sample.
    pub(crate) fn share(&self, skips: &[Tensor]) -> Result<SharedSkips> {
        let later = self.stages.iter().enumerate().skip(1);
        let shared = later.map(|(n, stage)| stage.share(skips.get(n)));
        Ok(SharedSkips(shared.collect::<Result<_>>()?))
    }

    /// As [`leave`](Self::leave), for many samples of one slice: `entered` is `[1, ..]`, the result `[samples, outputs, 16 h, 16 w]`.
    pub(crate) fn sample(
        &self,
        entered: &Tensor,
        shared: &SharedSkips,
        mode: Mode,
    ) -> Result<Tensor> {
        let [first, later @ ..] = &self.stages[..] else {
            return Err(TchError::Shape("the decoder has no stage".into()));
        };
        let mut y = first.leave(entered.shallow_clone(), mode)?;
        for (stage, shared) in later.iter().zip(&shared.0) {
            y = stage.enter_shared(&y, shared, mode)?;
            y = stage.leave(y, mode)?;
        }
        self.head.forward(&y)
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
