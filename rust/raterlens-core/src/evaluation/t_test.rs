//! Paired t-test.

use serde::{Deserialize, Serialize};

use super::check::{finite, same_length};
use super::distribution::t_two_sided;
use super::error::EvaluationError;

/// What a paired t-test says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TTest {
    /// Mean of first minus second; `None` without a pair.
    pub mean_difference: Option<f64>,
    /// Student's t; infinite when all differences are equal and not 0; `None` for fewer than two pairs or when all are 0.
    pub t: Option<f64>,
    /// Two-sided p-value; `None` where t is.
    pub p: Option<f64>,
    /// Number of pairs.
    pub pairs: usize,
}

/// Two-sided paired t-test of numbers of the same images by two methods, at `pairs - 1` degrees of freedom.
///
/// # Errors
/// Sides of different length, numbers that are not finite.
///
/// # Examples
/// ```
/// use raterlens_core::evaluation::paired_t_test;
///
/// let found = paired_t_test(&[3.0, 5.0, 4.0], &[2.0, 3.0, 1.0])?;
/// // Differences 1, 2, 3: mean 2, standard deviation 1.
/// assert!((found.t.unwrap() - 2.0 / (1.0 / 3.0_f64.sqrt())).abs() < 1e-14);
/// # Ok::<(), raterlens_core::evaluation::EvaluationError>(())
/// ```
pub fn paired_t_test(first: &[f64], second: &[f64]) -> Result<TTest, EvaluationError> {
    let differences = differences(first, second)?;
    let n = differences.len() as f64;
    let pairs = differences.len();
    let mean = differences.iter().sum::<f64>() / n;
    let squares: f64 = differences.iter().map(|d| (d - mean).powi(2)).sum();
    let is_one_value = differences.iter().all(|d| differences.first() == Some(d));
    let t = match (pairs, is_one_value) {
        (0 | 1, _) => None,
        (_, true) if mean == 0.0 => None,
        (_, true) => Some(f64::INFINITY.copysign(mean)),
        _ => Some(mean / (squares / (n - 1.0) / n).sqrt()),
    };
    Ok(TTest {
        mean_difference: (pairs > 0).then_some(mean),
        t,
        p: t.and_then(|t| t_two_sided(t, n - 1.0)),
        pairs,
    })
}

/// First minus second, all finite.
pub(super) fn differences(first: &[f64], second: &[f64]) -> Result<Vec<f64>, EvaluationError> {
    same_length(
        ("second numbers", second.len()),
        ("first numbers", first.len()),
    )?;
    finite("first numbers", first)?;
    finite("second numbers", second)?;
    Ok(first.iter().zip(second).map(|(a, b)| a - b).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges() {
        let test = |d: &[f64]| paired_t_test(d, &vec![0.0; d.len()]).unwrap();
        assert_eq!((test(&[]).mean_difference, test(&[]).p), (None, None));
        assert_eq!(
            (test(&[2.0]).t, test(&[2.0]).mean_difference),
            (None, Some(2.0))
        );
        assert_eq!((test(&[0.0, 0.0]).t, test(&[0.0, 0.0]).p), (None, None));
        let equal = test(&[-0.5, -0.5, -0.5]);
        assert_eq!((equal.t, equal.p), (Some(f64::NEG_INFINITY), Some(0.0)));
        assert!(paired_t_test(&[f64::NAN], &[0.0]).is_err());
    }
}
