//! The surface voxels of one structure, as runs along the rows of the image.

use std::ops::Range;

/// Voxels `first..=last` of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) first: u32,
    pub(super) last: u32,
}

impl Run {
    /// Steps from position `i` to the nearest voxel of the run.
    pub(super) fn steps_to(self, i: u32) -> u32 {
        self.first
            .saturating_sub(i)
            .max(i.saturating_sub(self.last))
    }
}

/// A run and the row that it lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PlacedRun {
    pub(super) plane: usize,
    pub(super) row: usize,
    pub(super) run: Run,
}

/// The surface voxels of one structure in an array `[k, j, i]`; made by [`super::surfaces`].
///
/// Memory: 8 bytes per run of surface voxels, and 4 per row of the structure's bounding box.
#[derive(Debug, Clone, Default)]
pub struct Surface {
    planes: Range<usize>,
    rows: Range<usize>,
    /// For each row of the box, where its runs begin; one more entry than rows.
    starts: Vec<u32>,
    runs: Vec<Run>,
    /// For each plane, from its first to its last column; `None` for a plane without voxels.
    columns: Vec<Option<Run>>,
    voxels: usize,
}

impl Surface {
    /// From runs in the order of planes, rows and positions.
    pub(super) fn new(placed: &[PlacedRun]) -> Self {
        let (Some(first), Some(last)) = (placed.first(), placed.last()) else {
            return Self::default();
        };
        let planes = first.plane..last.plane + 1;
        let lowest = placed.iter().map(|p| p.row).min().unwrap_or(0);
        let highest = placed.iter().map(|p| p.row).max().unwrap_or(0);
        let rows = lowest..highest + 1;
        let mut starts = Vec::with_capacity(planes.len() * rows.len() + 1);
        for (n, p) in placed.iter().enumerate() {
            let row = (p.plane - planes.start) * rows.len() + p.row - rows.start;
            starts.resize(starts.len().max(row + 1), n as u32);
        }
        starts.resize(planes.len() * rows.len() + 1, placed.len() as u32);
        let mut columns: Vec<Option<Run>> = vec![None; planes.len()];
        for p in placed {
            if let Some(columns) = columns.get_mut(p.plane - planes.start) {
                let so_far = columns.unwrap_or(p.run);
                *columns = Some(Run {
                    first: so_far.first.min(p.run.first),
                    last: so_far.last.max(p.run.last),
                });
            }
        }
        let runs: Vec<_> = placed.iter().map(|p| p.run).collect();
        let voxels = runs.iter().map(|r| (r.last - r.first) as usize + 1).sum();
        Self {
            planes,
            rows,
            starts,
            runs,
            columns,
            voxels,
        }
    }

    /// Number of surface voxels.
    #[must_use]
    pub fn len(&self) -> usize {
        self.voxels
    }

    /// Whether the structure has no voxel.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.voxels == 0
    }

    /// Planes (along k) with surface voxels at both ends.
    pub(super) fn planes(&self) -> Range<usize> {
        self.planes.clone()
    }

    /// Rows (along j) of the bounding box.
    pub(super) fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    /// One plane; `None` when it has no voxels.
    pub(super) fn plane(&self, plane: usize) -> Option<Plane<'_>> {
        let at = plane.checked_sub(self.planes.start)?;
        let rows = self.rows.len();
        Some(Plane {
            first_row: self.rows.start,
            starts: self.starts.get(at * rows..=(at + 1) * rows)?,
            runs: &self.runs,
            columns: self.columns.get(at).copied().flatten()?,
        })
    }

    /// The surface voxels `[k, j, i]` of one plane, row by row.
    pub(super) fn voxels_in(&self, plane: usize) -> impl Iterator<Item = [usize; 3]> + '_ {
        let rows = self.plane(plane).into_iter().flat_map(|p| {
            let rows = self.rows();
            rows.map(move |row| (row, p.runs(row)))
        });
        rows.flat_map(move |(row, runs)| {
            let columns = runs.iter().flat_map(|run| run.first..=run.last);
            columns.map(move |i| [plane, row, i as usize])
        })
    }

    /// All surface voxels `[k, j, i]`, i fastest: the order of [`Surface::distances_to`].
    pub fn voxels(&self) -> impl Iterator<Item = [usize; 3]> + '_ {
        self.planes().flat_map(|plane| self.voxels_in(plane))
    }
}

/// The surface voxels of one plane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plane<'a> {
    first_row: usize,
    starts: &'a [u32],
    runs: &'a [Run],
    columns: Run,
}

impl<'a> Plane<'a> {
    /// From the first to the last column that has a voxel.
    pub(super) fn columns(&self) -> Run {
        self.columns
    }

    /// The runs of one row; none outside the bounding box.
    pub(super) fn runs(&self, row: usize) -> &'a [Run] {
        let runs = row.checked_sub(self.first_row).and_then(|at| {
            let (from, to) = (*self.starts.get(at)?, *self.starts.get(at + 1)?);
            self.runs.get(from as usize..to as usize)
        });
        runs.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_runs_are_empty_and_the_order_is_kept() {
        let run = |plane, row, first, last| PlacedRun {
            plane,
            row,
            run: Run { first, last },
        };
        let surface = Surface::new(&[run(2, 5, 1, 2), run(2, 5, 9, 9), run(4, 3, 0, 0)]);
        assert_eq!(surface.len(), 4);
        let runs = |plane, row| surface.plane(plane).map_or(0, |p| p.runs(row).len());
        assert_eq!((runs(2, 5), runs(4, 3)), (2, 1));
        for (plane, row) in [(2, 3), (2, 4), (3, 4), (4, 4), (4, 5), (1, 5), (2, 6)] {
            assert_eq!(runs(plane, row), 0, "{plane} {row}");
        }
        assert_eq!(
            surface.plane(2).unwrap().columns(),
            Run { first: 1, last: 9 }
        );
        assert!(surface.plane(3).is_none() && surface.plane(1).is_none());
        let voxels: Vec<_> = surface.voxels().collect();
        assert_eq!(voxels, [[2, 5, 1], [2, 5, 2], [2, 5, 9], [4, 3, 0]]);
        assert!(Surface::new(&[]).is_empty());
    }
}
