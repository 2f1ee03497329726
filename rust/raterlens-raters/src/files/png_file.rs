//! Images and label maps of one slice as PNG.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use ndarray::Array3;
use png::{BitDepth, ColorType, Decoder, Limits, Transformations};
use raterlens_core::{Geometry, Volume};

use crate::error::RatersError;

/// Most pixels along a side; nothing that is drawn on is larger.
const MAX_SIDE: u32 = 1 << 14;
const AXIAL: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// Whether the file's name says that it is a PNG.
pub(super) fn is_png(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("png"))
}

/// The values of a grey PNG of 8 or 16 bits, unchanged, as a volume of one slice.
///
/// A PNG says neither how large its pixels are nor which side is left: pixels are taken as 1 mm, the picture as an axial slice in
/// radiological display (columns to the patient's left, rows to the back).
pub(super) fn read(path: &Path) -> Result<Volume<u16>, RatersError> {
    let fail = |reason: String| RatersError::Picture {
        reason,
        path: path.to_path_buf(),
    };
    let file = File::open(path).map_err(|source| RatersError::Input {
        source,
        path: path.to_path_buf(),
    })?;
    let limits = Limits { bytes: 1 << 30 };
    let mut decoder = Decoder::new_with_limits(BufReader::new(file), limits);
    // Palettes and few bits must not be spread over 0 to 255: label 1 would become label 255.
    decoder.set_transformations(Transformations::IDENTITY);
    let mut reader = decoder.read_info().map_err(|e| fail(e.to_string()))?;
    let info = reader.info();
    let (width, height) = (info.width, info.height);
    if width.max(height) > MAX_SIDE {
        return Err(fail(format!(
            "{width} x {height} pixels are more than {MAX_SIDE} along a side"
        )));
    }
    let wide = match (info.color_type, info.bit_depth) {
        (ColorType::Grayscale, BitDepth::Eight) => false,
        (ColorType::Grayscale, BitDepth::Sixteen) => true,
        (color, depth) => {
            return Err(fail(format!(
                "it is {color:?} of {} bits: save it as grey of 8 or 16 bits",
                depth as u8
            )));
        }
    };
    let size = reader
        .output_buffer_size()
        .ok_or_else(|| fail("it is too large".to_owned()))?;
    let mut bytes = vec![0; size];
    let frame = reader
        .next_frame(&mut bytes)
        .map_err(|e| fail(e.to_string()))?;
    bytes.truncate(frame.buffer_size());
    let values = if wide {
        let pairs = bytes.as_chunks::<2>().0;
        pairs.iter().map(|b| u16::from_be_bytes(*b)).collect()
    } else {
        bytes.iter().map(|b| u16::from(*b)).collect()
    };
    let (columns, rows) = (width as usize, height as usize);
    let data = Array3::from_shape_vec((1, rows, columns), values)
        .map_err(|_| fail("it ends too early".to_owned()))?;
    let geometry = Geometry::new([columns, rows, 1], [1.0; 3], [0.0; 3], AXIAL);
    let geometry = geometry.map_err(|e| fail(e.to_string()))?;
    Ok(Volume::new(data, geometry)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, color: ColorType, depth: BitDepth, bytes: &[u8]) {
        let mut encoder = png::Encoder::new(File::create(path).unwrap(), 2, 1);
        encoder.set_color(color);
        encoder.set_depth(depth);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(bytes).unwrap();
    }

    #[test]
    fn values_stay_what_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.PNG");
        write(&path, ColorType::Grayscale, BitDepth::Eight, &[1, 255]);
        assert!(is_png(&path));
        assert_eq!(read(&path).unwrap().data().as_slice(), Some(&[1, 255][..]));
        write(
            &path,
            ColorType::Grayscale,
            BitDepth::Sixteen,
            &[1, 0, 0, 7],
        );
        let volume = read(&path).unwrap();
        assert_eq!(volume.data().as_slice(), Some(&[256, 7][..]));
        assert_eq!(volume.geometry().dims, [2, 1, 1]);
    }

    #[test]
    fn colours_few_bits_and_damage_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.png");
        let refused = |path: &Path| read(path).unwrap_err().to_string();
        write(&path, ColorType::Rgb, BitDepth::Eight, &[0; 6]);
        assert!(refused(&path).contains("Rgb of 8 bits"));
        write(&path, ColorType::Grayscale, BitDepth::One, &[0x40]);
        assert!(refused(&path).contains("Grayscale of 1 bits"));
        std::fs::write(&path, b"\x89PNG\r\n\x1a\n").unwrap();
        assert!(refused(&path).contains("cannot be used"));
    }
}
