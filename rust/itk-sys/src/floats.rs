//! Images of 32-bit floats, which filters work on.

use crate::error::ItkError;
use crate::header::Header;
use crate::voxels::{ComponentType, Image, Voxels};

/// A 2-D or 3-D image of 32-bit floats.
#[derive(Debug, Clone, PartialEq)]
pub struct Floats {
    header: Header,
    values: Vec<f32>,
}

impl Floats {
    /// Joins header and values. A 2-D header becomes 3-D with one slice.
    ///
    /// # Errors
    /// Another number of values than the header's voxels, several numbers per voxel, or more than three axes longer than 1.
    pub fn new(header: Header, values: Vec<f32>) -> Result<Self, ItkError> {
        header.check()?;
        let mut header = three_axes(header)?;
        header.component = ComponentType::F32;
        if header.components != 1 {
            return Err(ItkError::BadArgument(format!(
                "the image has {} numbers per voxel, one is needed",
                header.components
            )));
        }
        if header.voxel_count() != Some(values.len()) {
            return Err(ItkError::BadArgument(format!(
                "{} values were given for an image of {:?} voxels",
                values.len(),
                header.size
            )));
        }
        Ok(Self { header, values })
    }

    /// Any image of one number per voxel, as floats.
    ///
    /// # Errors
    /// As [`Floats::new`].
    pub fn from_image(image: &Image) -> Result<Self, ItkError> {
        let mut values = Vec::with_capacity(image.voxels.len());
        image.voxels.for_each_f64(|v| values.push(v as f32));
        Self::new(image.header.clone(), values)
    }

    /// As an image to be written.
    #[must_use]
    pub fn to_image(&self) -> Image {
        Image {
            header: self.header.clone(),
            voxels: Voxels::F32(self.values.clone()),
        }
    }

    /// Size and place; always three axes.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The values, i fastest.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The values.
    #[must_use]
    pub fn into_values(self) -> Vec<f32> {
        self.values
    }

    /// The same frame with other values of the same number.
    #[cfg(has_itk)]
    pub(crate) fn with_values(&self, values: Vec<f32>) -> Self {
        Self {
            header: self.header.clone(),
            values,
        }
    }

    /// Checks that a mask has as many voxels.
    #[cfg(has_itk)]
    pub(crate) fn check_mask(&self, mask: Option<&[u8]>) -> Result<(), ItkError> {
        match mask {
            Some(mask) if mask.len() != self.values.len() => Err(ItkError::BadArgument(format!(
                "the mask has {} voxels, the image {}",
                mask.len(),
                self.values.len()
            ))),
            Some(mask) if mask.iter().all(|&m| m == 0) => {
                Err(ItkError::BadArgument("the mask is empty".into()))
            }
            _ => Ok(()),
        }
    }
}

/// The header with exactly three axes: slices of 1 mm for two, and axes of one voxel dropped for more.
fn three_axes(mut header: Header) -> Result<Header, ItkError> {
    let axes = header.size.len();
    if axes == 3 {
        return Ok(header);
    }
    if header.size.iter().skip(3).any(|&s| s != 1) {
        return Err(ItkError::BadArgument(format!(
            "the image has {axes} dimensions, at most 3 are possible"
        )));
    }
    let cosine = |r: usize, a: usize| match (r < axes, a < axes) {
        (true, true) => header.direction.get(r * axes + a).copied().unwrap_or(0.0),
        _ => f64::from(u8::from(r == a)),
    };
    let direction = (0..3).flat_map(|r| (0..3).map(move |a| (r, a)));
    header.direction = direction.map(|(r, a)| cosine(r, a)).collect();
    header.size.resize(3, 1);
    header.spacing.resize(3, 1.0);
    header.origin.resize(3, 0.0);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_axes_become_one_slice() {
        let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let mut header =
            Header::new([2, 3, 1], [0.5; 3], [1.0; 3], identity, ComponentType::U8).unwrap();
        header.size.truncate(2);
        header.spacing.truncate(2);
        header.origin.truncate(2);
        header.direction = vec![0.0, 1.0, 1.0, 0.0];
        let floats = Floats::new(header.clone(), vec![0.0; 6]).unwrap();
        assert_eq!(floats.header().size, [2, 3, 1]);
        assert_eq!(floats.header().spacing, [0.5, 0.5, 1.0]);
        let direction = [0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0];
        assert_eq!(floats.header().direction, direction);
        assert!(Floats::new(header, vec![0.0; 5]).is_err());
    }
}
