//! Writes files.

use std::path::Path;

use crate::error::ItkError;
use crate::voxels::Image;

/// Writes an image; the name's ending says the format (`.nii`, `.nii.gz`, `.hdr`, `.nrrd`, `.nhdr`, `.mha`, `.mhd`, `.gipl`,
/// `.png`, `.tif`). Metadata is kept where the format has a place for it (NRRD, MetaImage).
///
/// The file grows in place: write beside the goal and rename to have it whole or not at all.
///
/// # Errors
/// An ending that is no format, a type the format cannot hold, a disk that is full.
///
/// ```no_run
/// use itk_sys::{ComponentType, Header, Image, Voxels};
/// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let header = Header::new([2, 2, 1], [0.5, 0.5, 4.0], [0.0; 3], identity, ComponentType::U16)?;
/// let image = Image { header, voxels: Voxels::U16(vec![1, 2, 3, 4]) };
/// itk_sys::write("out.nrrd".as_ref(), &image, true)?;
/// # Ok::<(), itk_sys::ItkError>(())
/// ```
#[cfg(has_itk)]
pub fn write(path: &Path, image: &Image, compress: bool) -> Result<(), ItkError> {
    image.header.check()?;
    let header = &image.header;
    if header.component != image.voxels.component_type() {
        return Err(ItkError::BadArgument(
            "header and voxels have different types".into(),
        ));
    }
    let mut metadata = Vec::new();
    for text in header.metadata.iter().flat_map(|(key, value)| [key, value]) {
        metadata.extend(text.bytes().filter(|&b| b != 0));
        metadata.push(0);
    }
    crate::bridge::ffi::write_file(
        &crate::read::path_bytes(path)?,
        &header.frame(),
        header.component.code(),
        u32::try_from(header.components).unwrap_or(0),
        &metadata,
        compress,
        image.voxels.as_bytes(),
    )?;
    Ok(())
}

/// Built without ITK.
///
/// # Errors
/// Always [`ItkError::NotBuilt`].
#[cfg(not(has_itk))]
pub fn write(_path: &Path, image: &Image, _compress: bool) -> Result<(), ItkError> {
    image.header.check()?;
    Err(ItkError::NotBuilt)
}
