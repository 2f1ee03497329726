//! Training.
//!
//! [`Trainer`] is a network in training, step by step, with losses, optimisers and schedules to choose from (SPEC section 6) and
//! checkpoints from which a run goes on exactly.
//!
//! [`train`] runs one on an endless source of made-up samples: chapter 3's loss, AdamW, cosine decay. The data come from outside as
//! a [`TrainingData`]; sample number `i` is the same whenever it is asked for, so a run is repeatable from its seed. A thread of its
//! own prepares the next batches.

mod batches;
mod checkpoint;
mod loss;
mod objective;
mod optimiser;
mod options;
mod schedule;
mod trainer;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tch::nn::{Optimizer, OptimizerConfig, VarStore};

pub use batches::{TrainingData, TrainingSample};
pub use loss::LossParts;
pub use objective::{DiceKind, Objective, VarianceError};
pub use optimiser::OptimiserKind;
pub use options::TrainOptions;
pub use schedule::Schedule;
pub use trainer::{FitOptions, FitStep, Precision, Trainer};

use crate::device::Device;
use crate::error::NnError;
use crate::network::{initialise, Generator, Mode, Network};
use crate::package::{Manifest, ModelPackage};
use crate::predict::build;
use crate::weights;

/// What a caller learns after each step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepReport {
    /// Steps made, from 1.
    pub step: u64,
    /// Learning rate of the step.
    pub learning_rate: f64,
    /// The loss and its parts.
    pub loss: LossParts,
}

/// Trains the network that `manifest` describes and writes its package to `out`.
///
/// With `start` the weights begin as that package's, which must be of the same architecture; else
/// they are drawn from the seed. `report` is called after each step on the calling thread. The package is also written every
/// `options.checkpoint_every` steps, so that an interrupted run leaves a usable model.
///
/// # Errors
/// Impossible options, a sample that cannot be made, a loss that is not a number (the run stops;
/// the last checkpoint stays), or a package that cannot be written.
pub fn train(
    manifest: &Manifest,
    options: &TrainOptions,
    start: Option<&ModelPackage>,
    device: &Device,
    data: &dyn TrainingData,
    out: &Path,
    report: &mut dyn FnMut(StepReport),
) -> Result<ModelPackage, NnError> {
    options.check()?;
    let _alone = seed_alone(i64::from_ne_bytes(options.seed.to_ne_bytes()));
    let mut store = VarStore::new(device.tch());
    let network = build(&store, manifest)?;
    first_weights(&mut store, start)?;
    let mut optimizer = adamw(&store, options)?;
    let scale = manifest.variance.scale;
    batches::with_prefetch(data, options, device, |next| {
        for step in 0..options.steps {
            let learning_rate = options.learning_rate_at(step);
            optimizer.set_lr(learning_rate);
            let batch = next()?;
            let loss = one_step(&network, &mut optimizer, &batch, scale)?;
            report(StepReport {
                step: step + 1,
                learning_rate,
                loss,
            });
            if (step + 1) % options.checkpoint_every == 0 && step + 1 < options.steps {
                save(&store, manifest, step + 1, out)?;
            }
        }
        save(&store, manifest, options.steps, out)
    })
}

/// Writes a package with untrained weights: for tests of everything but the results.
///
/// # Errors
/// As [`train`].
pub fn write_untrained(
    manifest: &Manifest,
    seed: i64,
    out: &Path,
) -> Result<ModelPackage, NnError> {
    let _alone = seed_alone(seed);
    let store = VarStore::new(tch::Device::Cpu);
    build(&store, manifest)?;
    initialise(&store)?;
    save(&store, manifest, 0, out)
}

/// The weights of a package, or new ones from libtorch's generator.
fn first_weights(store: &mut VarStore, start: Option<&ModelPackage>) -> Result<(), NnError> {
    match start {
        Some(package) => weights::load(store, &package.weights_path()),
        None => Ok(initialise(store)?),
    }
}

/// Seeds libtorch's generator, which is one for the whole process: while the guard lives no other
/// training of this process draws from it, so that a seed means the same numbers every time.
fn seed_alone(seed: i64) -> MutexGuard<'static, ()> {
    static GENERATOR: Mutex<()> = Mutex::new(());
    let guard = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
    tch::manual_seed(seed);
    guard
}

fn adamw(store: &VarStore, options: &TrainOptions) -> Result<Optimizer, NnError> {
    let config = tch::nn::AdamW {
        wd: options.weight_decay,
        ..Default::default()
    };
    Ok(config.build(store, options.learning_rate)?)
}

/// Largest norm of the gradient; longer ones are shortened to it.
const MAX_GRADIENT_NORM: f64 = 5.0;

fn one_step(
    network: &Network,
    optimizer: &mut Optimizer,
    batch: &batches::Batch,
    scale: f64,
) -> Result<LossParts, NnError> {
    let outputs = network.forward(&batch.images, Mode::Training(&Generator))?;
    let (total, parts) = loss::multitask(&outputs, &batch.targets, &batch.variance, scale)?;
    if !parts.total.is_finite() {
        return Err(NnError::NotANumber);
    }
    optimizer.zero_grad();
    total.f_backward()?;
    optimizer.clip_grad_norm(MAX_GRADIENT_NORM);
    optimizer.step();
    Ok(parts)
}

fn save(
    store: &VarStore,
    manifest: &Manifest,
    steps: u64,
    out: &Path,
) -> Result<ModelPackage, NnError> {
    let mut manifest = manifest.clone();
    manifest.provenance.steps = steps;
    let card = card_stub(&manifest);
    let bytes = weights::to_bytes_f16(store)?;
    Ok(ModelPackage::write(out, manifest, &bytes, &card)?)
}

/// The part of a model card that follows from the description alone.
fn card_stub(m: &Manifest) -> String {
    let p = &m.provenance;
    let first = if p.synthetic_only {
        "Trained on synthetic images only; not for clinical use.\n\n"
    } else {
        ""
    };
    format!(
        "{first}# {}\n\n{}\n\n- Intended use: {}\n- Data: {}\n- Ground truth: {}\n- Steps: {} of {} slices, seed {}\n- Command: `{}`\n- Licence of the weights: {}\n",
        m.name, m.description, m.intended_use, p.data, p.ground_truth, p.steps, p.batch_size, p.seed, p.command, m.licence
    )
}
