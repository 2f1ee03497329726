//! Temperature scaling.

use ndarray::ArrayView2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::check::{classes, same_length};
use super::error::EvaluationError;

/// Temperatures that are tried.
const RANGE: [f64; 2] = [0.01, 100.0];
const MAX_STEPS: usize = 200;
/// Voxels that one task works on.
const BLOCK: usize = 8192;

/// One factor for all logits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Temperature {
    /// Divide the logits by it before the softmax: above 1 makes a model less confident.
    pub temperature: f64,
    /// Mean negative log-likelihood of the truth before (temperature 1), in nats.
    pub nll_before: f64,
    /// The same with the temperature found.
    pub nll_after: f64,
    /// The likelihood still rises at the end of the range 0.01 to 100: for example, every voxel is right.
    pub is_at_end: bool,
}

/// Finds the temperature of least negative log-likelihood (Guo et al. 2017) on validation data.
///
/// In `1 / temperature` the likelihood is convex: Newton's method on its slope, kept between bounds that close in, finds the one minimum.
/// Accuracy does not change, since the order of the classes does not.
///
/// # Inputs
/// Logits `[class, voxel]` of all validation images one after another, and the true class of each voxel, from 0.
///
/// # Result
/// Temperature 1 where logits say nothing (all classes equal at every voxel).
///
/// # Errors
/// Nothing given, different lengths, logits that are not finite, a label without a class.
///
/// # Examples
/// ```
/// use ndarray::array;
/// use raterlens_core::evaluation::fit_temperature;
///
/// // Always sure by ln 9 (0.9), right three times of four: ln 3 (0.75) would be honest.
/// let nine = 9_f32.ln();
/// let logits = array![[nine, nine, nine, nine], [0.0, 0.0, 0.0, 0.0]];
/// let found = fit_temperature(&logits.view(), &[0, 0, 0, 1])?;
/// assert!((found.temperature - 2.0).abs() < 1e-6); // ln 9 / ln 3
/// # Ok::<(), raterlens_core::evaluation::EvaluationError>(())
/// ```
pub fn fit_temperature(
    logits: &ArrayView2<'_, f32>,
    truth: &[u16],
) -> Result<Temperature, EvaluationError> {
    let (number, voxels) = logits.dim();
    same_length(("labels", truth.len()), ("voxels", voxels))?;
    if truth.is_empty() || number == 0 {
        return Err(EvaluationError::Empty { what: "logits" });
    }
    classes(truth, number)?;
    // Voxels one after another, so that each reads its classes together.
    let rows = logits.t();
    let rows: Vec<f32> = rows.iter().copied().collect();
    if let Some(position) = rows.iter().position(|v| !v.is_finite()) {
        let value = rows.get(position).copied().unwrap_or(f32::NAN).into();
        return Err(EvaluationError::NotFinite {
            what: "logits (voxel by voxel)",
            position,
            value,
        });
    }
    let at = |beta: f64| likelihood(&rows, truth, number, beta);
    let before = at(1.0);
    let (beta, is_at_end) = minimum(&at, &before);
    Ok(Temperature {
        temperature: 1.0 / beta,
        nll_before: before.nll,
        nll_after: at(beta).nll,
        is_at_end,
    })
}

/// Mean negative log-likelihood at a factor, its slope and its curvature.
#[derive(Debug, Clone, Copy, Default)]
struct Likelihood {
    nll: f64,
    slope: f64,
    curvature: f64,
}

fn likelihood(rows: &[f32], truth: &[u16], classes: usize, beta: f64) -> Likelihood {
    let blocks = rows
        .par_chunks(BLOCK * classes)
        .zip(truth.par_chunks(BLOCK));
    let sums: Vec<Likelihood> = blocks
        .map(|(rows, truth)| {
            let mut sum = Likelihood::default();
            for (row, &y) in rows.chunks(classes).zip(truth) {
                add_voxel(&mut sum, row, y, beta);
            }
            sum
        })
        .collect();
    let n = truth.len() as f64;
    let mean = |of: fn(&Likelihood) -> f64| sums.iter().map(of).sum::<f64>() / n;
    Likelihood {
        nll: mean(|s| s.nll),
        slope: mean(|s| s.slope),
        curvature: mean(|s| s.curvature),
    }
}

fn add_voxel(sum: &mut Likelihood, row: &[f32], y: u16, beta: f64) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    // Distances from the largest logit keep their digits.
    let (mut weights, mut first, mut second) = (0.0, 0.0, 0.0);
    for &z in row {
        let z = f64::from(z) - f64::from(largest);
        let w = (beta * z).exp();
        weights += w;
        first += w * z;
        second += w * z * z;
    }
    let truth = f64::from(row.get(usize::from(y)).copied().unwrap_or(largest)) - f64::from(largest);
    let mean = first / weights;
    sum.nll += weights.ln() - beta * truth;
    sum.slope += mean - truth;
    sum.curvature += (second / weights - mean * mean).max(0.0);
}

/// The factor of least value, and whether it lies at an end of the range.
fn minimum(at: &impl Fn(f64) -> Likelihood, start: &Likelihood) -> (f64, bool) {
    let (mut low, mut high) = (1.0 / RANGE[1], 1.0 / RANGE[0]);
    if start.slope == 0.0 && start.curvature == 0.0 {
        return (1.0, false); // logits that say nothing
    }
    if at(low).slope >= 0.0 {
        return (low, true);
    }
    if at(high).slope <= 0.0 {
        return (high, true);
    }
    let (mut beta, mut here) = (1.0, *start);
    for _ in 0..MAX_STEPS {
        match here.slope < 0.0 {
            true => low = beta,
            false => high = beta,
        }
        let newton = beta - here.slope / here.curvature;
        let next = match newton > low && newton < high {
            true => newton,
            false => 0.5 * (low + high),
        };
        let is_done = (next - beta).abs() <= 1e-14 * beta || here.slope == 0.0;
        if is_done {
            break;
        }
        (beta, here) = (next, at(next));
    }
    (beta, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_ends_are_named() {
        let right = array![[2.0_f32, 0.0], [0.0, 2.0]];
        let found = fit_temperature(&right.view(), &[0, 1]).unwrap();
        assert!(found.is_at_end && (found.temperature - 0.01).abs() < 1e-12);
        let wrong = fit_temperature(&right.view(), &[1, 0]).unwrap();
        assert!(wrong.is_at_end && (wrong.temperature - 100.0).abs() < 1e-9);
        assert!(wrong.nll_after < wrong.nll_before);
        let flat = array![[3.0_f32, 1.0], [3.0, 1.0]];
        let flat = fit_temperature(&flat.view(), &[0, 1]).unwrap();
        assert_eq!((flat.temperature, flat.is_at_end), (1.0, false));
    }

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        let logits = array![[1.0_f32], [0.0]];
        assert!(fit_temperature(&logits.view(), &[]).is_err());
        assert!(fit_temperature(&logits.view(), &[2])
            .unwrap_err()
            .to_string()
            .contains("label 2"));
        assert!(fit_temperature(&array![[f32::NAN], [0.0]].view(), &[0]).is_err());
        assert!(fit_temperature(&ndarray::Array2::zeros((2, 0)).view(), &[]).is_err());
    }

    #[test]
    fn large_logits_do_not_overflow() {
        let logits = array![[1e4_f32, 1e4, 0.0], [0.0, 0.0, 1e4]];
        let found = fit_temperature(&logits.view(), &[0, 1, 1]).unwrap();
        assert!(found.nll_after.is_finite() && found.nll_before.is_finite());
    }
}
