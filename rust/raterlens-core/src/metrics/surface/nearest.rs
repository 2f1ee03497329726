//! Exact distance from the surface voxels of one structure to the nearest surface voxel of another.
//!
//! From each voxel, planes and rows are searched outwards, and the search ends where planes and rows alone are farther than what was
//! found, or than the voxel before allows. Surfaces that are compared lie close to each other, so that a few rows decide, and neither a distance map nor
//! a tree has to be built.

use rayon::prelude::*;

use super::rows::{Plane, Run, Surface};

/// Rows with more runs than this are searched by bisection.
const FEW_RUNS: usize = 8;

impl Surface {
    /// Distance from every voxel of this surface to the nearest voxel of `other`, in the order of [`Surface::voxels`].
    ///
    /// Both surfaces are of arrays `[k, j, i]` of one shape; `spacing` is the distance between (planes, rows, voxels) in
    /// any unit, and the result is in that unit. With an empty `other` all are infinite. Exact up to the rounding of
    /// double precision. Runs on all threads; the result does not depend on their number.
    #[must_use]
    pub fn distances_to(&self, other: &Self, spacing: [f64; 3]) -> Vec<f64> {
        let search = Search {
            target: other,
            spacing,
        };
        let planes: Vec<Vec<f64>> = self
            .planes()
            .into_par_iter()
            .map(|plane| search.along(self.voxels_in(plane)))
            .collect();
        planes.concat()
    }
}

struct Search<'a> {
    target: &'a Surface,
    spacing: [f64; 3],
}

impl Search<'_> {
    /// Distances from voxels of which each is best near the one before it: that one's distance limits the search.
    fn along(&self, voxels: impl Iterator<Item = [usize; 3]>) -> Vec<f64> {
        let mut before: Option<([usize; 3], f64)> = None;
        let distance = |at: [usize; 3]| {
            let limit = before.map_or(f64::INFINITY, |(other, distance)| {
                // The triangle inequality, with room for rounding.
                square((distance + self.squared_between(at, other).sqrt()) * (1.0 + 1e-9))
            });
            let distance = self.squared(at, limit).sqrt();
            before = Some((at, distance));
            distance
        };
        voxels.map(distance).collect()
    }

    fn squared_between(&self, a: [usize; 3], b: [usize; 3]) -> f64 {
        let steps = a.iter().zip(b).map(|(a, b)| a.abs_diff(b) as f64);
        steps.zip(self.spacing).map(|(n, mm)| square(n * mm)).sum()
    }

    /// Squared distance to the nearest voxel of the target, which is known to be less than `limit`.
    fn squared(&self, [k, j, i]: [usize; 3], limit: f64) -> f64 {
        let mut best = limit;
        for steps in steps_to_range(k, &self.target.planes()) {
            let height = square(steps as f64 * self.spacing[0]);
            if height >= best {
                break;
            }
            let [before, after] = both_sides(k, steps);
            for plane in [before, after].into_iter().flatten() {
                if let Some(plane) = self.target.plane(plane) {
                    best = self.squared_in_plane(&plane, (j, i as u32), height, best);
                }
            }
        }
        best
    }

    /// The smaller of `best` and the squared distance to one plane of the target, `height` being its least.
    fn squared_in_plane(
        &self,
        plane: &Plane<'_>,
        (j, i): (usize, u32),
        height: f64,
        best: f64,
    ) -> f64 {
        let squared = |steps: u32| square(f64::from(steps) * self.spacing[2]);
        let aside = squared(plane.columns().steps_to(i));
        let mut best = best;
        for steps in steps_to_range(j, &self.target.rows()) {
            let height = height + square(steps as f64 * self.spacing[1]);
            if height + aside >= best {
                break;
            }
            let [before, after] = both_sides(j, steps);
            if let Some(steps) = before.and_then(|row| steps_to_runs(plane.runs(row), i)) {
                best = best.min(height + squared(steps));
            }
            if let Some(steps) = after.and_then(|row| steps_to_runs(plane.runs(row), i)) {
                best = best.min(height + squared(steps));
            }
        }
        best
    }
}

fn square(x: f64) -> f64 {
    x * x
}

