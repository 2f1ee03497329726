//! Streams voxels as numbers, whatever their type and byte order.

use byteorder::{BigEndian, ByteOrder, LittleEndian};
use nifti::NiftiType;

use super::error::NiftiError;
use super::header::VoxelLayout;
use super::source::Source;

/// A multiple of every voxel size.
const CHUNK_LEN: usize = 1 << 18;

/// What may follow the voxels before reading stops; enough to reach a checksum.
const MAX_TRAILER: u64 = 1 << 26;

/// Decodes all voxels, first to last (i fastest), each through `convert` after slope and intercept.
///
/// Memory grows with what the file really holds, not with what its header says.
pub(super) fn read_voxels<T>(
    source: &mut Source,
    layout: &VoxelLayout,
    mut convert: impl FnMut(f64) -> T,
) -> Result<Vec<T>, NiftiError> {
    let expected = layout.byte_len();
    let mut chunk = vec![0; CHUNK_LEN];
    let mut voxels = Vec::new();
    let mut done = 0_u64;
    while done < expected {
        let wanted = usize::try_from(expected - done).map_or(CHUNK_LEN, |n| n.min(CHUNK_LEN));
        let Some(bytes) = chunk.get_mut(..wanted) else {
            break;
        };
        let filled = source.read_up_to(bytes)?;
        done += filled as u64;
        if filled < wanted {
            let found = done;
            return Err(NiftiError::TooShort { expected, found });
        }
        let count = wanted / layout.datatype.size_of();
        voxels
            .try_reserve(count)
            .map_err(|_| NiftiError::OutOfMemory {
                bytes: layout.count.saturating_mul(size_of::<T>() as u64),
            })?;
        let scaled = |raw: f64| convert(raw * layout.slope + layout.intercept);
        decode(bytes, layout, &mut voxels, scaled);
    }
    source.skip(MAX_TRAILER)?;
    Ok(voxels)
}

fn decode<T>(bytes: &[u8], layout: &VoxelLayout, out: &mut Vec<T>, convert: impl FnMut(f64) -> T) {
    if layout.big_endian {
        decode_ordered::<BigEndian, T>(bytes, layout.datatype, out, convert);
    } else {
        decode_ordered::<LittleEndian, T>(bytes, layout.datatype, out, convert);
    }
}

fn decode_ordered<B: ByteOrder, T>(
    bytes: &[u8],
    datatype: NiftiType,
    out: &mut Vec<T>,
    mut convert: impl FnMut(f64) -> T,
) {
    let mut each = |size: usize, number: fn(&[u8]) -> f64| {
        out.extend(bytes.chunks_exact(size).map(|b| convert(number(b))));
    };
    match datatype {
        NiftiType::Uint8 => each(1, |b| f64::from(b[0])),
        NiftiType::Int8 => each(1, |b| f64::from(b[0] as i8)),
        NiftiType::Uint16 => each(2, |b| f64::from(B::read_u16(b))),
        NiftiType::Int16 => each(2, |b| f64::from(B::read_i16(b))),
        NiftiType::Uint32 => each(4, |b| f64::from(B::read_u32(b))),
        NiftiType::Int32 => each(4, |b| f64::from(B::read_i32(b))),
        NiftiType::Uint64 => each(8, |b| B::read_u64(b) as f64),
        NiftiType::Int64 => each(8, |b| B::read_i64(b) as f64),
        NiftiType::Float32 => each(4, |b| f64::from(B::read_f32(b))),
        NiftiType::Float64 => each(8, B::read_f64),
        // The header check lets no other type through; voxels would come out too few, which is an error.
        _ => {}
    }
}
