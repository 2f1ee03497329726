//! Smooth random functions: of the position along a closed outline, along a line, and in the plane.

use std::f64::consts::TAU;

use crate::draw::Draw;
use crate::outline::Point;

/// A smooth random function of one variable: a sum of sine waves with standard deviation 1.
pub(crate) struct Wave1 {
    terms: Vec<(f64, f64)>,
    gain: f64,
}

impl Wave1 {
    /// With these frequencies in cycles per unit of the variable (whole numbers: periodic over 0..1).
    pub fn new(draw: &mut Draw, frequencies: impl Iterator<Item = f64>) -> Self {
        let terms: Vec<_> = frequencies
            .map(|f| (f * TAU, draw.range(0.0, TAU)))
            .collect();
        let gain = (2.0 / terms.len().max(1) as f64).sqrt();
        Self { terms, gain }
    }

    pub fn at(&self, x: f64) -> f64 {
        let sum: f64 = self
            .terms
            .iter()
            .map(|(k, phase)| libm::sin(k * x + phase))
            .sum();
        self.gain * sum
    }
}

/// A smooth random shift of the plane that changes slowly along the spine.
pub(crate) struct Warp {
    terms: Vec<WarpTerm>,
}

struct WarpTerm {
    wave: [f64; 3],
    phase: f64,
    shift_mm: Point,
}

impl Warp {
    /// `amplitude_mm` is the standard deviation of each component of the shift.
    pub fn new(draw: &mut Draw, amplitude_mm: f64) -> Self {
        const TERMS: usize = 5;
        let gain = amplitude_mm * (2.0 / TERMS as f64).sqrt();
        let terms = (0..TERMS)
            .map(|_| {
                let frequency = TAU / draw.range(70.0, 180.0);
                let angle = draw.range(0.0, TAU);
                let wave = [
                    frequency * libm::cos(angle),
                    frequency * libm::sin(angle),
                    draw.around(0.5),
                ];
                let direction = draw.range(0.0, TAU);
                WarpTerm {
                    wave,
                    phase: draw.range(0.0, TAU),
                    shift_mm: [gain * libm::cos(direction), gain * libm::sin(direction)],
                }
            })
            .collect();
        Self { terms }
    }

    /// The moved point, at a position along the spine in levels.
    pub fn apply(&self, p: Point, position: f64) -> Point {
        let mut out = p;
        for t in &self.terms {
            let angle = t.wave[0] * p[0] + t.wave[1] * p[1] + t.wave[2] * position + t.phase;
            let s = libm::sin(angle);
            out[0] += s * t.shift_mm[0];
            out[1] += s * t.shift_mm[1];
        }
        out
    }
}

/// A smooth random texture over the image: values on a coarse lattice, linear between them; about -1 to 1.
pub(crate) struct Texture {
    values: Vec<f32>,
    columns: usize,
    step: f64,
}

impl Texture {
    /// For an image of `size` (rows, columns) pixels with lattice points every `step` pixels.
    pub fn new(draw: &mut Draw, size: [usize; 2], step: f64) -> Self {
        let lattice = size.map(|n| (n as f64 / step) as usize + 2);
        let values = (0..lattice[0] * lattice[1])
            .map(|_| draw.around(1.0) as f32)
            .collect();
        Self {
            values,
            columns: lattice[1],
            step,
        }
    }

    pub fn at(&self, row: usize, column: usize) -> f32 {
        let (r, c) = (row as f64 / self.step, column as f64 / self.step);
        let (r0, c0) = (r as usize, c as usize);
        let (fr, fc) = ((r - r0 as f64) as f32, (c - c0 as f64) as f32);
        let value = |r: usize, c: usize| {
            self.values
                .get(r * self.columns + c)
                .copied()
                .unwrap_or(0.0)
        };
        let top = value(r0, c0) * (1.0 - fc) + value(r0, c0 + 1) * fc;
        let bottom = value(r0 + 1, c0) * (1.0 - fc) + value(r0 + 1, c0 + 1) * fc;
        top * (1.0 - fr) + bottom * fr
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Purpose;

    #[test]
    fn whole_frequencies_are_periodic() {
        let wave = Wave1::new(&mut Draw::new(1, Purpose::Tissue, 0), (2..6).map(f64::from));
        assert!((wave.at(0.0) - wave.at(1.0)).abs() < 1e-9);
        assert!((wave.at(0.1) - wave.at(0.6)).abs() > 1e-3);
    }

    #[test]
    fn texture_meets_its_lattice() {
        let texture = Texture::new(&mut Draw::new(1, Purpose::Tissue, 0), [9, 9], 4.0);
        assert_eq!(texture.at(4, 8), texture.values[texture.columns + 2]);
        let middle = 0.5 * (texture.at(0, 0) + texture.at(0, 4));
        assert!((texture.at(0, 2) - middle).abs() < 1e-6);
    }
}
