//! A network with the weights of a package, ready to predict.

use std::path::Path;

use tch::nn::VarStore;
use tch::Tensor;

use crate::device::Device;
use crate::error::NnError;
use crate::network::{Mode, Network, Scope, TaskOutputs};
use crate::package::Manifest;
use crate::predict::build_in;
use crate::weights::Memory;

/// A network that predicts and does not learn.
// The order of the fields is the order in which they are dropped: memory that tensors point into goes last.
#[derive(Debug)]
pub(crate) struct LoadedNetwork {
    network: Network,
    store: VarStore,
    _memory: Option<Memory>,
}

impl LoadedNetwork {
    /// Builds the network that a manifest describes on a device, with the weights of a file.
    ///
    /// # Errors
    /// Missing, left-over or misshapen tensors, named; or a device that has no room.
    pub(crate) fn load(m: &Manifest, weights: &Path, device: &Device) -> Result<Self, NnError> {
        let mut store = VarStore::new(device.tch());
        let mut network = build_in(&Scope::reserved(&store.root()), m)?;
        let memory = Memory::read(weights, &store)?;
        store.freeze();
        let kept = if device.tch() == tch::Device::Cpu {
            lend(&memory, &store)?;
            Some(memory)
        } else {
            memory.copy_to(&store)?;
            None
        };
        network.prepare()?;
        Ok(Self {
            network,
            store,
            _memory: kept,
        })
    }

    /// The deterministic pass; see [`Network::forward`].
    pub(crate) fn forward(&self, x: &Tensor) -> Result<TaskOutputs, NnError> {
        self.network.forward(x, Mode::Evaluation)
    }

    /// The network, for other modes than evaluation.
    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// Numbers that the network has learnt.
    pub(crate) fn parameter_count(&self) -> u64 {
        let weights = self.store.trainable_variables();
        weights.iter().map(|w| w.numel() as u64).sum()
    }
}

#[allow(unsafe_code)]
fn lend(memory: &Memory, store: &VarStore) -> Result<(), NnError> {
    // SAFETY: a `LoadedNetwork` owns store, network and memory and drops them in this order. Outputs of a pass are
    // memory of their own, for the last operation of every network is a convolution. Nothing writes to the weights:
    // the store is frozen, and evaluation and sampling only read them (training never gets a loaded network).
    unsafe { memory.lend(store) }
}
