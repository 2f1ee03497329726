//! What a majority vote does with a tie.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::staple::StapleOptions;

/// What a majority vote gives where two or more labels, background included, have the most votes (SPEC section 3).
///
/// As text (`--ties`, JSON): `background`, `lowest-label`, `first-rater`, `undecided:255`, `staple`, `random:42`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TiePolicy {
    /// Background (0), even where background is none of the tied labels. The default.
    #[default]
    Background,
    /// The smallest of the tied labels.
    LowestLabel,
    /// The label of the earliest listed rater among those who gave a tied label. The only policy that depends on the
    /// order of the raters.
    FirstRater,
    /// A label of its own for undecided voxels, which no rater may use.
    Undecided(u16),
    /// The tied label with the highest multi-label STAPLE posterior; the lowest of several.
    Staple(StapleOptions),
    /// One of the tied labels, each as likely as the other, drawn from this seed and the voxel's position in the array
    /// `[k, j, i]`: the same on every machine and for every number of threads, another after mirroring or cropping.
    Random(u64),
}

/// A text that names no tie policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "'{text}' is no tie policy: use background, lowest-label, first-rater, undecided:LABEL, staple or random:SEED"
)]
pub struct ParseTiePolicyError {
    /// The text.
    pub text: String,
}

impl FromStr for TiePolicy {
    type Err = ParseTiePolicyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseTiePolicyError { text: text.into() };
        match text.split_once(':') {
            Some(("undecided", label)) => label.parse().map(Self::Undecided).map_err(|_| wrong()),
            Some(("random", seed)) => seed.parse().map(Self::Random).map_err(|_| wrong()),
            Some(_) => Err(wrong()),
            None => match text {
                "background" => Ok(Self::Background),
                "lowest-label" => Ok(Self::LowestLabel),
                "first-rater" => Ok(Self::FirstRater),
                "staple" => Ok(Self::Staple(StapleOptions::default())),
                _ => Err(wrong()),
            },
        }
    }
}

/// As [`FromStr`] reads it; the options of `staple` are not part of the text.
impl fmt::Display for TiePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Background => f.write_str("background"),
            Self::LowestLabel => f.write_str("lowest-label"),
            Self::FirstRater => f.write_str("first-rater"),
            Self::Undecided(label) => write!(f, "undecided:{label}"),
            Self::Staple(_) => f.write_str("staple"),
            Self::Random(seed) => write!(f, "random:{seed}"),
        }
    }
}

impl TryFrom<String> for TiePolicy {
    type Error = ParseTiePolicyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TiePolicy> for String {
    fn from(policy: TiePolicy) -> Self {
        policy.to_string()
    }
}

/// Draws one of `count` (at least 1) alternatives for a voxel: SplitMix64 (Steele 2014, doi:10.1145/2660193.2660195) of
/// the seed and the voxel's number, so that no state passes from voxel to voxel.
pub(super) fn draw(seed: u64, voxel: u64, count: usize) -> usize {
    let mut z = seed.wrapping_add((voxel.wrapping_add(1)).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    // The high bits of z * count: each alternative within 2^-64 * count of equally likely.
    ((u128::from(z) * count as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_back() {
        for text in [
            "background",
            "lowest-label",
            "first-rater",
            "undecided:65535",
            "staple",
            "random:18446744073709551615",
        ] {
            assert_eq!(text.parse::<TiePolicy>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "none",
            "undecided",
            "undecided:65536",
            "random:-1",
            "staple:1",
        ] {
            assert!(text.parse::<TiePolicy>().is_err(), "{text}");
        }
    }

    #[test]
    fn draws_are_those_of_the_published_generator() {
        // The first outputs of SplitMix64 from seed 1234567 (the reference implementation's test values).
        let first = 6_457_827_717_110_365_317_u64;
        let second = 3_203_168_211_198_807_973_u64;
        let high_bit = |value: u64| (value >> 63) as usize;
        assert_eq!(draw(1_234_567, 0, 2), high_bit(first));
        assert_eq!(draw(1_234_567, 1, 2), high_bit(second));
        let top_ten_bits = |value: u64| (value >> 54) as usize;
        assert_eq!(draw(1_234_567, 0, 1024), top_ten_bits(first));
    }

    #[test]
    fn alternatives_are_equally_likely() {
        let mut drawn = [0_u32; 3];
        for voxel in 0..30_000 {
            drawn[draw(7, voxel, 3)] += 1;
        }
        // Standard deviation sqrt(30000 * 1/3 * 2/3) = 82: five of them.
        assert!(drawn.iter().all(|&n| n.abs_diff(10_000) < 410), "{drawn:?}");
    }
}
