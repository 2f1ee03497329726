//! A weight file in memory, as float32, of which tensors are views.
//!
//! A network of 200 million weights is 800 MB: making zeros, reading, converting and copying each cost about as much
//! as reading itself, most of it the system's handing out of small pages. Here the file is read once into large pages,
//! on all cores, and tensors point into it. The file is not mapped: were it cut short meanwhile, the host program
//! would be killed.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use rayon::prelude::*;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use tch::nn::VarStore;
use tch::{Kind, Tensor};

use super::values::{check_finite, convert};
use super::{bad, report_mismatches, shapes, unreadable};
use crate::error::NnError;

/// Bytes of a file that one thread reads at a time.
const PIECE: usize = 16 << 20;
const WORD: usize = size_of::<f32>();

/// The numbers of all tensors of a file.
#[derive(Debug)]
pub(crate) struct Memory {
    /// The file as it is.
    file: Vec<f32>,
    /// Tensors that the file has in another form.
    converted: Vec<f32>,
    places: HashMap<String, Place>,
}

/// Where a tensor's numbers are.
#[derive(Debug)]
enum Place {
    File(Range<usize>),
    Converted(Range<usize>),
}

impl Memory {
    /// Reads a weight file for `store`, whose variables it must match by name and shape.
    pub(crate) fn read(path: &Path, store: &VarStore) -> Result<Self, NnError> {
        let length = std::fs::metadata(path).and_then(|m| {
            let length = usize::try_from(m.len());
            length.map_err(std::io::Error::other)
        });
        let length = length.map_err(|e| unreadable(path, e))?;
        let mut memory = Self {
            file: large(length.div_ceil(WORD)),
            converted: Vec::new(),
            places: HashMap::new(),
        };
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut memory.file);
        let bytes = bytes.get_mut(..length).unwrap_or_default();
        read_on_all_cores(path, bytes).map_err(|e| unreadable(path, e))?;
        memory.index(length, store)?;
        Ok(memory)
    }

    /// Finds every tensor, converts those that need it, and checks all numbers.
    fn index(&mut self, length: usize, store: &VarStore) -> Result<(), NnError> {
        let bytes: &[u8] = bytemuck::cast_slice(&self.file);
        let bytes = bytes.get(..length).unwrap_or_default();
        let file = SafeTensors::deserialize(bytes).map_err(|e| bad(e.to_string()))?;
        report_mismatches(&shapes(&file), &store.variables())?;
        let (mut jobs, mut count) = (Vec::new(), 0);
        for (name, view) in file.tensors() {
            let place = match in_place(bytes, &view) {
                Some(range) => Place::File(range),
                None => {
                    let size = view.shape().iter().product::<usize>();
                    jobs.push((name.clone(), view, size));
                    count += size;
                    Place::Converted(count - size..count)
                }
            };
            self.places.insert(name, place);
        }
        self.converted = large(count);
        convert_all(jobs, &mut self.converted)?;
        self.places.par_iter().try_for_each(|(name, place)| {
            match place {
                // Checked when it was converted.
                Place::Converted(_) => Ok(()),
                Place::File(_) => check_finite(name, self.values(place)),
            }
        })
    }

    fn values(&self, place: &Place) -> &[f32] {
        let values = match place {
            Place::File(range) => self.file.get(range.clone()),
            Place::Converted(range) => self.converted.get(range.clone()),
        };
        values.unwrap_or_default()
    }

    /// Makes every variable of `store`, which lies on the CPU, a view of this memory.
    ///
    /// # Safety
    /// The store, and every tensor that came from it, must be dropped before this memory, and never be written to.
    #[allow(unsafe_code)]
    pub(crate) unsafe fn lend(&self, store: &VarStore) -> Result<(), NnError> {
        for (name, mut variable) in store.variables() {
            let missing = || bad(format!("'{name}' is missing"));
            let values = self.values(self.places.get(&name).ok_or_else(missing)?);
            let shape = variable.size();
            if values.len() != variable.numel() {
                return Err(missing());
            }
            if values.is_empty() {
                continue;
            }
            let cpu = tch::Device::Cpu;
            // SAFETY: `values` are as many float32 as the shape has; the caller keeps them for longer than the tensor.
            let view = unsafe {
                Tensor::f_from_blob(values.as_ptr().cast(), &shape, &[], Kind::Float, cpu)
            };
            variable.f_set_data(&view?)?;
        }
        Ok(())
    }

    /// Copies every variable of `store` from this memory, for stores on another device.
    pub(crate) fn copy_to(&self, store: &VarStore) -> Result<(), NnError> {
        for (name, mut variable) in store.variables() {
            let missing = || bad(format!("'{name}' is missing"));
            let values = self.values(self.places.get(&name).ok_or_else(missing)?);
            let source = Tensor::f_from_slice(values)?.f_reshape(variable.size())?;
            tch::no_grad(|| variable.f_copy_(&source))?;
        }
        Ok(())
    }
}

/// The words of `bytes` that a tensor is, if it needs no conversion.
fn in_place(bytes: &[u8], view: &TensorView) -> Option<Range<usize>> {
    let start = view.data().as_ptr() as usize - bytes.as_ptr() as usize;
    let usable = view.dtype() == Dtype::F32 && cfg!(target_endian = "little");
    let words = view.data().len() / WORD;
    (usable && start.is_multiple_of(WORD)).then_some(start / WORD..start / WORD + words)
}

/// Converts tensors, one after another in `out`, on all cores.
fn convert_all(jobs: Vec<(String, TensorView, usize)>, out: &mut [f32]) -> Result<(), NnError> {
    let mut rest = out;
    let mut split = Vec::new();
    for (name, view, size) in jobs {
        let (mine, others) = std::mem::take(&mut rest).split_at_mut(size);
        split.push((name, view, mine));
        rest = others;
    }
    split
        .into_par_iter()
        .try_for_each(|(name, view, out)| convert(&name, &view, out))
}

fn large(count: usize) -> Vec<f32> {
    let mut values = vec![0.0; count];
    raterlens_os::prefer_huge_pages(&mut values);
    values
}

fn read_on_all_cores(path: &Path, bytes: &mut [u8]) -> std::io::Result<()> {
    let pieces = bytes.par_chunks_mut(PIECE).enumerate();
    pieces.try_for_each(|(n, piece)| {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start((n * PIECE) as u64))?;
        file.read_exact(piece)
    })
}
