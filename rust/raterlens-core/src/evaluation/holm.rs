//! Holm's correction for several tests.

use super::check::finite;
use super::error::EvaluationError;

/// Adjusted p-values that may each be compared with the level of all tests together (Holm 1979), in the order given.
///
/// The k-th smallest of m is multiplied by `m - k + 1`; none is smaller than one before it, none above 1.
///
/// # Errors
/// Numbers that are not between 0 and 1.
///
/// # Examples
/// ```
/// use raterlens_core::evaluation::holm;
///
/// assert_eq!(holm(&[0.5, 0.01, 0.02])?, [0.5, 0.03, 0.04]);
/// # Ok::<(), raterlens_core::evaluation::EvaluationError>(())
/// ```
pub fn holm(p: &[f64]) -> Result<Vec<f64>, EvaluationError> {
    finite("p-values", p)?;
    if let Some(position) = p.iter().position(|p| !(0.0..=1.0).contains(p)) {
        let value = p.get(position).copied().unwrap_or(f64::NAN);
        return Err(EvaluationError::NotProbability {
            what: "p-values",
            position,
            value,
        });
    }
    let mut order: Vec<(usize, f64)> = p.iter().copied().enumerate().collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut adjusted = vec![0.0; p.len()];
    let mut least = 0.0_f64;
    for (k, (place, p)) in order.into_iter().enumerate() {
        least = least.max(p * (adjusted.len() - k) as f64).min(1.0);
        if let Some(value) = adjusted.get_mut(place) {
            *value = least;
        }
    }
    Ok(adjusted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjusted_values_never_fall_and_end_at_one() {
        // By hand: 0.03 * 3, 0.04 * 2 = 0.08 raised to 0.09, 0.9.
        let found = holm(&[0.04, 0.9, 0.03]).unwrap();
        assert!((found[2] - 0.09).abs() < 1e-15 && found[0] == found[2] && found[1] == 0.9);
        assert_eq!(holm(&[0.6, 0.7]).unwrap(), [1.0, 1.0]);
        assert_eq!(holm(&[]).unwrap(), [0.0; 0]);
        assert!(holm(&[0.5, f64::NAN]).is_err() && holm(&[-0.1]).is_err());
    }
}
