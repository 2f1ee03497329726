//! Label maps for tests.
#![allow(dead_code, clippy::unwrap_used)] // each test file uses some of it

use std::path::{Path, PathBuf};

use ndarray::Array3;
use raterlens_core::nifti_io::write_labels;
use raterlens_core::{Geometry, LabelMap, Volume};

pub const AXIAL: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// A grid with voxels of 0.5 x 1 x 4 mm.
pub fn grid(dims: [usize; 3]) -> Geometry {
    Geometry::new(dims, [0.5, 1.0, 4.0], [0.0; 3], AXIAL).unwrap()
}

/// Labels `[k, j, i]` with i fastest.
pub fn map(dims: [usize; 3], labels: &[u16]) -> LabelMap {
    let grid = grid(dims);
    let data = Array3::from_shape_vec(grid.shape_kji(), labels.to_vec()).unwrap();
    Volume::new(data, grid).unwrap()
}

/// One row of voxels.
pub fn row(labels: &[u16]) -> LabelMap {
    map([labels.len(), 1, 1], labels)
}

/// Writes a label map into a folder.
pub fn save(dir: &Path, name: &str, labels: &LabelMap) -> PathBuf {
    let path = dir.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    write_labels(&path, labels, None).unwrap();
    path
}
