//! Weights to safetensors.

use std::collections::HashMap;

use half::f16;
use safetensors::tensor::TensorView;
use safetensors::Dtype;
use tch::nn::VarStore;
use tch::{Kind, Tensor};

use super::bad;
use crate::error::NnError;

/// The bytes of a safetensors file with every variable as float16.
pub(crate) fn to_bytes_f16(store: &VarStore) -> Result<Vec<u8>, NnError> {
    let to_half = |values: &[f32]| -> Vec<u8> {
        let bytes = values.iter().flat_map(|v| f16::from_f32(*v).to_le_bytes());
        bytes.collect()
    };
    to_bytes(&store.variables(), Dtype::F16, to_half)
}

/// The bytes of a safetensors file with every tensor as float32.
pub(crate) fn tensors_to_bytes(tensors: &HashMap<String, Tensor>) -> Result<Vec<u8>, NnError> {
    let to_single = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect();
    to_bytes(tensors, Dtype::F32, to_single)
}

fn to_bytes(
    tensors: &HashMap<String, Tensor>,
    dtype: Dtype,
    encode: impl Fn(&[f32]) -> Vec<u8>,
) -> Result<Vec<u8>, NnError> {
    let mut encoded = Vec::new();
    for (name, tensor) in tensors {
        let shape: Vec<usize> = tensor.size().iter().map(|d| *d as usize).collect();
        let flat = tensor
            .f_detach()?
            .f_to_kind(Kind::Float)?
            .f_to_device(tch::Device::Cpu)?;
        let flat = flat.f_contiguous()?.f_reshape([-1])?;
        let mut values = vec![0f32; flat.numel()];
        flat.f_copy_data(&mut values, flat.numel())?;
        encoded.push((name, shape, encode(&values)));
    }
    encoded.sort_by_key(|(name, ..)| *name);
    let mut views = Vec::new();
    for (name, shape, bytes) in &encoded {
        let view = TensorView::new(dtype, shape.clone(), bytes).map_err(|e| bad(e.to_string()))?;
        views.push((name.as_str(), view));
    }
    safetensors::serialize(views, None).map_err(|e| bad(e.to_string()))
}
