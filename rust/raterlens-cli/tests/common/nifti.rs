//! A NIfTI-1 writer and reader of the tests' own, byte by byte from the standard.

use std::io::{Read, Write};
use std::ops::Range;
use std::path::Path;

use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use flate2::Compression;
use raterlens_core::Volume;

/// Where the voxels start in a single file.
const VOXELS_AT: usize = 352;

/// Fields that say where voxels are: dim, pixdim, xyzt_units, qform and sform.
pub const GEOMETRY_FIELDS: [Range<usize>; 4] = [40..56, 76..108, 123..124, 252..328];

/// A file: header and voxels, little-endian.
#[derive(Debug, Clone, PartialEq)]
pub struct Nifti {
    pub bytes: Vec<u8>,
}

impl Nifti {
    /// A 32-bit float image `[k, j, i]`-ordered with the affine `ras_from_ijk` as sform.
    pub fn float(dims: [usize; 3], ras_from_ijk: [[f32; 4]; 3], voxels: &[f32]) -> Self {
        let data: Vec<u8> = voxels.iter().flat_map(|v| v.to_le_bytes()).collect();
        let mut file = Self::with_type(dims, 16, 32, &data);
        for (r, row) in ras_from_ijk.iter().enumerate() {
            for (c, value) in row.iter().enumerate() {
                file.put_f32(280 + 16 * r + 4 * c, *value);
            }
        }
        let [x, y, z] = ras_from_ijk;
        for (axis, ((x, y), z)) in x.into_iter().zip(y).zip(z).take(3).enumerate() {
            let squares = [x, y, z].map(|v| f64::from(v) * f64::from(v));
            file.put_f32(80 + 4 * axis, squares.iter().sum::<f64>().sqrt() as f32);
        }
        file
    }

    /// An image of any voxel type, 1 mm, along RAS.
    pub fn with_type(dims: [usize; 3], datatype: i16, bits: i16, data: &[u8]) -> Self {
        let mut file = Self {
            bytes: vec![0; VOXELS_AT],
        };
        file.put(0, &348i32.to_le_bytes());
        let dim = [3, dims[0], dims[1], dims[2], 1, 1, 1, 1];
        for (n, d) in dim.into_iter().enumerate() {
            file.put_i16(40 + 2 * n, d as i16);
        }
        file.put_i16(70, datatype);
        file.put_i16(72, bits);
        for n in 0..8 {
            file.put_f32(76 + 4 * n, 1.0);
        }
        file.put_f32(108, VOXELS_AT as f32);
        file.put(123, &[2]);
        file.put_i16(254, 1);
        for axis in 0..3 {
            file.put_f32(280 + 20 * axis, 1.0);
        }
        file.put(344, b"n+1\0");
        file.bytes.extend_from_slice(data);
        file
    }

    /// A float image of a volume, with its geometry.
    pub fn from_volume(volume: &Volume<f32>) -> Self {
        let m = volume.geometry().ras_from_ijk().0;
        let affine = [0, 1, 2].map(|r| [0, 1, 2, 3].map(|c| m[r][c] as f32));
        let voxels: Vec<f32> = volume.data().iter().copied().collect();
        Self::float(volume.geometry().dims, affine, &voxels)
    }

    pub fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    pub fn put_i16(&mut self, at: usize, value: i16) {
        self.put(at, &value.to_le_bytes());
    }

    pub fn put_f32(&mut self, at: usize, value: f32) {
        self.put(at, &value.to_le_bytes());
    }

    /// Writes the file, compressed if its name ends in `.gz`.
    pub fn save(&self, path: &Path) {
        let bytes = if path.extension().is_some_and(|e| e == "gz") {
            let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
            gz.write_all(&self.bytes).unwrap();
            gz.finish().unwrap()
        } else {
            self.bytes.clone()
        };
        std::fs::write(path, bytes).unwrap();
    }

    /// Reads a file.
    pub fn load(path: &Path) -> Self {
        let raw = std::fs::read(path).unwrap();
        let mut bytes = Vec::new();
        if raw.starts_with(&[0x1f, 0x8b]) {
            GzDecoder::new(raw.as_slice())
                .read_to_end(&mut bytes)
                .unwrap();
        } else {
            bytes = raw;
        }
        Self { bytes }
    }

    pub fn dims(&self) -> [usize; 3] {
        let at = |n: usize| i16::from_le_bytes([self.bytes[n], self.bytes[n + 1]]) as usize;
        [at(42), at(44), at(46)]
    }

    pub fn datatype(&self) -> i16 {
        i16::from_le_bytes([self.bytes[70], self.bytes[71]])
    }

    /// The voxels of an 8-bit file, i fastest.
    pub fn u8_voxels(&self) -> &[u8] {
        assert_eq!(self.datatype(), 2, "not an 8-bit file");
        &self.bytes[VOXELS_AT..]
    }

    /// The voxels of a 32-bit float file, i fastest.
    pub fn f32_voxels(&self) -> Vec<f32> {
        assert_eq!(self.datatype(), 16, "not a 32-bit float file");
        let chunks = self.bytes[VOXELS_AT..].chunks_exact(4);
        chunks
            .map(|c| f32::from_le_bytes([c[0], c[1], c[2], c[3]]))
            .collect()
    }

    /// The bytes of the header's geometry fields.
    pub fn geometry_bytes(&self) -> Vec<u8> {
        let fields = GEOMETRY_FIELDS.into_iter();
        fields.flat_map(|f| self.bytes[f].to_vec()).collect()
    }
}
