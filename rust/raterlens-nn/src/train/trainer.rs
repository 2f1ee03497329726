//! One network in training, step by step; when to stop is decided by the caller.

use std::path::Path;

use ndarray::Array4;
use serde::{Deserialize, Serialize};
use tch::nn::VarStore;
use tch::Tensor;

use super::batches::{batch_of, Batch};
use super::checkpoint;
use super::objective::{Context, Objective};
use super::optimiser::{Optimiser, OptimiserKind};
use super::schedule::Schedule;
use super::{first_weights, seed_alone, LossParts, TrainingSample};
use crate::architecture::Head;
use crate::device::Device;
use crate::error::NnError;
use crate::network::{Generator, Mode, Network};
use crate::package::{Manifest, ModelPackage};
use crate::predict::{build, interpret, SlicePrediction};
use crate::weights;

type Result<T> = std::result::Result<T, NnError>;

const WEIGHT: &str = "weight:";
const OPTIMISER: &str = "optimiser:";
/// The loss is multiplied by this at first in mixed precision, so that small gradients survive 16 bits.
const FIRST_LOSS_SCALE: f64 = 65536.0;
/// Steps without overflow after which the loss scale is doubled.
const GROWTH_STEPS: u64 = 2000;

/// Number format of activations in training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// 32-bit floats everywhere.
    #[default]
    Float32,
    /// 16-bit floats where libtorch's autocast thinks it safe, with a loss scale; on CUDA only, elsewhere as `Float32`.
    Mixed,
}

/// How a network is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitOptions {
    /// Steps in all: what the schedule counts against.
    pub steps: u64,
    /// Largest learning rate.
    pub learning_rate: f64,
    /// How the rate changes.
    pub schedule: Schedule,
    /// The optimiser.
    pub optimiser: OptimiserKind,
    /// What is minimised.
    pub objective: Objective,
    /// Gradients longer than this are shortened to it; none: never.
    pub max_gradient_norm: Option<f64>,
    /// Number format.
    pub precision: Precision,
    /// Seed of the weights and of dropout.
    pub seed: u64,
}

impl FitOptions {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`NnError::TrainingOptions`] names the setting.
    pub fn check(&self) -> Result<()> {
        let fail = |text: &str| Err(NnError::TrainingOptions(text.into()));
        if self.steps == 0 {
            return fail("there must be at least one step");
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return fail("the learning rate must be a positive number");
        }
        if self
            .max_gradient_norm
            .is_some_and(|n| n.is_nan() || n <= 0.0)
        {
            return fail("max_gradient_norm must be a positive number");
        }
        self.schedule.check()?;
        self.optimiser.check()?;
        self.objective.check()
    }
}

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FitStep {
    /// The loss before the step, and its parts.
    pub loss: LossParts,
    /// The learning rate used.
    pub learning_rate: f64,
    /// Length of the gradient before it was shortened; not finite where the step was left out for overflow.
    pub gradient_norm: f64,
}

/// A network in training.
///
/// Every step draws its dropout from (seed, step), so that a run that goes on from a checkpoint makes the same steps, bit for bit
/// on a CPU, as one that was never interrupted.
#[derive(Debug)]
pub struct Trainer {
    store: VarStore,
    network: Network,
    optimiser: Optimiser,
    manifest: Manifest,
    options: FitOptions,
    device: Device,
    step: u64,
    scaler: Scaler,
}

impl Trainer {
    /// A fresh network with weights drawn from the seed, or `start`'s.
    ///
    /// # Errors
    /// Impossible options, an architecture that cannot be built, or weights that do not fit it.
    pub fn new(
        manifest: &Manifest,
        options: FitOptions,
        start: Option<&ModelPackage>,
        device: &Device,
    ) -> Result<Self> {
        options.check()?;
        let _alone = seed_alone(i64::from_ne_bytes(options.seed.to_ne_bytes()));
        let mut store = VarStore::new(device.tch());
        let network = build(&store, manifest)?;
        first_weights(&mut store, start)?;
        Ok(Self {
            optimiser: Optimiser::new(options.optimiser, &store)?,
            store,
            network,
            manifest: manifest.clone(),
            scaler: Scaler::new(options.precision, device),
            options,
            device: device.clone(),
            step: 0,
        })
    }

    /// Steps made.
    #[must_use]
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Learning rate of the next step.
    #[must_use]
    pub fn next_learning_rate(&self) -> f64 {
        let factor = self.options.schedule.factor(self.step, self.options.steps);
        self.options.learning_rate * factor
    }

    /// Trainable weights.
    #[must_use]
    pub fn weight_count(&self) -> usize {
        let all = self.store.trainable_variables();
        all.iter().map(Tensor::numel).sum()
    }

