//! What the host and the program `raterlens-itk` say to each other.
//!
//! The host writes one request to the program's standard input: a JSON text and blobs of voxels. The program answers on its
//! standard output with frames (progress, one JSON text, blobs) and ends. Lengths are 64-bit little-endian.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

/// Both sides must have the same number.
pub const VERSION: u32 = 1;
/// Longest JSON text.
const MAX_JSON: u64 = 64 << 20;

/// Size, place and kind of voxels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WireHeader {
    /// Voxels along i, j, k.
    pub size: Vec<usize>,
    /// Millimetres.
    pub spacing: Vec<f64>,
    /// LPS.
    pub origin: Vec<f64>,
    /// Row-major.
    pub direction: Vec<f64>,
    /// `u8`, `i16`, `f32`, ...
    pub component: String,
    /// Numbers per voxel.
    pub components: usize,
    /// Whether they are colours.
    pub colour: bool,
    /// ITK's name of the format.
    pub format: String,
    /// What may be known of the file's texts: segments, orientation codes. Never a patient's name.
    pub metadata: BTreeMap<String, String>,
}

/// What the host asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Header and voxels of a file.
    Read {
        /// The file.
        path: String,
        /// Most bytes of voxels.
        max_bytes: u64,
    },
    /// The series of a folder.
    ListSeries {
        /// The folder.
        folder: String,
    },
    /// One volume from files.
    ReadSeries {
        /// The files.
        files: Vec<String>,
        /// Which volume of them, from 0, where there are several.
        stack: Option<usize>,
        /// Most bytes of voxels.
        max_bytes: u64,
    },
    /// Writes a blob to a file.
    Write {
        /// The file.
        path: String,
        /// What it is to say.
        header: WireHeader,
    },
    /// Takes noise away; blobs: image (`f32`).
    Denoise {
        /// Of the image.
        header: WireHeader,
        /// Rician noise.
        rician: bool,
        /// In voxels.
        search_radius: u32,
        /// In voxels.
        patch_radius: u32,
        /// Strength.
        smoothing_factor: f64,
        /// Each slice k by itself.
        per_slice: bool,
        /// Threads.
        threads: usize,
    },
    /// Takes the bias field away; blobs: image (`f32`), and the mask (`u8`) if there is one.
    N4 {
        /// Of the image.
        header: WireHeader,
        /// Whether a mask follows.
        mask: bool,
        /// Most iterations at each level.
        iterations: Vec<u32>,
        /// Every n-th voxel.
        shrink_factor: u32,
        /// Threads.
        threads: usize,
    },
    /// Moves an image onto another grid, linearly; blobs: image (`f32`).
    Resample {
        /// Of the image.
        header: WireHeader,
        /// The grid.
        target: WireHeader,
        /// Value where the image does not reach.
        outside: f32,
        /// Threads.
        threads: usize,
    },
}

/// What the program says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// A blob of voxels follows.
    Voxels {
        /// What they are.
        header: WireHeader,
        /// What a user should know.
        warnings: Vec<String>,
    },
    /// Several volumes, one must be chosen: their sizes and places in words.
    Stacks(Vec<String>),
    /// The series of a folder.
    Series(Vec<WireSeries>),
    /// Nothing more to say.
    Done,
    /// It went wrong.
    Failed(String),
}

/// A DICOM series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireSeries {
    /// Series Instance UID.
    pub uid: String,
    /// Series description.
    pub description: String,
    /// Modality.
    pub modality: String,
    /// Its files.
    pub files: Vec<String>,
}

/// One piece of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame {
    /// How far it is.
    Progress(f32),
    /// The answer.
    Answer(Answer),
    /// The voxels that the answer promised.
    Blob(Vec<u8>),
}

/// Writes a request and its blobs.
///
/// # Errors
/// Those of `out`.
pub fn write_request(out: &mut impl Write, request: &Request, blobs: &[&[u8]]) -> io::Result<()> {
    out.write_all(&VERSION.to_le_bytes())?;
    write_sized(out, &serde_json::to_vec(request)?)?;
    for blob in blobs {
        write_sized(out, blob)?;
    }
    out.flush()
}

