//! The part of an image that a structure's soft labels need.
//!
//! A voxel outside a mask is nearest to a voxel inside, which lies in the mask's bounding box. For a voxel inside, the
//! nearest one outside lies at most one voxel beyond the box: any further one can be moved to the rim, where nothing is
//! inside, and comes nearer. So distances within the box and a margin of at least one voxel are those of the whole
//! image, and voxels beyond a margin of the edge's reach have soft label 0 within the saturation.

use std::ops::Range;

use ndarray::{ArrayView1, ArrayView3};

use crate::fusion::LabelValue;

/// Index ranges along three axes.
pub(super) type Box3 = [Range<usize>; 3];

/// The smallest box that holds every voxel of `label` in any of the arrays; `None` when there is none.
pub(super) fn common_box<T: LabelValue>(views: &[ArrayView3<'_, T>], label: T) -> Option<Box3> {
    let boxes = views.iter().filter_map(|view| bounding_box(view, label));
    boxes.reduce(union)
}

fn bounding_box<T: LabelValue>(view: &ArrayView3<'_, T>, label: T) -> Option<Box3> {
    let mut found: Option<Box3> = None;
    for (a, plane) in view.outer_iter().enumerate() {
        for (b, row) in plane.outer_iter().enumerate() {
            if let Some(range) = extent(&row, label) {
                let here = [a..a + 1, b..b + 1, range];
                found = Some(match found {
                    Some(earlier) => union(earlier, here),
                    None => here,
                });
            }
        }
    }
    found
}

/// First to one after the last voxel of `label` in a row.
fn extent<T: LabelValue>(row: &ArrayView1<'_, T>, label: T) -> Option<Range<usize>> {
    if let Some(slice) = row.as_slice() {
        // Most rows have none: say so quickly.
        if !slice.chunks(64).any(|part| holds(part, label)) {
            return None;
        }
    }
    let first = row.iter().position(|&v| v == label)?;
    let from_end = row.iter().rev().position(|&v| v == label)?;
    Some(first..row.len() - from_end)
}

fn holds<T: LabelValue>(labels: &[T], label: T) -> bool {
    labels.iter().fold(false, |any, &v| any | (v == label))
}

fn union(a: Box3, b: Box3) -> Box3 {
    let [a0, a1, a2] = a;
    let [b0, b1, b2] = b;
    let join = |a: Range<usize>, b: Range<usize>| a.start.min(b.start)..a.end.max(b.end);
    [join(a0, b0), join(a1, b1), join(a2, b2)]
}

/// Adds a margin of at least one voxel and at most `reach` (in the unit of `spacing`) on every side, within `shape`.
pub(super) fn grow(tight: Box3, reach: f64, spacing: [f64; 3], shape: [usize; 3]) -> Box3 {
    let mut axis = 0;
    tight.map(|range| {
        let size = shape[axis];
        let steps = (reach / spacing[axis]).ceil().max(1.0);
        let margin = if steps < size as f64 {
            steps as usize
        } else {
            size
        };
        axis += 1;
        range.start.saturating_sub(margin)..(range.end + margin).min(size)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn boxes_hold_all_raters_whatever_the_memory_order() {
        let mut a = Array3::<u8>::zeros((4, 5, 200));
        a[[1, 2, 150]] = 255;
        let mut b = Array3::<u8>::zeros((4, 5, 200));
        b[[3, 4, 7]] = 255;
        b[[0, 0, 0]] = 1;
        let found = common_box(&[a.view(), b.view()], 255).unwrap();
        assert_eq!(found, [1..4, 2..5, 7..151]);
        let turned = [a.view().reversed_axes(), b.view().reversed_axes()];
        assert_eq!(common_box(&turned, 255).unwrap(), [7..151, 2..5, 1..4]);
        assert_eq!(common_box(&[a.view(), b.view()], 9), None);
    }

    #[test]
    fn margins_stay_within_the_image() {
        let tight = [1..2, 3..5, 10..20];
        let grown = grow(tight.clone(), 3.0, [4.0, 1.0, 0.5], [3, 9, 100]);
        // One step of 4, three of 1, six of 0.5.
        assert_eq!(grown, [0..3, 0..8, 4..26]);
        let whole = grow(tight, f64::INFINITY, [1.0; 3], [3, 9, 100]);
        assert_eq!(whole, [0..3, 0..9, 0..100]);
    }
}
