//! How much of the raters' disagreement two uncertainties explain, alone and together.

use serde::{Deserialize, Serialize};

use super::check::{finite, same_length};
use super::error::EvaluationError;

/// A second side whose part beside the first is smaller than this (of squares) says nothing of its own.
const COLLINEAR: f64 = 1e-20;

/// Shares of the variance of y, 0 to 1 (tables give percentages).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct VariancePartition {
    /// R^2 of y on the first alone: the square of their correlation.
    pub first: f64,
    /// R^2 of y on the second alone.
    pub second: f64,
    /// R^2 of y on both.
    pub joint: f64,
    /// What only the first explains: joint minus second.
    pub unique_first: f64,
    /// What only the second explains: joint minus first.
    pub unique_second: f64,
    /// What either explains: first plus second minus joint. Negative where one hides the other's effect (suppression).
    pub shared: f64,
}

/// Partitions the variance of `y` (GT entropy of each image) between `first` (epistemic) and `second` (aleatoric), by ordinary least squares
/// with an intercept (SPEC section 8).
///
/// `None` for fewer than three images or when all y are equal. A side whose numbers are all equal, or a linear function of the other's,
/// explains nothing of its own.
///
/// # Errors
/// Sides of different length, numbers that are not finite.
///
/// # Examples
/// ```
/// use raterlens_core::evaluation::partition_variance;
///
/// // y = first + second, which are uncorrelated and vary as much: each explains a half, and nothing is shared.
/// let (first, second) = ([0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]);
/// let y = [0.0, 1.0, 1.0, 2.0];
/// let found = partition_variance(&y, &first, &second)?.unwrap();
/// assert!((found.first - 0.5).abs() < 1e-15 && (found.joint - 1.0).abs() < 1e-15 && found.shared.abs() < 1e-15);
/// # Ok::<(), raterlens_core::evaluation::EvaluationError>(())
/// ```
pub fn partition_variance(
    y: &[f64],
    first: &[f64],
    second: &[f64],
) -> Result<Option<VariancePartition>, EvaluationError> {
    for (what, side) in [
        ("first explaining numbers", first),
        ("second explaining numbers", second),
    ] {
        same_length((what, side.len()), ("explained numbers", y.len()))?;
        finite(what, side)?;
    }
    finite("explained numbers", y)?;
    if y.len() < 3 {
        return Ok(None);
    }
    let (y, first, second) = (centred(y), centred(first), centred(second));
    let Some(variance) = y.as_deref().map(|y| dot(y, y)) else {
        return Ok(None);
    };
    let y = y.unwrap_or_default();
    let share = |x: Option<&[f64]>| x.map_or(0.0, |x| dot(&y, x).powi(2) / dot(x, x) / variance);
    let own = beside(second.as_deref(), first.as_deref());
    let alone = [share(first.as_deref()), share(second.as_deref())];
    let joint = (alone[0] + share(own.as_deref())).min(1.0).max(alone[1]);
    Ok(Some(VariancePartition {
        first: alone[0],
        second: alone[1],
        joint,
        unique_first: joint - alone[1],
        unique_second: joint - alone[0],
        shared: alone[0] + alone[1] - joint,
    }))
}

/// Differences from the mean; `None` when all are equal.
fn centred(values: &[f64]) -> Option<Vec<f64>> {
    let first = values.first()?;
    if values.iter().all(|v| v == first) {
        return None;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    Some(values.iter().map(|v| v - mean).collect())
}

/// What of `x` is at right angles to `other`; `None` when nothing is.
fn beside(x: Option<&[f64]>, other: Option<&[f64]>) -> Option<Vec<f64>> {
    let x = x?;
    let Some(other) = other else {
        return Some(x.to_vec());
    };
    let mut rest = x.to_vec();
    // Twice: the second time removes what rounding left.
    for _ in 0..2 {
        let factor = dot(&rest, other) / dot(other, other);
        for (r, o) in rest.iter_mut().zip(other) {
            *r -= factor * o;
        }
    }
    (dot(&rest, &rest) > COLLINEAR * dot(x, x)).then_some(rest)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_that_says_nothing_new_has_no_part_of_its_own() {
        let y = [0.0, 1.0, 1.5, 4.0, 2.0];
        let first = [0.0, 1.0, 2.0, 3.0, 5.0];
        let alone = partition_variance(&y, &first, &[2.0; 5]).unwrap().unwrap();
        assert_eq!(
            (alone.second, alone.unique_second, alone.shared),
            (0.0, 0.0, 0.0)
        );
        let twice = first.map(|v| 0.1 - 3.0 * v);
        let same = partition_variance(&y, &first, &twice).unwrap().unwrap();
        assert!((same.joint - same.first).abs() < 1e-12 && same.unique_first.abs() < 1e-12);
        assert!((same.shared - same.first).abs() < 1e-12);
    }

    #[test]
    fn too_few_or_equal_images_have_no_partition() {
        assert_eq!(
            partition_variance(&[1.0, 2.0], &[1.0, 2.0], &[0.0, 1.0]).unwrap(),
            None
        );
        assert_eq!(
            partition_variance(&[1.0; 4], &[1.0, 2.0, 3.0, 4.0], &[0.0; 4]).unwrap(),
            None
        );
        assert!(partition_variance(&[1.0], &[], &[1.0]).is_err());
        assert!(partition_variance(&[f64::NAN], &[1.0], &[1.0]).is_err());
    }

    #[test]
    fn suppression_has_a_negative_shared_part() {
        // y = first - second where both rise together: alone each explains little.
        let first = [0.0, 1.0, 2.0, 3.0, 4.0];
        let second = [0.1, 0.9, 2.2, 2.9, 4.1];
        let y: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
        let found = partition_variance(&y, &first, &second).unwrap().unwrap();
        assert!((found.joint - 1.0).abs() < 1e-12 && found.shared < 0.0);
    }
}
