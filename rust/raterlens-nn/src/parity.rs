//! Runs a network on tensors from a file and writes what it gave to another: for `tests/parity` and the benchmarks,
//! which compare it with PyTorch. Not part of the API for hosts.
//!
//! The input is a safetensors file of float32 tensors: `input` `[N, channels, H, W]`; `weight.NAME` for each weight;
//! for a training pass `mask.SITE` (0 or 1 / (1 - rate)) for each dropout site, and `cotangent.logits`,
//! `cotangent.variance`: the loss is the sum of outputs times cotangents. Its metadata: `architecture` (the JSON of
//! `model.json`), `structures`, `size` (rows and columns that the network is made for, a JSON list), `mode`:
//! `evaluation` or `training`, and `precision`: `single`, or `double` to compute in float64. The output: `logits`, `variance`, for a
//! training pass `gradient.NAME` and `running.NAME`.

use std::collections::HashMap;
use std::path::Path;

use safetensors::SafeTensors;
use tch::nn::{Optimizer, OptimizerConfig, VarStore};
use tch::{Kind, Reduction, Tensor};

use crate::architecture::Architecture;
use crate::error::{NnError, PackageError};
use crate::network::{initialise, Generator, GivenMasks, Mode, Network, TaskOutputs};
use crate::package::{Manifest, ModelPackage};
use crate::predict::build;
use crate::weights;

/// Tensors by name.
type Tensors = HashMap<String, Tensor>;

/// What an input file holds.
struct Job {
    architecture: Architecture,
    structures: usize,
    size: [usize; 2],
    training: bool,
    double: bool,
    tensors: Tensors,
}

fn bad(text: impl Into<String>) -> NnError {
    PackageError::Weights(text.into()).into()
}

/// Runs the job of one file and writes its results to another.
///
/// # Errors
/// A file that cannot be read or written, that lacks something, or libtorch's own reason.
pub fn run_file(input: &Path, output: &Path) -> Result<(), NnError> {
    let results = Job::read(input)?.run()?;
    let bytes = weights::tensors_to_bytes(&results)?;
    std::fs::write(output, bytes).map_err(|e| bad(e.to_string()))
}

impl Job {
    fn read(path: &Path) -> Result<Self, NnError> {
        let bytes = std::fs::read(path).map_err(|e| bad(e.to_string()))?;
        let fail = |e: safetensors::SafeTensorError| bad(e.to_string());
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(fail)?;
        let facts = header.metadata().clone().unwrap_or_default();
        let fact = |name: &str| facts.get(name).ok_or_else(|| bad(format!("no {name}")));
        let architecture = serde_json::from_str(fact("architecture")?);
        let structures = fact("structures")?.parse();
        let size = serde_json::from_str(fact("size")?);
        let training = match fact("mode")?.as_str() {
            "evaluation" => false,
            "training" => true,
            other => return Err(bad(format!("mode '{other}'"))),
        };
        let double = fact("precision")? == "double";
        let file = SafeTensors::deserialize(&bytes).map_err(fail)?;
        let mut tensors = Tensors::new();
        for (name, view) in file.tensors() {
            let tensor = weights::to_tensor(&name, &view)?;
            let kind = if double { Kind::Double } else { Kind::Float };
            tensors.insert(name, tensor.f_to_kind(kind)?);
        }
        Ok(Self {
            architecture: architecture.map_err(|e| bad(e.to_string()))?,
            structures: structures.map_err(|_| bad("structures"))?,
            size: size.map_err(|e| bad(e.to_string()))?,
            training,
            double,
            tensors,
        })
    }

    fn tensor(&self, name: &str) -> Result<&Tensor, NnError> {
        let missing = || bad(format!("'{name}' is missing"));
        self.tensors.get(name).ok_or_else(missing)
    }

    /// Tensors whose names begin so, without that beginning.
    fn named(&self, prefix: &str) -> Tensors {
        let strip = |(name, tensor): (&String, &Tensor)| {
            let name = name.strip_prefix(prefix)?;
            Some((name.to_owned(), tensor.shallow_clone()))
        };
        self.tensors.iter().filter_map(strip).collect()
    }

