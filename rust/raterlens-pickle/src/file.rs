//! An open file of weights: which tensors it has, and their numbers one tensor at a time.

use std::io;
use std::path::Path;

use crate::archive::{unreadable, Archive};
use crate::error::PickleError;
use crate::machine;
use crate::state_dict::{self, NamedTensor};
use crate::tensor::{Dtype, StorageRef, TensorInfo, TensorNode};

/// Bytes read at once; a multiple of every kind's size.
const CHUNK: usize = 1 << 20;

/// A state dict whose description was read and checked against the records of its file.
///
/// Memory: the description, and of the numbers one megabyte at a time. Only for a tensor that is a part
/// of a larger record, or whose numbers lie in another order, its whole record is held while it (and those
/// after it that share the record) are read.
#[derive(Debug)]
pub struct WeightFile {
    archive: Archive,
    infos: Vec<TensorInfo>,
    nodes: Vec<TensorNode>,
    /// The record held for tensors that share it.
    held: Option<(String, Vec<u8>)>,
}

impl WeightFile {
    /// Opens a file that `torch.save` wrote, and reads the description of its tensors. A checkpoint whose
    /// state dict lies under `state_dict`, `model_state_dict` or `model` is understood, too.
    ///
    /// # Errors
    /// A file of another format, damaged, hostile or too large; see [`PickleError`].
    pub fn open(path: &Path) -> Result<Self, PickleError> {
        let mut archive = Archive::open(path)?;
        check_byte_order(&mut archive)?;
        let (values, root) = machine::run(&archive.pickle()?)?;
        let named = state_dict::tensors(&values, root)?;
        for (info, node) in &named {
            check_record(&mut archive, &info.name, &node.storage)?;
        }
        let (infos, nodes) = named.into_iter().map(|pair: NamedTensor| pair).unzip();
        Ok(Self {
            archive,
            infos,
            nodes,
            held: None,
        })
    }

    /// The tensors, in the file's order.
    #[must_use]
    pub fn tensors(&self) -> &[TensorInfo] {
        &self.infos
    }

    /// Gives the numbers of tensor `index` to `sink`, part by part, in row-major order, as float32.
    ///
    /// # Errors
    /// Damage; a number that is not finite, or too large for float32; what `sink` returns, as
    /// [`PickleError::Sink`].
    pub fn read_f32(
        &mut self,
        index: usize,
        sink: &mut dyn FnMut(&[f32]) -> io::Result<()>,
    ) -> Result<(), PickleError> {
        let (Some(node), Some(info)) = (self.nodes.get(index), self.infos.get(index)) else {
            return Err(PickleError::damaged(format!(
                "there is no tensor number {index}"
            )));
        };
        let mut checked = |values: &[f32]| {
            if !values.iter().all(|v| v.is_finite()) {
                return Err(PickleError::tensor(
                    &info.name,
                    "it has values that are not numbers, or too large for float32",
                ));
            }
            sink(values).map_err(PickleError::Sink)
        };
        let dtype = node.storage.dtype;
        let record = record_name(&node.storage);
        if node.is_whole_storage() {
            return self.archive.record(&record, |input| {
                let mut left = node.storage.len * dtype.bytes();
                let mut bytes = vec![0; CHUNK.min(left as usize)];
                let mut values = Vec::with_capacity(CHUNK / dtype.bytes() as usize);
                while left > 0 {
                    let part = bytes
                        .get_mut(..CHUNK.min(left as usize))
                        .unwrap_or_default();
                    input.read_exact(part).map_err(|e| unreadable(&e))?;
                    left -= part.len() as u64;
                    values.clear();
                    dtype.append_f32(part, &mut values);
                    checked(&values)?;
                }
                Ok(())
            });
        }
        if self.held.as_ref().is_none_or(|(held, _)| *held != record) {
            self.held = None;
            let mut bytes = Vec::new();
            self.archive.record(&record, |input| {
                input
                    .read_to_end(&mut bytes)
                    .map(drop)
                    .map_err(|e| unreadable(&e))
            })?;
            self.held = Some((record, bytes));
        }
        let bytes = self
            .held
            .as_ref()
            .map(|(_, bytes)| bytes.as_slice())
            .unwrap_or_default();
        gather(node, dtype, bytes, &mut checked)
    }
}

/// Walks through a tensor in row-major order, wherever its numbers lie.
fn gather(
    node: &TensorNode,
    dtype: Dtype,
    bytes: &[u8],
    sink: &mut dyn FnMut(&[f32]) -> Result<(), PickleError>,
) -> Result<(), PickleError> {
    let size = dtype.bytes();
    let mut index = vec![0_usize; node.shape.len()];
    let mut values = Vec::with_capacity(CHUNK);
    for _ in 0..node.len() {
        let steps = index
            .iter()
            .zip(&node.strides)
            .map(|(i, stride)| *i as u64 * stride);
        let at = ((node.offset + steps.sum::<u64>()) * size) as usize;
        let number = bytes.get(at..at + size as usize);
        dtype.append_f32(
            number.ok_or_else(|| PickleError::damaged("a record of numbers is too short"))?,
            &mut values,
        );
        if values.len() == CHUNK {
            sink(&values)?;
            values.clear();
        }
        for (i, extent) in index.iter_mut().zip(&node.shape).rev() {
            *i += 1;
            if *i < *extent {
                break;
            }
            *i = 0;
        }
    }
    sink(&values)
}

fn record_name(storage: &StorageRef) -> String {
    format!("data/{}", storage.key)
}

/// The record must have exactly as many bytes as its description says.
fn check_record(
    archive: &mut Archive,
    name: &str,
    storage: &StorageRef,
) -> Result<(), PickleError> {
    let found = archive.record_length(&record_name(storage))?;
    let expected = storage.len.checked_mul(storage.dtype.bytes());
    if Some(found) == expected {
        return Ok(());
    }
    let text = format!(
        "its record has {found} bytes where {} values of {} are described",
        storage.len,
        storage.dtype.name()
    );
    Err(PickleError::tensor(name, text))
}

/// Older files do not say; they are little-endian unless made on a mainframe.
fn check_byte_order(archive: &mut Archive) -> Result<(), PickleError> {
    if archive.record_length("byteorder").is_err() {
        return Ok(());
    }
    let mut order = Vec::new();
    archive.record("byteorder", |input| {
        use std::io::Read;
        input
            .take(16)
            .read_to_end(&mut order)
            .map(drop)
            .map_err(|e| unreadable(&e))
    })?;
    match order.as_slice() {
        b"little" => Ok(()),
        _ => Err(PickleError::NotAStateDict(
            "its numbers are big-endian".into(),
        )),
    }
}
