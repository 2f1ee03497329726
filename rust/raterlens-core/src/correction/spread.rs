//! How far each mark reaches.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use ndarray::{Array3, ArrayView3};

use super::mark::MarkTable;
use super::window::{Neighbours, Window};

/// From this predicted variance on, a mark has its full reach. Colours of variance maps end here, too.
pub const FULL_VARIANCE: f64 = 0.1;
/// Share of the reach that is left where all raters would agree.
pub const CERTAIN_FRACTION: f64 = 0.1;

/// Which mark a voxel listens to, and how much.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Influence {
    /// Number of the mark voxel.
    pub(super) owner: Option<u32>,
    /// 1 at the mark, 0 out of reach.
    pub(super) weight: f64,
}

/// How freely the boundary moves, [`CERTAIN_FRACTION`] to 1.
fn freedom(variance: f32) -> f64 {
    let variance = f64::from(variance).max(0.0); // also of NaN
    CERTAIN_FRACTION + (1.0 - CERTAIN_FRACTION) * (variance / FULL_VARIANCE).sqrt().min(1.0)
}

/// A way that ends at a voxel. Ways compare by cost, then by mark and place, so that equal ways are no matter of chance.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Way {
    cost: f64,
    owner: u32,
    at: [usize; 3],
}

impl Eq for Way {}

impl Ord for Way {
    fn cmp(&self, other: &Self) -> Ordering {
        self.cost
            .total_cmp(&other.cost)
            .then(self.owner.cmp(&other.owner))
            .then(self.at.cmp(&other.at))
    }
}

impl PartialOrd for Way {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// For each voxel of the window the mark voxel with the cheapest way to it.
pub(super) fn spread(
    variance: ArrayView3<'_, f32>,
    table: &MarkTable,
    window: &Window,
    reach_mm: f64,
) -> Array3<Influence> {
    let mut best: Array3<(f64, u32)> =
        Array3::from_elem(variance.raw_dim(), (f64::INFINITY, u32::MAX));
    let mut open = BinaryHeap::new();
    for (n, (at, _)) in table.voxels().enumerate() {
        let owner = n as u32;
        best[at] = (0.0, owner);
        open.push(Reverse(Way {
            cost: 0.0,
            owner,
            at,
        }));
    }
    let neighbours = Neighbours::new(variance.dim().into(), window.spacing_mm);
    while let Some(Reverse(way)) = open.pop() {
        if best[way.at] != (way.cost, way.owner) {
            continue; // a cheaper way was found since
        }
        let here = 0.5 / freedom(variance[way.at]);
        for (at, mm) in neighbours.of(way.at) {
            let cost = way.cost + mm * (here + 0.5 / freedom(variance[at]));
            let is_better = (cost, way.owner) < best[at];
            if cost < reach_mm && is_better {
                best[at] = (cost, way.owner);
                let owner = way.owner;
                open.push(Reverse(Way { cost, owner, at }));
            }
        }
    }
    best.map(|&(cost, owner)| influence(cost, owner, reach_mm))
}

fn influence(cost: f64, owner: u32, reach_mm: f64) -> Influence {
    if cost <= 0.0 {
        return Influence {
            owner: Some(owner),
            weight: 1.0,
        };
    }
    if cost < reach_mm {
        return Influence {
            owner: Some(owner),
            weight: 1.0 - cost / reach_mm,
        };
    }
    Influence::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boundary_moves_freely_where_raters_differ() {
        assert_eq!(freedom(0.0), 0.1);
        assert_eq!(freedom(f32::NAN), 0.1);
        assert_eq!(freedom(-1.0), 0.1);
        // A quarter of the full variance is half of the standard deviation.
        assert!((freedom(0.025) - (0.1 + 0.9 * 0.5)).abs() < 1e-7);
        assert_eq!(freedom(0.25), 1.0);
    }
}
