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
    let mut variables = store.variables();
    report_mismatches(&file, &variables)?;
    for (name, variable) in &mut variables {
        let view = file.tensor(name).map_err(|e| bad(e.to_string()))?;
        let values = to_f32(name, &view)?;
        let source = Tensor::f_from_slice(&values)?.f_reshape(variable.size())?;
        tch::no_grad(|| variable.f_copy_(&source))?;
    }
    Ok(())
}

/// Collects every difference between the file and the network, so that one message tells all.
fn report_mismatches(
    file: &SafeTensors,
    variables: &HashMap<String, Tensor>,
) -> Result<(), NnError> {
    let mut problems = Vec::new();
    for (name, variable) in variables {
        match file.tensor(name) {
            Err(_) => problems.push(format!("'{name}' is missing")),
            Ok(view) => {
                let found: Vec<i64> = view.shape().iter().map(|d| *d as i64).collect();
                if found != variable.size() {
                    let expected = variable.size();
                    problems.push(format!("'{name}' has shape {found:?}, not {expected:?}"));
                }
            }
        }
    }
    let unknown = |n: &&&str| !variables.contains_key(**n);
    let names = file.names();
    problems.extend(
        names
            .iter()
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
    let mut tensors = Vec::new();
    for (name, tensor) in store.variables() {
        let shape: Vec<usize> = tensor.size().iter().map(|d| *d as usize).collect();
        let flat = tensor
            .f_detach()?
            .f_to_kind(Kind::Float)?
            .f_to_device(tch::Device::Cpu)?;
        let flat = flat.f_contiguous()?.f_reshape([-1])?;
        let mut values = vec![0f32; flat.numel()];
        flat.f_copy_data(&mut values, flat.numel())?;
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|v| f16::from_f32(*v).to_le_bytes())
            .collect();
        tensors.push((name, shape, bytes));
    }
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    let mut views = Vec::new();
    for (name, shape, bytes) in &tensors {
        let view =
            TensorView::new(Dtype::F16, shape.clone(), bytes).map_err(|e| bad(e.to_string()))?;
        views.push((name.as_str(), view));
    }
    safetensors::serialize(views, None).map_err(|e| bad(e.to_string()))
}