    /// Makes one step on a batch. `penalty` weighs the evidential penalty, 0 to 1.
    ///
    /// # Errors
    /// A loss that is not a number (no weight is changed), or libtorch's own reason.
    pub fn train(&mut self, samples: &[TrainingSample], penalty: f64) -> Result<FitStep> {
        let learning_rate = self.next_learning_rate();
        let batch = batch_of(samples, &self.device)?;
        self.optimiser.zero_gradients()?;
        let loss = {
            let _alone = seed_alone(step_seed(self.options.seed, self.step));
            let (total, parts) = self.forward(&batch, penalty)?;
            if !parts.total.is_finite() {
                return Err(NnError::NotANumber);
            }
            self.scaler.scaled(&total)?.f_backward()?;
            parts
        };
        let gradient_norm = self.scaler.unscale(&mut self.optimiser)?;
        if gradient_norm.is_finite() {
            self.shorten(gradient_norm)?;
            self.optimiser.step(learning_rate, self.step)?;
        } else if !self.scaler.is_on() {
            return Err(NnError::NotANumber);
        }
        self.step += 1;
        Ok(FitStep {
            loss,
            learning_rate,
            gradient_norm,
        })
    }

    fn forward(&self, batch: &Batch, penalty: f64) -> Result<(Tensor, LossParts)> {
        let mode = Mode::Training(&Generator);
        let outputs = tch::autocast(self.scaler.is_on(), || {
            self.network.forward(&batch.images, mode)
        })?;
        let context = self.context(penalty);
        self.options
            .objective
            .of(&outputs, &batch.targets, &batch.variance, context)
    }

    fn context(&self, penalty: f64) -> Context {
        Context {
            head: match self.manifest.is_evidential() {
                true => Head::Evidential,
                false => Head::Softmax,
            },
            variance_scale: self.manifest.variance.scale,
            penalty,
        }
    }

    fn shorten(&mut self, norm: f64) -> Result<()> {
        match self.options.max_gradient_norm {
            Some(largest) if norm > largest => self.optimiser.scale_gradients(largest / norm),
            _ => Ok(()),
        }
    }

    /// The loss and the prediction of a batch, without dropout and without changing anything.
    ///
    /// # Errors
    /// Values that are not numbers, or libtorch's own reason.
    pub fn judge(&self, samples: &[TrainingSample]) -> Result<(LossParts, SlicePrediction)> {
        tch::no_grad(|| {
            let batch = batch_of(samples, &self.device)?;
            let outputs = self.network.forward(&batch.images, Mode::Evaluation)?;
            let context = self.context(1.0);
            let objective = &self.options.objective;
            let (_, parts) = objective.of(&outputs, &batch.targets, &batch.variance, context)?;
            Ok((parts, interpret(&outputs, &self.manifest)?))
        })
    }

    /// The prediction for images `[N, channels, H, W]`, as [`Predictor::predict`](crate::Predictor::predict) gives it.
    ///
    /// # Errors
    /// As there.
    pub fn predict(&self, images: &Array4<f32>) -> Result<SlicePrediction> {
        let shape: Vec<i64> = images.shape().iter().map(|d| *d as i64).collect();
        let values: Vec<f32> = images.iter().copied().collect();
        tch::no_grad(|| {
            let x = Tensor::f_from_slice(&values)?.f_reshape(&shape)?;
            let x = x.f_to_device(self.device.tch())?;
            interpret(&self.network.forward(&x, Mode::Evaluation)?, &self.manifest)
        })
    }

    /// Writes everything that is needed to go on, with the caller's notes.
    ///
    /// # Errors
    /// A file that cannot be written; the earlier one stays.
    pub fn save(&self, path: &Path, notes: &serde_json::Value) -> Result<()> {
        let named = |prefix: &str, (name, t): (String, Tensor)| (format!("{prefix}{name}"), t);
        let weights = self.store.variables().into_iter();
        let mut tensors: Vec<_> = weights.map(|w| named(WEIGHT, w)).collect();
        tensors.extend(
            self.optimiser
                .state()
                .into_iter()
                .map(|s| named(OPTIMISER, s)),
        );
        let notes = serde_json::json!({
            "step": self.step,
            "loss_scale": self.scaler.state(),
            "notes": notes,
        });
        checkpoint::write(path, &tensors, &notes)
    }

    /// Writes the weights alone: no run can go on from them, but [`take_weights_of`](Self::take_weights_of) can take them.
    ///
    /// # Errors
    /// A file that cannot be written; the earlier one stays.
    pub fn save_weights(&self, path: &Path) -> Result<()> {
        let weights = self.store.variables().into_iter();
        let weights: Vec<_> = weights.map(|(n, t)| (format!("{WEIGHT}{n}"), t)).collect();
        checkpoint::write(path, &weights, &serde_json::json!({ "step": self.step }))
    }

