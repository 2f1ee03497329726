//! Regression lines for scatter plots.

use serde::{Deserialize, Serialize};

use super::check::{finite, same_length};
use super::distribution::t_quantile;
use super::error::EvaluationError;

/// The line of least squares through points.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LineFit {
    /// Height at x = 0.
    pub intercept: f64,
    /// Rise per unit of x.
    pub slope: f64,
    /// Number of points.
    pub points: usize,
    mean: [f64; 2],
    /// Of x, around its mean.
    squares: f64,
    /// Of the residuals, with `points - 2` degrees of freedom.
    variance: f64,
}

impl LineFit {
    /// Confidence interval of the line's height at x (of the mean, not of a new point) at a level such as 0.95, for normal residuals; `None`
    /// for fewer than three points or an impossible level.
    #[must_use]
    pub fn interval(&self, x: f64, level: f64) -> Option<[f64; 2]> {
        let t = t_quantile(1.0 - level, self.points.checked_sub(2)? as f64)?;
        let away = x - self.mean[0];
        let error =
            (self.variance * (1.0 / self.points as f64 + away * away / self.squares)).sqrt();
        let height = self.mean[1] + self.slope * away;
        Some([height - t * error, height + t * error])
    }
}

/// Fits y by a line in x; `None` for fewer than two points or when all x are equal.
///
/// # Errors
/// Sides of different length, numbers that are not finite.
///
/// # Examples
/// ```
/// use raterlens_core::evaluation::fit_line;
///
/// let line = fit_line(&[0.0, 1.0, 2.0], &[1.0, 2.0, 6.0])?.unwrap();
/// assert_eq!((line.slope, line.intercept), (2.5, 0.5));
/// # Ok::<(), raterlens_core::evaluation::EvaluationError>(())
/// ```
pub fn fit_line(x: &[f64], y: &[f64]) -> Result<Option<LineFit>, EvaluationError> {
    same_length(("heights", y.len()), ("positions", x.len()))?;
    finite("positions", x)?;
    finite("heights", y)?;
    let n = x.len() as f64;
    let mean = [x, y].map(|side| side.iter().sum::<f64>() / n);
    let away = || x.iter().zip(y).map(|(x, y)| (x - mean[0], y - mean[1]));
    let squares: f64 = away().map(|(x, _)| x * x).sum();
    if x.iter().all(|v| x.first() == Some(v)) || squares <= 0.0 {
        return Ok(None);
    }
    let slope = away().map(|(x, y)| x * y).sum::<f64>() / squares;
    let residuals: f64 = away().map(|(x, y)| (y - slope * x).powi(2)).sum();
    Ok(Some(LineFit {
        intercept: mean[1] - slope * mean[0],
        slope,
        points: x.len(),
        mean,
        squares,
        variance: residuals / (n - 2.0).max(1.0),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges() {
        assert_eq!(fit_line(&[], &[]).unwrap(), None);
        assert_eq!(fit_line(&[1.0, 1.0], &[0.0, 2.0]).unwrap(), None);
        let two = fit_line(&[0.0, 2.0], &[1.0, 5.0]).unwrap().unwrap();
        assert_eq!(
            (two.slope, two.intercept, two.interval(1.0, 0.95)),
            (2.0, 1.0, None)
        );
        assert!(fit_line(&[0.0], &[f64::NAN]).is_err() && fit_line(&[0.0], &[]).is_err());
        let exact = fit_line(&[0.0, 1.0, 2.0], &[0.0, 1.0, 2.0])
            .unwrap()
            .unwrap();
        assert_eq!(exact.interval(0.5, 0.95), Some([0.5, 0.5]));
        assert_eq!(exact.interval(0.5, 1.0), None);
    }
}