/// All distances between `at` and a position of the range, in ascending order; some in between may be missed by both sides.
fn steps_to_range(at: usize, range: &std::ops::Range<usize>) -> std::ops::Range<usize> {
    if range.is_empty() {
        return 0..0;
    }
    let nearest = range
        .start
        .saturating_sub(at)
        .max((at + 1).saturating_sub(range.end));
    let farthest = at.abs_diff(range.start).max(at.abs_diff(range.end - 1));
    nearest..farthest + 1
}

/// The positions `steps` before and after `at`, where they exist; only the first when they are the same.
fn both_sides(at: usize, steps: usize) -> [Option<usize>; 2] {
    [at.checked_sub(steps), (steps > 0).then_some(at + steps)]
}

/// Steps from position `i` to the nearest of the runs, which are in ascending order.
fn steps_to_runs(runs: &[Run], i: u32) -> Option<u32> {
    let near = if runs.len() > FEW_RUNS {
        let next = runs.partition_point(|run| run.last < i);
        runs.get(next.saturating_sub(1)..runs.len().min(next + 1))?
    } else {
        runs
    };
    near.iter().map(|run| run.steps_to(i)).min()
}

#[cfg(test)]
mod tests {
    use super::super::surfaces;
    use super::*;
    use ndarray::{array, Array3};
    use proptest::prelude::*;

    #[test]
    fn distances_by_hand_with_anisotropic_voxels() {
        // Planes 5 apart, rows 2, voxels 0.5.
        let a = array![
            [[1_u16, 0, 0, 0], [0, 0, 0, 1]],
            [[0, 0, 0, 0], [0, 0, 0, 0]]
        ];
        let b = array![
            [[0_u16, 0, 0, 0], [0, 0, 0, 0]],
            [[0, 1, 0, 0], [0, 0, 0, 0]]
        ];
        let (a, b) = (&surfaces(&a.view(), &[1])[0], &surfaces(&b.view(), &[1])[0]);
        let spacing = [5.0, 2.0, 0.5];
        let near = (5.0_f64.powi(2) + 0.5_f64.powi(2)).sqrt();
        let far = (5.0_f64.powi(2) + 2.0_f64.powi(2) + 1.0_f64.powi(2)).sqrt();
        assert_eq!(a.distances_to(b, spacing), [near, far]);
        assert_eq!(b.distances_to(a, spacing), [near]);
        assert_eq!(a.distances_to(a, spacing), [0.0, 0.0]);
        let none = Surface::default();
        assert_eq!(a.distances_to(&none, spacing), [f64::INFINITY; 2]);
        assert!(none.distances_to(a, spacing).is_empty());
    }

    #[test]
    fn rows_with_many_runs_are_searched_by_bisection() {
        let runs: Vec<_> = (0..20)
            .map(|n| Run {
                first: 10 * n + 4,
                last: 10 * n + 6,
            })
            .collect();
        for i in 0..220 {
            let one_by_one = runs.chunks(1).filter_map(|run| steps_to_runs(run, i)).min();
            assert_eq!(steps_to_runs(&runs, i), one_by_one, "{i}");
        }
    }

    proptest! {
        #[test]
        fn equals_looking_at_every_voxel(
            shape in [1_usize..6, 1_usize..9, 1_usize..30],
            values in prop::collection::vec(prop_oneof![12 => Just(0_u16), 1 => 1_u16..4], 5 * 8 * 29),
            spacing in [0.2_f64..5.0, 0.2_f64..5.0, 0.2_f64..5.0],
        ) {
            let size = shape.iter().product::<usize>();
            let labels = Array3::from_shape_vec(shape, values[..size].to_vec()).unwrap();
            let all = surfaces(&labels.view(), &[1, 2]);
            let (from, to) = (&all[0], &all[1]);
            for (at, found) in from.voxels().zip(from.distances_to(to, spacing)) {
                let distance = |other: [usize; 3]| {
                    (0..3).map(|n| square(at[n].abs_diff(other[n]) as f64 * spacing[n])).sum::<f64>().sqrt()
                };
                let expected = to.voxels().map(distance).fold(f64::INFINITY, f64::min);
                prop_assert!(found == expected || (found - expected).abs() <= 1e-14 * expected);
            }
        }
    }
}
