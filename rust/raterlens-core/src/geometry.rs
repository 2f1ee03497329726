//! Where voxels are in the patient: dimensions, spacing, origin and direction.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Smallest volume of the unit parallelepiped of three direction vectors that still counts as a frame.
const MIN_FRAME_VOLUME: f64 = 1e-3;

/// Why a geometry was refused.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum GeometryError {
    /// An axis has no voxels.
    #[error("the image has {dims:?} voxels along (i, j, k): every axis needs at least one")]
    EmptyAxis {
        /// Voxels along i, j, k.
        dims: [usize; 3],
    },
    /// A spacing is zero, negative, or not a number.
    #[error("the image's voxel spacing is {spacing_mm:?} mm: each must be a positive number")]
    BadSpacing {
        /// Spacing along i, j, k.
        spacing_mm: [f64; 3],
    },
    /// The direction vectors do not span space, or a value is not finite.
    #[error("the image's axis directions {direction_lps:?} do not span three dimensions: its orientation header is damaged")]
    DegenerateDirection {
        /// Row-major matrix; column `a` belongs to array axis `a`.
        direction_lps: [[f64; 3]; 3],
    },
    /// The origin is not a finite point.
    #[error(
        "the image's origin {origin_lps:?} is not a finite point: its position header is damaged"
    )]
    BadOrigin {
        /// Position of voxel (0, 0, 0).
        origin_lps: [f64; 3],
    },
}

/// A 4 x 4 affine transform, row-major, last row (0, 0, 0, 1). Named target-from-source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Affine(pub [[f64; 4]; 4]);

impl Affine {
    /// The transform that moves nothing.
    pub const IDENTITY: Self = Self([
        [1.0, 0.0, 0.0, 0.0],
        [0.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 1.0],
    ]);

    /// Maps a point.
    #[must_use]
    pub fn apply(&self, point: [f64; 3]) -> [f64; 3] {
        let m = &self.0;
        std::array::from_fn(|r| {
            m[r][0] * point[0] + m[r][1] * point[1] + m[r][2] * point[2] + m[r][3]
        })
    }

    /// `self * other`: first `other`, then `self`.
    #[must_use]
    pub fn then_after(&self, other: &Self) -> Self {
        let mut out = [[0.0; 4]; 4];
        for (r, row) in out.iter_mut().enumerate() {
            for (c, value) in row.iter_mut().enumerate() {
                *value = (0..4).map(|i| self.0[r][i] * other.0[i][c]).sum();
            }
        }
        Self(out)
    }

    /// The transform back; `None` when this one flattens space.
    ///
    /// ```
    /// use raterlens_core::Affine;
    /// let scaled = Affine([[2.0, 0.0, 0.0, 3.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 4.0, 0.0], [0.0, 0.0, 0.0, 1.0]]);
    /// let back = scaled.inverse().unwrap();
    /// assert_eq!(back.apply(scaled.apply([1.0, 2.0, 3.0])), [1.0, 2.0, 3.0]);
    /// ```
    #[must_use]
    pub fn inverse(&self) -> Option<Self> {
        let m = &self.0;
        let linear: [[f64; 3]; 3] = std::array::from_fn(|r| [m[r][0], m[r][1], m[r][2]]);
        let det = determinant(&linear);
        if !det.is_normal() {
            return None;
        }
        // Cofactors, by cyclic indices, so that no sign is needed.
        let cofactor = |r: usize, c: usize| {
            let ([a, b], [d, e]) = ([(r + 1) % 3, (r + 2) % 3], [(c + 1) % 3, (c + 2) % 3]);
            linear[a][d] * linear[b][e] - linear[a][e] * linear[b][d]
        };
        let mut out = Self::IDENTITY.0;
        for (r, row) in out.iter_mut().take(3).enumerate() {
            for (c, value) in row.iter_mut().take(3).enumerate() {
                *value = cofactor(c, r) / det;
            }
        }
        let translation: [f64; 3] = std::array::from_fn(|r| m[r][3]);
        for row in out.iter_mut().take(3) {
            row[3] = -(0..3).map(|c| row[c] * translation[c]).sum::<f64>();
        }
        Some(Self(out))
    }
}

/// Crosses between LPS and RAS (its own inverse): the first two coordinates change sign.
///
/// This is the only place where the two conventions meet.
///
/// ```
/// // 10 mm to the patient's left, 20 mm to the back, 30 mm up:
/// assert_eq!(raterlens_core::geometry::ras_from_lps([10.0, 20.0, 30.0]), [-10.0, -20.0, 30.0]);
/// ```
#[must_use]
pub fn ras_from_lps(point_lps: [f64; 3]) -> [f64; 3] {
    [-point_lps[0], -point_lps[1], point_lps[2]]
}

