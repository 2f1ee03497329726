//! Random numbers that are the same on every platform.
//!
//! ChaCha8 with one stream per purpose, so that the number of values one part draws never changes another part.
//! Only additions, multiplications and `libm` follow: no platform mathematics.

use rand_chacha::rand_core::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a stream of random numbers is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Subject,
    Acquisition,
    Raters,
    Position,
    Tilt,
    Tissue,
    Outlines,
    Noise,
    Person,
    Labels,
    Contrast,
}

/// A stream of random numbers.
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    /// The stream of one purpose; `part` tells slices apart.
    pub fn new(seed: u64, purpose: Purpose, part: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(part * 16 + purpose as u64);
        Self(rng)
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in [low, high).
    pub fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in the pair's range.
    pub fn within(&mut self, range: (f64, f64)) -> f64 {
        self.range(range.0, range.1)
    }

    /// Uniform in [-half_width, half_width).
    pub fn around(&mut self, half_width: f64) -> f64 {
        self.range(-half_width, half_width)
    }

    /// Mean 0, standard deviation 1, within +-3.47: the sum of four uniform values, which is near enough to a
    /// Gaussian here and needs no logarithm.
    pub fn normal(&mut self) -> f64 {
        let bits = self.0.next_u64();
        let sum: u32 = (0..4).map(|n| ((bits >> (16 * n)) & 0xffff) as u32).sum();
        (f64::from(sum) / 65535.0 - 2.0) * SQRT_3
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Uniform in low..=high.
    pub fn count(&mut self, low: usize, high: usize) -> usize {
        low + (self.unit() * (high - low + 1) as f64) as usize
    }
}

const SQRT_3: f64 = 1.732_050_807_568_877_2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_has_mean_zero_and_deviation_one() {
        let mut draw = Draw::new(7, Purpose::Noise, 0);
        let values: Vec<f64> = (0..20_000).map(|_| draw.normal()).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64;
        assert!(mean.abs() < 0.03, "{mean}");
        assert!((variance - 1.0).abs() < 0.03, "{variance}");
    }

    #[test]
    fn streams_differ_and_repeat() {
        let first = |p, n| Draw::new(5, p, n).unit();
        assert_eq!(first(Purpose::Noise, 1), first(Purpose::Noise, 1));
        assert_ne!(first(Purpose::Noise, 1), first(Purpose::Noise, 2));
        assert_ne!(first(Purpose::Noise, 1), first(Purpose::Tissue, 1));
    }
}
