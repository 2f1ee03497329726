//! Drawings of several raters to measure with: those of a folder, or made here in the same manner.
//!
//! `RATERLENS_BENCH_DATA` names a folder with `A.npy`, `B.npy` and `C.npy`, arrays `[raters, k, j, i]` of `uint8` in C order, so that
//! other programs can be timed on the same drawings. Inputs without such a file are nested ellipsoids with wavy edges.
#![allow(dead_code, clippy::unwrap_used)] // Shared by several programs; one that cannot measure must stop.

pub mod probabilities;

use std::path::PathBuf;

use ndarray::{indices, Array3};
use raterlens_core::{Geometry, Volume};

/// One input.
pub struct Case {
    pub name: &'static str,
    pub raters: usize,
    /// Voxels along (k, j, i).
    pub shape: [usize; 3],
    pub spacing_kji_mm: [f64; 3],
    pub structures: u8,
}

/// Three raters; every slice has outlines of its own.
pub const A: Case = Case {
    name: "A",
    raters: 3,
    shape: [64, 256, 256],
    spacing_kji_mm: [1.0, 1.0, 1.0],
    structures: 4,
};

/// Five raters of a lumbar image.
pub const B: Case = Case {
    name: "B",
    raters: 5,
    shape: [60, 320, 320],
    spacing_kji_mm: [3.0, 0.625, 0.625],
    structures: 4,
};

/// Five raters of one structure in a large image.
pub const C: Case = Case {
    name: "C",
    raters: 5,
    shape: [200, 512, 512],
    spacing_kji_mm: [1.0, 0.7, 0.7],
    structures: 1,
};

/// Shows fixed costs.
pub const SMALL: Case = Case {
    name: "small",
    raters: 3,
    shape: [4, 32, 32],
    spacing_kji_mm: [4.0, 0.5, 0.5],
    structures: 4,
};

/// Centre (j, i) and radius of the structures, in parts of the image.
const ELLIPSOIDS: [[f64; 3]; 4] = [
    [0.5, 0.5, 0.34],
    [0.42, 0.45, 0.16],
    [0.62, 0.55, 0.12],
    [0.35, 0.62, 0.07],
];

/// A copy in large pages, where NumPy puts its arrays, too.
fn fresh_copy(labels: &[u8]) -> Vec<u8> {
    let mut copy = vec![0; labels.len()];
    raterlens_os::prefer_huge_pages(&mut copy);
    copy.copy_from_slice(labels);
    copy
}

impl Case {
    /// One map per rater.
    pub fn load(&self) -> Vec<Volume<u8>> {
        let all = self.read().unwrap_or_else(|| self.make());
        let raters = all.chunks_exact(self.voxels());
        raters.map(|r| self.volume(fresh_copy(r))).collect()
    }

    pub fn voxels(&self) -> usize {
        self.shape.iter().product()
    }

    /// Ids of the structures.
    pub fn ids(&self) -> Vec<u16> {
        (1..=u16::from(self.structures)).collect()
    }

    /// Voxels `[k, j, i]` on the case's grid.
    pub fn volume<T>(&self, voxels: Vec<T>) -> Volume<T> {
        let ([k, j, i], [dk, dj, di]) = (self.shape, self.spacing_kji_mm);
        let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let grid = Geometry::new([i, j, k], [di, dj, dk], [0.0; 3], identity).unwrap();
        Volume::new(Array3::from_shape_vec(self.shape, voxels).unwrap(), grid).unwrap()
    }

    /// The array of a NumPy file: magic, version, header length, header, then the bytes.
    fn read(&self) -> Option<Vec<u8>> {
        let folder = PathBuf::from(std::env::var_os("RATERLENS_BENCH_DATA")?);
        let bytes = std::fs::read(folder.join(format!("{}.npy", self.name))).ok()?;
        let begin = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let header = String::from_utf8_lossy(&bytes[10..begin]);
        let [k, j, i] = self.shape;
        let shape = format!("({}, {k}, {j}, {i})", self.raters);
        for expected in ["'|u1'", "'fortran_order': False", &shape] {
            assert!(header.contains(expected), "{}.npy: {header}", self.name);
        }
        Some(bytes[begin..].to_vec())
    }

    fn make(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.raters * self.voxels());
        for rater in 0..self.raters {
            let voxels = indices(self.shape).into_iter();
            out.extend(voxels.map(|(k, j, i)| self.drawn([k, j, i], rater as f64)));
        }
        out
    }

    /// The label that a rater gives; every rater's waves differ.
    fn drawn(&self, at: [usize; 3], phase: f64) -> u8 {
        let mut parts = at
            .iter()
            .zip(self.shape)
            .map(|(&n, all)| n as f64 / all as f64);
        let [z, y, x] = std::array::from_fn(|_| parts.next().unwrap());
        let waves = (y * 31.0 + phase).sin() * (x * 37.0 - phase).sin()
            + (z * 17.0 + 2.0 * phase).sin() * (y * 71.0).cos();
        let inside = |[cy, cx, radius]: [f64; 3]| {
            let height = 0.42 * f64::sqrt(radius / 0.34);
            let across = f64::hypot((y - cy) / radius, (x - cx) / radius);
            across.hypot((z - 0.5) / height) + 0.06 * waves < 1.0
        };
        let numbered = (1..=self.structures).zip(ELLIPSOIDS).rev();
        let mut drawn = numbered.filter(|&(_, ellipsoid)| inside(ellipsoid));
        drawn.next().map_or(0, |(label, _)| label)
    }
}
