//! What is joined to the marks.

use ndarray::Array3;

use super::mark::{MarkTable, Side};
use super::window::Neighbours;

/// The voxels of `change` that are joined to a mark voxel which changes, by voxels that change to the same side (26
/// neighbours).
pub(super) fn joined_to_marks(change: &Array3<Option<Side>>, table: &MarkTable) -> Array3<bool> {
    let mut kept = Array3::from_elem(change.raw_dim(), false);
    let neighbours = Neighbours::new(change.dim().into(), [1.0; 3]);
    let mut open = Vec::new();
    for (at, side) in table.voxels() {
        if change[at] == Some(side) && !kept[at] {
            kept[at] = true;
            open.push(at);
        }
    }
    while let Some(at) = open.pop() {
        for (there, _) in neighbours.of(at) {
            if change[there] == change[at] && !kept[there] {
                kept[there] = true;
                open.push(there);
            }
        }
    }
    kept
}
