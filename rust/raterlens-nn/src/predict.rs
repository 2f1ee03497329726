//! A loaded model, run on prepared slices.

use ndarray::{Array4, ArrayView4};
use tch::nn::VarStore;
use tch::{Kind, Tensor};

use crate::architecture::Head;
use crate::device::Device;
use crate::error::NnError;
use crate::evidence::evidence;
use crate::network::{Mode, Network, TaskOutputs};
use crate::package::{Manifest, ModelPackage};
use crate::weights;

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

/// A network with its weights on a device, in evaluation mode.
#[derive(Debug)]
pub struct Predictor {
    // The network's tensors are views of the store's; the store keeps them alive together.
    _store: VarStore,
    network: Network,
    manifest: Manifest,
    device: Device,
}

impl Predictor {
    /// Builds the network of a package on a device and loads its weights.
    ///
    /// # Errors
    /// Missing, left-over or misshapen tensors, named; or a device that has no room.
    pub fn load(package: &ModelPackage, device: &Device) -> Result<Self, NnError> {
        let manifest = package.manifest().clone();
        let mut store = VarStore::new(device.tch());
        let network = build(&store, &manifest)?;
        weights::load(&mut store, &package.weights_path())?;
        store.freeze();
        Ok(Self {
            _store: store,
            network,
            manifest,
            device: device.clone(),
        })
    }

    /// The model's description.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
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
        let input = &self.manifest.input;
        let expected = [input.channels, input.size[0], input.size[1]];
        let (n, c, h, w) = batch.dim();
        if [c, h, w] != expected || n == 0 {
            return Err(NnError::InputShape {
                expected,
                found: [c, h, w],
            });
        }
        tch::no_grad(|| self.run(batch))
    }

    fn run(&self, batch: ArrayView4<f32>) -> Result<SlicePrediction, NnError> {
        let shape: Vec<i64> = batch.shape().iter().map(|d| *d as i64).collect();
        let contiguous = batch.as_standard_layout();
        let values = contiguous.as_slice().ok_or(NnError::NotANumber)?;
        let x = Tensor::f_from_slice(values)?
            .f_reshape(&shape)?
            .f_to_device(self.device.tch())?;
        let outputs = self.network.forward(&x, Mode::Evaluation)?;
        interpret(&outputs, &self.manifest)
    }
}

/// What the outputs of a network mean.
pub(crate) fn interpret(outputs: &TaskOutputs, m: &Manifest) -> Result<SlicePrediction, NnError> {
    let (n, _, h, w) = outputs.logits.size4()?;
    let nothing = || Array4::zeros([n, 0, h, w].map(|d| d as usize));
    let (probabilities, evidential_uncertainty) = match m.architecture.head {
        Head::Softmax => {
            let probabilities = outputs.logits.f_softmax(1, Kind::Float)?;
            (to_array(&probabilities)?, nothing())
        }
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

/// Builds the network that a manifest describes in `store`.
pub(crate) fn build(store: &VarStore, m: &Manifest) -> Result<Network, NnError> {
    Network::build(
        &store.root(),
        &m.architecture,
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
