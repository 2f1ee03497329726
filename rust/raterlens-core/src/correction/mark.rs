//! What a rater marks.

use std::collections::HashMap;

use ndarray::ArrayView3;

use super::error::CorrectionError;
use super::window::Window;

/// Whether marked voxels belong to the structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// They do.
    Foreground,
    /// They do not.
    Background,
}

impl Side {
    /// Foreground if `is_inside`.
    #[must_use]
    pub fn of(is_inside: bool) -> Self {
        if is_inside {
            Self::Foreground
        } else {
            Self::Background
        }
    }
}

/// A point, a scribble or a filled lasso: voxels (i, j, k) with one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Whether the voxels belong to the structure.
    pub side: Side,
    /// The voxels.
    pub voxels: Vec<[usize; 3]>,
}

impl Mark {
    /// A mark of one voxel (i, j, k).
    #[must_use]
    pub fn point(side: Side, voxel: [usize; 3]) -> Self {
        Self {
            side,
            voxels: vec![voxel],
        }
    }

    /// The voxels of an array `[k, j, i]` for which `is_marked` holds, in array order.
    pub fn of_voxels<T>(
        side: Side,
        drawn: ArrayView3<'_, T>,
        is_marked: impl Fn(&T) -> bool,
    ) -> Self {
        let marked = drawn.indexed_iter().filter(|(_, value)| is_marked(value));
        Self {
            side,
            voxels: marked.map(|((k, j, i), _)| [i, j, k]).collect(),
        }
    }
}

/// Refuses marks without voxels and voxels outside the image.
pub(super) fn check(marks: &[Mark], dims: [usize; 3]) -> Result<(), CorrectionError> {
    for mark in marks {
        if mark.voxels.is_empty() {
            return Err(CorrectionError::EmptyMark);
        }
        let is_outside = |v: &&[usize; 3]| v.iter().zip(&dims).any(|(at, size)| at >= size);
        if let Some(&voxel) = mark.voxels.iter().find(is_outside) {
            return Err(CorrectionError::OutsideImage { voxel, dims });
        }
    }
    Ok(())
}

/// All marked voxels of a window, each once with its last side, numbered in array order.
pub(super) struct MarkTable {
    voxels: Vec<([usize; 3], Side)>,
}

impl MarkTable {
    pub(super) fn new(marks: &[Mark], window: &Window) -> Self {
        let mut last = HashMap::new();
        for mark in marks {
            for voxel in &mark.voxels {
                last.insert(window.at(*voxel), mark.side);
            }
        }
        let mut voxels: Vec<_> = last.into_iter().collect();
        // Neither the map's order nor that of the marks may decide between equals.
        voxels.sort_unstable_by_key(|(at, _)| *at);
        Self { voxels }
    }

    /// Places `[k, j, i]` in the window with their side; the position in this list is the voxel's number.
    pub(super) fn voxels(&self) -> impl Iterator<Item = ([usize; 3], Side)> + '_ {
        self.voxels.iter().copied()
    }
}
