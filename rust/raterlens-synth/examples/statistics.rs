//! Prints what the generator makes, over many slices: areas per level and structure, agreement of the raters, and speed.
//!
//! `cargo run --release -p raterlens-synth --example statistics -- [SLICES]`

use std::error::Error;
use std::time::Instant;

use ndarray::Array2;
use raterlens_core::LabelScheme;
use raterlens_synth::{generate_slice, Level, SynthOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let slices = std::env::args()
        .nth(1)
        .map_or(Ok(100), |a| a.parse::<u64>())?;
    let options = SynthOptions::default();
    let scheme = LabelScheme::lumbar_paraspinal();
    println!("level  structure             area cm2: 5 %   mean   95 %   pairwise Dice: 5 %  mean   95 %");
    let start = Instant::now();
    for level in Level::ALL {
        let mut areas = vec![Vec::new(); scheme.len()];
        let mut agreement = vec![Vec::new(); scheme.len()];
        for seed in 0..slices {
            let slice = generate_slice(seed, level.position(), &options)?;
            let cm2 = slice.pixel_mm[0] * slice.pixel_mm[1] / 100.0;
            for (n, structure) in scheme.structures.iter().enumerate() {
                let pixels = slice.truth.iter().filter(|v| **v == structure.id).count();
                areas[n].push(pixels as f64 * cm2);
                agreement[n].push(pairwise_dice(&slice.raters, structure.id));
            }
        }
        for (n, structure) in scheme.structures.iter().enumerate() {
            let [a, b] = [&mut areas[n], &mut agreement[n]].map(|v| summary(v));
            println!(
                "{:6} {:24} {:9.2} {:6.2} {:6.2} {:20.3} {:6.3} {:6.3}",
                level.name(),
                structure.title,
                a[0],
                a[1],
                a[2],
                b[0],
                b[1],
                b[2]
            );
        }
    }
    let each_ms = start.elapsed().as_secs_f64() * 1000.0 / (4 * slices) as f64;
    println!(
        "{each_ms:.1} ms per slice of {} x {} with {} raters, Dice included",
        options.size[0], options.size[1], options.raters
    );
    Ok(())
}

fn summary(values: &mut [f64]) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    let at = |q: f64| values[((values.len() - 1) as f64 * q) as usize];
    [
        at(0.05),
        values.iter().sum::<f64>() / values.len() as f64,
        at(0.95),
    ]
}

/// Mean Dice over all pairs of raters.
fn pairwise_dice(raters: &[Array2<u16>], id: u16) -> f64 {
    let (mut sum, mut pairs) = (0.0, 0.0);
    for (n, a) in raters.iter().enumerate() {
        for b in raters.iter().skip(n + 1) {
            let count = |l: &Array2<u16>| l.iter().filter(|v| **v == id).count() as f64;
            let both = a
                .iter()
                .zip(b)
                .filter(|(x, y)| **x == id && **y == id)
                .count() as f64;
            sum += 2.0 * both / (count(a) + count(b));
            pairs += 1.0;
        }
    }
    sum / pairs
}
