//! Evidential classification (Sensoy 2018, arXiv 1806.01768).

use tch::{Kind, TchError, Tensor};

/// A Dirichlet distribution over the classes at each pixel.
#[derive(Debug)]
pub(crate) struct Evidence {
    /// Concentrations `[N, K, ..]`, at least 1.
    #[allow(dead_code)] // Read by the evidential loss, and by tests.
    pub alpha: Tensor,
    /// Their mean `alpha / S` with `S = sum alpha`, `[N, K, ..]`.
    pub probabilities: Tensor,
    /// `K / S`, `[N, 1, ..]`, in (0, 1].
    pub uncertainty: Tensor,
}

/// Reads the outputs `[N, K, ..]` of an evidential head. The evidence is their softplus (the paper's ReLU has no
/// gradient where it is needed most), the concentration evidence + 1.
pub(crate) fn evidence(outputs: &Tensor) -> Result<Evidence, TchError> {
    let outputs = outputs.f_to_kind(Kind::Float)?;
    let classes = outputs.size().get(1).copied().unwrap_or(1) as f64;
    let alpha = outputs.f_softplus()?.f_add_scalar(1.0)?;
    let total = alpha.f_sum_dim_intlist([1i64].as_slice(), true, Kind::Float)?;
    Ok(Evidence {
        probabilities: alpha.f_div(&total)?,
        uncertainty: total.f_reciprocal()?.f_mul_scalar(classes)?,
        alpha,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pixel_by_hand() {
        // softplus(ln(e^2 - 1)) = 2 and softplus(-100) = 0 in float32: alpha 3 and 1 of S = 4.
        let z = Tensor::from_slice(&[(2f64.exp() - 1.0).ln() as f32, -100.0]).reshape([1, 2, 1, 1]);
        let found = evidence(&z).unwrap();
        let values = |t: &Tensor| Vec::<f32>::try_from(t.flatten(0, -1)).unwrap();
        assert_eq!(values(&found.alpha), [3.0, 1.0]);
        assert_eq!(values(&found.probabilities), [0.75, 0.25]);
        assert_eq!(values(&found.uncertainty), [2.0 / 4.0]);
    }

    #[test]
    fn concentrations_are_at_least_one_and_the_uncertainty_is_in_range() {
        tch::manual_seed(5);
        let z = Tensor::randn([2, 5, 8, 8], (Kind::Float, tch::Device::Cpu)) * 40.0;
        let found = evidence(&z).unwrap();
        let extreme = |t: Tensor| f64::try_from(t).unwrap();
        assert!(extreme(found.alpha.min()) >= 1.0);
        assert!(extreme(found.uncertainty.min()) > 0.0);
        assert!(extreme(found.uncertainty.max()) <= 1.0);
        let sums = found
            .probabilities
            .sum_dim_intlist([1i64].as_slice(), false, Kind::Float);
        assert!(sums.allclose(&sums.ones_like(), 0.0, 1e-6, false));
    }
}
