//! Random numbers that are a function of a counter: Philox 4x32-10 (Salmon et al. 2011, doi:10.1145/2063384.2063405).
//!
//! The number of any draw is known without those before it, so that replicates can be computed in any order and on any number of
//! threads.

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const KEY_STEPS: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

/// The four random words of a counter under a key.
fn philox(counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
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
    fn equals_the_published_known_answers() {
        // kat_vectors of the authors' Random123 library, "philox4x32 10".
        let table: [([u32; 4], [u32; 2], [u32; 4]); 3] = [
            (
                [0; 4],
                [0; 2],
                [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8],
            ),
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
