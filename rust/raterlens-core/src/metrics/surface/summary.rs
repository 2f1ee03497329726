//! Hausdorff, HD95, ASSD, surface Dice and signed distance from the distances between two surfaces.

use ndarray::ArrayView3;
use serde::{Deserialize, Serialize};

use super::rows::Surface;
use crate::metrics::overlap::Emptiness;
use crate::metrics::percentile::percentile;

/// How far two surfaces are from each other; exists only when both have voxels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SurfaceMetrics {
    /// Hausdorff distance: the largest distance from a voxel of either surface to the other surface.
    pub hausdorff_mm: f64,
    /// The larger of the two directed 95th percentiles (linear interpolation between ranks).
    ///
    /// Other programs take the percentile of both directions together, which is smaller.
    pub hd95_mm: f64,
    /// Average symmetric surface distance: the mean of the distances of both directions together.
    pub assd_mm: f64,
    /// Surface Dice: the part of all surface voxels of both that lie within the tolerance of the other surface.
    pub surface_dice: f64,
}

/// Compares two surfaces of arrays of one shape; `None` when either is empty.
///
/// `spacing_mm` is the distance between (planes, rows, voxels), `tolerance_mm` (0 or more) that of surface Dice. The result is the
/// same when the surfaces are exchanged. Cost: proportional to the number of surface voxels times the rows
/// within their distance.
///
/// ```
/// use ndarray::array;
/// use raterlens_core::metrics::{surface_metrics, surfaces};
/// // One row of voxels 2 mm apart; the right end of the structure differs by two voxels.
/// let (a, b) = (array![[[1_u16, 1, 1, 0, 0]]], array![[[1_u16, 1, 1, 1, 1]]]);
/// let (a, b) = (&surfaces(&a.view(), &[1])[0], &surfaces(&b.view(), &[1])[0]);
/// let metrics = surface_metrics(a, b, [1.0, 1.0, 2.0], 1.0).unwrap();
/// assert_eq!(metrics.hausdorff_mm, 2.0 * 2.0);
/// assert_eq!(metrics.assd_mm, (0.0 + 4.0 + 0.0 + 4.0) / 4.0);
/// assert_eq!(metrics.surface_dice, 2.0 / 4.0);
/// ```
#[must_use]
pub fn surface_metrics(
    a: &Surface,
    b: &Surface,
    spacing_mm: [f64; 3],
    tolerance_mm: f64,
) -> Option<SurfaceMetrics> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let (mut ab, mut ba) = rayon::join(
        || a.distances_to(b, spacing_mm),
        || b.distances_to(a, spacing_mm),
    );
    summarise(&mut ab, &mut ba, tolerance_mm)
}

/// The summary of the distances of both directions; reorders them.
pub(crate) fn summarise(
    ab: &mut [f64],
    ba: &mut [f64],
    tolerance_mm: f64,
) -> Option<SurfaceMetrics> {
    let all = || ab.iter().chain(ba.iter()).copied();
    let voxels = (ab.len() + ba.len()) as f64;
    // Each direction by itself, so that exchanging the surfaces changes no bit.
    let sum = ab.iter().sum::<f64>() + ba.iter().sum::<f64>();
    let hausdorff_mm = all().fold(0.0, f64::max);
    let within = all().filter(|&d| d <= tolerance_mm).count();
    Some(SurfaceMetrics {
        hausdorff_mm,
        assd_mm: sum / voxels,
        surface_dice: within as f64 / voxels,
        hd95_mm: percentile(ab, 95.0)?.max(percentile(ba, 95.0)?),
    })
}

/// Surface Dice where [`surface_metrics`] gives nothing: 1 when both structures are empty, else 0.
#[must_use]
pub fn surface_dice_when_empty(emptiness: Emptiness) -> f64 {
    f64::from(emptiness == Emptiness::Both)
}

