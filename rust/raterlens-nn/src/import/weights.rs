//! From a state dict to the safetensors file of a package, one tensor at a time.

use std::collections::HashMap;
use std::io::{self, Write};

use raterlens_pickle::{Dtype, PickleError, WeightFile};
use safetensors::tensor::{Metadata, TensorInfo};
use tch::nn::VarStore;

use super::error::{ImportError, Mismatch};
use super::names::{role, Role};
use crate::error::PackageError;

/// Names and shapes of a network's tensors.
pub(super) type Shapes = HashMap<String, Vec<usize>>;

/// Those of a network that was built in `store`.
pub(super) fn shapes(store: &VarStore) -> Shapes {
    let size = |t: &tch::Tensor| t.size().iter().map(|d| *d as usize).collect();
    store
        .variables()
        .iter()
        .map(|(name, t)| (name.clone(), size(t)))
        .collect()
}

/// One tensor on its way.
#[derive(Debug)]
struct Transfer {
    /// Number in the source.
    source: usize,
    name: String,
    shape: Vec<usize>,
    /// Rows and columns of a matrix that is to be transposed.
    transpose: Option<[usize; 2]>,
}

/// What goes where; made only if every tensor of the network is there in its shape, and nothing else.
#[derive(Debug)]
pub(super) struct Plan {
    transfers: Vec<Transfer>,
    /// Tensors that a prediction does not need.
    pub(super) left_out: usize,
}

impl Plan {
    /// Compares a file with a network, name by name and shape by shape.
    pub(super) fn new(file: &WeightFile, network: &Shapes) -> Result<Self, ImportError> {
        let mut plan = Self {
            transfers: Vec::new(),
            left_out: 0,
        };
        let mut difference = Mismatch::default();
        let mut missing = network.clone();
        for (source, tensor) in file.tensors().iter().enumerate() {
            let (name, is_position) = match role(&tensor.name) {
                Role::Counter => {
                    plan.left_out += 1;
                    continue;
                }
                Role::Weight(name) => (name, false),
                Role::Position(name) => (name, true),
                Role::Unknown => (String::new(), false),
            };
            let Some(shape) = missing.remove(&name) else {
                difference.left_over.push(tensor.name.clone());
                continue;
            };
            let expected = if is_position {
                tokens(&shape)
            } else {
                shape.clone()
            };
            let is_float = matches!(
                tensor.dtype,
                Dtype::F64 | Dtype::F32 | Dtype::F16 | Dtype::BF16
            );
            if tensor.shape != expected || !is_float {
                difference.misshapen.push(format!(
                    "{} is {:?} of {}, not {expected:?} of a float",
                    tensor.name,
                    tensor.shape,
                    tensor.dtype.name()
                ));
                continue;
            }
            let transpose = is_position.then(|| {
                [
                    expected.iter().rev().nth(1).copied().unwrap_or(1),
                    shape.get(1).copied().unwrap_or(1),
                ]
            });
            plan.transfers.push(Transfer {
                source,
                name,
                shape,
                transpose,
            });
        }
        difference.missing = missing.into_keys().collect();
        for names in [
            &mut difference.missing,
            &mut difference.left_over,
            &mut difference.misshapen,
        ] {
            names.sort();
        }
        if difference.is_empty() {
            Ok(plan)
        } else {
            Err(ImportError::Mismatch(difference))
        }
    }

    /// How many numbers are transferred.
    pub(super) fn len(&self) -> u64 {
        self.transfers
            .iter()
            .map(|t| numbers(&t.shape) as u64)
            .sum()
    }

    /// Writes the header, then the numbers as float32 in the same order. Holds one megabyte of them at a time.
    pub(super) fn write(
        &self,
        file: &mut WeightFile,
        out: &mut dyn Write,
    ) -> Result<(), ImportError> {
        let failed = |e: io::Error| ImportError::Weights(PickleError::Sink(e));
        out.write_all(&self.header()?).map_err(failed)?;
        let mut bytes = Vec::new();
        for transfer in &self.transfers {
            let mut put = |values: &[f32]| {
                bytes.clear();
                bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
                out.write_all(&bytes)
            };
            match transfer.transpose {
                None => file.read_f32(transfer.source, &mut put)?,
                Some(size) => {
                    let mut all = Vec::with_capacity(numbers(&transfer.shape));
                    file.read_f32(transfer.source, &mut |values| {
                        all.extend_from_slice(values);
                        Ok(())
                    })?;
                    put(&transposed(&all, size)).map_err(failed)?;
                }
            }
        }
        Ok(())
    }

    /// Length and JSON of a safetensors file, padded so that the numbers are aligned.
    fn header(&self) -> Result<Vec<u8>, ImportError> {
        let bad = |e: &dyn std::fmt::Display| PackageError::Weights(e.to_string());
        let mut at = 0;
        let mut tensors = Vec::new();
        for t in &self.transfers {
            let end = at + 4 * numbers(&t.shape);
            let info = TensorInfo {
                dtype: safetensors::Dtype::F32,
                shape: t.shape.clone(),
                data_offsets: (at, end),
            };
            tensors.push((t.name.clone(), info));
            at = end;
        }
        let metadata = Metadata::new(None, tensors).map_err(|e| bad(&e))?;
        let mut json = serde_json::to_vec(&metadata).map_err(|e| bad(&e))?;
        json.resize(json.len().next_multiple_of(8), b' ');
        let mut header = (json.len() as u64).to_le_bytes().to_vec();
        header.append(&mut json);
        Ok(header)
    }
}

fn numbers(shape: &[usize]) -> usize {
    shape.iter().product()
}

/// The published shape `[1, rows * columns, hidden]` of a position embedding `[1, hidden, rows, columns]`.
fn tokens(shape: &[usize]) -> Vec<usize> {
    match shape {
        [one, hidden, rows, columns] => vec![*one, rows * columns, *hidden],
        other => other.to_vec(),
    }
}

fn transposed(values: &[f32], [rows, columns]: [usize; 2]) -> Vec<f32> {
    let column = |c: usize| {
        values
            .iter()
            .skip(c)
            .step_by(columns.max(1))
            .take(rows)
            .copied()
    };
    (0..columns).flat_map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_embeddings_are_turned() {
        assert_eq!(tokens(&[1, 768, 16, 16]), [1, 256, 768]);
        // Two tokens of three channels.
        assert_eq!(
            transposed(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3]),
            [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]
        );
    }
}
