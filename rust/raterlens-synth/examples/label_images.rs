//! A sheet of images made from label maps, with outlines of the structures and of one rater:
//! `cargo run --release -p raterlens-synth --example label_images -- SHEET.png COUNT [LABELS.png...]`
//!
//! Every second image has outlines. Without LABELS the muscles are those of the built-in templates. LABELS are grey pictures of 8 bits with 1 right and 2 left multifidus, 3 right and 4 left erector spinae.

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, BufWriter};

use ndarray::Array2;
use raterlens_core::LabelScheme;
use raterlens_synth::{generate_from_labels, LabelImageOptions, LabelledImage};

const TILE: usize = 256;
const COLUMNS: usize = 6;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [out, count, maps @ ..] = arguments.as_slice() else {
        return Err("give SHEET.png COUNT LABELS.png...".into());
    };
    let (count, scheme) = (count.parse::<usize>()?, LabelScheme::lumbar_paraspinal());
    let rows = count.div_ceil(COLUMNS);
    let mut sheet = vec![0u8; rows * COLUMNS * TILE * TILE * 3];
    let started = std::time::Instant::now();
    for n in 0..count {
        let mut options = LabelImageOptions::default();
        let labels = match maps.get(n % maps.len().max(1)) {
            Some(file) => read(file)?,
            None => {
                options.template_share = 1.0;
                Array2::zeros((1, 1))
            }
        };
        let made = generate_from_labels(labels.view(), 1.0, &scheme, &options, n as u64)?;
        draw_tile(&made, &mut sheet, n);
    }
    eprintln!(
        "{:.1} ms an image",
        started.elapsed().as_secs_f64() * 1e3 / count as f64
    );
    let file = BufWriter::new(File::create(out)?);
    let size = [COLUMNS * TILE, rows * TILE].map(|n| n as u32);
    let mut encoder = png::Encoder::new(file, size[0], size[1]);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header()?.write_image_data(&sheet)?;
    Ok(())
}

fn read(path: &str) -> Result<Array2<u16>, Box<dyn Error>> {
    let mut reader = png::Decoder::new(BufReader::new(File::open(path)?)).read_info()?;
    let size = reader.output_buffer_size().ok_or("too large")?;
    let mut bytes = vec![0; size];
    let info = reader.next_frame(&mut bytes)?;
    bytes.truncate(info.buffer_size());
    let pixels = bytes.into_iter().map(u16::from).collect();
    Ok(Array2::from_shape_vec(
        (info.height as usize, info.width as usize),
        pixels,
    )?)
}

/// The image from dark to the 99th percentile, the truth's borders red, the first rater's green.
fn draw_tile(made: &LabelledImage, sheet: &mut [u8], n: usize) {
    let mut sorted: Vec<f32> = made.image.iter().copied().collect();
    sorted.sort_by(f32::total_cmp);
    let white = sorted
        .get(sorted.len() * 99 / 100)
        .copied()
        .unwrap_or(1.0)
        .max(1.0);
    let side = made.image.nrows();
    let (left, top) = (n % COLUMNS * TILE, n / COLUMNS * TILE);
    for y in 0..TILE {
        for x in 0..TILE {
            let at = [y * side / TILE, x * side / TILE];
            let value = made.image.get(at).copied().unwrap_or(0.0);
            let grey = (value / white * 255.0).clamp(0.0, 255.0) as u8;
            let edge = |map: &Array2<u16>| {
                let label = map.get(at);
                [[at[0] + 1, at[1]], [at[0], at[1] + 1]]
                    .iter()
                    .any(|q| map.get(*q).is_some_and(|other| Some(other) != label))
            };
            let mut rgb = [grey; 3];
            if n % 2 == 1 {
                if edge(&made.truth) {
                    rgb = [255, 0, 0];
                }
                if made.raters.first().is_some_and(edge) {
                    rgb = [0, 255, 0];
                }
            }
            let place = ((top + y) * COLUMNS * TILE + left + x) * 3;
            if let Some(to) = sheet.get_mut(place..place + 3) {
                to.copy_from_slice(&rgb);
            }
        }
    }
}
