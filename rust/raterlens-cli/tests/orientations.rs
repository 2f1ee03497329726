//! The same volume stored in eight orientations gives the same physical layers, bit for bit.
#![allow(clippy::unwrap_used)] // In tests a panic is the failure.

mod common;

use std::path::Path;

use common::nifti::Nifti;
use common::{assert_success, names, segment};

/// How an array is stored: for each stored axis, which base axis it runs along, and whether backwards.
#[derive(Debug, Clone, Copy)]
struct Storage {
    axes: [usize; 3],
    backwards: [bool; 3],
}

const fn storage(axes: [usize; 3], backwards: [bool; 3]) -> Storage {
    Storage { axes, backwards }
}

/// Axial, sagittal and coronal storage in mixed directions, two of them left-handed.
const EIGHT: [Storage; 8] = [
    storage([0, 1, 2], [false, false, false]),
    storage([0, 1, 2], [true, true, false]),
    storage([0, 1, 2], [true, false, false]),
    storage([0, 1, 2], [false, true, true]),
    storage([1, 2, 0], [false, true, true]),
    storage([1, 2, 0], [true, false, false]),
    storage([0, 2, 1], [true, true, true]),
    storage([2, 0, 1], [false, false, true]),
];

/// A base image with unequal dimensions, spacing and origin, and where its voxels are.
struct Base {
    dims: [usize; 3],
    spacing: [f64; 3],
    voxels: Vec<f32>,
}

impl Base {
    fn new() -> Self {
        let case = common::case(4);
        Self {
            dims: case.image.geometry().dims,
            // Unlike in every direction, and not exact in 32 bits.
            spacing: [0.9, 1.1, 4.3],
            voxels: case.image.data().iter().copied().collect(),
        }
    }

    fn offset(&self, index: [usize; 3]) -> usize {
        index[0] + self.dims[0] * (index[1] + self.dims[1] * index[2])
    }

    /// Base index of a voxel in storage `s`.
    fn index(&self, s: Storage, stored: [usize; 3]) -> [usize; 3] {
        let mut index = [0; 3];
        for ((axis, backwards), n) in s.axes.into_iter().zip(s.backwards).zip(stored) {
            index[axis] = if backwards {
                self.dims[axis] - 1 - n
            } else {
                n
            };
        }
        index
    }

    fn stored_dims(&self, s: Storage) -> [usize; 3] {
        s.axes.map(|axis| self.dims[axis])
    }

    /// The image in storage `s`: base axes run to the patient's left, back and head.
    fn file(&self, s: Storage) -> Nifti {
        let dims = self.stored_dims(s);
        let voxels: Vec<f32> = stored_indices(dims)
            .map(|stored| self.voxels[self.offset(self.index(s, stored))])
            .collect();
        let to_ras = [-1.0, -1.0, 1.0];
        let mut affine = [[0.0_f32; 4]; 3];
        for (a, (axis, backwards)) in s.axes.into_iter().zip(s.backwards).enumerate() {
            let sign = if backwards { -1.0 } else { 1.0 };
            affine[axis][a] = (sign * to_ras[axis] * self.spacing[axis]) as f32;
        }
        let first = self.index(s, [0, 0, 0]);
        for axis in 0..3 {
            let lps = 10.0 * axis as f64 + self.spacing[axis] * first[axis] as f64;
            affine[axis][3] = (to_ras[axis] * lps) as f32;
        }
        Nifti::float(dims, affine, &voxels)
    }

    /// A stored layer in base order.
    fn in_base_order<T: Copy + Default>(&self, s: Storage, layer: &[T]) -> Vec<T> {
        let mut out = vec![T::default(); self.voxels.len()];
        for (value, stored) in layer.iter().zip(stored_indices(self.stored_dims(s))) {
            out[self.offset(self.index(s, stored))] = *value;
        }
        out
    }
}

fn stored_indices(dims: [usize; 3]) -> impl Iterator<Item = [usize; 3]> {
    let [ni, nj, nk] = dims;
    (0..nk).flat_map(move |k| (0..nj).flat_map(move |j| (0..ni).map(move |i| [i, j, k])))
}

fn layers(dir: &Path) -> Vec<String> {
    let mut layers = names(dir);
    layers.retain(|n| n.starts_with("variance_") && n.ends_with(".nii.gz"));
    layers
}

#[test]
fn eight_orientations_give_the_same_physical_layers() {
    let dir = tempfile::tempdir().unwrap();
    let base = Base::new();
    let mut first: Option<(Vec<u8>, Vec<Vec<u32>>)> = None;
    for (n, s) in EIGHT.into_iter().enumerate() {
        let image = dir.path().join(format!("image{n}.nii.gz"));
        base.file(s).save(&image);
        let out = dir.path().join(format!("out{n}"));
        assert_success(&segment(&[&image], &out, &[]));

        let labels = Nifti::load(&out.join("labels.nii.gz"));
        assert_eq!(labels.dims(), base.stored_dims(s), "{s:?}");
        let labels = base.in_base_order(s, labels.u8_voxels());
        let maps: Vec<Vec<u32>> = layers(&out)
            .iter()
            .map(|name| {
                let bits: Vec<u32> = Nifti::load(&out.join(name))
                    .f32_voxels()
                    .into_iter()
                    .map(f32::to_bits)
                    .collect();
                base.in_base_order(s, &bits)
            })
            .collect();
        assert_eq!(maps.len(), 4);
        match &first {
            None => first = Some((labels, maps)),
            Some((labels0, maps0)) => {
                assert_eq!(&labels, labels0, "labels of {s:?}");
                assert!(&maps == maps0, "variance maps of {s:?}");
            }
        }
    }
    let (labels, maps) = first.unwrap();
    let ids: std::collections::BTreeSet<u8> = labels.into_iter().collect();
    assert!(
        ids.len() >= 2,
        "the model says nothing, so the test shows nothing: {ids:?}"
    );
    assert!(maps.iter().all(|m| m.iter().any(|v| *v != m[0])));
}
