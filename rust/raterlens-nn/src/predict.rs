//! A loaded model, run on prepared slices.

use ndarray::{Array4, ArrayView4};
use tch::nn::VarStore;
use tch::{Kind, Tensor};

use crate::architecture::Head;
use crate::device::Device;
use crate::error::NnError;
use crate::evidence::evidence;
use crate::loaded::LoadedNetwork;
use crate::network::{Network, Scope, TaskOutputs};
use crate::package::{Manifest, ModelPackage, PackageKind};
use crate::script::Script;

/// A variance of values in [0, 1] cannot exceed a quarter.
const MAX_VARIANCE: f64 = 0.25;

/// What a model says about a batch of slices, at the network's input size.
#[derive(Debug, Clone, PartialEq)]
pub struct SlicePrediction {
    /// Probabilities `[N, structures + 1, H, W]`; channel 0 is background; they sum to 1.
    pub probabilities: Array4<f32>,
    /// Predicted inter-rater variance `[N, structures, H, W]`, in [0, 0.25]; `[N, 0, H, W]` from a model that
    /// predicts none (see [`Manifest::predicts_variance`]).
    pub variance: Array4<f32>,
    /// Uncertainty `K / S` of an evidential head `[N, 1, H, W]`, in (0, 1], 1 without any evidence; `[N, 0, H, W]`
    /// from every other model.
    pub evidential_uncertainty: Array4<f32>,
}

/// What runs: a network of our own, or a user's program.
#[derive(Debug)]
enum Runner {
    Native(Box<LoadedNetwork>),
    Script(Script),
}

impl Runner {
    fn load(package: &ModelPackage, device: &Device) -> Result<Self, NnError> {
        let manifest = package.manifest();
        if manifest.kind == PackageKind::TorchScript {
            return Ok(Self::Script(Script::load(&package.weights_path(), device)?));
        }
        let network = LoadedNetwork::load(manifest, &package.weights_path(), device)?;
        Ok(Self::Native(Box::new(network)))
    }

    fn parameter_count(&self) -> u64 {
        match self {
            Self::Native(network) => network.parameter_count(),
            Self::Script(script) => script.parameters().iter().map(|t| t.numel() as u64).sum(),
        }
    }

    fn forward(&self, x: &Tensor, structures: usize) -> Result<TaskOutputs, NnError> {
        match self {
            Self::Native(network) => network.forward(x),
            Self::Script(script) => script.forward(x, structures),
        }
    }
}

/// A network with its weights on a device, in evaluation mode.
#[derive(Debug)]
pub struct Predictor {
    runner: Runner,
    manifest: Manifest,
    device: Device,
}

impl Predictor {
    /// Builds the network of a package on a device and loads its weights; of a TorchScript package, loads the
    /// program, which runs code of whoever made it.
    ///
    /// # Errors
    /// Missing, left-over or misshapen tensors, named; a program that cannot be loaded; or a device that has no room.
    pub fn load(package: &ModelPackage, device: &Device) -> Result<Self, NnError> {
        Ok(Self {
            runner: Runner::load(package, device)?,
            manifest: package.manifest().clone(),
            device: device.clone(),
        })
    }

    /// The model's description.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// How many numbers the model has learnt; 0 for a program that does not say.
    #[must_use]
    pub fn parameter_count(&self) -> u64 {
        self.runner.parameter_count()
    }

    /// The device it runs on.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Runs one batch `[N, channels, H, W]` of slices, resized and normalised as the package says.
    ///
    /// # Errors
    /// A wrong shape, values that are not numbers, or libtorch's own reason.
    pub fn predict(&self, batch: ArrayView4<f32>) -> Result<SlicePrediction, NnError> {
        self.check(batch)?;
        tch::no_grad(|| self.run(batch))
    }

    /// The network, unless the model brings its own program.
    pub(crate) fn native(&self) -> Option<&LoadedNetwork> {
        match &self.runner {
            Runner::Native(network) => Some(network),
            Runner::Script(_) => None,
        }
    }

