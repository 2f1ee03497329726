//! From the highest score to the lowest, one step per threshold.

use rayon::prelude::*;

use super::error::EvaluationError;
use super::keys::{check, wide, Key};
use super::radix::{Buckets, Scratch};

/// Fewer scores than these are sorted by comparison.
const FEW: usize = 1 << 14;

/// All scores of one value: how many scores and positives lie above it, and how many down to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) before: u64,
    pub(super) positives_before: u64,
    pub(super) after: u64,
    pub(super) positives_after: u64,
}

/// Numbers of scores and of positives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) scores: u64,
    pub(super) positives: u64,
}

/// Sums `terms` over the thresholds; the same bits on any number of threads.
///
/// # Errors
/// Different lengths, scores that are not finite.
pub(super) fn sum_over_thresholds<const N: usize>(
    scores: &[f32],
    positive: &[bool],
    terms: impl Fn(&Step, &Totals) -> [f64; N] + Sync,
) -> Result<([f64; N], Totals), EvaluationError> {
    let is_packable = check(scores, positive)?;
    if !is_packable || scores.len() < FEW {
        let mut keys: Vec<u64> = scores
            .iter()
            .zip(positive)
            .map(|(s, p)| wide(*s, *p))
            .collect();
        keys.par_sort_unstable();
        let positives = keys.iter().map(|k| k.positive()).sum();
        let totals = Totals {
            scores: keys.len() as u64,
            positives,
        };
        return Ok((walk(&keys, (0, 0), &totals, &terms), totals));
    }
    let buckets = Buckets::new(scores, positive);
    let (buckets, scores, positives) = buckets.in_order();
    let totals = Totals { scores, positives };
    let sums: Vec<[f64; N]> = buckets
        .par_iter()
        .map_init(Scratch::default, |scratch, bucket| {
            let keys = bucket.sorted(scratch);
            walk(
                keys,
                (bucket.before, bucket.positives_before),
                &totals,
                &terms,
            )
        })
        .collect();
    let mut all = [0.0; N];
    for sums in &sums {
        add(&mut all, sums);
    }
    Ok((all, totals))
}

fn add<const N: usize>(all: &mut [f64; N], terms: &[f64; N]) {
    for (sum, term) in all.iter_mut().zip(terms) {
        *sum += term;
    }
}

/// Sums over sorted keys that lie behind so many others and positives.
fn walk<K: Key, const N: usize>(
    keys: &[K],
    (mut before, mut positives_before): (u64, u64),
    totals: &Totals,
    terms: &impl Fn(&Step, &Totals) -> [f64; N],
) -> [f64; N] {
    let mut all = [0.0; N];
    let mut after = before;
    let mut positives_after = positives_before;
    let mut rest = keys.iter().copied().peekable();
    while let Some(key) = rest.next() {
        after += 1;
        positives_after += key.positive();
        if rest.peek().is_none_or(|next| next.score() != key.score()) {
            let step = Step {
                before,
                positives_before,
                after,
                positives_after,
            };
            add(&mut all, &terms(&step, totals));
            (before, positives_before) = (after, positives_after);
        }
    }
    all
}
