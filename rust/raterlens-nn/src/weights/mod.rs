//! Weights to and from safetensors, checked name by name and shape by shape.

mod memory;
mod values;
mod write;

use std::collections::HashMap;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::SafeTensors;
use tch::nn::VarStore;
use tch::Tensor;

pub(crate) use memory::Memory;
pub(crate) use values::to_tensor;
pub(crate) use write::{tensors_to_bytes, to_bytes_f16};

use crate::error::{NnError, PackageError};

fn bad(text: impl Into<String>) -> NnError {
    PackageError::Weights(text.into()).into()
}

/// Fills `store` with the weights of a model of the same network whose input may have another size: position embeddings are
/// interpolated linearly.
pub(crate) fn load(store: &mut VarStore, path: &Path) -> Result<(), NnError> {
    let bytes = std::fs::read(path).map_err(|source| unreadable(path, source))?;
    let file = SafeTensors::deserialize(&bytes).map_err(|e| bad(e.to_string()))?;
    let mut tensors = HashMap::new();
    for (name, variable) in store.variables() {
        let Ok(view) = file.tensor(&name) else {
            continue; // missing: reported below
        };
        let source = to_tensor(&name, &view)?;
        let source = match (name.ends_with("position"), variable.size().as_slice()) {
            (true, [_, hidden, rows, columns]) if source.size().get(1) == Some(hidden) => {
                source.f_upsample_bilinear2d([*rows, *columns], false, None::<f64>, None::<f64>)?
            }
            _ => source,
        };
        tensors.insert(name, source);
    }
    let others = file
        .names()
        .into_iter()
        .filter(|n| !tensors.contains_key::<str>(n));
    if let Some(other) = others.min() {
        return Err(bad(format!("'{other}' is not part of the network")));
    }
    fill(store, &tensors)
}

fn unreadable(path: &Path, source: std::io::Error) -> NnError {
    let io = PackageError::Io {
        action: "cannot read the model's weights",
        path: path.to_path_buf(),
        source,
    };
    io.into()
}

/// Names and shapes of the file's tensors.
fn shapes(file: &SafeTensors) -> HashMap<String, Vec<i64>> {
    let shape = |view: TensorView| view.shape().iter().map(|d| *d as i64).collect();
    let tensors = file.tensors().into_iter();
    tensors.map(|(name, view)| (name, shape(view))).collect()
}

/// Fills every variable of `store`; nothing may be missing, left over or misshapen.
pub(crate) fn fill(store: &VarStore, tensors: &HashMap<String, Tensor>) -> Result<(), NnError> {
    let found = tensors.iter().map(|(name, t)| (name.clone(), t.size()));
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
    found: &HashMap<String, Vec<i64>>,
    variables: &HashMap<String, Tensor>,
) -> Result<(), NnError> {
    let mut problems = Vec::new();
    for (name, variable) in variables {
        match found.get(name) {
            None => problems.push(format!("'{name}' is missing")),
            Some(found) => {
                if *found != variable.size() {
                    let expected = variable.size();
                    problems.push(format!("'{name}' has shape {found:?}, not {expected:?}"));
                }
            }
        }
    }
    let unknown = |n: &&String| !variables.contains_key(*n);
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
