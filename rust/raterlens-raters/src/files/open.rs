//! One image or label map from a file, whatever its format.

use std::path::Path;

use raterlens_core::control::Control;
use raterlens_core::{LabelMap, NiftiGrid, Volume};
use raterlens_images::{read_image, read_labels, ReadOptions};

use super::png_file;
use crate::error::RatersError;

/// Reads a label map: any format of [`raterlens_images`], or a grey PNG of one slice (pixels of 1 mm, radiological display).
///
/// # Errors
/// A file that cannot be read or holds no labels.
pub fn open_labels(path: &Path) -> Result<(LabelMap, NiftiGrid), RatersError> {
    if png_file::is_png(path) {
        let labels = png_file::read(path)?;
        let grid = NiftiGrid::from_geometry(labels.geometry());
        let grid = grid.map_err(|e| RatersError::image_input(path, e.into()))?;
        return Ok((labels, grid));
    }
    read_labels(path, &ReadOptions::default(), &Control::default())
        .map_err(|e| RatersError::image_input(path, e))
}

/// Reads an image: any format of [`raterlens_images`], or a grey PNG of one slice (pixels of 1 mm, radiological display).
///
/// # Errors
/// A file that cannot be read.
pub fn open_image(path: &Path) -> Result<Volume<f32>, RatersError> {
    if png_file::is_png(path) {
        return Ok(png_file::read(path)?.map(|v| f32::from(*v)));
    }
    let image = read_image(path, &ReadOptions::default(), &Control::default());
    Ok(image.map_err(|e| RatersError::image_input(path, e))?.volume)
}
