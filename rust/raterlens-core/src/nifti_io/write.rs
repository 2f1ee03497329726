//! Writes label maps and maps of numbers.

use std::io::{self, Write};
use std::path::Path;

use byteorder::{LittleEndian, WriteBytesExt};
use flate2::write::GzEncoder;
use flate2::Compression;
use ndarray::ArrayView4;

use super::error::NiftiError;
use super::grid::{NiftiGrid, MAX_AXIS};
use crate::atomic::write_atomic;
use crate::geometry::Geometry;
use crate::grid::GRID_TOLERANCE_MM;
use crate::volume::{LabelMap, Volume};

const VOXEL_OFFSET: f32 = 352.0;
const DESCRIPTION: &[u8] = b"RaterLens";

/// Writes a label map as 8-bit numbers when all fit, else as 16-bit.
///
/// `grid` is that of the image the labels belong to: its geometry fields are repeated bit for bit. Without one, the
/// volume's geometry is written as sform and qform. `.nii.gz` is compressed. The file appears whole or not at all.
///
/// # Errors
/// A name that is not `.nii` or `.nii.gz`, a grid that is not the volume's, or a folder that cannot be written.
pub fn write_labels(
    path: &Path,
    labels: &LabelMap,
    grid: Option<&NiftiGrid>,
) -> Result<(), NiftiError> {
    let fits_u8 = labels.data().iter().all(|&id| id < 256);
    if fits_u8 {
        let voxel = |w: &mut dyn Write, &id: &u16| w.write_u8(id as u8);
        write_volume(path, labels, grid, VoxelType::Uint8, voxel)
    } else {
        let voxel = |w: &mut dyn Write, &id: &u16| w.write_u16::<LittleEndian>(id);
        write_volume(path, labels, grid, VoxelType::Uint16, voxel)
    }
}

/// Writes a map as 32-bit floats, otherwise as [`write_labels`].
///
/// # Errors
/// As [`write_labels`].
pub fn write_map_f32(
    path: &Path,
    map: &Volume<f32>,
    grid: Option<&NiftiGrid>,
) -> Result<(), NiftiError> {
    let voxel = |w: &mut dyn Write, &value: &f32| w.write_f32::<LittleEndian>(value);
    write_volume(path, map, grid, VoxelType::Float32, voxel)
}

/// Writes volumes of one grid, `[volume, k, j, i]`, as one file with four dimensions of 32-bit floats: for example one volume a class.
///
/// # Errors
/// As [`write_labels`]; no volume, more than 32767, or volumes of another shape than the geometry's.
pub fn write_series_f32(
    path: &Path,
    series: &ArrayView4<'_, f32>,
    geometry: &Geometry,
    grid: Option<&NiftiGrid>,
) -> Result<(), NiftiError> {
    let (volumes, k, j, i) = series.dim();
    let dims = geometry.dims;
    let number = u16::try_from(volumes).ok();
    let number = number.filter(|n| (1..=MAX_AXIS).contains(&usize::from(*n)));
    let number = number.ok_or(NiftiError::TooLarge { dims })?;
    if [k, j, i] != geometry.shape_kji() {
        return Err(NiftiError::GridMismatch);
    }
    let mut grid = grid_of(grid, geometry)?;
    grid.dim[0] = 4;
    grid.dim[4] = number;
    write_file(path, &grid, VoxelType::Float32, |w| {
        let mut bytes = Vec::new();
        for volume in series.outer_iter() {
            for slice in volume.outer_iter() {
                bytes.clear();
                for &value in slice {
                    bytes.write_f32::<LittleEndian>(value)?;
                }
                w.write_all(&bytes)?;
            }
        }
        Ok(())
    })
}

#[derive(Debug, Clone, Copy)]
enum VoxelType {
    Uint8,
    Uint16,
    Float32,
}

impl VoxelType {
    /// `datatype` and `bitpix`.
    fn codes(self) -> (i16, i16) {
        match self {
            Self::Uint8 => (2, 8),
            Self::Uint16 => (512, 16),
            Self::Float32 => (16, 32),
        }
    }
}