    /// Takes up where a checkpoint left off, and gives back its notes.
    ///
    /// # Errors
    /// A file that cannot be read, or is of another network or optimiser; nothing is changed if it cannot be read.
    pub fn restore(&mut self, path: &Path) -> Result<serde_json::Value> {
        let (tensors, mut stored) = checkpoint::read(path)?;
        let part = |prefix: &str| {
            let named = tensors.iter().filter_map(|(name, t)| {
                Some((name.strip_prefix(prefix)?.to_owned(), t.shallow_clone()))
            });
            named.collect::<std::collections::HashMap<_, _>>()
        };
        self.optimiser.restore(&part(OPTIMISER))?;
        self.take_weights(&part(WEIGHT))?;
        let step = stored.get("step").and_then(serde_json::Value::as_u64);
        self.step = step.ok_or_else(|| NnError::Checkpoint("it names no step".to_owned()))?;
        self.scaler.restore(stored.get("loss_scale"));
        Ok(stored["notes"].take())
    }

    fn take_weights(&mut self, weights: &std::collections::HashMap<String, Tensor>) -> Result<()> {
        for (name, mut variable) in self.store.variables() {
            let source = weights.get(&name).filter(|w| w.size() == variable.size());
            let source = source.ok_or_else(|| {
                NnError::Checkpoint(format!("'{name}' is missing or of another shape"))
            })?;
            tch::no_grad(|| variable.f_copy_(source))?;
        }
        Ok(())
    }

    /// Takes only the weights of a checkpoint: those that were best, say.
    ///
    /// # Errors
    /// As [`restore`](Self::restore).
    pub fn take_weights_of(&mut self, path: &Path) -> Result<()> {
        let (tensors, _) = checkpoint::read(path)?;
        let named = tensors.iter().filter_map(|(name, t)| {
            Some((name.strip_prefix(WEIGHT)?.to_owned(), t.shallow_clone()))
        });
        self.take_weights(&named.collect())
    }

    /// Writes the network as a model package with this description and card.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn write_package(
        &self,
        dir: &Path,
        manifest: Manifest,
        card: &str,
    ) -> Result<ModelPackage> {
        let bytes = weights::to_bytes_f16(&self.store)?;
        Ok(ModelPackage::write(dir, manifest, &bytes, card)?)
    }
}

/// Seed of what one step draws.
fn step_seed(seed: u64, step: u64) -> i64 {
    let words = raterlens_core::random::philox(
        [step as u32, (step >> 32) as u32, 0x5354_4550, 0],
        [seed as u32, (seed >> 32) as u32],
    );
    i64::from(words[0]) << 32 | i64::from(words[1])
}

/// Multiplies the loss in mixed precision so that small gradients do not vanish; halves the factor when they overflow.
#[derive(Debug)]
struct Scaler {
    on: bool,
    scale: f64,
    good_steps: u64,
}

impl Scaler {
    fn new(precision: Precision, device: &Device) -> Self {
        Self {
            on: precision == Precision::Mixed && device.tch().is_cuda(),
            scale: FIRST_LOSS_SCALE,
            good_steps: 0,
        }
    }

    fn is_on(&self) -> bool {
        self.on
    }

    fn scaled(&self, loss: &Tensor) -> Result<Tensor> {
        match self.on {
            true => Ok(loss.f_mul_scalar(self.scale)?),
            false => Ok(loss.shallow_clone()),
        }
    }

    /// Takes the factor out of the gradients; their length, not finite after an overflow.
    fn unscale(&mut self, optimiser: &mut Optimiser) -> Result<f64> {
        if !self.on {
            return optimiser.gradient_norm();
        }
        optimiser.scale_gradients(1.0 / self.scale)?;
        let norm = optimiser.gradient_norm()?;
        if norm.is_finite() {
            self.good_steps += 1;
            if self.good_steps == GROWTH_STEPS {
                self.scale *= 2.0;
                self.good_steps = 0;
            }
        } else {
            self.scale /= 2.0;
            self.good_steps = 0;
        }
        Ok(norm)
    }

    fn state(&self) -> [f64; 2] {
        [self.scale, self.good_steps as f64]
    }

    fn restore(&mut self, state: Option<&serde_json::Value>) {
        let numbers = state.and_then(serde_json::Value::as_array);
        let mut numbers = numbers.into_iter().flatten().filter_map(|v| v.as_f64());
        if let (Some(scale), Some(good)) = (numbers.next(), numbers.next()) {
            self.scale = scale;
            self.good_steps = good as u64;
        }
    }
}
