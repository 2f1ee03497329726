//! Dropout masks of any size, each element a function of its counter.

use multiversion::multiversion;
use rayon::prelude::*;

use super::{KEY_STEPS, MULTIPLIERS, ROUNDS};

/// Counters worked on side by side.
const LANES: usize = 8;
/// Elements of one round of all lanes.
const ROUND: usize = 4 * LANES;
/// Elements that one task fills.
const TASK: usize = 1024 * ROUND;

/// Fills a dropout mask: each element is 0 with probability `rate`, else `1 / (1 - rate)`, so that means are kept.
///
/// Element `e` depends on the seed, the place (three numbers of the caller's, such as slice, sample and site) and `e` alone: it is
/// dropped where word `e % 4` of [`philox`](super::philox)`([e / 4, place..], seed)` is below `rate` times 2^32. The same bits on any number of threads and on
/// any processor. Rates are taken into 0 to 1; a rate of 1 drops all.
///
/// ```
/// use raterlens_core::random::fill_dropout_mask;
/// let mut mask = [0.0; 1000];
/// fill_dropout_mask(&mut mask, 7, [0, 1, 2], 0.5);
/// assert!(mask.iter().all(|m| *m == 0.0 || *m == 2.0));
/// let mut beginning = [0.0; 10];
/// fill_dropout_mask(&mut beginning, 7, [0, 1, 2], 0.5);
/// assert_eq!(beginning, mask[..10]);
/// ```
pub fn fill_dropout_mask(mask: &mut [f32], seed: u64, place: [u32; 3], rate: f64) {
    let rate = rate.clamp(0.0, 1.0);
    let keep = if rate < 1.0 { 1.0 / (1.0 - rate) } else { 0.0 };
    let law = Law {
        key: [seed as u32, (seed >> 32) as u32],
        place,
        // 2^32 itself does not fit: a rate of 1 keeps with 0.
        threshold: (rate * 4_294_967_296.0).round().min(4_294_967_295.0) as u32,
        keep: keep as f32,
    };
    let tasks = mask.par_chunks_mut(TASK).enumerate();
    tasks.for_each(|(n, part)| fill(part, (n * TASK / 4) as u32, law));
}

/// What the elements of a mask have in common.
#[derive(Debug, Clone, Copy)]
struct Law {
    key: [u32; 2],
    place: [u32; 3],
    threshold: u32,
    keep: f32,
}

/// Fills elements whose first counter is `first`.
#[multiversion(targets("x86_64+avx2", "x86_64+avx"))]
fn fill(part: &mut [f32], first: u32, law: Law) {
    let mut counter = first;
    for chunk in part.chunks_mut(ROUND) {
        let words = eight_counters(counter, law);
        counter = counter.wrapping_add(LANES as u32);
        // Elements of one counter lie side by side.
        for (lane, four) in chunk.chunks_mut(4).enumerate() {
            for (word, out) in words.iter().zip(four) {
                let dropped = word.get(lane).is_some_and(|w| *w < law.threshold);
                *out = if dropped { 0.0 } else { law.keep };
            }
        }
    }
}

/// The four words of eight counters that follow each other: `[word][lane]`. As [`philox`](super::philox), lane by lane.
#[inline(always)]
fn eight_counters(first: u32, law: Law) -> [[u32; LANES]; 4] {
    let mut c = [[0_u32; LANES]; 4];
    for (lane, counter) in c[0].iter_mut().enumerate() {
        *counter = first.wrapping_add(lane as u32);
    }
    for (words, place) in c.iter_mut().skip(1).zip(law.place) {
        *words = [place; LANES];
    }
    let mut key = law.key;
    for round in 0..ROUNDS {
        if round > 0 {
            key = [
                key[0].wrapping_add(KEY_STEPS[0]),
                key[1].wrapping_add(KEY_STEPS[1]),
            ];
        }
        let mut next = [[0_u32; LANES]; 4];
        for lane in 0..LANES {
            let low = u64::from(MULTIPLIERS[0]) * u64::from(c[0][lane]);
            let high = u64::from(MULTIPLIERS[1]) * u64::from(c[2][lane]);
            next[0][lane] = (high >> 32) as u32 ^ c[1][lane] ^ key[0];
            next[1][lane] = high as u32;
            next[2][lane] = (low >> 32) as u32 ^ c[3][lane] ^ key[1];
            next[3][lane] = low as u32;
        }
        c = next;
    }
    c
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::philox;

    #[test]
    fn each_element_is_its_word_of_philox() {
        let (seed, place, rate) = (0x1234_5678_9abc_def0, [3, 1, 4], 0.18);
        let mut mask = vec![9.0; TASK + 77];
        fill_dropout_mask(&mut mask, seed, place, rate);
        let key = [0x9abc_def0, 0x1234_5678];
        for e in (0..200).chain(TASK - 50..TASK + 77) {
            let word = philox([(e / 4) as u32, 3, 1, 4], key)[e % 4];
            let kept = f64::from(word) >= rate * 4_294_967_296.0;
            let expected = if kept {
                (1.0 / (1.0 - rate)) as f32
            } else {
                0.0
            };
            assert_eq!(mask[e], expected, "{e}");
        }
    }

    #[test]
    fn the_rate_is_met_and_means_are_kept() {
        let mut mask = vec![0.0; 200_000];
        for rate in [0.1, 0.18, 0.5] {
            fill_dropout_mask(&mut mask, 1, [0; 3], rate);
            let dropped = mask.iter().filter(|m| **m == 0.0).count() as f64 / 200_000.0;
            // Five standard deviations of a binomial share.
            assert!((dropped - rate).abs() < 5.0 * (rate * (1.0 - rate) / 200_000.0).sqrt());
        }
        fill_dropout_mask(&mut mask, 1, [0; 3], 0.0);
        assert!(mask.iter().all(|m| *m == 1.0));
        fill_dropout_mask(&mut mask, 1, [0; 3], 1.0);
        assert!(mask.iter().all(|m| *m == 0.0));
    }
}
