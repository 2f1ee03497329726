//! Reads images and label maps.

use std::path::Path;

use ndarray::{Array3, Array4};

use super::error::NiftiError;
use super::grid::NiftiGrid;
use super::header::{self, Header, Volumes, HEADER_LEN};
use super::source::{header_path, voxel_path, Source};
use super::voxels::read_voxels;
use crate::geometry::Geometry;
use crate::volume::{LabelMap, Volume};

/// How far a stored label may be from a whole number (a slope such as 0.1 is not exact).
const LABEL_TOLERANCE: f64 = 1e-4;

/// An image with what is needed to write results on its grid.
#[derive(Debug, Clone)]
pub struct NiftiImage {
    /// Voxels after slope and intercept, and their position.
    pub volume: Volume<f32>,
    /// The header's own geometry fields.
    pub grid: NiftiGrid,
    /// What a user should know about the file, as whole sentences; usually empty.
    pub warnings: Vec<String>,
}

/// How files are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Accept a file without sform and qform, with a warning: i, j, k are then taken as running to the
    /// patient's right, front and head. Default: refuse, since left and right would be a guess.
    pub allow_unoriented: bool,
}

/// Reads a 3-D image as 32-bit floats.
///
/// # Errors
/// See [`NiftiError`]: not NIfTI-1, cut off, 2-D, several volumes, RGB or complex, no orientation, voxels
/// that are not finite. A header that promises more than the file can hold is refused before memory is used.
///
/// ```no_run
/// use raterlens_core::nifti_io::{read_image, write_map_f32};
/// let image = read_image("image.nii.gz".as_ref())?;
/// let doubled = image.volume.map(|v| 2.0 * v);
/// write_map_f32("doubled.nii.gz".as_ref(), &doubled, Some(&image.grid))?;
/// # Ok::<(), raterlens_core::nifti_io::NiftiError>(())
/// ```
pub fn read_image(path: &Path) -> Result<NiftiImage, NiftiError> {
    read_image_with(path, &ReadOptions::default())
}

/// As [`read_image`], with options.
///
/// # Errors
/// As [`read_image`].
pub fn read_image_with(path: &Path, options: &ReadOptions) -> Result<NiftiImage, NiftiError> {
    let mut count = 0_u64;
    let read = read_with(path, options, |value| {
        let value = value as f32;
        count += u64::from(!value.is_finite());
        value
    })?;
    let total = read.volume.data().len() as u64;
    if count > 0 {
        return Err(NiftiError::NotFinite { count, total });
    }
    Ok(NiftiImage {
        volume: read.volume,
        grid: read.grid,
        warnings: read.warnings,
    })
}

/// Reads a label map, of any voxel type.
///
/// # Errors
/// As [`read_image`], and values that are not whole numbers from 0 to 65535.
pub fn read_labels(path: &Path) -> Result<(LabelMap, NiftiGrid), NiftiError> {
    let mut count = 0_u64;
    let mut first = 0.0;
    let read = read_with(path, &ReadOptions::default(), |value| {
        let label = value.round();
        let is_label = (value - label).abs() <= LABEL_TOLERANCE && (0.0..=65535.0).contains(&label);
        if !is_label {
            if count == 0 {
                first = value;
            }
            count += 1;
        }
        label as u16
    })?;
    let total = read.volume.data().len() as u64;
    if count > 0 {
        return Err(NiftiError::NotLabels {
            count,
            total,
            first,
        });
    }
    Ok((read.volume, read.grid))
}

/// Reads volumes of one grid that a file holds along its fourth dimension, as `[volume, k, j, i]`; a 3-D file holds one.
///
/// # Errors
/// As [`read_image`], but for several volumes; a file of five or more dimensions is refused.
pub fn read_series(path: &Path) -> Result<(Array4<f32>, Geometry), NiftiError> {
    let mut count = 0_u64;
    let read = read_voxels_of(path, &ReadOptions::default(), Volumes::Series, |value| {
        let value = value as f32;
        count += u64::from(!value.is_finite());
        value
    })?;
    let (header, total) = (read.header, read.voxels.len() as u64);
    if count > 0 {
        return Err(NiftiError::NotFinite { count, total });
    }
    let [k, j, i] = read.geometry.shape_kji();
    let volumes = usize::try_from(header.volumes).unwrap_or(usize::MAX);
    let data = Array4::from_shape_vec((volumes, k, j, i), read.voxels);
    let data = data.map_err(|_| NiftiError::TooShort {
        expected: header.layout.count,
        found: total,
    })?;
    Ok((data, read.geometry))
}

struct Read<T> {
    volume: Volume<T>,
    grid: NiftiGrid,
    warnings: Vec<String>,
}

fn read_with<T>(
    path: &Path,
    options: &ReadOptions,
    convert: impl FnMut(f64) -> T,
) -> Result<Read<T>, NiftiError> {
    let read = read_voxels_of(path, options, Volumes::One, convert)?;
    let shape = read.geometry.shape_kji();
    let found = read.voxels.len() as u64;
    let data = Array3::from_shape_vec(shape, read.voxels).map_err(|_| NiftiError::TooShort {
        expected: read.header.layout.count,
        found,
    })?;
    let volume = Volume::new(data, read.geometry).map_err(|_| NiftiError::GridMismatch)?;
    Ok(Read {
        volume,
        grid: read.header.grid,
        warnings: read.warnings,
    })
}

/// All voxels of a file, and what its header says.
struct Voxels<T> {
    header: Header,
    geometry: Geometry,
    voxels: Vec<T>,
    warnings: Vec<String>,
}

fn read_voxels_of<T>(
    path: &Path,
    options: &ReadOptions,
    allowed: Volumes,
    convert: impl FnMut(f64) -> T,
) -> Result<Voxels<T>, NiftiError> {
    let path = header_path(path);
    let mut source = Source::open(&path)?;
    let header = header::parse(&read_header(&mut source)?, allowed)?;
    let (geometry, warnings) = header.grid.geometry(options.allow_unoriented)?;
    let mut position = HEADER_LEN as u64;
    if header.is_pair {
        source = Source::open(&voxel_path(&path)?)?;
        position = 0;
    }
    let layout = header.layout;
    source.check_can_hold(layout.offset, layout.byte_len())?;
    source.skip(layout.offset.saturating_sub(position))?;
    Ok(Voxels {
        voxels: read_voxels(&mut source, &layout, convert)?,
        header,
        geometry,
        warnings,
    })
}

fn read_header(source: &mut Source) -> Result<[u8; HEADER_LEN], NiftiError> {
    let mut bytes = [0; HEADER_LEN];
    if source.read_up_to(&mut bytes)? < HEADER_LEN {
        return Err(NiftiError::NotNifti {
            reason: "it is shorter than a header",
        });
    }
    Ok(bytes)
}
