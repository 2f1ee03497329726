//! Random numbers that are a function of a counter: Philox 4x32-10 (Salmon et al. 2011, doi:10.1145/2063384.2063405).
//!
//! The number of any draw is known without those before it, so that what is random does not depend on batch sizes, threads or
//! on where an interrupted run goes on.

mod mask;

pub use mask::fill_dropout_mask;

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const KEY_STEPS: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

/// The four random words of a counter under a key.
///
/// ```
/// // First known answer of the authors' Random123 library.
/// let words = raterlens_core::random::philox([0; 4], [0; 2]);
/// assert_eq!(words, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
/// ```
#[must_use]
pub fn philox(counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    let mut c = counter;
    for round in 0..ROUNDS {
        if round > 0 {
            key = [
                key[0].wrapping_add(KEY_STEPS[0]),
                key[1].wrapping_add(KEY_STEPS[1]),
            ];
        }
        let [low, high] = [
            u64::from(MULTIPLIERS[0]) * u64::from(c[0]),
            u64::from(MULTIPLIERS[1]) * u64::from(c[2]),
        ];
        c = [
            (high >> 32) as u32 ^ c[1] ^ key[0],
            high as u32,
            (low >> 32) as u32 ^ c[3] ^ key[1],
            low as u32,
        ];
    }
    c
}

/// An endless sequence of draws that belongs to a seed and a place (three numbers of the caller's, such as epoch, sample and
/// purpose). Different places give independent sequences.
///
/// ```
/// use raterlens_core::random::Stream;
/// let (mut a, mut b) = (Stream::new(7, [1, 2, 3]), Stream::new(7, [1, 2, 3]));
/// assert_eq!(a.unit(), b.unit());
/// assert_ne!(a.unit(), Stream::new(7, [1, 2, 4]).unit());
/// ```
#[derive(Debug, Clone)]
pub struct Stream {
    key: [u32; 2],
    place: [u32; 3],
    block: u32,
    words: [u32; 4],
    used: usize,
}

impl Stream {
    /// The sequence of a seed and a place, at its beginning.
    #[must_use]
    pub fn new(seed: u64, place: [u32; 3]) -> Self {
        Self {
            key: [seed as u32, (seed >> 32) as u32],
            place,
            block: 0,
            words: [0; 4],
            used: 4,
        }
    }

    /// 32 random bits.
    pub fn word(&mut self) -> u32 {
        if self.used >= 4 {
            let [a, b, c] = self.place;
            self.words = philox([self.block, a, b, c], self.key);
            self.block = self.block.wrapping_add(1);
            self.used = 0;
        }
        let word = self.words.get(self.used).copied().unwrap_or_default();
        self.used += 1;
        word
    }

    /// 64 random bits.
    pub fn long(&mut self) -> u64 {
        u64::from(self.word()) << 32 | u64::from(self.word())
    }

    /// A number from 0 up to, not including, 1; 53 random bits.
    pub fn unit(&mut self) -> f64 {
        (self.long() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number between `low` and `high`.
    pub fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A whole number below `bound`, all equally likely to within `bound` in 2^64; 0 for a bound of 0.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.long()) * bound as u128) >> 64) as usize
    }

    /// A draw from the standard normal distribution (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        // 1 - unit is never 0, whose logarithm is not a number.
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Puts `items` into random order, all orders equally likely (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last + 1);
            items.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_published_known_answers() {
        // kat_vectors of the authors' Random123 library, "philox4x32 10".
        let table: [([u32; 4], [u32; 2], [u32; 4]); 2] = [
            (
                [u32::MAX; 4],
                [u32::MAX; 2],
                [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd],
            ),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (counter, key, expected) in table {
            assert_eq!(philox(counter, key), expected);
        }
    }

    #[test]
    fn normal_draws_have_mean_0_and_variance_1() {
        let mut stream = Stream::new(3, [0; 3]);
        let draws: Vec<f64> = (0..40_000).map(|_| stream.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 40_000.0;
        let variance = draws.iter().map(|d| d * d).sum::<f64>() / 40_000.0;
        // Five standard errors: 5 / 200, and 5 sqrt(2) / 200.
        assert!(
            mean.abs() < 0.025 && (variance - 1.0).abs() < 0.036,
            "{mean} {variance}"
        );
    }

    #[test]
    fn every_order_of_three_is_about_equally_frequent() {
        let mut seen = std::collections::HashMap::new();
        for n in 0..6000 {
            let mut items = [0, 1, 2];
            Stream::new(1, [n, 0, 0]).shuffle(&mut items);
            *seen.entry(items).or_insert(0_i32) += 1;
        }
        // Expected 1000 each, standard deviation 29: five of them.
        assert_eq!(seen.len(), 6);
        assert!(seen.values().all(|n| (n - 1000).abs() < 145), "{seen:?}");
    }
}
