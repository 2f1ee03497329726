//! An image: voxels in array order `[k, j, i]` with their geometry.

use ndarray::Array3;
use thiserror::Error;

use crate::geometry::Geometry;

/// Why voxels and geometry do not make a volume.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VolumeError {
    /// The array and the geometry disagree.
    #[error("the voxel array has shape {found:?} (k, j, i) but its geometry says {expected:?}")]
    ShapeMismatch {
        /// Shape the geometry asks for.
        expected: [usize; 3],
        /// Shape of the array.
        found: [usize; 3],
    },
}

/// Voxels in array order `[k, j, i]` (i fastest in memory) and where they are in the patient.
#[derive(Debug, Clone, PartialEq)]
pub struct Volume<T> {
    data: Array3<T>,
    geometry: Geometry,
}

/// A volume of structure ids; 0 is background.
pub type LabelMap = Volume<u16>;

impl<T> Volume<T> {
    /// Joins voxels `[k, j, i]` and geometry.
    ///
    /// # Errors
    /// [`VolumeError::ShapeMismatch`] when they differ in size.
    pub fn new(data: Array3<T>, geometry: Geometry) -> Result<Self, VolumeError> {
        let expected = geometry.shape_kji();
        let found: [usize; 3] = data.dim().into();
        if found != expected {
            return Err(VolumeError::ShapeMismatch { expected, found });
        }
        Ok(Self { data, geometry })
    }

    /// The voxels, `[k, j, i]`.
    #[must_use]
    pub fn data(&self) -> &Array3<T> {
        &self.data
    }

    /// The voxels, to change in place.
    pub fn data_mut(&mut self) -> &mut Array3<T> {
        &mut self.data
    }

    /// Where the voxels are.
    #[must_use]
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// Takes the volume apart without a copy.
    #[must_use]
    pub fn into_parts(self) -> (Array3<T>, Geometry) {
        (self.data, self.geometry)
    }

    /// The same grid with other voxels.
    #[must_use]
    pub fn map<U>(&self, f: impl FnMut(&T) -> U) -> Volume<U> {
        Volume {
            data: self.data.map(f),
            geometry: self.geometry,
        }
    }
}
