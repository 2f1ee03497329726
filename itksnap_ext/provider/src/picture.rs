//! The picture in a ticket's log: one slice of the image with its labels.

use ndarray::{s, Array2, Axis};
use png::{BitDepth, ColorType, Encoder};
use raterlens_core::{CanonicalAxial, LabelMap, LabelScheme, Volume, VolumeError};

/// The axial slice with most labelled voxels, in grey with the labels half transparent, as PNG; the patient's right is on the
/// left, the front is up.
///
/// # Errors
/// Two volumes that do not fit each other.
pub fn slice_picture(
    image: &Volume<f32>,
    labels: &LabelMap,
    scheme: &LabelScheme,
) -> Result<Vec<u8>, VolumeError> {
    let canonical = CanonicalAxial::for_geometry(image.geometry());
    let image = canonical.to_canonical(image)?;
    let labels = canonical.to_canonical(labels)?;
    let drawn = |slice: ndarray::ArrayView2<'_, u16>| slice.iter().filter(|l| **l > 0).count();
    let slices = labels.data().axis_iter(Axis(0)).map(drawn).enumerate();
    let middle = labels.data().len_of(Axis(0)) / 2;
    let most = slices.rev().max_by_key(|(_, count)| *count);
    let k = most
        .filter(|(_, count)| *count > 0)
        .map_or(middle, |(k, _)| k);
    let grey = image.data().slice(s![k, .., ..]).to_owned();
    let labels = labels.data().slice(s![k, .., ..]).to_owned();
    Ok(encode(&pixels(&grey, &labels, scheme), grey.dim()))
}

fn pixels(grey: &Array2<f32>, labels: &Array2<u16>, scheme: &LabelScheme) -> Vec<u8> {
    let low = grey.iter().copied().fold(f32::INFINITY, f32::min);
    let high = grey.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let span = if high > low { high - low } else { 1.0 };
    let mut out = Vec::with_capacity(3 * grey.len());
    for (value, label) in grey.iter().zip(labels) {
        let shade = 255.0 * (value - low) / span;
        let color = scheme.by_id(*label).map(|s| s.color);
        let channel = |n: usize| match color.and_then(|c| c.get(n).copied()) {
            Some(c) => (0.5 * shade + 0.5 * f32::from(c)) as u8,
            None => shade as u8,
        };
        out.extend((0..3).map(channel));
    }
    out
}

fn encode(pixels: &[u8], (rows, columns): (usize, usize)) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, columns as u32, rows as u32);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    // Into memory, with as many bytes as the header says: cannot fail.
    if let Ok(mut writer) = encoder.write_header() {
        let _ = writer.write_image_data(pixels);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use raterlens_core::Geometry;

    #[test]
    fn the_slice_with_most_labels_is_shown() {
        let axes = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let grid = Geometry::new([3, 2, 4], [1.0; 3], [0.0; 3], axes).unwrap();
        let data =
            ndarray::Array3::from_shape_fn((4, 2, 3), |(k, j, i)| (6 * k + 3 * j + i) as f32);
        let image = Volume::new(data, grid).unwrap();
        let mut labels = image.map(|_| 0_u16);
        labels.data_mut()[[2, 0, 1]] = 1;
        let scheme = LabelScheme::lumbar_paraspinal();
        let bytes = slice_picture(&image, &labels, &scheme).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (3, 2));
        // The labelled voxel: a fifth of 255 and orange, half each. The last one is white.
        assert_eq!(pixels[3..6], [140, 105, 25]);
        assert_eq!(pixels[15..18], [255; 3]);
    }
}
