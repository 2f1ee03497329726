//! Pictures inside the page: PNG as `data:` addresses.

use base64::engine::general_purpose::STANDARD;
use base64::Engine;
use ndarray::Array2;
use png::{BitDepth, ColorType, Compression, Encoder};

use crate::error::ReportError;
use crate::palette::magma;

/// Largest value of a variance map: half of the raters at 0, half at 1.
pub(crate) const MAX_VARIANCE: f64 = 0.25;

/// Shades of a colour map in a picture: more cannot be told apart, fewer pack smaller.
const SHADES: u8 = 64;

/// An image in grey between its 1st and 99th percentile; what is not finite is black.
pub(crate) fn grey(image: &Array2<f32>) -> Result<String, ReportError> {
    let [low, high] = window(image);
    let range = if high > low { high - low } else { 1.0 };
    let shade = |v: &f32| {
        let part = (*v - low) / range;
        // 32 shades less than white: coloured outlines stay visible on bright tissue.
        (part.clamp(0.0, 1.0) * 223.0).round() as u8
    };
    let pixels: Vec<u8> = image.iter().map(shade).collect();
    data_url(image.dim(), &pixels, ColorType::Grayscale, None)
}

/// A variance map, 0 to [`MAX_VARIANCE`], in magma.
pub(crate) fn variance(map: &Array2<f32>) -> Result<String, ReportError> {
    magma_map(map, MAX_VARIANCE)
}

/// A map of numbers, 0 to `top`, in magma.
pub(crate) fn magma_map(map: &Array2<f32>, top: f64) -> Result<String, ReportError> {
    let last = f64::from(SHADES - 1);
    let shade = |v: &f32| (f64::from(*v) / top * last).clamp(0.0, last).round() as u8;
    let pixels: Vec<u8> = map.iter().map(shade).collect();
    let palette = (0..SHADES)
        .flat_map(|n| magma(f64::from(n) / last))
        .collect();
    data_url(map.dim(), &pixels, ColorType::Indexed, Some(palette))
}

/// Percentiles 1 and 99 of the finite values.
fn window(image: &Array2<f32>) -> [f32; 2] {
    let mut values: Vec<f32> = image.iter().copied().filter(|v| v.is_finite()).collect();
    values.sort_unstable_by(f32::total_cmp);
    let last = values.len().saturating_sub(1);
    let at = |part: f64| values.get((part * last as f64).round() as usize);
    [0.01, 0.99].map(|part| at(part).copied().unwrap_or(0.0))
}

fn data_url(
    (rows, columns): (usize, usize),
    pixels: &[u8],
    color: ColorType,
    palette: Option<Vec<u8>>,
) -> Result<String, ReportError> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, columns as u32, rows as u32);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::High);
    if let Some(palette) = palette {
        encoder.set_palette(palette);
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(format!("data:image/png;base64,{}", STANDARD.encode(bytes)))
}

/// The mean of every `factor` x `factor` pixels; the last row and column of blocks may be smaller.
pub(crate) fn reduced(image: &Array2<f32>, factor: usize) -> Array2<f32> {
    if factor < 2 {
        return image.clone();
    }
    let (rows, columns) = image.dim();
    Array2::from_shape_fn(
        (rows.div_ceil(factor), columns.div_ceil(factor)),
        |(row, column)| {
            let (top, left) = (row * factor, column * factor);
            let (bottom, right) = ((top + factor).min(rows), (left + factor).min(columns));
            let block = image.slice(ndarray::s![top..bottom, left..right]);
            block.mean().unwrap_or(0.0)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn decoded(url: &str) -> (png::OutputInfo, Vec<u8>) {
        let bytes = url.strip_prefix("data:image/png;base64,").unwrap();
        let bytes = STANDARD.decode(bytes).unwrap();
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        pixels.truncate(info.buffer_size());
        (info, pixels)
    }

    #[test]
    fn grey_runs_from_black_to_light_and_forgives_bad_values() {
        let (info, pixels) = decoded(&grey(&array![[-5.0, 5.0, f32::NAN]]).unwrap());
        assert_eq!((info.width, info.height), (3, 1));
        assert_eq!(pixels, [0, 223, 0]);
        let (_, flat) = decoded(&grey(&array![[7.0, 7.0]]).unwrap());
        assert_eq!(flat, [0, 0]);
    }

    #[test]
    fn variance_has_the_colours_of_its_map() {
        let (_, pixels) = decoded(&variance(&array![[0.0], [0.25], [9.0]]).unwrap());
        assert_eq!(pixels[..3], magma(0.0));
        assert_eq!(pixels[3..6], magma(1.0));
        assert_eq!(pixels[6..], magma(1.0));
    }

    #[test]
    fn reducing_takes_means_of_blocks() {
        let image = array![[1.0, 3.0, 10.0], [5.0, 7.0, 20.0]];
        assert_eq!(reduced(&image, 2), array![[4.0, 15.0]]);
        assert_eq!(reduced(&image, 1), image);
    }
}
