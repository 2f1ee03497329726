//! Refuses images that cannot be segmented, before any work is done.

use thiserror::Error;

use crate::orientation::CanonicalAxial;
use crate::volume::Volume;

/// Fewest pixels along each side of an axial slice.
pub const MIN_SLICE_SIDE: usize = 8;

/// Why an image was refused.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ImageError {
    /// Too few pixels in a slice.
    #[error("an axial slice of the image has {columns} x {rows} pixels: at least {MIN_SLICE_SIDE} x {MIN_SLICE_SIDE} are needed")]
    TooSmall {
        /// Pixels from right to left.
        columns: usize,
        /// Pixels from front to back.
        rows: usize,
    },
    /// NaN or infinite voxels.
    #[error(
        "{count} of {total} voxels are not finite numbers: replace them (NaN, infinity) before use"
    )]
    NotFinite {
        /// How many.
        count: usize,
        /// Of how many.
        total: usize,
    },
    /// All voxels are equal.
    #[error("all voxels of the image are {value}: it shows nothing")]
    Constant {
        /// The value.
        value: f32,
    },
}

/// Checks that an image has slices of a workable size, finite voxels, and some contrast.
///
/// # Errors
/// See [`ImageError`].
pub fn check_image(image: &Volume<f32>) -> Result<(), ImageError> {
    let [columns, rows, _] = CanonicalAxial::for_geometry(image.geometry())
        .output_geometry()
        .dims;
    if columns.min(rows) < MIN_SLICE_SIDE {
        return Err(ImageError::TooSmall { columns, rows });
    }
    let voxels = image.data();
    let count = voxels.iter().filter(|v| !v.is_finite()).count();
    if count > 0 {
        let total = voxels.len();
        return Err(ImageError::NotFinite { count, total });
    }
    match voxels.first() {
        Some(&value) if voxels.iter().all(|&v| v == value) => Err(ImageError::Constant { value }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Geometry;
    use ndarray::Array3;

    fn image(dims: [usize; 3], value: impl Fn(usize) -> f32) -> Volume<f32> {
        let direction = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let grid = Geometry::new(dims, [1.0; 3], [0.0; 3], direction).unwrap();
        let mut n = 0;
        let data = Array3::from_shape_simple_fn(grid.shape_kji(), || {
            n += 1;
            value(n - 1)
        });
        Volume::new(data, grid).unwrap()
    }

    #[test]
    fn every_refusal_has_its_reason() {
        assert_eq!(check_image(&image([8, 8, 1], |n| n as f32)), Ok(()));
        assert_eq!(
            check_image(&image([1, 1, 1], |_| 1.0)),
            Err(ImageError::TooSmall {
                columns: 1,
                rows: 1
            })
        );
        let narrow = ImageError::TooSmall {
            columns: 7,
            rows: 9,
        };
        assert_eq!(check_image(&image([7, 9, 20], |n| n as f32)), Err(narrow));
        assert_eq!(
            check_image(&image([8, 8, 2], |_| 0.0)),
            Err(ImageError::Constant { value: 0.0 })
        );
        let damaged = |n| if n < 3 { f32::NAN } else { n as f32 };
        let (count, total) = (3, 128);
        assert_eq!(
            check_image(&image([8, 8, 2], damaged)),
            Err(ImageError::NotFinite { count, total })
        );
    }
}