    /// Whether a batch has the model's shape.
    pub(crate) fn check(&self, batch: ArrayView4<f32>) -> Result<(), NnError> {
        let input = &self.manifest.input;
        let expected = [input.channels, input.size[0], input.size[1]];
        let (n, c, h, w) = batch.dim();
        if [c, h, w] != expected || n == 0 {
            return Err(NnError::InputShape {
                expected,
                found: [c, h, w],
            });
        }
        Ok(())
    }

    /// The batch on the model's device.
    pub(crate) fn to_tensor(&self, batch: ArrayView4<f32>) -> Result<Tensor, NnError> {
        let shape: Vec<i64> = batch.shape().iter().map(|d| *d as i64).collect();
        let contiguous = batch.as_standard_layout();
        let values = contiguous.as_slice().ok_or(NnError::NotANumber)?;
        let x = Tensor::f_from_slice(values)?.f_reshape(&shape)?;
        Ok(x.f_to_device(self.device.tch())?)
    }

    fn run(&self, batch: ArrayView4<f32>) -> Result<SlicePrediction, NnError> {
        let x = self.to_tensor(batch)?;
        let structures = self.manifest.label_scheme.len();
        let outputs = self.runner.forward(&x, structures)?;
        if outputs.scaled_variance.is_some() != self.manifest.predicts_variance() {
            let text = "it gave variance maps on import or now, but not both";
            return Err(NnError::Script(text.into()));
        }
        interpret(&outputs, &self.manifest)
    }
}

/// Probabilities `[N, structures + 1, H, W]` of class logits or evidence.
pub(crate) fn probabilities(logits: &Tensor, m: &Manifest) -> Result<Array4<f32>, NnError> {
    match head(m) {
        Head::Softmax => to_array(&logits.f_softmax(1, Kind::Float)?),
        Head::Evidential => to_array(&evidence(logits)?.probabilities),
    }
}

/// What the outputs of a network mean.
pub(crate) fn interpret(outputs: &TaskOutputs, m: &Manifest) -> Result<SlicePrediction, NnError> {
    let (n, _, h, w) = outputs.logits.size4()?;
    let nothing = || Array4::zeros([n, 0, h, w].map(|d| d as usize));
    let (probabilities, evidential_uncertainty) = match head(m) {
        Head::Softmax => (probabilities(&outputs.logits, m)?, nothing()),
        Head::Evidential => {
            let found = evidence(&outputs.logits)?;
            (
                to_array(&found.probabilities)?,
                to_array(&found.uncertainty)?,
            )
        }
    };
    let variance = match &outputs.scaled_variance {
        None => nothing(),
        Some(scaled) => {
            let variance = scaled.f_div_scalar(m.variance.scale)?;
            to_array(&variance.f_clamp(0.0, MAX_VARIANCE)?)?
        }
    };
    Ok(SlicePrediction {
        probabilities,
        variance,
        evidential_uncertainty,
    })
}

fn head(m: &Manifest) -> Head {
    m.architecture.as_ref().map(|a| a.head).unwrap_or_default()
}

/// Builds the network that a manifest describes in `store`.
pub(crate) fn build(store: &VarStore, m: &Manifest) -> Result<Network, NnError> {
    build_in(&Scope::new(&store.root()), m)
}

/// Builds the network that a manifest describes in a scope.
pub(crate) fn build_in(scope: &Scope, m: &Manifest) -> Result<Network, NnError> {
    let none = || NnError::Architecture("a TorchScript package brings its own network".into());
    Network::build_in(
        scope,
        m.architecture.as_ref().ok_or_else(none)?,
        m.input.channels,
        m.input.size,
        m.label_scheme.len(),
    )
}

/// Copies a 4-D float tensor to the CPU, refusing NaN.
pub(crate) fn to_array(tensor: &Tensor) -> Result<Array4<f32>, NnError> {
    let (n, c, h, w) = tensor.size4()?;
    let flat = tensor.f_to_device(tch::Device::Cpu)?.f_contiguous()?;
    let mut values = vec![0f32; flat.numel()];
    flat.f_copy_data(&mut values, flat.numel())?;
    if values.iter().any(|v| !v.is_finite()) {
        return Err(NnError::NotANumber);
    }
    let shape = [n, c, h, w].map(|d| d as usize);
    Array4::from_shape_vec(shape, values).map_err(|e| NnError::Torch(e.to_string()))
}
