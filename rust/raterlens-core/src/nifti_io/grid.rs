//! The fields of a header that say where the voxels are.

use nifti::NiftiHeader;

use super::error::NiftiError;
use super::quaternion::{bcd_from_directions, rotation_from_bcd, rounding_rad};
use crate::geometry::{ras_from_lps, Affine, Geometry};
use crate::grid::GRID_TOLERANCE_MM;

/// Largest size of an axis: the field is a signed 16-bit number.
pub(super) const MAX_AXIS: usize = 32767;

/// A header's geometry fields, exactly as stored, so that outputs lie where the input does to the last bit.
///
/// Nothing else of a header is kept: its texts can name the patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NiftiGrid {
    /// Number of dimensions and their sizes. Outputs are 3-D: a single time point is dropped.
    pub dim: [u16; 8],
    /// `qfac`, then the spacing along each dimension in the header's unit.
    pub pixdim: [f32; 8],
    /// Units of space (low three bits) and time.
    pub xyzt_units: u8,
    /// What the quaternion refers to; 0 means it is not set.
    pub qform_code: i16,
    /// What `srow` refers to; 0 means it is not set.
    pub sform_code: i16,
    /// `quatern_b`, `quatern_c`, `quatern_d`.
    pub quaternion: [f32; 3],
    /// `qoffset_x`, `qoffset_y`, `qoffset_z`.
    pub qoffset: [f32; 3],
    /// `srow_x`, `srow_y`, `srow_z`: RAS from (i, j, k).
    pub srow: [[f32; 4]; 3],
}

impl NiftiGrid {
    pub(super) fn from_header(header: &NiftiHeader) -> Self {
        let mut dim = header.dim;
        dim[0] = 3;
        Self {
            dim,
            pixdim: header.pixdim,
            xyzt_units: header.xyzt_units,
            qform_code: header.qform_code,
            sform_code: header.sform_code,
            quaternion: [header.quatern_b, header.quatern_c, header.quatern_d],
            qoffset: [header.quatern_x, header.quatern_y, header.quatern_z],
            srow: [header.srow_x, header.srow_y, header.srow_z],
        }
    }

    /// The fields for a geometry that comes from elsewhere: millimetres, sform (code 1, scanner), and the
    /// same as qform unless the axes are sheared, which a quaternion cannot store.
    ///
    /// # Errors
    /// [`NiftiError::TooLarge`] for an axis of more than 32767 voxels.
    pub fn from_geometry(geometry: &Geometry) -> Result<Self, NiftiError> {
        let dims = geometry.dims;
        let mut dim = [1_u16; 8];
        dim[0] = 3;
        for (field, &size) in dim.iter_mut().skip(1).zip(&dims) {
            *field = match u16::try_from(size) {
                Ok(size) if usize::from(size) <= MAX_AXIS => size,
                _ => return Err(NiftiError::TooLarge { dims }),
            };
        }
        let ras_from_ijk = geometry.ras_from_ijk().0;
        let srow = std::array::from_fn(|r| ras_from_ijk[r].map(|v| v as f32));
        let axes_ras: [[f64; 3]; 3] = std::array::from_fn(|a| ras_from_lps(geometry.axis_lps(a)));
        let directions_ras = std::array::from_fn(|r| std::array::from_fn(|a| axes_ras[a][r]));
        let rotation = bcd_from_directions(&directions_ras);
        let (quaternion, qfac) = rotation.unwrap_or(([0.0; 3], 1.0));
        let mut pixdim = [0.0_f32; 8];
        pixdim[0] = qfac as f32;
        for (field, spacing) in pixdim.iter_mut().skip(1).zip(geometry.spacing_mm) {
            *field = spacing as f32;
        }
        Ok(Self {
            dim,
            pixdim,
            xyzt_units: 2,
            qform_code: i16::from(rotation.is_some()),
            sform_code: 1,
            quaternion: quaternion.map(|v| v as f32),
            qoffset: std::array::from_fn(|r| srow[r][3]),
            srow,
        })
    }

    /// Voxels along (i, j, k).
    #[must_use]
    pub fn dims(&self) -> [usize; 3] {
        [self.dim[1], self.dim[2], self.dim[3]].map(usize::from)
    }