/// Reads a request; its blobs follow, each by [`read_blob`].
///
/// # Errors
/// Another version, or what is no request.
pub fn read_request(input: &mut impl Read) -> io::Result<Request> {
    let mut version = [0; 4];
    input.read_exact(&mut version)?;
    if u32::from_le_bytes(version) != VERSION {
        return Err(bad("another version of the protocol"));
    }
    Ok(serde_json::from_slice(&read_sized(input, MAX_JSON)?)?)
}

/// Reads one blob of exactly `length` bytes.
///
/// # Errors
/// Another length, too little memory, or those of `input`.
pub fn read_blob(input: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    let blob = read_sized(input, length)?;
    match blob.len() as u64 == length {
        true => Ok(blob),
        false => Err(bad("voxels of another size than announced")),
    }
}

/// Writes a frame.
///
/// # Errors
/// Those of `out`.
pub fn write_answer(out: &mut impl Write, answer: &Answer) -> io::Result<()> {
    out.write_all(b"J")?;
    write_sized(out, &serde_json::to_vec(answer)?)?;
    out.flush()
}

/// Writes voxels.
///
/// # Errors
/// Those of `out`.
pub fn write_blob(out: &mut impl Write, blob: &[u8]) -> io::Result<()> {
    out.write_all(b"B")?;
    write_sized(out, blob)?;
    out.flush()
}

/// Writes how far it is.
///
/// # Errors
/// Those of `out`.
pub fn write_progress(out: &mut impl Write, fraction: f32) -> io::Result<()> {
    out.write_all(b"P")?;
    out.write_all(&fraction.to_le_bytes())?;
    out.flush()
}

/// Reads the next frame; a blob may have at most `max_blob` bytes.
///
/// # Errors
/// What is no frame, a blob that is too long, too little memory, or those of `input`.
pub fn read_frame(input: &mut impl Read, max_blob: u64) -> io::Result<Frame> {
    let mut tag = [0; 1];
    input.read_exact(&mut tag)?;
    match &tag {
        b"P" => {
            let mut fraction = [0; 4];
            input.read_exact(&mut fraction)?;
            Ok(Frame::Progress(f32::from_le_bytes(fraction)))
        }
        b"J" => {
            let json = read_sized(input, MAX_JSON)?;
            Ok(Frame::Answer(serde_json::from_slice(&json)?))
        }
        b"B" => Ok(Frame::Blob(read_sized(input, max_blob)?)),
        _ => Err(bad("an unknown frame")),
    }
}

fn write_sized(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(&(bytes.len() as u64).to_le_bytes())?;
    out.write_all(bytes)
}

fn read_sized(input: &mut impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    input.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > most {
        return Err(bad("a piece that is longer than allowed"));
    }
    let count = usize::try_from(length).map_err(|_| bad("a piece that is too long"))?;
    let mut bytes = Vec::new();
    let reserved = bytes.try_reserve_exact(count);
    reserved.map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    input.take(length).read_to_end(&mut bytes)?;
    match bytes.len() == count {
        true => Ok(bytes),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn bad(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_too_much_is_refused() {
        let request = Request::ListSeries { folder: "x".into() };
        let mut bytes = Vec::new();
        write_request(&mut bytes, &request, &[&[1, 2, 3]]).unwrap();
        let mut input = bytes.as_slice();
        assert_eq!(read_request(&mut input).unwrap(), request);
        assert_eq!(read_blob(&mut input, 3).unwrap(), [1, 2, 3]);

        let mut bytes = Vec::new();
        write_progress(&mut bytes, 0.5).unwrap();
        write_answer(&mut bytes, &Answer::Done).unwrap();
        write_blob(&mut bytes, &[4; 100]).unwrap();
        let mut input = bytes.as_slice();
        assert_eq!(read_frame(&mut input, 100).unwrap(), Frame::Progress(0.5));
        assert_eq!(
            read_frame(&mut input, 100).unwrap(),
            Frame::Answer(Answer::Done)
        );
        let mut again = input;
        assert_eq!(
            read_frame(&mut input, 100).unwrap(),
            Frame::Blob(vec![4; 100])
        );
        assert!(read_frame(&mut again, 99).is_err());
        assert!(read_frame(&mut input, 100).is_err());
        // A length of 16 exabytes asks for no memory.
        let mut absurd: &[u8] = &[b'B', 255, 255, 255, 255, 255, 255, 255, 255];
        assert!(read_frame(&mut absurd, u64::MAX).is_err());
    }
}