fn flip_first_two_rows(affine: &Affine) -> Affine {
    let mut m = affine.0;
    for row in m.iter_mut().take(2) {
        for value in row.iter_mut() {
            *value = -*value;
        }
    }
    Affine(m)
}

/// Dimensions, spacing, origin and direction of an image in the patient's LPS space.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Geometry {
    /// Voxels along (i, j, k).
    pub dims: [usize; 3],
    /// Distance between voxel centres along (i, j, k), in millimetres.
    pub spacing_mm: [f64; 3],
    /// Position of the centre of voxel (0, 0, 0), LPS, in millimetres.
    pub origin_lps: [f64; 3],
    /// Row-major 3 x 3; column `a` is the unit LPS vector along array axis `a`.
    pub direction_lps: [[f64; 3]; 3],
}

impl Geometry {
    /// A checked geometry.
    ///
    /// # Errors
    /// An empty axis, a spacing that is not positive, a direction that does not span space, or
    /// anything that is not finite.
    ///
    /// ```
    /// use raterlens_core::Geometry;
    /// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    /// let g = Geometry::new([4, 3, 2], [0.5, 0.5, 4.0], [0.0; 3], identity)?;
    /// assert_eq!(g.voxel_volume_mm3(), 1.0);
    /// assert!(Geometry::new([4, 3, 2], [0.5, 0.0, 4.0], [0.0; 3], identity).is_err());
    /// # Ok::<(), raterlens_core::GeometryError>(())
    /// ```
    pub fn new(
        dims: [usize; 3],
        spacing_mm: [f64; 3],
        origin_lps: [f64; 3],
        direction_lps: [[f64; 3]; 3],
    ) -> Result<Self, GeometryError> {
        if dims.contains(&0) {
            return Err(GeometryError::EmptyAxis { dims });
        }
        if !spacing_mm.iter().all(|s| s.is_finite() && *s > 0.0) {
            return Err(GeometryError::BadSpacing { spacing_mm });
        }
        if !origin_lps.iter().all(|v| v.is_finite()) {
            return Err(GeometryError::BadOrigin { origin_lps });
        }
        let frame_volume = determinant(&direction_lps).abs();
        if !frame_volume.is_finite() || frame_volume < MIN_FRAME_VOLUME {
            return Err(GeometryError::DegenerateDirection { direction_lps });
        }
        Ok(Self {
            dims,
            spacing_mm,
            origin_lps,
            direction_lps,
        })
    }

    /// The geometry whose `lps_from_ijk` is `affine`: spacing is the length of each column.
    ///
    /// # Errors
    /// As [`Geometry::new`].
    pub fn from_lps_affine(dims: [usize; 3], affine: &Affine) -> Result<Self, GeometryError> {
        let m = &affine.0;
        let spacing_mm: [f64; 3] = std::array::from_fn(|a| {
            (m[0][a] * m[0][a] + m[1][a] * m[1][a] + m[2][a] * m[2][a]).sqrt()
        });
        if !spacing_mm.iter().all(|s| s.is_finite() && *s > 0.0) {
            return Err(GeometryError::BadSpacing { spacing_mm });
        }
        let direction = std::array::from_fn(|r| std::array::from_fn(|a| m[r][a] / spacing_mm[a]));
        Self::new(dims, spacing_mm, [m[0][3], m[1][3], m[2][3]], direction)
    }

    /// The geometry whose `ras_from_ijk` is `affine`.
    ///
    /// # Errors
    /// As [`Geometry::new`].
    pub fn from_ras_affine(dims: [usize; 3], affine: &Affine) -> Result<Self, GeometryError> {
        Self::from_lps_affine(dims, &flip_first_two_rows(affine))
    }

    /// The transform from voxel index (i, j, k) to LPS millimetres.
    #[must_use]
    pub fn lps_from_ijk(&self) -> Affine {
        let mut m = Affine::IDENTITY.0;
        for (r, row) in m.iter_mut().take(3).enumerate() {
            for (value, (cosine, spacing)) in row
                .iter_mut()
                .zip(self.direction_lps[r].iter().zip(self.spacing_mm))
            {
                *value = cosine * spacing;
            }
            row[3] = self.origin_lps[r];
        }
        Affine(m)
    }

    /// The transform from voxel index (i, j, k) to RAS millimetres.
    #[must_use]
    pub fn ras_from_ijk(&self) -> Affine {
        flip_first_two_rows(&self.lps_from_ijk())
    }

    /// Number of voxels.
    #[must_use]
    pub fn voxel_count(&self) -> usize {
        self.dims.iter().product()
    }

    /// Volume of one voxel in cubic millimetres; a sheared grid counts as the sheared box it is.
    #[must_use]
    pub fn voxel_volume_mm3(&self) -> f64 {
        self.spacing_mm.iter().product::<f64>() * determinant(&self.direction_lps).abs()
    }

