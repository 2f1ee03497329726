//! Areas and overlaps slice by slice.

use rayon::prelude::*;

use super::case::{mean, CaseSlice};
use super::patterns::Patterns;
use crate::geometry::Geometry;
use crate::metrics::{pixel_area_mm2, LabelClasses, SurfaceSpace};
use crate::volume::LabelMap;

/// Patterns of every slice, by index along the image's own slice axis.
pub(super) fn slice_patterns(labels: &[&LabelMap], ids: &[u16]) -> Vec<Patterns> {
    let classes = LabelClasses::new(ids);
    let blocks: Vec<Vec<_>> = labels
        .iter()
        .map(|l| SurfaceSpace::Slices.blocks(l))
        .collect();
    let slices = blocks.first().map_or(0, Vec::len);
    (0..slices)
        .into_par_iter()
        .map(|slice| {
            let views = blocks.iter().filter_map(|b| b.get(slice).map(|b| b.0));
            Patterns::count(&views.collect::<Vec<_>>(), &classes)
        })
        .collect()
}

/// All structures in one slice.
pub(super) struct SliceTable {
    slice: usize,
    /// By rater, then by structure.
    areas_mm2: Vec<Vec<f64>>,
    /// By pair of raters, then by structure.
    dice: Vec<Vec<f64>>,
}

impl SliceTable {
    /// Of the drawings `first` (one per rater) and the `pairs` of them.
    pub(super) fn new(
        slice: usize,
        patterns: &Patterns,
        first: &[usize],
        pairs: &[[usize; 2]],
        structures: usize,
        grid: Option<&Geometry>,
    ) -> Self {
        let pixel_mm2 = grid.map_or(0.0, pixel_area_mm2);
        let areas = |&drawing: &usize| {
            let sizes = patterns.sizes(drawing, structures);
            sizes.into_iter().map(|n| n as f64 * pixel_mm2).collect()
        };
        let dice = |&[x, y]: &[usize; 2]| {
            let overlaps = patterns.overlaps(x, y, structures);
            overlaps.iter().map(|counts| counts.dice()).collect()
        };
        Self {
            slice,
            areas_mm2: first.iter().map(areas).collect(),
            dice: pairs.iter().map(dice).collect(),
        }
    }

    /// The structure at position `n`; `None` in slices where nobody drew it.
    pub(super) fn structure(&self, n: usize) -> Option<CaseSlice> {
        let area = |areas: &Vec<f64>| areas.get(n).copied().unwrap_or(0.0);
        let area_mm2: Vec<_> = self.areas_mm2.iter().map(area).collect();
        area_mm2.iter().any(|&a| a > 0.0).then(|| CaseSlice {
            slice: self.slice,
            area_mm2,
            mean_dice: mean(self.dice.iter().filter_map(|d| d.get(n).copied())),
        })
    }
}
