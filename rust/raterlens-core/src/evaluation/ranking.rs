//! Is uncertainty high where the prediction is wrong?

use serde::{Deserialize, Serialize};

use super::error::EvaluationError;
use super::walk::{sum_over_thresholds, Step, Totals};

/// How well a score tells positives (wrong voxels) from negatives.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RankingScores {
    /// Number of scores.
    pub scores: u64,
    /// Number of positives: voxels where the prediction is wrong.
    pub positives: u64,
    /// See [`average_precision`].
    pub average_precision: Option<f64>,
    /// See [`auroc`].
    pub auroc: Option<f64>,
    /// See [`error_aurc`].
    pub aurc: Option<f64>,
}

/// Average precision (step-wise AUC-PR) of an uncertainty, after Mobiny et al. 2021 (doi:10.1038/s41598-021-84854-x).
///
/// Positive is a wrong prediction; a voxel counts as uncertain from a threshold on. True positives are uncertain and wrong, false positives
/// uncertain and right, false negatives certain and wrong. Every distinct score is a threshold, equal scores one together:
/// `AP = sum over thresholds of (recall_n - recall_(n-1)) * precision_n`, as `sklearn.metrics.average_precision_score` computes it. Nothing is
/// interpolated or binned.
///
/// `None` without a wrong voxel; 1 when all are wrong. The share of wrong voxels is what an uninformative score gives.
///
/// # Errors
/// Different lengths, scores that are NaN or infinite.
///
/// # Cost
/// Two passes to put packed keys into buckets and a radix sort of each, in parallel; scores below 0 take a slower sort.
///
/// # Examples
/// ```
/// use raterlens_core::evaluation::average_precision;
///
/// // From the highest: wrong (precision 1), right, wrong (precision 2/3).
/// let found = average_precision(&[0.9, 0.5, 0.1, 0.7], &[true, true, false, false])?.unwrap();
/// assert!((found - (0.5 * 1.0 + 0.5 * 2.0 / 3.0)).abs() < 1e-15);
/// # Ok::<(), raterlens_core::evaluation::EvaluationError>(())
/// ```
pub fn average_precision(
    scores: &[f32],
    is_wrong: &[bool],
) -> Result<Option<f64>, EvaluationError> {
    let ([sum], totals) = sum_over_thresholds(scores, is_wrong, |step, _| [precision_term(step)])?;
    Ok(share(sum, totals.positives as f64))
}

/// Area under the ROC curve of an uncertainty, positive = wrong: the chance that a wrong voxel has a higher score than a right one, equal
/// scores counting one half. `None` without wrong or without right voxels.
///
/// # Errors
/// As [`average_precision`].
pub fn auroc(scores: &[f32], is_wrong: &[bool]) -> Result<Option<f64>, EvaluationError> {
    let ([sum], totals) = sum_over_thresholds(scores, is_wrong, |step, _| [roc_term(step)])?;
    Ok(share(sum, roc_whole(&totals)))
}

/// Area under the risk-coverage curve over voxels: [`aurc`](super::aurc) with risk 1 for a wrong voxel and 0 for a right one.
///
/// # Errors
/// As [`average_precision`].
pub fn error_aurc(scores: &[f32], is_wrong: &[bool]) -> Result<Option<f64>, EvaluationError> {
    let ([sum], totals) =
        sum_over_thresholds(scores, is_wrong, |step, totals| [risk_term(step, totals)])?;
    Ok(share(sum, totals.scores as f64))
}

/// [`average_precision`], [`auroc`] and [`error_aurc`] from one sort.
///
/// # Errors
/// As [`average_precision`].
pub fn ranking_scores(scores: &[f32], is_wrong: &[bool]) -> Result<RankingScores, EvaluationError> {
    let terms = |step: &Step, totals: &Totals| {
        [
            precision_term(step),
            roc_term(step),
            risk_term(step, totals),
        ]
    };
    let ([precision, roc, risk], totals) = sum_over_thresholds(scores, is_wrong, terms)?;
    Ok(RankingScores {
        scores: totals.scores,
        positives: totals.positives,
        average_precision: share(precision, totals.positives as f64),
        auroc: share(roc, roc_whole(&totals)),
        aurc: share(risk, totals.scores as f64),
    })
}

fn share(sum: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| sum / whole)
}

fn roc_whole(totals: &Totals) -> f64 {
    totals.positives as f64 * (totals.scores - totals.positives) as f64
}

