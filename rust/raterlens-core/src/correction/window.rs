//! The part of an image in which marks can matter.

use std::ops::Range;

use ndarray::{s, Array3, ArrayView3, ArrayViewMut3};

use super::mark::Mark;
use crate::geometry::Geometry;

/// The box that holds all marks and twice their reach: what changes lies within one reach of a mark, and what decides about it
/// within one reach of that.
pub(super) struct Window {
    /// Along the array's axes `[k, j, i]`.
    range: [Range<usize>; 3],
    /// Spacing along the array's axes `[k, j, i]`.
    pub(super) spacing_mm: [f64; 3],
}

impl Window {
    /// `None` without marks. Marks must lie in the image.
    pub(super) fn around(marks: &[Mark], geometry: &Geometry, reach_mm: f64) -> Option<Self> {
        let mut voxels = marks.iter().flat_map(|m| &m.voxels);
        let first = *voxels.next()?;
        let (low, high) = voxels.fold((first, first), |(low, high), v| {
            let of = |n: usize, f: fn(usize, usize) -> usize, a: [usize; 3]| f(a[n], v[n]);
            (
                std::array::from_fn(|n| of(n, usize::min, low)),
                std::array::from_fn(|n| of(n, usize::max, high)),
            )
        });
        let range = std::array::from_fn(|axis| {
            let n = 2 - axis;
            // One voxel more: the voxel just beyond the reach is what ends it.
            let margin = (2.0 * reach_mm / geometry.spacing_mm[n]).ceil() as usize;
            let margin = margin.saturating_add(1);
            let end = high[n].saturating_add(margin).saturating_add(1);
            low[n].saturating_sub(margin)..end.min(geometry.dims[n])
        });
        let [x, y, z] = geometry.spacing_mm;
        Some(Self {
            range,
            spacing_mm: [z, y, x],
        })
    }

    /// Place `[k, j, i]` in the window of a voxel (i, j, k).
    pub(super) fn at(&self, voxel: [usize; 3]) -> [usize; 3] {
        std::array::from_fn(|axis| voxel[2 - axis].saturating_sub(self.range[axis].start))
    }

    pub(super) fn of<'a, T>(&self, whole: &'a Array3<T>) -> ArrayView3<'a, T> {
        let [k, j, i] = self.range.clone();
        whole.slice(s![k, j, i])
    }

    pub(super) fn of_mut<'a, T>(&self, whole: &'a mut Array3<T>) -> ArrayViewMut3<'a, T> {
        let [k, j, i] = self.range.clone();
        whole.slice_mut(s![k, j, i])
    }
}

/// The up to 26 neighbours `[k, j, i]` of a place, with their distance in millimetres.
pub(super) struct Neighbours {
    steps: Vec<([isize; 3], f64)>,
    dim: [usize; 3],
}

impl Neighbours {
    pub(super) fn new(dim: [usize; 3], spacing_mm: [f64; 3]) -> Self {
        let mut steps = Vec::with_capacity(26);
        for n in (0..27_isize).filter(|n| *n != 13) {
            let step = [n / 9 - 1, n / 3 % 3 - 1, n % 3 - 1];
            let squared = step.iter().zip(&spacing_mm);
            let squared = squared.map(|(d, mm)| (*d as f64 * mm).powi(2));
            steps.push((step, squared.sum::<f64>().sqrt()));
        }
        Self { steps, dim }
    }

    pub(super) fn of(&self, at: [usize; 3]) -> impl Iterator<Item = ([usize; 3], f64)> + '_ {
        self.steps.iter().filter_map(move |(step, mm)| {
            let mut there = at;
            for (axis, place) in there.iter_mut().enumerate() {
                *place = place.checked_add_signed(step[axis])?;
                if *place >= self.dim[axis] {
                    return None;
                }
            }
            Some((there, *mm))
        })
    }
}
