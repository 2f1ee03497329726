//! Pearson's correlation with its p-value.

use serde::{Deserialize, Serialize};

use super::check::{finite, same_length};
use super::distribution::r_two_sided;
use super::error::EvaluationError;

/// A correlation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pearson {
    /// Correlation, -1 to 1; `None` for fewer than two pairs or where all numbers of one side are equal.
    pub r: Option<f64>,
    /// Two-sided p-value of no correlation; `None` for fewer than three pairs or without `r`.
    pub p: Option<f64>,
    /// Number of pairs.
    pub pairs: usize,
}

/// Pearson's r of pairs, with the two-sided p-value of Student's t at `pairs - 2` degrees of freedom (exact for normal numbers, as in SciPy).
///
/// # Errors
/// Sides of different length, numbers that are not finite.
///
/// # Examples
/// ```
/// use raterlens_core::evaluation::pearson;
///
/// let found = pearson(&[1.0, 2.0, 3.0], &[1.0, 2.0, 4.0])?;
/// // By hand: sums of squares 2 and 14/3, of products 3.
/// assert!((found.r.unwrap() - 3.0 / (2.0_f64 * 14.0 / 3.0).sqrt()).abs() < 1e-15);
/// # Ok::<(), raterlens_core::evaluation::EvaluationError>(())
/// ```
pub fn pearson(x: &[f64], y: &[f64]) -> Result<Pearson, EvaluationError> {
    same_length(("second numbers", y.len()), ("first numbers", x.len()))?;
    finite("first numbers", x)?;
    finite("second numbers", y)?;
    let r = correlation(x, y, &mut std::iter::repeat(1.0));
    let p = r.and_then(|r| r_two_sided(r, x.len()));
    Ok(Pearson {
        r,
        p,
        pairs: x.len(),
    })
}

/// r of pairs that count as often as their weight says; `None` where a side does not vary.
pub(super) fn correlation(
    x: &[f64],
    y: &[f64],
    weights: &mut dyn Iterator<Item = f64>,
) -> Option<f64> {
    let rows: Vec<[f64; 3]> = x
        .iter()
        .zip(y)
        .zip(weights)
        .map(|((x, y), w)| [*x, *y, w])
        .collect();
    let number: f64 = rows.iter().map(|[_, _, w]| w).sum();
    let mean = |side: fn(&[f64; 3]) -> f64| {
        rows.iter().map(|row| row[2] * side(row)).sum::<f64>() / number
    };
    let (mx, my) = (mean(|r| r[0]), mean(|r| r[1]));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for [x, y, w] in &rows {
        let (dx, dy) = (x - mx, y - my);
        xx += w * dx * dx;
        yy += w * dy * dy;
        xy += w * dx * dy;
    }
    // Equal numbers whose mean is rounded do not vary.
    let varies = |side: usize| {
        let mut counted = rows.iter().filter(|r| r[2] > 0.0).map(|r| r[side]);
        let first = counted.next();
        counted.any(|v| Some(v) != first)
    };
    let is_defined = varies(0) && varies(1) && xx > 0.0 && yy > 0.0;
    is_defined.then(|| (xy / (xx.sqrt() * yy.sqrt())).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_undefined_is_not_a_number() {
        let none = pearson(&[0.1, 0.1, 0.1], &[1.0, 2.0, 3.0]).unwrap();
        assert_eq!((none.r, none.p, none.pairs), (None, None, 3));
        let two = pearson(&[1.0, 2.0], &[5.0, 3.0]).unwrap();
        assert!((two.r.unwrap() + 1.0).abs() < 1e-15 && two.p.is_none());
        assert_eq!(pearson(&[], &[]).unwrap().r, None);
        let line = pearson(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]).unwrap();
        assert!((line.r.unwrap() - 1.0).abs() < 1e-15 && line.p.unwrap() < 1e-7);
        let nan = pearson(&[1.0, f64::NAN], &[0.0, 0.0]).unwrap_err();
        assert!(nan.to_string().contains("number 1"));
        assert!(pearson(&[1.0], &[])
            .unwrap_err()
            .to_string()
            .contains("0 second numbers for 1"));
    }

    #[test]
    fn weights_repeat_pairs() {
        let (x, y) = ([1.0, 2.0, 4.0, 7.0], [0.0, 3.0, 1.0, 2.0]);
        let weighted = correlation(&x, &y, &mut [2.0, 0.0, 1.0, 1.0].into_iter());
        let repeated = pearson(&[1.0, 1.0, 4.0, 7.0], &[0.0, 0.0, 1.0, 2.0])
            .unwrap()
            .r;
        assert!((weighted.unwrap() - repeated.unwrap()).abs() < 1e-15);
    }
}
