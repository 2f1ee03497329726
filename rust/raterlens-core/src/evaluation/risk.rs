//! Area under the risk-coverage curve.

use super::check::{finite, same_length};
use super::error::EvaluationError;

/// Area under the risk-coverage curve as ValUES computes it (Kahl et al. 2024, after Jaeger et al. 2023): if the most uncertain images were
/// left out one after another, the mean risk of those that remain, over their share.
///
/// `risks` are for example 1 - Dice of each image, `uncertainties` larger where less sure. Trapezoids between the shares that a threshold can
/// reach, from 1 down to `1/n`. Images of equal uncertainty are left out together, so that the result does not depend on their order; below the
/// smallest share that can be reached the curve is level. Without equal uncertainties it is ValUES' number. Lower is better; the mean risk is
/// what an uninformative uncertainty gives.
///
/// `None` without an image; of one image its share is a point, and the area 0.
///
/// # Errors
/// Different lengths, numbers that are not finite.
///
/// # Examples
/// ```
/// use raterlens_core::evaluation::aurc;
///
/// // Mean risks 0.4, 0.15, 0.1 at shares 1, 2/3, 1/3.
/// let area = aurc(&[0.9, 0.1, 0.2], &[5.0, 1.0, 2.0])?.unwrap();
/// assert!((area - ((0.4 + 0.15) / 2.0 + (0.15 + 0.1) / 2.0) / 3.0).abs() < 1e-15);
/// # Ok::<(), raterlens_core::evaluation::EvaluationError>(())
/// ```
pub fn aurc(risks: &[f64], uncertainties: &[f64]) -> Result<Option<f64>, EvaluationError> {
    same_length(
        ("uncertainties", uncertainties.len()),
        ("risks", risks.len()),
    )?;
    finite("risks", risks)?;
    finite("uncertainties", uncertainties)?;
    let mut order: Vec<(f64, f64)> = uncertainties
        .iter()
        .copied()
        .zip(risks.iter().copied())
        .collect();
    // From the surest: sums of few small numbers first.
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let n = order.len() as f64;
    let (mut kept, mut sum, mut area) = (0.0, 0.0, 0.0);
    let mut before = None;
    for group in order.chunk_by(|a, b| a.0 == b.0) {
        let size = group.len() as f64;
        kept += size;
        sum += group.iter().map(|(_, risk)| risk).sum::<f64>();
        let risk = sum / kept;
        area += match before {
            None => risk * (size - 1.0) / n,
            Some(before) => 0.5 * (before + risk) * size / n,
        };
        before = Some(risk);
    }
    Ok(before.map(|_| area))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges() {
        assert_eq!(aurc(&[], &[]).unwrap(), None);
        assert_eq!(aurc(&[0.5], &[1.0]).unwrap(), Some(0.0));
        // All equally uncertain: level at the mean risk, over shares 1/4 to 1.
        assert_eq!(
            aurc(&[1.0, 0.0, 0.0, 1.0], &[2.0; 4]).unwrap(),
            Some(0.5 * 0.75)
        );
        assert!(aurc(&[f64::NAN], &[1.0]).is_err() && aurc(&[0.0], &[]).is_err());
    }

    #[test]
    fn order_of_equals_does_not_matter() {
        let a = aurc(&[0.1, 0.9, 0.4, 0.2], &[1.0, 2.0, 2.0, 3.0]).unwrap();
        let b = aurc(&[0.2, 0.4, 0.9, 0.1], &[3.0, 2.0, 2.0, 1.0]).unwrap();
        assert_eq!(a, b);
    }
}
