//! Multi-task TransUNet (Chen 2021; SPEC section 5): one encoder, and for each task its own
//! transformer and decoder. Task 1 gives class logits, task 2 one scaled variance map per structure.

use tch::nn::Path;
use tch::Tensor;

use super::decoder::Decoder;
use super::resnet::Resnet;
use super::transformer::Transformer;
use crate::architecture::Architecture;
use crate::error::NnError;

/// Output of both tasks, `[N, channels, H, W]` each.
pub(crate) struct TaskOutputs {
    /// Class logits; class 0 is background.
    pub logits: Tensor,
    /// Variance maps times the package's variance scale.
    pub scaled_variance: Tensor,
}

/// A transformer and its decoder.
#[derive(Debug)]
struct Task {
    transformer: Transformer,
    decoder: Decoder,
}

/// The network of chapter 3.
#[derive(Debug)]
pub(crate) struct MultitaskTransUnet {
    encoder: Resnet,
    segmentation: Task,
    variance: Task,
}

impl MultitaskTransUnet {
    /// Builds the network under `path` for inputs of `size` (rows, columns) with `channels`
    /// channels and `structures` structures besides background.
    pub(crate) fn new(
        path: &Path,
        architecture: &Architecture,
        channels: usize,
        size: [usize; 2],
        structures: usize,
    ) -> Result<Self, NnError> {
        architecture.check(size)?;
        let width = architecture.backbone.width;
        let grid = size.map(|s| (s / 16) as i64);
        let task = |name: &str, outputs: i64| -> Result<Task, NnError> {
            let path = path / name;
            let t = &architecture.transformer;
            let skips = [2 * width, width, width];
            Ok(Task {
                transformer: Transformer::new(&(&path / "transformer"), t, 4 * width, grid)?,
                decoder: Decoder::new(
                    &(&path / "decoder"),
                    &architecture.decoder,
                    t.hidden,
                    skips,
                    outputs,
                )?,
            })
        };
        let count = i64::try_from(structures).unwrap_or(i64::MAX - 1);
        Ok(Self {
            encoder: Resnet::new(&(path / "encoder"), &architecture.backbone, channels as i64)?,
            segmentation: task("segmentation", count + 1)?,
            variance: task("variance", count)?,
        })
    }

    /// `[N, channels, H, W]` to logits `[N, structures + 1, H, W]` and scaled variance
    /// `[N, structures, H, W]`. `train` switches batch statistics and dropout on.
    pub(crate) fn forward(&self, x: &Tensor, train: bool) -> Result<TaskOutputs, NnError> {
        let features = self.encoder.forward(x, train)?;
        let run = |task: &Task| {
            let tokens = task.transformer.forward(&features.deep, train)?;
            task.decoder.forward(&tokens, &features.skips, train)
        };
        Ok(TaskOutputs {
            logits: run(&self.segmentation)?,
            scaled_variance: run(&self.variance)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::nn::VarStore;
    use tch::{Device, Kind};

    fn network(size: [usize; 2]) -> (VarStore, MultitaskTransUnet) {
        tch::manual_seed(1);
        let vs = VarStore::new(Device::Cpu);
        let net = MultitaskTransUnet::new(&vs.root(), &Architecture::tiny(), 1, size, 4).unwrap();
        crate::network::initialise(&vs).unwrap();
        (vs, net)
    }

    #[test]
    fn both_tasks_come_back_at_input_resolution() {
        let (_vs, net) = network([64, 96]);
        let x = Tensor::zeros([2, 1, 64, 96], (Kind::Float, Device::Cpu));
        let y = net.forward(&x, false).unwrap();
        assert_eq!(y.logits.size(), [2, 5, 64, 96]);
        assert_eq!(y.scaled_variance.size(), [2, 4, 64, 96]);
    }

    #[test]
    fn tasks_share_the_encoder_and_nothing_else() {
        let (vs, net) = network([32, 32]);
        let x = Tensor::randn([1, 1, 32, 32], (Kind::Float, Device::Cpu));
        net.forward(&x, true)
            .unwrap()
            .logits
            .square()
            .mean(Kind::Float)
            .backward();
        let touched = |prefix: &str| {
            vs.variables()
                .iter()
                .filter(|(name, t)| name.starts_with(prefix) && t.requires_grad())
                .any(|(_, t)| t.grad().defined())
        };
        assert!(touched("encoder"));
        assert!(touched("segmentation"));
        assert!(!touched("variance"));
    }

    #[test]
    fn base_has_the_encoder_of_resnet_34() {
        // By hand: 3x3 convolutions of the three stages, projections, root, batch norms.
        let vs = VarStore::new(Device::Cpu);
        let base = Architecture::base();
        Resnet::new(&vs.root(), &base.backbone, 1).unwrap();
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

    #[test]
    fn dropout_sits_in_training_only() {
        let (_vs, net) = network([32, 32]);
        let x = Tensor::randn([1, 1, 32, 32], (Kind::Float, Device::Cpu));
        let run = |train| net.forward(&x, train).unwrap().logits;
        assert_eq!(run(false), run(false));
        assert_ne!(run(true), run(true));
    }
}