/// New positives times the precision.
#[inline(always)]
fn precision_term(step: &Step) -> f64 {
    let new = step.positives_after - step.positives_before;
    match new {
        0 => 0.0,
        new => new as f64 * (step.positives_after as f64 / step.after as f64),
    }
}

/// New negatives times the mean of the positives above before and after.
#[inline(always)]
fn roc_term(step: &Step) -> f64 {
    let negatives = (step.after - step.before) - (step.positives_after - step.positives_before);
    negatives as f64 * 0.5 * (step.positives_before + step.positives_after) as f64
}

/// New scores times the mean of the risks that remain before and after leaving them out.
#[inline(always)]
fn risk_term(step: &Step, totals: &Totals) -> f64 {
    let risk = |left_out: u64, positives: u64| {
        (totals.positives - positives) as f64 / (totals.scores - left_out) as f64
    };
    let size = (step.after - step.before) as f64;
    let before = risk(step.before, step.positives_before);
    match step.after == totals.scores {
        true => (size - 1.0) * before,
        false => size * 0.5 * (before + risk(step.after, step.positives_after)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::aurc;
    use super::*;

    #[test]
    fn edges() {
        let all = |scores: &[f32], wrong: &[bool]| {
            let r = ranking_scores(scores, wrong).unwrap();
            (r.average_precision, r.auroc, r.aurc)
        };
        assert_eq!(all(&[], &[]), (None, None, None));
        assert_eq!(all(&[0.1, 0.2], &[false, false]), (None, None, Some(0.0)));
        assert_eq!(
            all(&[0.1, 0.2], &[true, true]),
            (Some(1.0), None, Some(0.5))
        );
        // Equal scores: precision is the share of wrong ones, and the ROC curve the diagonal.
        assert_eq!(
            all(&[0.3; 4], &[true, false, false, false]),
            (Some(0.25), Some(0.5), Some(0.25 * 0.75))
        );
        assert!(average_precision(&[f32::NAN], &[true]).is_err());
        assert!(auroc(&[0.0, 1.0], &[true]).is_err());
    }

    #[test]
    fn negative_scores_and_minus_zero_are_ranked() {
        let wrong = [true, false, true, false];
        let shifted = average_precision(&[-1.0, -2.0, -3.0, -4.0], &wrong).unwrap();
        let positive = average_precision(&[4.0, 3.0, 2.0, 1.0], &wrong).unwrap();
        assert_eq!(shifted, positive);
        assert_eq!(auroc(&[-0.0, 0.0], &[true, false]).unwrap(), Some(0.5));
    }

    /// Numbers that look random.
    fn noise(n: usize) -> f32 {
        let x = (n as f64 * 12.9898).sin() * 43758.5453;
        (x - x.floor()) as f32
    }

    #[test]
    fn many_scores_give_what_few_give() {
        // Above and below the limit of the radix sort, with ties, the same function by two ways.
        let scores: Vec<f32> = (0..60_000)
            .map(|n| (noise(n) * 5000.0).round() / 5000.0)
            .collect();
        let wrong: Vec<bool> = (0..60_000)
            .map(|n| noise(n + 7) < scores[n] * 0.3)
            .collect();
        let fast = ranking_scores(&scores, &wrong).unwrap();
        let below: Vec<f32> = scores.iter().map(|s| s - 2.0).collect(); // negative: sorted by comparison
        let slow = ranking_scores(&below, &wrong).unwrap();
        let close = |a: Option<f64>, b: Option<f64>| (a.unwrap() - b.unwrap()).abs() < 1e-12;
        assert!(
            close(fast.average_precision, slow.average_precision),
            "{fast:?} {slow:?}"
        );
        assert!(close(fast.auroc, slow.auroc) && close(fast.aurc, slow.aurc));
        assert_eq!(
            average_precision(&scores, &wrong).unwrap(),
            fast.average_precision
        );
        let risks: Vec<f64> = wrong.iter().map(|w| f64::from(u8::from(*w))).collect();
        let wide: Vec<f64> = scores.iter().map(|s| f64::from(*s)).collect();
        assert!(close(fast.aurc, aurc(&risks, &wide).unwrap()));
    }

    #[test]
    fn results_do_not_depend_on_threads() {
        let scores: Vec<f32> = (0..200_000).map(noise).collect();
        let wrong: Vec<bool> = (0..200_000).map(|n| noise(n + 3) < 0.1).collect();
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| ranking_scores(&scores, &wrong).unwrap())
        };
        assert_eq!(on(1), on(3));
    }
}
