//! Percentiles as NumPy defines them by default.

/// The percentile with linear interpolation between the two nearest ranks; `None` without values.
///
/// `percent` is 0 to 100; the order of `values` changes. Cost: linear.
pub(crate) fn percentile(values: &mut [f64], percent: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let rank = (percent / 100.0).clamp(0.0, 1.0) * last as f64;
    let below = rank.floor();
    let (_, &mut low, above) =
        values.select_nth_unstable_by((below as usize).min(last), f64::total_cmp);
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    Some(low + (rank - below) * (high - low))
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn percentiles_by_hand() {
        let of = |percent| percentile(&mut [40.0, 10.0, 30.0, 20.0, 50.0], percent);
        assert_eq!(of(0.0), Some(10.0));
        assert_eq!(of(100.0), Some(50.0));
        assert_eq!(of(50.0), Some(30.0));
        // Rank 0.95 * 4 = 3.8: four fifths of the way from 40 to 50.
        assert!((of(95.0).unwrap() - (40.0 + 0.8 * 10.0)).abs() < 1e-12);
        assert_eq!(percentile(&mut [7.0], 95.0), Some(7.0));
        assert_eq!(percentile(&mut [], 95.0), None);
    }
}