    /// Largest distance in millimetres between the positions that two grids give to one voxel, or
    /// `None` when they differ in dimensions.
    ///
    /// The eight corner voxels decide: between affine maps the distance is largest at a corner.
    #[must_use]
    pub fn max_distance_mm(&self, other: &Self) -> Option<f64> {
        if self.dims != other.dims {
            return None;
        }
        let (a, b) = (self.lps_from_ijk(), other.lps_from_ijk());
        let distance = |corner: usize| {
            let index = std::array::from_fn(|axis| {
                let at_end = (corner >> axis) & 1 == 1;
                if at_end {
                    self.dims[axis].saturating_sub(1) as f64
                } else {
                    0.0
                }
            });
            let (p, q) = (a.apply(index), b.apply(index));
            (0..3).map(|r| (p[r] - q[r]).powi(2)).sum::<f64>().sqrt()
        };
        Some((0..8).map(distance).fold(0.0, f64::max))
    }

    /// Shape of the array that holds this image: `[k, j, i]`.
    #[must_use]
    pub fn shape_kji(&self) -> [usize; 3] {
        [self.dims[2], self.dims[1], self.dims[0]]
    }

    /// Unit LPS vector along array axis `axis` (0 = i, 1 = j, 2 = k; larger counts as k).
    #[must_use]
    pub fn axis_lps(&self, axis: usize) -> [f64; 3] {
        let axis = axis.min(2);
        std::array::from_fn(|r| self.direction_lps[r][axis])
    }
}

/// Determinant of a 3 x 3 matrix.
#[must_use]
pub fn determinant(m: &[[f64; 3]; 3]) -> f64 {
    m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
        - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: i runs to the patient's right, j to the front, k up; spacing 2 x 3 x 5 mm.
    fn ras_grid() -> Geometry {
        let direction = [[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]];
        Geometry::new([10, 20, 30], [2.0, 3.0, 5.0], [7.0, -11.0, 13.0], direction).unwrap()
    }

    #[test]
    fn index_to_patient_by_hand() {
        let g = ras_grid();
        assert_eq!(
            g.lps_from_ijk().apply([1.0, 2.0, 3.0]),
            [7.0 - 2.0, -11.0 - 6.0, 13.0 + 15.0]
        );
        assert_eq!(
            g.ras_from_ijk().apply([1.0, 2.0, 3.0]),
            [-7.0 + 2.0, 11.0 + 6.0, 13.0 + 15.0]
        );
    }

    #[test]
    fn affine_and_geometry_are_inverse() {
        let g = ras_grid();
        assert_eq!(
            Geometry::from_lps_affine(g.dims, &g.lps_from_ijk()).unwrap(),
            g
        );
        assert_eq!(
            Geometry::from_ras_affine(g.dims, &g.ras_from_ijk()).unwrap(),
            g
        );
    }

    #[test]
    fn a_sheared_grid_has_the_volume_of_its_parallelepiped() {
        let sixty = 60f64.to_radians();
        let direction = [
            [1.0, 0.0, 0.0],
            [0.0, 1.0, sixty.cos()],
            [0.0, 0.0, sixty.sin()],
        ];
        let g = Geometry::new([1, 1, 1], [1.0, 1.0, 4.0], [0.0; 3], direction).unwrap();
        assert!((g.voxel_volume_mm3() - 4.0 * sixty.sin()).abs() < 1e-12);
    }

    #[test]
    fn grids_are_compared_at_their_far_corner() {
        let g = ras_grid();
        let mut wider = g;
        // By hand: 9 steps along i, each 0.01 mm longer.
        wider.spacing_mm[0] += 0.01;
        let distance = g.max_distance_mm(&wider).unwrap();
        assert!((distance - 9.0 * 0.01).abs() < 1e-12);
        wider.dims[2] += 1;
        assert_eq!(g.max_distance_mm(&wider), None);
    }

    #[test]
    fn damaged_headers_are_refused() {
        let id = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let flat = [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]];
        let new = Geometry::new;
        assert!(matches!(
            new([0, 1, 1], [1.0; 3], [0.0; 3], id),
            Err(GeometryError::EmptyAxis { .. })
        ));
        assert!(matches!(
            new([1, 1, 1], [1.0, f64::NAN, 1.0], [0.0; 3], id),
            Err(GeometryError::BadSpacing { .. })
        ));
        assert!(matches!(
            new([1, 1, 1], [1.0; 3], [0.0, f64::INFINITY, 0.0], id),
            Err(GeometryError::BadOrigin { .. })
        ));
        assert!(matches!(
            new([1, 1, 1], [1.0; 3], [0.0; 3], flat),
            Err(GeometryError::DegenerateDirection { .. })
        ));
    }
}