    /// Position of the voxels in LPS millimetres, and what is odd about the fields.
    ///
    /// `allow_unoriented`: without sform and qform, take i, j, k as running to the patient's right, front
    /// and head (NIfTI's "method 1"), with a warning, instead of refusing.
    ///
    /// # Errors
    /// No orientation, or fields that do not span space.
    pub fn geometry(&self, allow_unoriented: bool) -> Result<(Geometry, Vec<String>), NiftiError> {
        let mut warnings = Vec::new();
        let unit_mm = self.unit_mm(&mut warnings);
        let in_mm = |affine: Affine| {
            let scaled = std::array::from_fn(|r| affine.0[r].map(|v| v * unit_mm));
            Geometry::from_ras_affine(self.dims(), &Affine(scaled))
        };
        match (self.sform_code > 0, self.qform_code > 0) {
            (true, has_qform) => {
                let geometry = in_mm(self.ras_from_sform())?;
                if has_qform && !self.qform_agrees(&geometry, in_mm) {
                    warnings.push(
                        "sform and qform place the image differently: sform is used".to_owned(),
                    );
                }
                Ok((geometry, warnings))
            }
            (false, true) => Ok((in_mm(self.ras_from_qform())?, warnings)),
            (false, false) if allow_unoriented => {
                warnings.push(
                    "the file does not say which side is left: array axes are taken as right, front, head"
                        .to_owned(),
                );
                Ok((in_mm(self.ras_from_pixdim())?, warnings))
            }
            (false, false) => Err(NiftiError::NoOrientation),
        }
    }

    /// Whether qform puts every voxel within [`GRID_TOLERANCE_MM`] of `geometry`, and what rounding can do.
    fn qform_agrees<E>(
        &self,
        geometry: &Geometry,
        in_mm: impl Fn(Affine) -> Result<Geometry, E>,
    ) -> bool {
        let extent_mm: f64 = (0..3)
            .map(|a| geometry.dims[a] as f64 * geometry.spacing_mm[a])
            .sum();
        let rounding_mm = extent_mm * rounding_rad(self.quaternion.map(f64::from));
        in_mm(self.ras_from_qform())
            .ok()
            .and_then(|qform| geometry.max_distance_mm(&qform))
            .is_some_and(|distance_mm| distance_mm <= GRID_TOLERANCE_MM + rounding_mm)
    }

    /// Millimetres per unit of space; a file that does not say means millimetres.
    fn unit_mm(&self, warnings: &mut Vec<String>) -> f64 {
        match self.xyzt_units & 7 {
            0 | 2 => 1.0,
            1 => 1000.0,
            3 => 0.001,
            other => {
                warnings.push(format!(
                    "the unit of length has the unknown code {other}: taken as mm"
                ));
                1.0
            }
        }
    }

    fn ras_from_sform(&self) -> Affine {
        let mut m = Affine::IDENTITY.0;
        for (row, srow) in m.iter_mut().zip(self.srow) {
            *row = srow.map(f64::from);
        }
        Affine(m)
    }

    fn ras_from_qform(&self) -> Affine {
        let rotation = rotation_from_bcd(self.quaternion.map(f64::from));
        let qfac = if self.pixdim[0] < 0.0 { -1.0 } else { 1.0 };
        let [i, j, k] = self.spacing();
        let scale = [i, j, k * qfac];
        let mut m = Affine::IDENTITY.0;
        for r in 0..3 {
            for a in 0..3 {
                m[r][a] = rotation[r][a] * scale[a];
            }
            m[r][3] = f64::from(self.qoffset[r]);
        }
        Affine(m)
    }

    fn ras_from_pixdim(&self) -> Affine {
        let mut m = Affine::IDENTITY.0;
        for (a, spacing) in self.spacing().into_iter().enumerate() {
            m[a][a] = spacing;
        }
        Affine(m)
    }

    /// Spacing in the header's unit; what is not positive becomes 0, which no geometry accepts.
    fn spacing(&self) -> [f64; 3] {
        [self.pixdim[1], self.pixdim[2], self.pixdim[3]].map(|s| f64::from(s.max(0.0)))
    }
}
