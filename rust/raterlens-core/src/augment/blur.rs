//! Gaussian blur of a slice.

use ndarray::{Array2, Axis};

/// Convolves with a Gaussian of standard deviation `sigma_px`, cut at three of them; the border pixel repeats.
pub(super) fn blur(slice: &mut Array2<f32>, sigma_px: f64) {
    let kernel = kernel(sigma_px);
    for axis in [Axis(0), Axis(1)] {
        for mut line in slice.lanes_mut(axis) {
            let source: Vec<f32> = line.to_vec();
            for (n, out) in line.iter_mut().enumerate() {
                *out = at(&source, n, &kernel);
            }
        }
    }
}

fn kernel(sigma_px: f64) -> Vec<f32> {
    let reach = (3.0 * sigma_px).ceil() as i64;
    let weight = |d: i64| (-0.5 * (d as f64 / sigma_px).powi(2)).exp();
    let total: f64 = (-reach..=reach).map(weight).sum();
    (-reach..=reach)
        .map(|d| (weight(d) / total) as f32)
        .collect()
}

fn at(source: &[f32], n: usize, kernel: &[f32]) -> f32 {
    let reach = (kernel.len() / 2) as i64;
    let last = source.len() as i64 - 1;
    let value = |d: usize| {
        let place = (n as i64 + d as i64 - reach).clamp(0, last.max(0));
        source.get(place as usize).copied().unwrap_or_default()
    };
    kernel.iter().enumerate().map(|(d, w)| w * value(d)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_spreads_as_a_gaussian_and_keeps_its_sum() {
        let mut slice = Array2::zeros((21, 21));
        slice[[10, 10]] = 1.0;
        blur(&mut slice, 1.5);
        assert!((slice.sum() - 1.0).abs() < 1e-5);
        // Independent of the centre's value: the ratio of neighbours is exp(-1 / (2 sigma^2)).
        let ratio = slice[[10, 11]] / slice[[10, 10]];
        assert!((ratio - (-0.5_f32 / 2.25).exp()).abs() < 1e-5);
    }
}
