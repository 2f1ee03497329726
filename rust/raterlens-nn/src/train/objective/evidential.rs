//! Losses of an evidential head (Sensoy 2018, arXiv 1806.01768).

use tch::{Kind, Tensor};

use super::Result;
use crate::evidence::evidence;

/// Expected cross-entropy under the Dirichlet distribution (eq. 4), `sum_k y_k (digamma(S) - digamma(alpha_k))`, plus `penalty`
/// times the divergence of the evidence of wrong classes from none (section 4), both as means over pixels; and the expected
/// probabilities.
pub(super) fn cross_entropy(
    outputs: &Tensor,
    targets: &Tensor,
    penalty: f64,
) -> Result<(Tensor, Tensor)> {
    let found = evidence(outputs)?;
    let total = found
        .alpha
        .f_sum_dim_intlist([1i64].as_slice(), true, Kind::Float)?;
    let terms = total
        .f_digamma()?
        .f_sub(&found.alpha.f_digamma()?)?
        .f_mul(targets)?;
    let per_pixel = terms.f_sum_dim_intlist([1i64].as_slice(), false, Kind::Float)?;
    let mut loss = per_pixel.f_mean(Kind::Float)?;
    if penalty > 0.0 {
        let excess = divergence(&found.alpha, targets)?;
        loss = loss.f_add(&excess.f_mul_scalar(penalty)?)?;
    }
    Ok((loss, found.probabilities))
}

/// Mean over pixels of KL(Dir(alpha') || Dir(1)), where alpha' has the evidence of the right classes taken away.
fn divergence(alpha: &Tensor, targets: &Tensor) -> Result<Tensor> {
    let classes = alpha.size().get(1).copied().unwrap_or(1) as f64;
    // alpha' = y + (1 - y) alpha
    let wrong = targets.f_neg()?.f_add_scalar(1.0)?;
    let rest = wrong.f_mul(alpha)?.f_add(targets)?;
    let sum = |t: &Tensor| t.f_sum_dim_intlist([1i64].as_slice(), true, Kind::Float);
    let total = sum(&rest)?;
    let ln_gamma_k = libm::lgamma(classes);
    let normaliser = total
        .f_lgamma()?
        .f_sub(&sum(&rest.f_lgamma()?)?)?
        .f_sub_scalar(ln_gamma_k)?;
    let mean = rest.f_digamma()?.f_sub(&total.f_digamma()?)?;
    let pull = sum(&rest.f_sub_scalar(1.0)?.f_mul(&mean)?)?;
    Ok(normaliser.f_add(&pull)?.f_mean(Kind::Float)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An output whose evidence is `e` exactly: softplus(ln(exp(e) - 1)) = e.
    fn outputs(evidence: &[f64]) -> Tensor {
        let z: Vec<f32> = evidence
            .iter()
            .map(|e| if *e > 0.0 { (e.exp() - 1.0).ln() } else { -100.0 } as f32)
            .collect();
        Tensor::from_slice(&z).reshape([1, evidence.len() as i64, 1, 1])
    }

    #[test]
    fn whole_concentrations_by_hand() {
        // alpha = (3, 1), S = 4, y = (1, 0): digamma(4) - digamma(3) = 1/3; no wrong evidence.
        let y = Tensor::from_slice(&[1f32, 0.0]).reshape([1, 2, 1, 1]);
        let (loss, p) = cross_entropy(&outputs(&[2.0, 0.0]), &y, 1.0).unwrap();
        assert!((loss.double_value(&[]) - 1.0 / 3.0).abs() < 1e-5);
        assert!((p.double_value(&[0, 0, 0, 0]) - 0.75).abs() < 1e-6);
        // alpha = (1, 3), y = (1, 0): digamma(4) - digamma(1) = 1 + 1/2 + 1/3. Wrong evidence: alpha' = (1, 3),
        // KL = ln(Gamma(4) / Gamma(3)) + 2 (digamma(3) - digamma(4)) = ln 3 - 2/3.
        let (loss, _) = cross_entropy(&outputs(&[0.0, 2.0]), &y, 0.5).unwrap();
        let expected = 1.0 + 1.0 / 2.0 + 1.0 / 3.0 + 0.5 * (3f64.ln() - 2.0 / 3.0);
        assert!((loss.double_value(&[]) - expected).abs() < 1e-5);
    }
}
