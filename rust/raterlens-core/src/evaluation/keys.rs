//! Scores with their outcomes, packed so that sorting the keys sorts the scores from the highest.

use super::check::same_length;
use super::error::EvaluationError;

/// A score (reversed) and, in the last bit, whether it belongs to a positive.
pub(super) trait Key: Copy + Ord + Send + Sync {
    /// The score alone.
    fn score(self) -> Self;
    /// 1 for a positive.
    fn positive(self) -> u64;
}

impl Key for u32 {
    fn score(self) -> Self {
        self >> 1
    }

    fn positive(self) -> u64 {
        u64::from(self & 1)
    }
}

impl Key for u64 {
    fn score(self) -> Self {
        self >> 1
    }

    fn positive(self) -> u64 {
        self & 1
    }
}

/// The key of a score that is not negative: the higher the score, the lower the key.
#[inline(always)]
pub(super) fn packed(score: f32, positive: bool) -> u32 {
    (!score.to_bits() << 1) | u32::from(positive)
}

/// The key of any finite score.
pub(super) fn wide(score: f32, positive: bool) -> u64 {
    let bits = (score + 0.0).to_bits(); // minus zero is zero
    let ascending = match bits >> 31 {
        0 => bits | 0x8000_0000,
        _ => !bits,
    };
    (u64::from(!ascending) << 1) | u64::from(positive)
}

/// Whether all scores are at least 0.
///
/// # Errors
/// Different lengths, scores that are not finite.
pub(super) fn check(scores: &[f32], positive: &[bool]) -> Result<bool, EvaluationError> {
    same_length(("outcomes", positive.len()), ("scores", scores.len()))?;
    let (mut any_odd, mut any_sign) = (0_u32, 0_u32);
    for score in scores {
        let bits = score.to_bits();
        any_odd |= u32::from(bits & 0x7fff_ffff >= 0x7f80_0000);
        any_sign |= bits & 0x8000_0000;
    }
    if any_odd == 0 {
        return Ok(any_sign == 0);
    }
    let position = scores.iter().position(|s| !s.is_finite()).unwrap_or(0);
    let value = scores.get(position).copied().unwrap_or(f32::NAN).into();
    Err(EvaluationError::NotFinite {
        what: "scores",
        position,
        value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_fall_as_scores_rise() {
        let scores = [0.0_f32, 1e-45, 1e-20, 0.5, 1.0, 1.5, 3e38];
        for pair in scores.windows(2) {
            assert!(packed(pair[1], true) < packed(pair[0], false), "{pair:?}");
        }
        let any = [-3e38_f32, -1.0, -1e-45, 0.0, 1e-45, 2.0];
        for pair in any.windows(2) {
            assert!(wide(pair[1], true) < wide(pair[0], false), "{pair:?}");
        }
        assert_eq!(wide(-0.0, true), wide(0.0, true));
    }

    #[test]
    fn what_is_not_finite_is_found() {
        assert_eq!(check(&[0.0, 1.0], &[true, false]), Ok(true));
        assert_eq!(check(&[-0.5, 1.0], &[true, false]), Ok(false));
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(check(&[0.0, bad], &[true, false])
                .unwrap_err()
                .to_string()
                .contains("number 1"));
        }
        assert!(check(&[0.0], &[]).is_err());
    }
}
