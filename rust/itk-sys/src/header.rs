//! What a file says about its voxels.

use std::collections::BTreeMap;

use crate::error::ItkError;
use crate::voxels::ComponentType;

/// What the numbers of a voxel mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelKind {
    /// One number, or several of equal standing (channels, layers).
    Numbers,
    /// Red, green, blue, and perhaps opacity.
    Colour,
}

/// Size, place, type and metadata of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// Voxels along each axis, i first.
    pub size: Vec<usize>,
    /// Distance of voxel centres along each axis, in the unit of the file; millimetres in medical formats.
    pub spacing: Vec<f64>,
    /// Centre of the first voxel, LPS.
    pub origin: Vec<f64>,
    /// Row-major square matrix; column `a` is the vector along axis `a`.
    pub direction: Vec<f64>,
    /// Type of the numbers.
    pub component: ComponentType,
    /// Numbers per voxel.
    pub components: usize,
    /// What they mean.
    pub kind: PixelKind,
    /// ITK's class that reads the format, such as `NrrdImageIO`; empty for images that are no file.
    pub format: String,
    /// Names and values of everything else, as texts. May name the patient: do not log.
    pub metadata: BTreeMap<String, String>,
}

impl Header {
    /// A header without metadata.
    ///
    /// # Errors
    /// See [`Header::check`].
    pub fn new(
        size: [usize; 3],
        spacing: [f64; 3],
        origin: [f64; 3],
        direction: [[f64; 3]; 3],
        component: ComponentType,
    ) -> Result<Self, ItkError> {
        let header = Self {
            size: size.to_vec(),
            spacing: spacing.to_vec(),
            origin: origin.to_vec(),
            direction: direction.concat(),
            component,
            components: 1,
            kind: PixelKind::Numbers,
            format: String::new(),
            metadata: BTreeMap::new(),
        };
        header.check()?;
        Ok(header)
    }

    /// Checks that sizes are positive, places finite, and lengths those of the axes.
    ///
    /// # Errors
    /// [`ItkError::BadHeader`].
    pub fn check(&self) -> Result<(), ItkError> {
        let bad = |reason: &str| Err(ItkError::BadHeader(reason.to_owned()));
        let axes = self.size.len();
        if !(1..=8).contains(&axes) || self.size.contains(&0) {
            return bad("an axis has no voxels");
        }
        if self.components == 0 || self.components > 4096 {
            return bad("a voxel has no numbers, or too many");
        }
        let lengths = [self.spacing.len(), self.origin.len()];
        if lengths != [axes; 2] || self.direction.len() != axes * axes {
            return bad("spacing, origin or direction has another number of axes");
        }
        if !self.spacing.iter().all(|s| s.is_finite() && *s > 0.0) {
            return bad("a spacing is no positive number");
        }
        let mut numbers = self.origin.iter().chain(&self.direction);
        match numbers.all(|v| v.is_finite()) {
            true => Ok(()),
            false => bad("the position is not finite"),
        }
    }

    /// Voxels of the image. `None` when the number does not fit the machine.
    #[must_use]
    pub fn voxel_count(&self) -> Option<usize> {
        self.size.iter().try_fold(1_usize, |n, &s| n.checked_mul(s))
    }

    /// Bytes of all voxels, which may be more than the machine can hold.
    #[must_use]
    pub fn byte_count(&self) -> u128 {
        let sizes = self.size.iter().map(|&s| s as u128);
        let voxels = sizes.fold(1_u128, u128::saturating_mul);
        voxels.saturating_mul((self.components * self.component.bytes()) as u128)
    }

    /// The same frame with other numbers.
    #[must_use]
    pub fn with_component(&self, component: ComponentType) -> Self {
        Self {
            component,
            ..self.clone()
        }
    }

    #[cfg(has_itk)]
    pub(crate) fn frame(&self) -> crate::bridge::ffi::Frame {
        crate::bridge::ffi::Frame {
            size: self.size.iter().map(|&s| s as u64).collect(),
            spacing: self.spacing.clone(),
            origin: self.origin.clone(),
            direction: self.direction.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_headers_are_refused() {
        let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let new = |size, spacing, origin| {
            Header::new(size, spacing, origin, identity, ComponentType::F32)
        };
        let header = new([2, 3, 4], [1.0; 3], [0.0; 3]).unwrap();
        assert_eq!((header.voxel_count(), header.byte_count()), (Some(24), 96));
        assert!(new([2, 0, 4], [1.0; 3], [0.0; 3]).is_err());
        assert!(new([2, 3, 4], [1.0, 0.0, 1.0], [0.0; 3]).is_err());
        assert!(new([2, 3, 4], [1.0; 3], [f64::NAN; 3]).is_err());
        let huge = new([usize::MAX; 3], [1.0; 3], [0.0; 3]).unwrap();
        assert_eq!(huge.voxel_count(), None);
        assert!(huge.byte_count() > u128::from(u64::MAX));
    }
}