fn write_volume<T>(
    path: &Path,
    volume: &Volume<T>,
    grid: Option<&NiftiGrid>,
    voxel_type: VoxelType,
    write_voxel: impl Fn(&mut dyn Write, &T) -> io::Result<()>,
) -> Result<(), NiftiError> {
    let grid = grid_of(grid, volume.geometry())?;
    write_file(path, &grid, voxel_type, |w| {
        let mut slice_bytes = Vec::new();
        for slice in volume.data().outer_iter() {
            slice_bytes.clear();
            for value in slice {
                write_voxel(&mut slice_bytes, value)?;
            }
            w.write_all(&slice_bytes)?;
        }
        Ok(())
    })
}

/// Writes a header and what follows it, compressed or not.
fn write_file(
    path: &Path,
    grid: &NiftiGrid,
    voxel_type: VoxelType,
    write_voxels: impl Fn(&mut dyn Write) -> io::Result<()>,
) -> Result<(), NiftiError> {
    let is_compressed = is_compressed(path)?;
    let write_all = |w: &mut dyn Write| -> io::Result<()> {
        w.write_all(&header_bytes(grid, voxel_type)?)?;
        write_voxels(w)
    };
    write_atomic(path, |file| {
        if !is_compressed {
            return write_all(file);
        }
        let mut encoder = GzEncoder::new(file, Compression::default());
        write_all(&mut encoder)?;
        encoder.finish().map(|_| ())
    })?;
    Ok(())
}

/// The grid given, or that of the geometry.
fn grid_of(grid: Option<&NiftiGrid>, geometry: &Geometry) -> Result<NiftiGrid, NiftiError> {
    match grid {
        Some(grid) => Ok(*checked(grid, geometry)?),
        None => NiftiGrid::from_geometry(geometry),
    }
}

/// The grid, once it places the voxels where the volume has them.
fn checked<'a>(grid: &'a NiftiGrid, wanted: &Geometry) -> Result<&'a NiftiGrid, NiftiError> {
    let (geometry, _) = grid.geometry(true)?;
    match geometry.max_distance_mm(wanted) {
        Some(distance_mm) if distance_mm <= GRID_TOLERANCE_MM => Ok(grid),
        _ => Err(NiftiError::GridMismatch),
    }
}

fn is_compressed(path: &Path) -> Result<bool, NiftiError> {
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase());
    match name {
        Some(name) if name.ends_with(".nii.gz") => Ok(true),
        Some(name) if name.ends_with(".nii") => Ok(false),
        _ => Err(NiftiError::BadExtension),
    }
}

/// A header of 348 bytes and the four that say "no extensions"; little-endian.
fn header_bytes(grid: &NiftiGrid, voxel_type: VoxelType) -> io::Result<Vec<u8>> {
    type Le = LittleEndian;
    let (datatype, bitpix) = voxel_type.codes();
    let mut w = Vec::with_capacity(352);
    w.write_i32::<Le>(348)?;
    w.write_all(&[0; 34])?; // data_type, db_name, extents, session_error
    w.write_all(b"r\0")?; // regular, dim_info
    for value in grid.dim {
        w.write_u16::<Le>(value)?;
    }
    w.write_all(&[0; 14])?; // intent
    w.write_i16::<Le>(datatype)?;
    w.write_i16::<Le>(bitpix)?;
    w.write_i16::<Le>(0)?; // slice_start
    write_floats(&mut w, &grid.pixdim)?;
    write_floats(&mut w, &[VOXEL_OFFSET, 1.0, 0.0])?; // vox_offset, scl_slope, scl_inter
    w.write_all(&[0, 0, 0, grid.xyzt_units])?; // slice_end, slice_code
    w.write_all(&[0; 24])?; // cal_max, cal_min, slice_duration, toffset, glmax, glmin
    let mut texts = [0; 104]; // descrip, aux_file
    texts[..DESCRIPTION.len()].copy_from_slice(DESCRIPTION);
    w.write_all(&texts)?;
    w.write_i16::<Le>(grid.qform_code)?;
    w.write_i16::<Le>(grid.sform_code)?;
    write_floats(&mut w, &grid.quaternion)?;
    write_floats(&mut w, &grid.qoffset)?;
    for row in &grid.srow {
        write_floats(&mut w, row)?;
    }
    w.write_all(&[0; 16])?; // intent_name
    w.write_all(b"n+1\0")?;
    w.write_all(&[0; 4])?; // no extensions
    Ok(w)
}

fn write_floats(w: &mut impl Write, values: &[f32]) -> io::Result<()> {
    for &value in values {
        w.write_f32::<LittleEndian>(value)?;
    }
    Ok(())
}
