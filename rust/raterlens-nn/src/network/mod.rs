//! The networks, built from layers whose forward passes return errors instead of panicking.
//!
//! ```text
//! image -> encoder -+-> [embedding -> transformer] -> decoder -> class logits        (task 1)
//!                   +-> [embedding -> transformer] -> decoder -> scaled variance     (task 2, if any)
//! ```

mod attention_gate;
mod decoder;
mod downsample;
mod dropout;
mod encoder;
mod init;
mod layers;
mod mode;
mod r50;
mod resnet;
mod scope;
mod task;
mod transformer;
mod unet;

#[cfg(test)]
mod tests;

use tch::nn::Path;
use tch::Tensor;

#[cfg(test)]
pub(crate) use dropout::Site;
pub(crate) use dropout::{CounterMasks, Dropout, Generator, GivenMasks};
pub(crate) use init::initialise;
pub(crate) use mode::Mode;
pub(crate) use scope::Scope;

use crate::architecture::Architecture;
use crate::error::NnError;
pub(crate) use decoder::SharedSkips;
use dropout::Branch;
use encoder::{Channels, Encoder, Features};
use task::Task;
use transformer::Embedding;

/// Outputs of the tasks, `[N, channels, H, W]` each.
#[derive(Debug)]
pub(crate) struct TaskOutputs {
    /// Class logits (or evidence, see [`Head`](crate::architecture::Head)); class 0 is background.
    pub logits: Tensor,
    /// Variance maps times the package's variance scale; none from a single-task network.
    pub scaled_variance: Option<Tensor>,
}

/// Everything before the decoders' first dropout sites: the same in every pass of test-time dropout, so that it
/// needs to be computed only once for a batch.
#[derive(Debug)]
pub(crate) struct Entered {
    skips: Vec<Tensor>,
    segmentation: Tensor,
    variance: Option<Tensor>,
}

/// Any of the networks of SPEC section 5.
#[derive(Debug)]
pub(crate) struct Network {
    encoder: Encoder,
    shared_embedding: Option<Embedding>,
    segmentation: Task,
    variance: Option<Task>,
}

impl Entered {
    /// One slice of a batch.
    pub(crate) fn slice(&self, n: usize) -> Result<Self, NnError> {
        let one = |x: &Tensor| x.f_narrow(0, n as i64, 1);
        Ok(Self {
            skips: self.skips.iter().map(one).collect::<Result<_, _>>()?,
            segmentation: one(&self.segmentation)?,
            variance: self.variance.as_ref().map(one).transpose()?,
        })
    }
}

impl Network {
    /// Builds a network under `path` for images of `size` (rows, columns) with `channels` channels, and
    /// `structures` structures besides background.
    pub(crate) fn build(
        path: &Path,
        architecture: &Architecture,
        channels: usize,
        size: [usize; 2],
        structures: usize,
    ) -> Result<Self, NnError> {
        let scope = Scope::new(path);
        Self::build_in(&scope, architecture, channels, size, structures)
    }

    /// As [`build`](Self::build), in a scope.
    pub(crate) fn build_in(
        path: &Scope,
        architecture: &Architecture,
        channels: usize,
        size: [usize; 2],
        structures: usize,
    ) -> Result<Self, NnError> {
        architecture.check(size)?;
        let grid = size.map(|s| (s / 16) as i64);
        let structures = i64::try_from(structures).unwrap_or(i64::MAX - 1);
        let task = |branch, outputs| Task::new(path, architecture, branch, grid, outputs);
        let backbone = &architecture.backbone;
        Ok(Self {
            encoder: Encoder::new(&(path / "encoder"), backbone, channels as i64)?,
            shared_embedding: match &architecture.transformer {
                Some(t) if t.shared_embedding => {
                    let shared = Branch::Shared;
                    let deep = Channels::of(backbone).deep;
                    let path = &(path / shared.name());
                    Some(Embedding::new(path, t, shared, deep, grid)?)
                }
                _ => None,
            },
            segmentation: task(Branch::Segmentation, structures + 1)?,
            variance: match architecture.network.predicts_variance() {
                true => Some(task(Branch::Variance, structures)?),
                false => None,
            },
        })
    }

    /// Makes evaluation and sampling faster, once the weights are there: batch norms are folded into their
    /// convolutions, weights standardised, and both kept with channels last. Results change by float rounding alone.
    /// Weights that change afterwards are not seen by evaluation any more: not for training.
    pub(crate) fn prepare(&mut self) -> Result<(), NnError> {
        self.encoder.prepare()?;
        if let Some(embedding) = &mut self.shared_embedding {
            embedding.prepare()?;
        }
        self.segmentation.prepare()?;
        if let Some(variance) = &mut self.variance {
            variance.prepare()?;
        }
        Ok(())
    }

    /// `[N, channels, H, W]` to logits `[N, structures + 1, H, W]` and scaled variance `[N, structures, H, W]`.
    /// `H` and `W` may be other multiples of 16 than those it was built for.
    pub(crate) fn forward(&self, x: &Tensor, mode: Mode) -> Result<TaskOutputs, NnError> {
        self.leave(&self.enter(x, mode)?, mode)
    }

    /// The part of [`forward`](Self::forward) before the decoders' first dropout sites.
    pub(crate) fn enter(&self, x: &Tensor, mode: Mode) -> Result<Entered, NnError> {
        let features = self.encoder.forward(x, mode)?;
        let shared = match &self.shared_embedding {
            Some(embedding) => Some(embedding.forward(&features.deep, mode)?),
            None => None,
        };
        let enter = |task: &Task| task.enter(&features, shared.as_ref(), mode);
        let segmentation = enter(&self.segmentation)?;
        let variance = self.variance.as_ref().map(enter).transpose()?;
        let Features { skips, .. } = features;
        Ok(Entered {
            skips,
            segmentation,
            variance,
        })
    }

    /// Class logits `[samples, structures + 1, H, W]` of passes with test-time dropout that differ in the masks alone, from
    /// what [`enter`](Self::enter) gave for one slice. `masks` gives one mask for each sample; `shared` comes from
    /// [`share`](Self::share).
    pub(crate) fn sample(
        &self,
        entered: &Entered,
        shared: &SharedSkips,
        masks: &dyn Dropout,
    ) -> Result<Tensor, NnError> {
        let entered = &entered.segmentation;
        Ok(self
            .segmentation
            .sample(entered, shared, Mode::Sampling(masks))?)
    }

    /// What the skips of one slice contribute to every sample.
    pub(crate) fn share(&self, entered: &Entered) -> Result<SharedSkips, NnError> {
        Ok(self.segmentation.share(&entered.skips)?)
    }

    /// The part of [`forward`](Self::forward) from the decoders' first dropout sites on.
    pub(crate) fn leave(&self, entered: &Entered, mode: Mode) -> Result<TaskOutputs, NnError> {
        let skips = &entered.skips;
        let logits = self
            .segmentation
            .leave(&entered.segmentation, skips, mode)?;
        let scaled_variance = match (&self.variance, &entered.variance) {
            (Some(task), Some(entered)) => Some(task.leave(entered, skips, mode)?),
            _ => None,
        };
        Ok(TaskOutputs {
            logits,
            scaled_variance,
        })
    }
}
