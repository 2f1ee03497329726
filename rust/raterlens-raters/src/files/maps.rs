//! Maps of numbers that belong to label maps.

use std::path::Path;

use ndarray::Array4;
use raterlens_core::fusion::GridDifference;
use raterlens_core::nifti_io::read_series;
use raterlens_core::{Geometry, Volume};

use crate::error::RatersError;

/// Reads a map that lies on the grid of the label maps, for example of uncertainty.
///
/// # Errors
/// A file that cannot be read, or another grid.
pub fn load_map(path: &Path, grid: &Geometry) -> Result<Volume<f32>, RatersError> {
    let map = super::open::open_image(path)?;
    check_grid(path, grid, map.geometry())?;
    Ok(Volume::new(map.into_parts().0, *grid)?)
}

/// Reads probabilities `[class, k, j, i]` on the grid of the label maps: a NIfTI file with a volume for each class along the fourth dimension,
/// the background first.
///
/// # Errors
/// A file that cannot be read, or another grid.
pub fn load_probabilities(path: &Path, grid: &Geometry) -> Result<Array4<f32>, RatersError> {
    let (series, found) = read_series(path).map_err(|source| file(path, source))?;
    check_grid(path, grid, &found)?;
    Ok(series)
}

fn file(path: &Path, source: raterlens_core::NiftiError) -> RatersError {
    RatersError::image_input(path, source.into())
}

fn check_grid(path: &Path, grid: &Geometry, found: &Geometry) -> Result<(), RatersError> {
    match GridDifference::between(grid, found) {
        None => Ok(()),
        Some(difference) => Err(RatersError::MapGrid {
            difference: difference.to_string(),
            path: path.to_path_buf(),
        }),
    }
}
