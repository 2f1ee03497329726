//! Draws of replicates, which can be computed in any order and on any number of threads.

use crate::random::philox;

/// Draw number `draw` of replicate `replicate` under `seed`: a number below `bound`, all equally likely to within `bound` in 2^64.
pub(super) fn below(bound: u32, seed: u64, replicate: u32, draw: u32) -> u32 {
    let words = philox([draw, replicate, 0, 0], [seed as u32, (seed >> 32) as u32]);
    let random = u64::from(words[1]) << 32 | u64::from(words[0]);
    ((u128::from(random) * u128::from(bound)) >> 64) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_below_the_bound_and_about_equally_frequent() {
        let mut seen = [0_u32; 7];
        for n in 0..70_000 {
            seen[below(7, 42, n % 100, n / 100) as usize] += 1;
        }
        // Expected 10000 each, standard deviation 93: five of them.
        assert!(seen.iter().all(|n| n.abs_diff(10_000) < 465), "{seen:?}");
        assert_eq!(below(1, 3, 4, 5), 0);
    }
}
