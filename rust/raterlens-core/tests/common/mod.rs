//! NIfTI files made byte by byte, independently of the writer under test.
#![allow(dead_code)] // every test program uses another part

use std::io::Write;
use std::path::{Path, PathBuf};

use byteorder::{BigEndian, ByteOrder, LittleEndian};

/// The fields of a header that the tests vary; `Default` is a 2 x 3 x 4 image of 16-bit integers.
#[derive(Clone, Debug)]
pub struct RawNifti {
    pub dim: [i16; 8],
    pub datatype: i16,
    pub bitpix: i16,
    pub pixdim: [f32; 8],
    pub vox_offset: f32,
    pub slope: f32,
    pub intercept: f32,
    pub xyzt_units: u8,
    pub qform_code: i16,
    pub sform_code: i16,
    pub quaternion: [f32; 3],
    pub qoffset: [f32; 3],
    pub srow: [f32; 12],
    pub magic: [u8; 4],
    /// Voxels, already in the file's byte order.
    pub voxels: Vec<u8>,
}

impl Default for RawNifti {
    fn default() -> Self {
        Self {
            dim: [3, 2, 3, 4, 1, 1, 1, 1],
            datatype: 4,
            bitpix: 16,
            pixdim: [1.0, 0.7, 0.8, 4.0, 0.0, 0.0, 0.0, 0.0],
            vox_offset: 352.0,
            slope: 0.0,
            intercept: 0.0,
            xyzt_units: 2,
            qform_code: 0,
            sform_code: 1,
            quaternion: [0.0; 3],
            qoffset: [0.0; 3],
            // Axes to the right, front and head.
            srow: [
                0.7, 0.0, 0.0, -10.0, //
                0.0, 0.8, 0.0, -20.0, //
                0.0, 0.0, 4.0, 30.0,
            ],
            magic: *b"n+1\0",
            voxels: (0..24_i16).flat_map(i16::to_le_bytes).collect(),
        }
    }
}

impl RawNifti {
    /// Header, four bytes for "no extensions", and voxels.
    pub fn bytes(&self, big_endian: bool) -> Vec<u8> {
        if big_endian {
            self.encode::<BigEndian>()
        } else {
            self.encode::<LittleEndian>()
        }
    }

    fn encode<B: ByteOrder>(&self) -> Vec<u8> {
        let mut b = vec![0_u8; 352];
        B::write_i32(&mut b[0..], 348);
        for (n, v) in self.dim.iter().enumerate() {
            B::write_i16(&mut b[40 + 2 * n..], *v);
        }
        B::write_i16(&mut b[70..], self.datatype);
        B::write_i16(&mut b[72..], self.bitpix);
        for (n, v) in self.pixdim.iter().enumerate() {
            B::write_f32(&mut b[76 + 4 * n..], *v);
        }
        B::write_f32(&mut b[108..], self.vox_offset);
        B::write_f32(&mut b[112..], self.slope);
        B::write_f32(&mut b[116..], self.intercept);
        b[123] = self.xyzt_units;
        B::write_i16(&mut b[252..], self.qform_code);
        B::write_i16(&mut b[254..], self.sform_code);
        let floats = self.quaternion.iter().chain(&self.qoffset);
        for (n, v) in floats.chain(&self.srow).enumerate() {
            B::write_f32(&mut b[256 + 4 * n..], *v);
        }
        b[344..348].copy_from_slice(&self.magic);
        b.extend(&self.voxels);
        b
    }

    /// Saves as `name` in `folder`; a name that ends in `.gz` is compressed.
    pub fn save(&self, folder: &Path, name: &str) -> PathBuf {
        save_bytes(&self.bytes(false), folder, name)
    }
}

pub fn save_bytes(bytes: &[u8], folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    let bytes = if name.ends_with(".gz") {
        gzip(bytes)
    } else {
        bytes.to_vec()
    };
    std::fs::write(&path, bytes).unwrap();
    path
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The first 352 bytes of a file, decompressed if need be.
pub fn header_of(path: &Path) -> Vec<u8> {
    use std::io::Read;
    let bytes = std::fs::read(path).unwrap();
    let mut header = vec![0; 352];
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut decoder = flate2::read::GzDecoder::new(&bytes[..]);
        decoder.read_exact(&mut header).unwrap();
    } else {
        header.copy_from_slice(&bytes[..352]);
    }
    header
}

/// Names of everything in a folder, hidden files too.
pub fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
