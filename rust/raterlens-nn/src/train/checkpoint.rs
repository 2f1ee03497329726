//! The whole state of a training run in one file: a safetensors file with the weights as `weight:NAME`, the optimiser's memory as
//! `optimiser:NAME.KIND`, and notes as JSON in its header.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use safetensors::{Dtype, SafeTensors, View};
use tch::{Kind, Tensor};

use crate::error::{NnError, PackageError};

const NOTES: &str = "raterlens";

type Result<T> = std::result::Result<T, NnError>;

/// A tensor whose bytes are copied when they are written.
struct Stored {
    tensor: Tensor,
    shape: Vec<usize>,
    length: usize,
}

impl Stored {
    fn new(tensor: &Tensor) -> Result<Self> {
        let tensor = tensor.f_detach()?.f_to_device(tch::Device::Cpu)?;
        let tensor = tensor.f_to_kind(Kind::Float)?.f_contiguous()?;
        Ok(Self {
            shape: tensor.size().iter().map(|d| *d as usize).collect(),
            length: tensor.numel() * 4,
            tensor,
        })
    }
}

impl View for Stored {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let mut values = vec![0_f32; self.length / 4];
        // A contiguous float tensor of this length: copying cannot fail. Zeros would be noticed by the length check on loading.
        let copied = self.tensor.f_copy_data(&mut values, self.length / 4);
        if copied.is_err() {
            return Cow::Owned(Vec::new());
        }
        Cow::Owned(values.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    fn data_len(&self) -> usize {
        self.length
    }
}

/// Writes a checkpoint; the earlier one at `path` stays until the new one is complete on disk.
pub(super) fn write(
    path: &Path,
    tensors: &[(String, Tensor)],
    notes: &serde_json::Value,
) -> Result<()> {
    let io = |source| PackageError::Io {
        action: "cannot write the checkpoint (check the free space of the disk)",
        path: path.to_path_buf(),
        source,
    };
    let mut views = Vec::with_capacity(tensors.len());
    for (name, tensor) in tensors {
        views.push((name.clone(), Stored::new(tensor)?));
    }
    let header = HashMap::from([(NOTES.to_owned(), notes.to_string())]);
    let part = path.with_extension("part");
    let written = write_part(&part, views, header).and_then(|()| std::fs::rename(&part, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    Ok(written.map_err(io)?)
}

fn write_part(
    part: &Path,
    views: Vec<(String, Stored)>,
    header: HashMap<String, String>,
) -> std::io::Result<()> {
    safetensors::serialize_to_file(views, Some(header), part).map_err(|e| match e {
        safetensors::SafeTensorError::IoError(source) => source,
        other => std::io::Error::other(other.to_string()),
    })?;
    std::fs::File::open(part)?.sync_all()
}

/// Reads a checkpoint: its tensors by name, and its notes.
pub(super) fn read(path: &Path) -> Result<(HashMap<String, Tensor>, serde_json::Value)> {
    let bytes = std::fs::read(path).map_err(|source| PackageError::Io {
        action: "cannot read the checkpoint",
        path: path.to_path_buf(),
        source,
    })?;
    let bad = |reason: String| NnError::Checkpoint(reason);
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| bad(e.to_string()))?;
    let notes = header.metadata().as_ref().and_then(|m| m.get(NOTES));
    let notes = notes.ok_or_else(|| bad("it is not a checkpoint of RaterLens".to_owned()))?;
    let notes = serde_json::from_str(notes).map_err(|e| bad(e.to_string()))?;
    let file = SafeTensors::deserialize(&bytes).map_err(|e| bad(e.to_string()))?;
    let mut tensors = HashMap::new();
    for (name, view) in file.iter() {
        if view.dtype() != Dtype::F32 {
            return Err(bad(format!("'{name}' is not stored as F32")));
        }
        let chunks = view.data().as_chunks().0.iter();
        let values: Vec<f32> = chunks.map(|b| f32::from_le_bytes(*b)).collect();
        let shape: Vec<i64> = view.shape().iter().map(|d| *d as i64).collect();
        tensors.insert(
            name.to_owned(),
            Tensor::f_from_slice(&values)?.f_reshape(shape)?,
        );
    }
    Ok((tensors, notes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back_bit_for_bit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("last.safetensors");
        let odd = Tensor::from_slice(&[f32::MIN_POSITIVE, -0.0, 1.0 / 3.0]).reshape([3, 1]);
        let scalar = Tensor::from_slice(&[2.5f32]).reshape([0i64; 0]);
        let all = [
            ("a".to_owned(), odd.shallow_clone()),
            ("b".to_owned(), scalar),
        ];
        write(&path, &all, &serde_json::json!({"epoch": 3})).unwrap();
        let (tensors, notes) = read(&path).unwrap();
        assert_eq!(notes["epoch"], 3);
        assert_eq!(tensors["a"].size(), [3, 1]);
        let bits = |t: &Tensor| -> Vec<u32> {
            let values = Vec::<f32>::try_from(t.flatten(0, -1)).unwrap();
            values.iter().map(|v| v.to_bits()).collect()
        };
        assert_eq!(bits(&tensors["a"]), bits(&odd));
        assert_eq!(tensors["b"].size(), [0i64; 0]);
    }

    #[test]
    fn a_failed_write_leaves_the_earlier_checkpoint() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("last.safetensors");
        let one = [("a".to_owned(), Tensor::from_slice(&[1f32]))];
        write(&path, &one, &serde_json::json!({})).unwrap();
        // A folder where the new file would be written.
        std::fs::create_dir(path.with_extension("part")).unwrap();
        let error = write(&path, &one, &serde_json::json!({})).unwrap_err();
        assert!(error.to_string().contains("cannot write the checkpoint"));
        assert!(read(&path).is_ok());
    }

    #[test]
    fn other_files_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.safetensors");
        std::fs::write(&path, b"not a checkpoint").unwrap();
        assert!(read(&path).is_err());
        assert!(read(&dir.path().join("none")).is_err());
    }
}