    fn run(&self) -> Result<Tensors, NnError> {
        let x = self.tensor("input")?;
        let (_, channels, _, _) = x.size4()?;
        let mut store = VarStore::new(tch::Device::Cpu);
        let (a, size, structures) = (&self.architecture, self.size, self.structures);
        let mut network = Network::build(&store.root(), a, channels as usize, size, structures)?;
        if self.double {
            store.double();
        }
        weights::fill(&store, &self.named("weight."))?;
        if self.training {
            let masks = GivenMasks(self.named("mask."));
            let outputs = network.forward(x, Mode::Training(&masks))?;
            self.loss(&outputs)?.f_backward()?;
            return results(&outputs, Some(&store));
        }
        // As a predictor does it.
        network.prepare()?;
        let outputs = tch::no_grad(|| network.forward(x, Mode::Evaluation))?;
        results(&outputs, None)
    }

    fn loss(&self, outputs: &TaskOutputs) -> Result<Tensor, NnError> {
        let weighted = |y: &Tensor, name| -> Result<Tensor, NnError> {
            Ok(y.f_mul(self.tensor(name)?)?.f_sum(y.kind())?)
        };
        let loss = weighted(&outputs.logits, "cotangent.logits")?;
        match &outputs.scaled_variance {
            Some(variance) => Ok(loss.f_add(&weighted(variance, "cotangent.variance")?)?),
            None => Ok(loss),
        }
    }
}

fn results(outputs: &TaskOutputs, trained: Option<&VarStore>) -> Result<Tensors, NnError> {
    let mut found = Tensors::new();
    found.insert("logits".into(), outputs.logits.f_detach()?);
    if let Some(variance) = &outputs.scaled_variance {
        found.insert("variance".into(), variance.f_detach()?);
    }
    for (name, weight) in trained.map(VarStore::variables).unwrap_or_default() {
        if weight.requires_grad() {
            found.insert(format!("gradient.{name}"), weight.grad());
        } else {
            found.insert(format!("running.{name}"), weight);
        }
    }
    Ok(found)
}

/// Writes a package of random float32 weights: for timing.
///
/// # Errors
/// The package cannot be built or written.
pub fn write_random_f32(manifest: &Manifest, out: &Path) -> Result<(), NnError> {
    let store = VarStore::new(tch::Device::Cpu);
    build(&store, manifest)?;
    initialise(&store)?;
    let bytes = weights::tensors_to_bytes(&store.variables())?;
    ModelPackage::write(
        out,
        manifest.clone(),
        &bytes,
        "Random weights, for timing.\n",
    )?;
    Ok(())
}

/// Training steps on random data, for timing: cross-entropy plus mean squared error, SGD with momentum.
#[derive(Debug)]
pub struct Trainer {
    network: Network,
    optimizer: Optimizer,
    images: Tensor,
    labels: Tensor,
    variance: Tensor,
}

impl Trainer {
    /// For batches of `batch` images of `size`, of four structures.
    ///
    /// # Errors
    /// The network cannot be built.
    pub fn new(a: &Architecture, size: [usize; 2], batch: i64) -> Result<Self, NnError> {
        const STRUCTURES: i64 = 4;
        let store = VarStore::new(tch::Device::Cpu);
        let network = Network::build(&store.root(), a, 1, size, STRUCTURES as usize)?;
        initialise(&store)?;
        let cpu = (Kind::Float, tch::Device::Cpu);
        let [h, w] = size.map(|s| s as i64);
        let sgd = tch::nn::sgd(0.9, 0.0, 1e-4, false);
        Ok(Self {
            network,
            optimizer: sgd.build(&store, 1e-3)?,
            images: Tensor::f_randn([batch, 1, h, w], cpu)?,
            labels: Tensor::f_randint(STRUCTURES + 1, [batch, h, w], (Kind::Int64, cpu.1))?,
            variance: Tensor::f_rand([batch, STRUCTURES, h, w], cpu)?,
        })
    }

    /// One step; returns its loss.
    ///
    /// # Errors
    /// libtorch's own reason.
    pub fn step(&mut self) -> Result<f64, NnError> {
        let outputs = self
            .network
            .forward(&self.images, Mode::Training(&Generator))?;
        let mut loss = {
            let none = None::<&Tensor>;
            outputs
                .logits
                .f_cross_entropy_loss(&self.labels, none, Reduction::Mean, -100, 0.0)?
        };
        if let Some(variance) = &outputs.scaled_variance {
            loss = loss.f_add(&variance.f_mse_loss(&self.variance, Reduction::Mean)?)?;
        }
        self.optimizer.zero_grad();
        loss.f_backward()?;
        self.optimizer.step();
        Ok(loss.f_double_value(&[])?)
    }
}
