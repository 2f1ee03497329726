//! Weights to and from safetensors, checked name by name and shape by shape.

use std::collections::HashMap;
use std::path::Path;

use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use tch::nn::VarStore;
use tch::{Kind, Tensor};

use crate::error::{NnError, PackageError};

fn bad(text: impl Into<String>) -> NnError {
    PackageError::Weights(text.into()).into()
}

/// Fills every variable of `store` from the file; nothing may be missing, left over or misshapen.
pub(crate) fn load(store: &mut VarStore, path: &Path) -> Result<(), NnError> {
    let bytes = std::fs::read(path).map_err(|source| PackageError::Io {
        action: "cannot read the model's weights",
        path: path.to_path_buf(),
        source,
    })?;
    let file = SafeTensors::deserialize(&bytes).map_err(|e| bad(e.to_string()))?;
    let shape = |view: &TensorView| view.shape().iter().map(|d| *d as i64).collect();
    let tensors = file.tensors();
    let found = tensors
        .iter()
        .map(|(name, view)| (name.as_str(), shape(view)));
    let mut variables = store.variables();
    report_mismatches(&found.collect(), &variables)?;
    for (name, variable) in &mut variables {
        let view = file.tensor(name).map_err(|e| bad(e.to_string()))?;
        let source = to_tensor(name, &view)?;
        tch::no_grad(|| variable.f_copy_(&source))?;
    }
    Ok(())
}

/// Fills every variable of `store`; nothing may be missing, left over or misshapen.
pub(crate) fn fill(store: &VarStore, tensors: &HashMap<String, Tensor>) -> Result<(), NnError> {
    let found = tensors.iter().map(|(name, t)| (name.as_str(), t.size()));
    let mut variables = store.variables();
    report_mismatches(&found.collect(), &variables)?;
    for (name, variable) in &mut variables {
        if let Some(tensor) = tensors.get(name) {
            tch::no_grad(|| variable.f_copy_(tensor))?;
        }
    }
    Ok(())
}

/// Collects every difference between what was found and the network, so that one message tells all.
fn report_mismatches(
    found: &HashMap<&str, Vec<i64>>,
    variables: &HashMap<String, Tensor>,
) -> Result<(), NnError> {
    let mut problems = Vec::new();
    for (name, variable) in variables {
        match found.get(name.as_str()) {
            None => problems.push(format!("'{name}' is missing")),
            Some(found) => {
                if *found != variable.size() {
                    let expected = variable.size();
                    problems.push(format!("'{name}' has shape {found:?}, not {expected:?}"));
                }
            }
        }
    }
    let unknown = |n: &&&str| !variables.contains_key(**n);
    problems.extend(
        found
            .keys()
            .filter(unknown)
            .map(|n| format!("'{n}' is not part of the network")),
    );
    if problems.is_empty() {
        return Ok(());
    }
    problems.sort();
    let shown = problems
        .iter()
        .take(5)
        .cloned()
        .collect::<Vec<_>>()
        .join("; ");
    let more = problems.len().saturating_sub(5);
    Err(bad(if more > 0 {
        format!("{shown}; and {more} more")
    } else {
        shown
    }))
}

/// A tensor of the file as float32.
pub(crate) fn to_tensor(name: &str, view: &TensorView) -> Result<Tensor, NnError> {
    let shape: Vec<i64> = view.shape().iter().map(|d| *d as i64).collect();
    Ok(Tensor::f_from_slice(&to_f32(name, view)?)?.f_reshape(shape)?)
}

fn to_f32(name: &str, view: &TensorView) -> Result<Vec<f32>, NnError> {
    let data = view.data();
    let values: Vec<f32> = match view.dtype() {
        Dtype::F32 => data
            .as_chunks()
            .0
            .iter()
            .map(|b| f32::from_le_bytes(*b))
            .collect(),
        Dtype::F16 => data
            .as_chunks()
            .0
            .iter()
            .map(|b| f16::from_le_bytes(*b).to_f32())
            .collect(),
        Dtype::BF16 => data
            .as_chunks()
            .0
            .iter()
            .map(|b| bf16::from_le_bytes(*b).to_f32())
            .collect(),
        other => {
            return Err(bad(format!(
                "'{name}' is stored as {other:?}; F32, F16 or BF16 is expected"
            )))
        }
    };
    match values.iter().all(|v| v.is_finite()) {
        true => Ok(values),
        false => Err(bad(format!("'{name}' holds values that are not numbers"))),
    }
}

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
