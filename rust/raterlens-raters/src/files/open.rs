//! One image or label map from a file, whatever its format.

use std::path::Path;

use raterlens_core::nifti_io::{read_image, read_labels};
use raterlens_core::{LabelMap, NiftiGrid, Volume};

use super::png_file;
use crate::error::RatersError;

/// Reads a label map: NIfTI, or a grey PNG of one slice (pixels of 1 mm, radiological display).
///
/// # Errors
/// A file that cannot be read or holds no labels.
pub fn open_labels(path: &Path) -> Result<(LabelMap, NiftiGrid), RatersError> {
    let fail = |source| RatersError::File {
        source,
        path: path.to_path_buf(),
    };
    if png_file::is_png(path) {
        let labels = png_file::read(path)?;
        let grid = NiftiGrid::from_geometry(labels.geometry()).map_err(fail)?;
        return Ok((labels, grid));
    }
    read_labels(path).map_err(fail)
}

/// Reads an image: NIfTI, or a grey PNG of one slice (pixels of 1 mm, radiological display).
///
/// # Errors
/// A file that cannot be read.
pub fn open_image(path: &Path) -> Result<Volume<f32>, RatersError> {
    if png_file::is_png(path) {
        return Ok(png_file::read(path)?.map(|v| f32::from(*v)));
    }
    let image = read_image(path).map_err(|source| RatersError::File {
        source,
        path: path.to_path_buf(),
    })?;
    Ok(image.volume)
}
