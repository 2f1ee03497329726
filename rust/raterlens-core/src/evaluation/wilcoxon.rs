//! Wilcoxon's signed-rank test.

use serde::{Deserialize, Serialize};

use super::distribution::normal_two_sided;
use super::error::EvaluationError;
use super::t_test::differences;

/// Up to so many differences that are not 0, the p-value is exact.
const MAX_EXACT: usize = 50;

/// How a p-value was computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WilcoxonMethod {
    /// Over all signs of the ranks that were found, tied ones as they are.
    Exact,
    /// Normal, with the variance corrected for ties, without continuity correction.
    Normal,
}

/// What a signed-rank test says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Wilcoxon {
    /// The smaller of the two sums of ranks.
    pub statistic: f64,
    /// Two-sided p-value; `None` when no difference is left.
    pub p: Option<f64>,
    /// How it was computed.
    pub method: WilcoxonMethod,
    /// Pairs that differ: those that do not are left out (Wilcoxon's treatment of zeros).
    pub pairs: usize,
}

/// Two-sided signed-rank test of numbers of the same images by two methods.
///
/// Equal pairs are left out; tied differences get their mean rank. With at most 50 pairs the distribution is that of all signs given the
/// ranks, which is exact with ties too; with more it is normal. SciPy's `wilcoxon` gives the same for up to 50 differing pairs without ties,
/// for up to 13 with ties (its permutations), and above 50; between 14 and 50 pairs with ties or zeros it takes the normal distribution.
///
/// # Errors
/// Sides of different length, numbers that are not finite.
///
/// # Examples
/// ```
/// use raterlens_core::evaluation::wilcoxon;
///
/// // Differences 1, 2, 3: of the 8 ways to choose signs, one gives a negative sum of 0 and one a positive.
/// let found = wilcoxon(&[2.0, 3.0, 4.0], &[1.0, 1.0, 1.0])?;
/// assert_eq!((found.statistic, found.p), (0.0, Some(2.0 / 8.0)));
/// # Ok::<(), raterlens_core::evaluation::EvaluationError>(())
/// ```
pub fn wilcoxon(first: &[f64], second: &[f64]) -> Result<Wilcoxon, EvaluationError> {
    let mut d = differences(first, second)?;
    d.retain(|d| *d != 0.0);
    d.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let (ranks, ties) = doubled_ranks(&d);
    let total: u64 = ranks.iter().sum();
    let positive: u64 = d
        .iter()
        .zip(&ranks)
        .filter(|(d, _)| **d > 0.0)
        .map(|(_, r)| r)
        .sum();
    let smaller = positive.min(total - positive);
    let pairs = d.len();
    let method = match pairs <= MAX_EXACT {
        true => WilcoxonMethod::Exact,
        false => WilcoxonMethod::Normal,
    };
    let p = match (pairs, method) {
        (0, _) => None,
        (_, WilcoxonMethod::Exact) => Some(exact(&ranks, smaller)),
        (_, WilcoxonMethod::Normal) => Some(normal(pairs, ties, smaller)),
    };
    Ok(Wilcoxon {
        statistic: smaller as f64 / 2.0,
        p,
        method,
        pairs,
    })
}

/// Twice the mean rank of each of numbers sorted by size, and the sum of `t^3 - t` over ties.
fn doubled_ranks(sorted: &[f64]) -> (Vec<u64>, f64) {
    let mut ranks = Vec::with_capacity(sorted.len());
    let mut ties = 0.0;
    for group in sorted.chunk_by(|a, b| a.abs() == b.abs()) {
        let (before, size) = (ranks.len() as u64, group.len() as u64);
        // Mean of before + 1 ..= before + size, doubled.
        ranks.extend(std::iter::repeat_n(2 * before + size + 1, group.len()));
        ties += (size as f64).powi(3) - size as f64;
    }
    (ranks, ties)
}

/// Twice the share of all signs whose sum of ranks is at most this, at most 1.
fn exact(ranks: &[u64], smaller: u64) -> f64 {
    let total: u64 = ranks.iter().sum();
    // Shares instead of counts: 2^50 ways are more than single steps need.
    let mut ways = vec![0.0_f64; total as usize + 1];
    if let Some(none) = ways.first_mut() {
        *none = 1.0;
    }
    for &rank in ranks {
        let rank = rank as usize;
        for sum in (0..ways.len()).rev() {
            let with = sum
                .checked_sub(rank)
                .and_then(|s| ways.get(s))
                .copied()
                .unwrap_or(0.0);
            if let Some(way) = ways.get_mut(sum) {
                *way = 0.5 * (*way + with);
            }
        }
    }
    let tail: f64 = ways.iter().take(smaller as usize + 1).sum();
    (2.0 * tail).min(1.0)
}

/// The normal approximation of the same.
fn normal(pairs: usize, ties: f64, smaller: u64) -> f64 {
    let n = pairs as f64;
    let mean = n * (n + 1.0) / 4.0;
    let variance = (n * (n + 1.0) * (2.0 * n + 1.0) - ties / 2.0) / 24.0;
    normal_two_sided((smaller as f64 / 2.0 - mean) / variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(d: &[f64]) -> Wilcoxon {
        wilcoxon(d, &vec![0.0; d.len()]).unwrap()
    }

    #[test]
    fn ties_and_zeros_by_hand() {
        // Ranks of 1, 1, -1, 2: 2, 2, 2, 4. Negative sum 2: sums at most 2 are 0 (one way) and 2 (three ways) of 16.
        let found = of(&[1.0, 0.0, 1.0, -1.0, 2.0]);
        assert_eq!((found.statistic, found.pairs), (2.0, 4));
        assert_eq!(found.p, Some(2.0 * 4.0 / 16.0));
        assert_eq!(found.method, WilcoxonMethod::Exact);
    }

    #[test]
    fn nothing_left_has_no_p() {
        assert_eq!(of(&[]).p, None);
        assert_eq!(of(&[0.0, 0.0]).p, None);
        assert_eq!(of(&[3.0]).p, Some(1.0));
        assert_eq!(of(&[1.0, -1.0]).p, Some(1.0));
    }

    #[test]
    fn many_pairs_are_normal() {
        let d: Vec<f64> = (1..=51).map(f64::from).collect();
        let found = of(&d);
        assert_eq!(
            (found.method, found.statistic),
            (WilcoxonMethod::Normal, 0.0)
        );
        // z = -mean / sd by hand.
        let z = (51.0 * 52.0 / 4.0) / (51.0 * 52.0 * 103.0 / 24.0_f64).sqrt();
        assert!((found.p.unwrap() / normal_two_sided(z) - 1.0).abs() < 1e-12);
    }
}
