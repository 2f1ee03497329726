//! Label maps from one grid onto another.

use ndarray::{Array3, Axis};
use rayon::prelude::*;

use crate::geometry::{Affine, Geometry};
use crate::volume::{LabelMap, Volume, VolumeError};

/// Positions this close to a voxel's border (in voxels) count as on it, so that rounding of headers decides nothing.
const TIE: f64 = 1e-6;

/// The label of the nearest voxel centre, for every voxel centre of `grid`; background (0) outside `labels`.
///
/// Nearest in the index space of `labels`: the position is rounded along each of its axes. A position halfway between two
/// voxels takes the one of the higher index. Labels are never mixed, and a grid that is only a crop, a flip or a permutation
/// of the other's is reproduced exactly. Thin structures can vanish when `grid` is much coarser.
///
/// # Errors
/// None in practice: a checked [`Geometry`] can always be inverted.
///
/// ```
/// use ndarray::array;
/// use raterlens_core::{regrid::nearest_labels, Geometry, Volume};
/// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let fine = Geometry::new([4, 1, 1], [0.5, 1.0, 1.0], [0.0; 3], identity)?;
/// let labels = Volume::new(array![[[1_u16, 2, 3, 4]]], fine)?;
/// // Voxels of 1 mm whose centres are at 0, 1 and 2 mm: those of fine voxels 0 and 2, and one outside.
/// let coarse = Geometry::new([3, 1, 1], [1.0, 1.0, 1.0], [0.0; 3], identity)?;
/// assert_eq!(nearest_labels(&labels, &coarse)?.data(), &array![[[1, 3, 0]]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn nearest_labels(labels: &LabelMap, grid: &Geometry) -> Result<LabelMap, VolumeError> {
    let mut out = Array3::zeros(grid.shape_kji());
    let Some(source_from_target) = source_from_target(labels.geometry(), grid) else {
        return Volume::new(out, *grid);
    };
    let planes: Vec<_> = out.axis_iter_mut(Axis(0)).collect();
    planes
        .into_par_iter()
        .enumerate()
        .for_each(|(k, mut plane)| {
            for ((j, i), voxel) in plane.indexed_iter_mut() {
                let at = source_from_target.apply([i as f64, j as f64, k as f64]);
                *voxel = at_nearest(labels, at);
            }
        });
    Volume::new(out, *grid)
}

fn at_nearest(labels: &LabelMap, ijk: [f64; 3]) -> u16 {
    let [i, j, k] = ijk.map(|x| (x + 0.5 + TIE).floor());
    if [i, j, k].iter().any(|&x| x < 0.0) {
        return 0;
    }
    // Too large for the array, or for an index: background.
    let found = labels.data().get([k as usize, j as usize, i as usize]);
    found.copied().unwrap_or(0)
}

/// Index in `source` from index in `target`, by way of points in LPS.
fn source_from_target(source: &Geometry, target: &Geometry) -> Option<Affine> {
    let ijk_from_lps = source.lps_from_ijk().inverse()?;
    Some(ijk_from_lps.then_after(&target.lps_from_ijk()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orientation::CanonicalAxial;

    /// Unit vectors of a grid turned by 30 degrees about the patient's long axis.
    fn oblique() -> [[f64; 3]; 3] {
        let (c, s) = (0.75_f64.sqrt(), 0.5);
        [[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]
    }

    fn numbered(grid: Geometry) -> LabelMap {
        let [k, j, i] = grid.shape_kji();
        let label = |at: (usize, usize, usize)| (1 + at.2 + i * (at.1 + j * at.0)) as u16;
        Volume::new(Array3::from_shape_fn((k, j, i), label), grid).unwrap()
    }

    #[test]
    fn an_oblique_crop_that_leaves_the_image_keeps_labels_and_adds_background() {
        let grid = Geometry::new([4, 3, 2], [0.5, 1.0, 4.0], [7.0, -3.0, 2.0], oblique()).unwrap();
        let labels = numbered(grid);
        // Starts at voxel (2, 1, 1) and is one voxel longer along i than what is left.
        let origin = grid.lps_from_ijk().apply([2.0, 1.0, 1.0]);
        let crop = Geometry::new([3, 2, 1], grid.spacing_mm, origin, oblique()).unwrap();
        let found = nearest_labels(&labels, &crop).unwrap();
        let at = |k, j, i| labels.data()[[k, j, i]];
        let expected = [
            at(1, 1, 2),
            at(1, 1, 3),
            0, //
            at(1, 2, 2),
            at(1, 2, 3),
            0,
        ];
        assert_eq!(found.data().iter().copied().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn every_axis_order_and_direction_is_undone_exactly() {
        for permutation in [
            [0, 1, 2],
            [0, 2, 1],
            [1, 0, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
        ] {
            for signs in 0..8 {
                let mut direction = [[0.0; 3]; 3];
                for (axis, &world) in permutation.iter().enumerate() {
                    direction[world][axis] = if (signs >> axis) & 1 == 1 { -1.0 } else { 1.0 };
                }
                let grid = Geometry::new([4, 3, 2], [0.7, 1.1, 3.3], [5.0, 6.0, 7.0], direction);
                let labels = numbered(grid.unwrap());
                let canonical = CanonicalAxial::for_geometry(labels.geometry());
                let expected = canonical.to_canonical(&labels).unwrap();
                let found = nearest_labels(&labels, expected.geometry()).unwrap();
                assert_eq!(found, expected, "{permutation:?} {signs}");
            }
        }
    }

    #[test]
    fn halfway_is_the_higher_index_and_just_outside_is_background() {
        let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let line =
            |n, origin| Geometry::new([n, 1, 1], [1.0; 3], [origin, 0.0, 0.0], identity).unwrap();
        let labels = numbered(line(2, 0.0));
        let at = |x| nearest_labels(&labels, &line(1, x)).unwrap().data()[[0, 0, 0]];
        assert_eq!(
            [at(-0.51), at(-0.5), at(0.49), at(0.5), at(1.49), at(1.51)],
            [0, 1, 1, 2, 2, 0]
        );
        // Rounding in a header's last digit decides nothing.
        assert_eq!(at(0.5 - 1e-9), 2);
    }
}
