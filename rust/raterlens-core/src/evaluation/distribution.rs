//! Tails of the distributions that tests need, from `statrs` and `libm`.

use statrs::function::beta::checked_beta_reg;

/// Probability of a |t| at least as large, Student's t with these degrees of freedom; `None` without any.
pub(super) fn t_two_sided(t: f64, degrees: f64) -> Option<f64> {
    if degrees <= 0.0 || t.is_nan() {
        return None;
    }
    if t.is_infinite() {
        return Some(0.0);
    }
    // As the incomplete beta function it keeps its digits far in the tail.
    beta(0.5 * degrees, 0.5, degrees / (degrees + t * t))
}

/// The t that is exceeded in size with this probability; `None` without degrees of freedom or outside 0 to 1.
pub(super) fn t_quantile(two_sided: f64, degrees: f64) -> Option<f64> {
    if !(two_sided > 0.0 && two_sided < 1.0) || degrees <= 0.0 {
        return None;
    }
    let (mut low, mut high) = (0.0, 1.0);
    while t_two_sided(high, degrees)? > two_sided {
        (low, high) = (high, 2.0 * high);
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        match t_two_sided(middle, degrees)? > two_sided {
            true => low = middle,
            false => high = middle,
        }
    }
    Some(0.5 * (low + high))
}

/// Probability of an |r| at least as large among uncorrelated normal pairs; `None` for fewer than three.
pub(super) fn r_two_sided(r: f64, pairs: usize) -> Option<f64> {
    let degrees = pairs.checked_sub(2).filter(|d| *d > 0)? as f64;
    beta(0.5 * degrees, 0.5, (1.0 - r) * (1.0 + r))
}

fn beta(a: f64, b: f64, x: f64) -> Option<f64> {
    checked_beta_reg(a, b, x.clamp(0.0, 1.0)).ok()
}

/// Probability of a |z| at least as large, standard normal.
pub(super) fn normal_two_sided(z: f64) -> f64 {
    libm::erfc(z.abs() / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_by_hand() {
        // One degree of freedom is Cauchy's: P(|t| > 1) = 1/2. Two: P(|t| > x) = 1 - x / sqrt(2 + x^2).
        assert!((t_two_sided(1.0, 1.0).unwrap() - 0.5).abs() < 1e-14);
        let two = 1.0 - 3.0 / 11.0_f64.sqrt();
        assert!((t_two_sided(-3.0, 2.0).unwrap() - two).abs() < 1e-14);
        assert_eq!(t_two_sided(f64::INFINITY, 4.0), Some(0.0));
        assert_eq!(t_two_sided(1.0, 0.0), None);
        assert!((t_quantile(0.5, 1.0).unwrap() - 1.0).abs() < 1e-14);
        assert_eq!((t_quantile(0.0, 3.0), t_quantile(0.05, 0.0)), (None, None));
        assert_eq!(
            (r_two_sided(0.3, 2), r_two_sided(1.0, 5)),
            (None, Some(0.0))
        );
        assert!((normal_two_sided(0.0) - 1.0).abs() < 1e-15);
        assert!((normal_two_sided(1.959_963_984_540_054) - 0.05).abs() < 1e-12);
    }
}
