//! Small images.

use ndarray::Array3;
use raterlens_core::fusion::LabelValue;
use raterlens_core::{Geometry, Volume};

pub const IDENTITY: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// A volume of `[k, j, i]` voxels with k towards the head; spacing in the same order.
pub fn volume_of<T>(voxels: Vec<T>, shape: [usize; 3], spacing_kji: [f64; 3]) -> Volume<T> {
    let [k, j, i] = shape;
    let [dk, dj, di] = spacing_kji;
    let grid = Geometry::new([i, j, k], [di, dj, dk], [0.0; 3], IDENTITY).unwrap();
    Volume::new(Array3::from_shape_vec(shape, voxels).unwrap(), grid).unwrap()
}

/// Raters of one row of voxels.
pub fn rows<T: LabelValue, const N: usize>(raters: &[[T; N]]) -> Vec<Volume<T>> {
    raters
        .iter()
        .map(|r| volume_of(r.to_vec(), [1, 1, N], [4.0, 0.5, 0.5]))
        .collect()
}

/// The voxels in array order.
pub fn voxels<T: Copy>(volume: &Volume<T>) -> Vec<T> {
    volume.data().iter().copied().collect()
}

/// Fails unless two lists are equal within `tolerance`.
pub fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (n, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!(
            (f - e).abs() <= tolerance,
            "{what}, value {n}: {f} against {e}"
        );
    }
}
