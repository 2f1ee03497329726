//! The surfaces of all structures of a label map, and how far they are from those of another.

use ndarray::ArrayView3;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::overlap::OverlapCounts;
use super::space::{Block, SurfaceSpace};
use super::surface::{
    signed_sums, summarise, surface_dice_when_empty, surfaces, SignedSums, Surface, SurfaceMetrics,
};
use crate::volume::LabelMap;

/// How far the surfaces of one structure in two label maps are from each other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SurfaceComparison {
    /// `None` where one or both have no surface. Slice by slice: the means over the slices in which both have one.
    pub distances: Option<SurfaceMetrics>,
    /// Surface Dice, also where there is nothing to measure to: 1 when both are empty, 0 when one is.
    ///
    /// Slice by slice: the mean over the slices in which either has the structure.
    pub surface_dice: f64,
    /// Mean distance from the surface voxels of each to the other's surface, both directions together: positive where
    /// the first map lies outside the second, negative where inside. `None` as `distances`.
    pub signed_distance_mm: Option<f64>,
    /// Standard deviation of these distances over the surface.
    pub signed_distance_sd_mm: Option<f64>,
    /// Slice by slice: slices in which only one has the structure, so that no distance exists.
    pub one_sided_slices: usize,
}

/// The surfaces of all structures of one label map; made once per map, however many maps it is compared with.
pub(crate) struct SurfaceSet<'a> {
    ids: Vec<u16>,
    space: SurfaceSpace,
    blocks: Vec<SurfaceBlock<'a>>,
}

struct SurfaceBlock<'a> {
    labels: ArrayView3<'a, u16>,
    spacing_mm: [f64; 3],
    surfaces: Vec<Surface>,
}

impl<'a> SurfaceSet<'a> {
    /// Finds the surfaces of the structures `ids`.
    pub(crate) fn new(labels: &'a LabelMap, ids: &[u16], space: SurfaceSpace) -> Self {
        let blocks = space.blocks(labels);
        let block = |(labels, spacing_mm): Block<'a>| SurfaceBlock {
            surfaces: surfaces(&labels, ids),
            labels,
            spacing_mm,
        };
        Self {
            ids: ids.to_vec(),
            space,
            blocks: blocks.into_par_iter().map(block).collect(),
        }
    }

    /// Compares every structure with that of `other`, which has the same grid, ids and space; `counts` are their overlaps.
    pub(crate) fn compare_all(
        &self,
        other: &SurfaceSet<'_>,
        counts: &[OverlapCounts],
        tolerance_mm: f64,
    ) -> Vec<SurfaceComparison> {
        counts
            .par_iter()
            .enumerate()
            .map(|(n, counts)| {
                let pairs: Vec<_> = self.blocks.iter().zip(&other.blocks).collect();
                let parts = pairs
                    .into_par_iter()
                    .map(|(a, b)| a.compare(b, n, self.id(n), tolerance_mm));
                let parts: Vec<_> = parts.collect();
                let when_empty = surface_dice_when_empty(counts.emptiness());
                join(&parts, self.space, when_empty)
            })
            .collect()
    }

    fn id(&self, structure: usize) -> u16 {
        self.ids.get(structure).copied().unwrap_or_default()
    }
}

/// What one block says about a structure.
enum Part {
    /// Neither has it.
    Nothing,
    /// Only one has it.
    OneSided,
    Both(SurfaceMetrics, SignedSums),
}

impl SurfaceBlock<'_> {
    fn compare(&self, other: &SurfaceBlock<'_>, n: usize, id: u16, tolerance_mm: f64) -> Part {
        let (Some(a), Some(b)) = (self.surfaces.get(n), other.surfaces.get(n)) else {
            return Part::Nothing;
        };
        match (a.is_empty(), b.is_empty()) {
            (true, true) => return Part::Nothing,
            (true, false) | (false, true) => return Part::OneSided,
            (false, false) => {}
        }
        let (mut ab, mut ba) = rayon::join(
            || a.distances_to(b, self.spacing_mm),
            || b.distances_to(a, self.spacing_mm),
        );
        // A voxel of the first surface outside the second map: the first is larger there.
        let mut signed = signed_sums(a, &ab, &other.labels, id, -1.0);
        signed.add(&signed_sums(b, &ba, &self.labels, id, 1.0));
        match summarise(&mut ab, &mut ba, tolerance_mm) {
            Some(metrics) => Part::Both(metrics, signed),
            None => Part::Nothing,
        }
    }
}

fn join(parts: &[Part], space: SurfaceSpace, when_empty: f64) -> SurfaceComparison {
    let mut signed = SignedSums::default();
    let mut both = Vec::new();
    let mut one_sided = 0;
    for part in parts {
        match part {
            Part::Nothing => {}
            Part::OneSided => one_sided += 1,
            Part::Both(metrics, sums) => {
                both.push(*metrics);
                signed.add(sums);
            }
        }
    }
    let distances = mean_of(&both);
    let slices = (both.len() + one_sided) as f64;
    let within = |d: &SurfaceMetrics| d.surface_dice * both.len() as f64 / slices;
    SurfaceComparison {
        surface_dice: distances.as_ref().map_or(when_empty, within),
        distances,
        signed_distance_mm: signed.mean(),
        signed_distance_sd_mm: signed.sd(),
        one_sided_slices: match space {
            SurfaceSpace::Volume => 0,
            SurfaceSpace::Slices => one_sided,
        },
    }
}

fn mean_of(metrics: &[SurfaceMetrics]) -> Option<SurfaceMetrics> {
    let mean = |value: fn(&SurfaceMetrics) -> f64| {
        metrics.iter().map(value).sum::<f64>() / metrics.len() as f64
    };
    (!metrics.is_empty()).then(|| SurfaceMetrics {
        hausdorff_mm: mean(|m| m.hausdorff_mm),
        hd95_mm: mean(|m| m.hd95_mm),
        assd_mm: mean(|m| m.assd_mm),
        surface_dice: mean(|m| m.surface_dice),
    })
}
