//! Draws a picture of synthetic cases: one row per subject; for each level the slice with the true outlines, and beside it
//! the variance map of the three simulated raters over the slice (largest of the four structures).
//!
//! The picture in the documentation:
//! `cargo run --release -p raterlens-synth --example contact_sheet -- docs/img/synthetic-cases.png`
//!
//! Arguments: OUT.png [FIRST_SEED [SUBJECTS [PIXELS]]]

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;

use ndarray::{Array2, Array3, ArrayView2};
use raterlens_core::variability::{variance_map_2d, VarianceOptions};
use raterlens_core::LabelScheme;
use raterlens_synth::{generate_slice, Level, SynthOptions, SynthSlice};

/// Intensity shown as white.
const WHITE: f32 = 1000.0;
/// Variance shown in the brightest colour.
const VARIANCE_WINDOW: f32 = 0.1;
/// Black, violet, red, orange, light yellow: brightness rises evenly.
const COLOURS: [[f32; 3]; 5] = [
    [0.0, 0.0, 4.0],
    [87.0, 16.0, 110.0],
    [188.0, 55.0, 84.0],
    [249.0, 142.0, 9.0],
    [252.0, 255.0, 164.0],
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments
        .next()
        .ok_or("usage: contact_sheet OUT.png [FIRST_SEED [SUBJECTS [PIXELS]]]")?;
    let mut number = |default: usize| arguments.next().map_or(Ok(default), |a| a.parse::<usize>());
    let (first, subjects, pixels) = (number(21)?, number(3)?, number(256)?);
    let options = SynthOptions {
        size: [pixels, pixels],
        fov_mm: (175.0, 205.0),
        ..SynthOptions::default()
    };
    let crop = [pixels * 9 / 16, pixels * 3 / 4];
    let mut sheet = Array3::<u8>::zeros((subjects * crop[0], 8 * crop[1], 3));
    for row in 0..subjects {
        for (n, level) in Level::ALL.iter().rev().enumerate() {
            let slice = generate_slice((first + row) as u64, level.position(), &options)?;
            place(&mut sheet, &outlined(&slice), crop, [row, 2 * n]);
            place(&mut sheet, &with_variance(&slice)?, crop, [row, 2 * n + 1]);
        }
    }
    write_png(&path, &sheet)
}

/// Copies the part of a tile around the muscles to its place in the sheet.
fn place(sheet: &mut Array3<u8>, tile: &Array3<u8>, crop: [usize; 2], at: [usize; 2]) {
    let top = (tile.dim().0 - crop[0]) * 7 / 10;
    let left = (tile.dim().1 - crop[1]) / 2;
    for r in 0..crop[0] {
        for c in 0..crop[1] {
            for channel in 0..3 {
                let value = tile[[top + r, left + c, channel]];
                sheet[[at[0] * crop[0] + r, at[1] * crop[1] + c, channel]] = value;
            }
        }
    }
}

fn grey(value: f32) -> u8 {
    // Steps that the eye does not see halve the file.
    (51.0 * (value / WHITE).clamp(0.0, 1.0)) as u8 * 5
}

fn outlined(slice: &SynthSlice) -> Array3<u8> {
    let (rows, columns) = slice.image.dim();
    let mut out = Array3::from_shape_fn((rows, columns, 3), |(r, c, _)| grey(slice.image[[r, c]]));
    for structure in &LabelScheme::lumbar_paraspinal().structures {
        for (r, c) in edge_pixels(slice.truth.view(), structure.id) {
            for (channel, value) in structure.color.iter().enumerate() {
                out[[r, c, channel]] = *value;
            }
        }
    }
    out
}

fn with_variance(slice: &SynthSlice) -> Result<Array3<u8>, Box<dyn Error>> {
    let mut largest = Array2::<f32>::zeros(slice.image.dim());
    for structure in &LabelScheme::lumbar_paraspinal().structures {
        let masks: Vec<_> = slice
            .raters
            .iter()
            .map(|l| l.mapv(|v| v == structure.id))
            .collect();
        let views: Vec<_> = masks.iter().map(|m| m.view()).collect();
        let map = variance_map_2d(&views, &VarianceOptions::default(), slice.pixel_mm)?;
        largest.zip_mut_with(&map, |a, b| *a = a.max(*b));
    }
    let (rows, columns) = largest.dim();
    Ok(Array3::from_shape_fn(
        (rows, columns, 3),
        |(r, c, channel)| {
            let share = (largest[[r, c]] / VARIANCE_WINDOW).clamp(0.0, 1.0);
            let opacity = (4.0 * share).min(1.0);
            let below = 0.55 * f32::from(grey(slice.image[[r, c]]));
            (below * (1.0 - opacity) + colour(share)[channel] * opacity) as u8
        },
    ))
}

/// The colour of a value from 0 to 1.
fn colour(share: f32) -> [f32; 3] {
    let at = share * (COLOURS.len() - 1) as f32;
    let below = (at as usize).min(COLOURS.len() - 2);
    let f = at - below as f32;
    std::array::from_fn(|n| COLOURS[below][n] * (1.0 - f) + COLOURS[below + 1][n] * f)
}

/// Pixels of a structure with a neighbour outside it.
fn edge_pixels(labels: ArrayView2<'_, u16>, id: u16) -> Vec<(usize, usize)> {
    let outside = |r: usize, c: usize| labels.get((r, c)).is_none_or(|v| *v != id);
    labels
        .indexed_iter()
        .filter(|(_, v)| **v == id)
        .map(|(at, _)| at)
        .filter(|&(r, c)| {
            outside(r.wrapping_sub(1), c)
                || outside(r + 1, c)
                || outside(r, c.wrapping_sub(1))
                || outside(r, c + 1)
        })
        .collect()
}

fn write_png(path: &str, sheet: &Array3<u8>) -> Result<(), Box<dyn Error>> {
    let (rows, columns, _) = sheet.dim();
    let mut encoder = png::Encoder::new(
        BufWriter::new(File::create(path)?),
        u32::try_from(columns)?,
        u32::try_from(rows)?,
    );
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let pixels: Array2<u8> = sheet.clone().into_shape_with_order((rows, columns * 3))?;
    let pixels = pixels.as_slice().ok_or("the sheet is not contiguous")?;
    encoder.write_header()?.write_image_data(pixels)?;
    Ok(())
}
