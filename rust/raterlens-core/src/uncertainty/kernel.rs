//! The inner loops over a block of voxels, in single precision and compiled for several processors.
//!
//! Without fused multiplications, so that every processor gives the same bits.

use multiversion::multiversion;

use super::error::SUM_TOLERANCE;

/// Bits of the square root of 1/2: mantissas are taken from there to its double.
const SQRT_HALF: u32 = 0x3f35_04f3;

/// Natural logarithm of a positive normal number, to about 1e-7 (coefficients of Cephes' logf).
#[inline(always)]
fn ln(x: f32) -> f32 {
    let from_root = x.to_bits().wrapping_sub(SQRT_HALF);
    let exponent = ((from_root as i32) >> 23) as f32;
    let f = f32::from_bits((from_root & 0x007f_ffff).wrapping_add(SQRT_HALF)) - 1.0;
    let z = f * f;
    let mut p = 7.037_683_6e-2_f32;
    for c in [
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_8e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333e-1,
    ] {
        p = p * f + c;
    }
    let tail = p * f * z - 0.5 * z - 2.121_944_4e-4 * exponent;
    f + tail + 0.693_359_4 * exponent
}

/// `-p ln p` with `0 ln 0 = 0`; barely below 0 for probabilities that rounding made larger than 1, so that sums need [`positive`].
#[inline(always)]
pub(crate) fn entropy_term(p: f32) -> f32 {
    let safe = if p > f32::MIN_POSITIVE {
        p
    } else {
        f32::MIN_POSITIVE
    };
    -p * ln(safe)
}

/// Running sums over the samples of one block.
#[derive(Debug)]
pub(crate) struct BlockSums {
    /// Of probabilities; classes one after another.
    pub(crate) mean: Vec<f32>,
    /// Of entropies.
    pub(crate) entropy: Vec<f32>,
    /// Of the classes of the present sample.
    total: Vec<f32>,
    /// Whether some value was no probability.
    pub(crate) is_bad: bool,
}

impl BlockSums {
    pub(crate) fn new(classes: usize, voxels: usize) -> Self {
        Self {
            mean: vec![0.0; classes * voxels],
            entropy: vec![0.0; voxels],
            total: vec![0.0; voxels],
            is_bad: false,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.mean.fill(0.0);
        self.entropy.fill(0.0);
    }

    /// Adds a sample: `plane` gives the block of each class.
    pub(crate) fn add<'a>(&mut self, plane: impl Iterator<Item = &'a [f32]>) {
        let voxels = self.entropy.len();
        self.total.fill(0.0);
        for (p, mean) in plane.zip(self.mean.chunks_mut(voxels.max(1))) {
            self.is_bad |= add_class(p, mean, &mut self.entropy, &mut self.total);
        }
        self.is_bad |= is_not_one(&self.total);
    }
}

#[multiversion(targets("x86_64+avx2", "x86_64+avx"))]
fn add_class(p: &[f32], mean: &mut [f32], entropy: &mut [f32], total: &mut [f32]) -> bool {
    let mut good = 1_u32;
    for (((&p, mean), entropy), total) in p.iter().zip(mean).zip(entropy).zip(total) {
        *mean += p;
        *total += p;
        *entropy += entropy_term(p);
        good &= u32::from(p >= 0.0); // not of NaN
    }
    good == 0
}

#[multiversion(targets("x86_64+avx2", "x86_64+avx"))]
fn is_not_one(total: &[f32]) -> bool {
    let mut good = 1_u32;
    for &t in total {
        good &= u32::from((t - 1.0).abs() <= SUM_TOLERANCE);
    }
    good == 0
}

/// Multiplies sums by a factor.
#[multiversion(targets("x86_64+avx2", "x86_64+avx"))]
pub(crate) fn scale(sums: &mut [f32], factor: f32) {
    for s in sums {
        *s *= factor;
    }
}

/// Raises to 0 what rounding put below it.
#[multiversion(targets("x86_64+avx2", "x86_64+avx"))]
pub(crate) fn positive(values: &mut [f32]) {
    for v in values {
        *v = if *v > 0.0 { *v } else { 0.0 };
    }
}

/// Adds the entropy terms of one class.
#[multiversion(targets("x86_64+avx2", "x86_64+avx"))]
pub(crate) fn add_entropy(p: &[f32], entropy: &mut [f32]) {
    for (&p, entropy) in p.iter().zip(entropy) {
        *entropy += entropy_term(p);
    }
}

/// Adds squared distances from the mean.
#[multiversion(targets("x86_64+avx2", "x86_64+avx"))]
pub(crate) fn add_squares(p: &[f32], mean: &[f32], squares: &mut [f32]) {
    for ((&p, &mean), squares) in p.iter().zip(mean).zip(squares) {
        let d = p - mean;
        *squares += d * d;
    }
}

/// `max(a - b, 0)`.
#[multiversion(targets("x86_64+avx2", "x86_64+avx"))]
pub(crate) fn difference(a: &[f32], b: &[f32], out: &mut [f32]) {
    for ((&a, &b), out) in a.iter().zip(b).zip(out) {
        let d = a - b;
        *out = if d > 0.0 { d } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_those_of_the_library() {
        // Every 97th positive number up to 1, all exponents.
        let bits = (f32::MIN_POSITIVE.to_bits()..=1.0_f32.to_bits()).step_by(97);
        let worst = bits.map(f32::from_bits).fold(0.0_f64, |worst, x| {
            let expected = f64::from(x).ln();
            worst.max((f64::from(ln(x)) - expected).abs() / expected.abs().max(1.0))
        });
        assert!(worst < 2e-7, "{worst}");
    }

    #[test]
    fn terms_by_hand() {
        assert_eq!(entropy_term(0.0), 0.0);
        assert_eq!(entropy_term(1.0), 0.0);
        let mut sums = [entropy_term(1.000_001), 0.25];
        assert!(sums[0] < 0.0 && sums[0] > -2e-6);
        positive(&mut sums);
        assert_eq!(sums, [0.0, 0.25]);
        assert!((entropy_term(0.5) - 0.5 * std::f32::consts::LN_2).abs() < 1e-7);
        assert_eq!(entropy_term(1e-45), 1e-45 * -ln(f32::MIN_POSITIVE)); // a denormal number has no jump
    }

    #[test]
    fn what_is_no_probability_is_seen() {
        let check = |values: [f32; 2]| {
            let mut sums = BlockSums::new(2, 1);
            sums.add([&values[..1], &values[1..]].into_iter());
            sums.is_bad
        };
        assert!(!check([0.25, 0.75]) && !check([0.0, 1.0]));
        assert!(check([f32::NAN, 0.5]) && check([-0.1, 1.1]) && check([0.3, 0.6]));
        assert!(check([f32::INFINITY, 0.0]) && check([f32::INFINITY, f32::NEG_INFINITY]));
    }
}
