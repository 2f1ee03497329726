//! Decodes a header and checks everything that reading voxels relies on.

use nifti::{Endianness, NiftiHeader, NiftiType};

use super::error::NiftiError;
use super::grid::{NiftiGrid, MAX_AXIS};

/// Bytes of a NIfTI-1 header.
pub(super) const HEADER_LEN: usize = 348;

/// What is needed to decode the voxels.
#[derive(Debug, Clone, Copy)]
pub(super) struct VoxelLayout {
    pub(super) datatype: NiftiType,
    pub(super) big_endian: bool,
    pub(super) count: u64,
    /// Bytes before the first voxel, in the file that holds the voxels.
    pub(super) offset: u64,
    pub(super) slope: f64,
    pub(super) intercept: f64,
}

impl VoxelLayout {
    /// Bytes of all voxels; `u64::MAX` when there are more than that.
    pub(super) fn byte_len(&self) -> u64 {
        self.count.saturating_mul(self.datatype.size_of() as u64)
    }
}

/// A checked header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) grid: NiftiGrid,
    pub(super) layout: VoxelLayout,
    /// Whether the voxels are in a file of their own (`.img`).
    pub(super) is_pair: bool,
    /// How many volumes there are, one after another.
    pub(super) volumes: u64,
}

/// How many volumes a file may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Volumes {
    /// One.
    One,
    /// One or more along the fourth dimension.
    Series,
}

pub(super) fn parse(bytes: &[u8; HEADER_LEN], allowed: Volumes) -> Result<Header, NiftiError> {
    let not_nifti = |reason| NiftiError::NotNifti { reason };
    let size_field = [bytes[0], bytes[1], bytes[2], bytes[3]];
    match (
        i32::from_le_bytes(size_field),
        i32::from_be_bytes(size_field),
    ) {
        (348, _) | (_, 348) => {}
        (540, _) | (_, 540) => return Err(not_nifti("it is NIfTI-2")),
        _ => return Err(not_nifti("its header does not start with the size 348")),
    }
    if bytes[344..] == [0; 4] {
        return Err(not_nifti(
            "it is Analyze 7.5, which does not say which side is left",
        ));
    }
    let header = NiftiHeader::from_reader(&bytes[..])
        .map_err(|_| not_nifti("its header does not end with the mark n+1 or ni1"))?;
    let (dims, volumes) = checked_dims(&header.dim, allowed)?;
    if header.sizeof_hdr != 348 {
        return Err(not_nifti("its byte order is unclear"));
    }
    let is_pair = header.magic == *b"ni1\0";
    Ok(Header {
        grid: NiftiGrid::from_header(&header),
        layout: VoxelLayout {
            datatype: supported_type(header.datatype)?,
            big_endian: header.endianness == Endianness::Big,
            count: dims.into_iter().map(u64::from).product::<u64>() * volumes,
            offset: voxel_offset(header.vox_offset, is_pair)?,
            slope: slope(header.scl_slope),
            intercept: intercept(header.scl_slope, header.scl_inter)?,
        },
        is_pair,
        volumes,
    })
}

/// The three sizes and the number of volumes, once it is allowed.
fn checked_dims(dim: &[u16; 8], allowed: Volumes) -> Result<([u16; 3], u64), NiftiError> {
    let [dimensions, i, j, k, rest @ ..] = *dim;
    if dimensions == 0 || dimensions > 7 {
        return Err(NiftiError::BadField {
            field: "dim[0]",
            value: f64::from(dimensions),
            expected: "it must be the number of dimensions, 1 to 7",
        });
    }
    if dimensions < 3 {
        return Err(NiftiError::NotThreeDimensional { dimensions });
    }
    let size = [i, j, k];
    let is_valid = |n: &u16| *n > 0 && usize::from(*n) <= MAX_AXIS;
    let used_rest = rest.iter().take(usize::from(dimensions) - 3);
    if !size.iter().chain(used_rest.clone()).all(is_valid) {
        return Err(NiftiError::BadDimensions { size });
    }
    let volumes: u64 = used_rest.clone().map(|&n| u64::from(n)).product();
    let along_fourth = used_rest.map(|&n| u64::from(n)).next().unwrap_or(1);
    match allowed {
        Volumes::Series if volumes == along_fourth => Ok((size, volumes)),
        _ if volumes == 1 => Ok((size, 1)),
        _ => Err(NiftiError::SeveralVolumes { volumes }),
    }
}

fn supported_type(code: i16) -> Result<NiftiType, NiftiError> {
    let name = match code {
        2 => return Ok(NiftiType::Uint8),
        4 => return Ok(NiftiType::Int16),
        8 => return Ok(NiftiType::Int32),
        16 => return Ok(NiftiType::Float32),
        64 => return Ok(NiftiType::Float64),
        256 => return Ok(NiftiType::Int8),
        512 => return Ok(NiftiType::Uint16),
        768 => return Ok(NiftiType::Uint32),
        1024 => return Ok(NiftiType::Int64),
        1280 => return Ok(NiftiType::Uint64),
        1 => "1-bit".to_owned(),
        32 => "complex64".to_owned(),
        128 => "RGB".to_owned(),
        1536 => "128-bit float".to_owned(),
        1792 => "complex128".to_owned(),
        2048 => "complex256".to_owned(),
        2304 => "RGBA".to_owned(),
        other => format!("with the unknown code {other}"),
    };
    Err(NiftiError::UnsupportedType { name })
}

fn voxel_offset(vox_offset: f32, is_pair: bool) -> Result<u64, NiftiError> {
    let value = f64::from(vox_offset);
    let least = if is_pair { 0.0 } else { HEADER_LEN as f64 };
    // NaN and infinity fail the comparisons; 2^53 bytes are more than any file has.
    if value >= least && value < 9e15 && value.fract() == 0.0 {
        return Ok(value as u64);
    }
    Err(NiftiError::BadField {
        field: "vox_offset",
        value,
        expected: "it must be the whole number of bytes before the voxels",
    })
}

/// A slope of 0, or one that is no number, means that voxels are stored as they are.
fn slope(scl_slope: f32) -> f64 {
    if is_scaled(scl_slope) {
        f64::from(scl_slope)
    } else {
        1.0
    }
}

fn intercept(scl_slope: f32, scl_inter: f32) -> Result<f64, NiftiError> {
    match (is_scaled(scl_slope), scl_inter.is_finite()) {
        (false, _) => Ok(0.0),
        (true, true) => Ok(f64::from(scl_inter)),
        (true, false) => Err(NiftiError::BadField {
            field: "scl_inter",
            value: f64::from(scl_inter),
            expected: "it must be a number when scl_slope is set",
        }),
    }
}

fn is_scaled(scl_slope: f32) -> bool {
    scl_slope != 0.0 && scl_slope.is_finite()
}