/// Sums over signed surface distances, in millimetres; sums of blocks and images add up.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct SignedSums {
    /// Surface voxels.
    pub(crate) voxels: u64,
    /// Sum of the signed distances.
    pub(crate) sum: f64,
    /// Sum of their squares.
    pub(crate) squares: f64,
}

impl SignedSums {
    /// Adds the sums of another part.
    pub(crate) fn add(&mut self, other: &Self) {
        self.voxels += other.voxels;
        self.sum += other.sum;
        self.squares += other.squares;
    }

    /// Mean signed distance; `None` without voxels.
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.voxels > 0).then(|| self.sum / self.voxels as f64)
    }

    /// Standard deviation (of the population) of the signed distances.
    pub(crate) fn sd(&self) -> Option<f64> {
        let mean = self.mean()?;
        let variance = self.squares / self.voxels as f64 - mean * mean;
        Some(variance.max(0.0).sqrt())
    }
}

/// One direction of the signed surface distance: each distance counts `sign` where the voxel of `surface` is inside structure `id` of
/// `labels` (the other map), and minus `sign` outside.
pub(crate) fn signed_sums(
    surface: &Surface,
    distances: &[f64],
    labels: &ArrayView3<'_, u16>,
    id: u16,
    sign: f64,
) -> SignedSums {
    let mut sums = SignedSums::default();
    for (at, &distance) in surface.voxels().zip(distances) {
        let inside = labels.get(at) == Some(&id);
        sums.voxels += 1;
        sums.sum += if inside { sign } else { -sign } * distance;
        sums.squares += distance * distance;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::super::surfaces;
    use super::*;
    use ndarray::{array, s, Array3};
    use proptest::prelude::*;

    fn metrics(a: &Array3<u16>, b: &Array3<u16>, spacing: [f64; 3]) -> Option<SurfaceMetrics> {
        let (a, b) = (&surfaces(&a.view(), &[1])[0], &surfaces(&b.view(), &[1])[0]);
        surface_metrics(a, b, spacing, 1.0)
    }

    #[test]
    fn two_squares_by_hand() {
        // Pixels 2 mm high and 0.5 mm wide; b is a moved down by one row: all pixels of both are surface.
        let a = array![[[1, 1, 0], [1, 1, 0], [0, 0, 0]]];
        let b = array![[[0, 0, 0], [1, 1, 0], [1, 1, 0]]];
        let found = metrics(&a, &b, [9.0, 2.0, 0.5]).unwrap();
        // From a: the two upper pixels are 2 mm from b, the two lower ones in it. From b likewise.
        assert_eq!(found.hausdorff_mm, 2.0);
        assert_eq!(found.assd_mm, (2.0 + 2.0) * 2.0 / 8.0);
        assert_eq!(found.surface_dice, 4.0 / 8.0);
        // Sorted 0 0 2 2, rank 0.95 * 3 = 2.85: between the third and the fourth, both 2.
        assert_eq!(found.hd95_mm, 2.0);
    }

    #[test]
    fn hd95_is_the_larger_of_the_directed_percentiles() {
        let mut ab = vec![0.0; 19];
        ab.push(10.0);
        let mut ba = vec![1.0; 4];
        // a to b: rank 0.95 * 19 = 18.05, between the 0 at 18 and the 10 at 19. b to a: 1.
        let found = summarise(&mut ab, &mut ba, 0.5).unwrap();
        assert!((found.hd95_mm - 1.0).abs() < 1e-12);
        ba.fill(0.25);
        let found = summarise(&mut ab, &mut ba, 0.5).unwrap();
        assert!((found.hd95_mm - 0.05 * 10.0).abs() < 1e-12);
    }

    #[test]
    fn an_empty_surface_has_no_distance() {
        let (some, none) = (array![[[1, 0]]], array![[[0, 0]]]);
        for (a, b) in [(&some, &none), (&none, &some), (&none, &none)] {
            assert_eq!(metrics(a, b, [1.0; 3]), None);
        }
        assert_eq!(surface_dice_when_empty(Emptiness::Both), 1.0);
        assert_eq!(surface_dice_when_empty(Emptiness::Truth), 0.0);
        assert_eq!(surface_dice_when_empty(Emptiness::Prediction), 0.0);
    }

    #[test]
    fn signed_distances_by_hand() {
        // Pixels 2 mm wide: a's right end lies 2 pixels beyond b's, its left end 1 pixel inside b.
        let a = array![[[0, 0, 1, 1, 1, 1]]];
        let b = array![[[0, 1, 1, 1, 0, 0]]];
        let (sa, sb) = (&surfaces(&a.view(), &[1])[0], &surfaces(&b.view(), &[1])[0]);
        let spacing = [1.0, 1.0, 2.0];
        // Ends of a at 2 and 5, of b at 1 and 3. 2 is inside b: -2 mm; 5 is outside: +4 mm.
        let from_a = signed_sums(sa, &sa.distances_to(sb, spacing), &b.view(), 1, -1.0);
        assert_eq!((from_a.sum, from_a.voxels), (-2.0 + 4.0, 2));
        // 1 is outside a: a is smaller there, -2 mm; 3 is inside a, 1 pixel from its end at 2: +2 mm.
        let from_b = signed_sums(sb, &sb.distances_to(sa, spacing), &a.view(), 1, 1.0);
        assert_eq!((from_b.sum, from_b.squares), (-2.0 + 2.0, 4.0 + 4.0));
        let mut both = from_a;
        both.add(&from_b);
        assert_eq!(both.mean(), Some(2.0 / 4.0));
        let variance = (4.0 + 16.0 + 4.0 + 4.0) / 4.0 - 0.5 * 0.5;
        assert_eq!(both.sd(), Some(f64::sqrt(variance)));
        assert_eq!(SignedSums::default().mean(), None);
    }

    fn close(a: &SurfaceMetrics, b: &SurfaceMetrics) -> bool {
        let near = |x: f64, y: f64| (x - y).abs() <= 1e-12 * x.max(1.0);
        near(a.hausdorff_mm, b.hausdorff_mm)
            && near(a.hd95_mm, b.hd95_mm)
            && near(a.assd_mm, b.assd_mm)
            && a.surface_dice == b.surface_dice
    }

    proptest! {
        #[test]
        fn symmetric_and_invariant_to_mirroring_and_axis_order(
            shape in [1_usize..5, 1_usize..7, 1_usize..12],
            values in prop::collection::vec((0_u16..2, 0_u16..2), 4 * 6 * 11),
            spacing in [0.3_f64..4.0, 0.3_f64..4.0, 0.3_f64..4.0],
        ) {
            let size = shape.iter().product::<usize>();
            let part = |f: fn(&(u16, u16)) -> u16| {
                Array3::from_shape_vec(shape, values[..size].iter().map(f).collect()).unwrap()
            };
            let (a, b) = (part(|v| v.0), part(|v| v.1));
            let found = metrics(&a, &b, spacing);
            prop_assert_eq!(found, metrics(&b, &a, spacing));
            let Some(found) = found else { return Ok(()) };
            let flip = |x: &Array3<u16>| x.slice(s![..;-1, .., ..;-1]).to_owned();
            prop_assert!(close(&found, &metrics(&flip(&a), &flip(&b), spacing).unwrap()));
            let turn = |x: &Array3<u16>| x.view().permuted_axes([2, 0, 1]).to_owned();
            let turned = [spacing[2], spacing[0], spacing[1]];
            prop_assert!(close(&found, &metrics(&turn(&a), &turn(&b), turned).unwrap()));
            let same = metrics(&a, &a, spacing).unwrap();
            prop_assert!(same.hausdorff_mm == 0.0 && same.assd_mm == 0.0 && same.surface_dice == 1.0);
        }
    }
}
