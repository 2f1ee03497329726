//! Says in which way two grids differ.

use std::fmt;

use crate::geometry::Geometry;
use crate::grid::GRID_TOLERANCE_MM;

/// In which way a grid differs from the one that is asked for.
///
/// What agrees is `None`. Grids agree when every voxel lies within [`GRID_TOLERANCE_MM`] in both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GridDifference {
    /// Voxels along (i, j, k): expected and found.
    pub dims: Option<([usize; 3], [usize; 3])>,
    /// Spacing along (i, j, k) in millimetres: expected and found.
    pub spacing_mm: Option<([f64; 3], [f64; 3])>,
    /// Distance between the centres of the two voxels (0, 0, 0), in millimetres.
    pub origin_distance_mm: Option<f64>,
    /// Largest angle between axes of the same name, in degrees.
    pub angle_deg: Option<f64>,
    /// Largest distance between the two positions of one voxel; `None` when the dimensions differ.
    pub farthest_mm: Option<f64>,
}

impl GridDifference {
    /// Compares `found` with `expected`; `None` when the grids agree.
    ///
    /// ```
    /// use raterlens_core::{fusion::GridDifference, Geometry};
    /// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    /// let expected = Geometry::new([4, 4, 2], [1.0, 1.0, 4.0], [0.0; 3], identity)?;
    /// let found = Geometry::new([4, 4, 3], [1.0, 1.0, 4.0], [0.0; 3], identity)?;
    /// let difference = GridDifference::between(&expected, &found).unwrap();
    /// assert_eq!(difference.to_string(), "it has 4 x 4 x 3 voxels instead of 4 x 4 x 2");
    /// assert_eq!(GridDifference::between(&expected, &expected), None);
    /// # Ok::<(), raterlens_core::GeometryError>(())
    /// ```
    #[must_use]
    pub fn between(expected: &Geometry, found: &Geometry) -> Option<Self> {
        let farthest_mm = expected.max_distance_mm(found);
        if farthest_mm.is_some_and(|mm| mm <= GRID_TOLERANCE_MM) {
            return None;
        }
        let origin_mm = distance(&expected.origin_lps, &found.origin_lps);
        let angle_deg = largest_angle_deg(expected, found);
        let same_spacing = (0..3).all(|a| {
            let steps = expected.dims[a].max(2) as f64;
            (expected.spacing_mm[a] - found.spacing_mm[a]).abs() * steps <= GRID_TOLERANCE_MM
        });
        Some(Self {
            dims: (expected.dims != found.dims).then_some((expected.dims, found.dims)),
            spacing_mm: (!same_spacing).then_some((expected.spacing_mm, found.spacing_mm)),
            origin_distance_mm: (origin_mm > GRID_TOLERANCE_MM).then_some(origin_mm),
            angle_deg: (angle_deg > MIN_ANGLE_DEG).then_some(angle_deg),
            farthest_mm,
        })
    }
}

/// Smaller angles are the rounding of 32-bit headers.
const MIN_ANGLE_DEG: f64 = 1e-3;

fn distance(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    let squared: f64 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
    squared.sqrt()
}

fn largest_angle_deg(a: &Geometry, b: &Geometry) -> f64 {
    let angle = |axis| {
        let (a, b) = (a.axis_lps(axis), b.axis_lps(axis));
        // 2 asin(|a - b| / 2) is accurate for small angles, where acos of a cosine near 1 is not.
        (2.0 * (distance(&a, &b) / 2.0).min(1.0).asin()).to_degrees()
    };
    (0..3).map(angle).fold(0.0, f64::max)
}

impl fmt::Display for GridDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some((expected, found)) = &self.dims {
            let (found, expected) = (times(found), times(expected));
            parts.push(format!("it has {found} voxels instead of {expected}"));
        }
        if let Some((expected, found)) = &self.spacing_mm {
            let (found, expected) = (times(found), times(expected));
            parts.push(format!("its voxels are {found} mm instead of {expected}"));
        }
        if let Some(mm) = self.origin_distance_mm {
            parts.push(format!("its first voxel lies {mm:.3} mm away"));
        }
        if let Some(degrees) = self.angle_deg {
            parts.push(format!("its axes are turned by up to {degrees:.3} degrees"));
        }
        if let (true, Some(mm)) = (parts.is_empty(), self.farthest_mm) {
            parts.push(format!("its voxels lie up to {mm:.3} mm away"));
        }
        f.write_str(&parts.join(", "))
    }
}

fn times<T: ToString>(values: &[T; 3]) -> String {
    values.each_ref().map(ToString::to_string).join(" x ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

    fn grid() -> Geometry {
        Geometry::new([4, 4, 2], [0.5, 0.5, 4.0], [0.0; 3], IDENTITY).unwrap()
    }

    fn sentence(change: fn(&mut Geometry)) -> String {
        let mut other = grid();
        change(&mut other);
        GridDifference::between(&grid(), &other)
            .unwrap()
            .to_string()
    }

    #[test]
    fn each_difference_is_named() {
        assert_eq!(
            sentence(|g| g.spacing_mm[2] = 5.0),
            "its voxels are 0.5 x 0.5 x 5 mm instead of 0.5 x 0.5 x 4"
        );
        assert_eq!(
            sentence(|g| g.origin_lps = [3.0, 0.0, 4.0]),
            "its first voxel lies 5.000 mm away"
        );
        // i points to the patient's right instead of left: half a turn.
        assert_eq!(
            sentence(|g| g.direction_lps[0][0] = -1.0),
            "its axes are turned by up to 180.000 degrees"
        );
        let both = sentence(|g| {
            g.dims[0] = 9;
            g.origin_lps[1] = 0.25;
        });
        assert_eq!(
            both,
            "it has 9 x 4 x 2 voxels instead of 4 x 4 x 2, its first voxel lies 0.250 mm away"
        );
    }

    #[test]
    fn rounding_of_headers_is_no_difference() {
        let mut other = grid();
        other.origin_lps[0] = 1e-4;
        other.spacing_mm[0] = f64::from(0.5_f32 + f32::EPSILON);
        assert_eq!(GridDifference::between(&grid(), &other), None);
    }
}
