//! Intraclass correlation ICC(2,1): two-way random effects, absolute agreement, single rater.

/// ICC(2,1) of a table with one row per image (or slice) and one column per rater (Shrout and Fleiss 1979,
/// doi:10.1037/0033-2909.86.2.420; "ICC2" or "ICC(A,1)" elsewhere).
///
/// `(MSR - MSE) / (MSR + (k - 1) MSE + k (MSC - MSE) / n)` with the mean squares of rows, columns and error of n rows and k columns.
/// Range: at most 1; values below 0 mean less than no agreement. `None` for fewer than two rows or columns, rows of different
/// length, or values that are all equal.
///
/// ```
/// use raterlens_core::agreement::icc_2_1;
/// // Two raters who differ by 1 throughout: MSR = 2, MSC = 1, MSE = 0 over two rows.
/// let icc = icc_2_1(&[vec![1.0, 2.0], vec![3.0, 4.0]]).unwrap();
/// assert_eq!(icc, 4.0 / (4.0 + 2.0 * 1.0 / 2.0));
/// ```
#[must_use]
pub fn icc_2_1(rows: &[Vec<f64>]) -> Option<f64> {
    let raters = rows.first()?.len();
    let origin = *rows.first()?.first()?;
    if rows.iter().any(|row| row.len() != raters) {
        return None;
    }
    let mut sums = IccSums::new(raters);
    rows.iter().for_each(|row| sums.add_row(row, origin));
    sums.icc()
}

/// Sums that the analysis of variance is made of; those of images add up.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct IccSums {
    rows: f64,
    columns: Vec<f64>,
    squares: f64,
    squared_row_sums: f64,
}

impl IccSums {
    pub(super) fn new(raters: usize) -> Self {
        Self {
            rows: 0.0,
            columns: vec![0.0; raters],
            squares: 0.0,
            squared_row_sums: 0.0,
        }
    }

    /// Adds a row of values relative to `origin`, one of the values, so that differences keep their digits.
    pub(super) fn add_row(&mut self, row: &[f64], origin: f64) {
        let mut row_sum = 0.0;
        for (column, value) in self.columns.iter_mut().zip(row) {
            let value = value - origin;
            *column += value;
            row_sum += value;
            self.squares += value * value;
        }
        self.rows += 1.0;
        self.squared_row_sums += row_sum * row_sum;
    }

    /// Adds the sums of an image `weight` times.
    pub(super) fn add(&mut self, other: &Self, weight: u32) {
        let weight = f64::from(weight);
        self.rows += weight * other.rows;
        self.squares += weight * other.squares;
        self.squared_row_sums += weight * other.squared_row_sums;
        for (sum, other) in self.columns.iter_mut().zip(&other.columns) {
            *sum += weight * other;
        }
    }

    /// ICC(2,1).
    pub(super) fn icc(&self) -> Option<f64> {
        let (n, k) = (self.rows, self.columns.len() as f64);
        if n < 2.0 || k < 2.0 {
            return None;
        }
        let total: f64 = self.columns.iter().sum();
        let squared_columns: f64 = self.columns.iter().map(|c| c * c).sum();
        let correction = total * total / (n * k);
        // Rounding may leave a little below 0 where nothing varies.
        let of_rows = (self.squared_row_sums / k - correction).max(0.0);
        let of_columns = (squared_columns / n - correction).max(0.0);
        let of_error = (self.squares - correction - of_rows - of_columns).max(0.0);
        let rows = of_rows / (n - 1.0);
        let columns = of_columns / (k - 1.0);
        let error = of_error / ((n - 1.0) * (k - 1.0));
        let spread = rows + (k - 1.0) * error + k * (columns - error) / n;
        (spread > 0.0).then(|| (rows - error) / spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example() {
        // Shrout and Fleiss (1979), table 2: six targets, four judges; ICC(2,1) is .29 in table 4.
        let rows = [
            [9.0, 2.0, 5.0, 8.0],
            [6.0, 1.0, 3.0, 2.0],
            [8.0, 4.0, 6.0, 8.0],
            [7.0, 1.0, 2.0, 6.0],
            [10.0, 5.0, 6.0, 9.0],
            [6.0, 2.0, 4.0, 7.0],
        ];
        let rows: Vec<_> = rows.iter().map(|r| r.to_vec()).collect();
        // Table 3 of the paper: mean squares 11.24 (targets), 32.49 (judges), 1.02 (error).
        let (msr, msc, mse) = (11.241_666_667, 32.486_111_111, 1.019_444_444);
        let expected = (msr - mse) / (msr + 3.0 * mse + 4.0 * (msc - mse) / 6.0);
        let found = icc_2_1(&rows).unwrap();
        assert!((found - expected).abs() < 1e-8, "{found} {expected}");
        assert_eq!((found * 100.0).round(), 29.0);
    }

    #[test]
    fn identical_raters_agree_and_nothing_to_tell_apart_is_undefined() {
        assert_eq!(icc_2_1(&[vec![0.1, 0.1], vec![0.7, 0.7]]), Some(1.0));
        assert_eq!(icc_2_1(&[vec![0.1, 0.1], vec![0.1, 0.1]]), None);
        assert_eq!(icc_2_1(&[vec![1.0, 2.0]]), None);
        assert_eq!(icc_2_1(&[vec![1.0], vec![2.0]]), None);
        assert_eq!(icc_2_1(&[vec![1.0, 2.0], vec![2.0]]), None);
        assert_eq!(icc_2_1(&[]), None);
    }

    #[test]
    fn a_large_offset_costs_no_digits() {
        let rows = |offset: f64| vec![vec![offset, offset + 1.0], vec![offset + 2.0, offset + 4.0]];
        assert_eq!(icc_2_1(&rows(0.0)), icc_2_1(&rows(1e9)));
    }
}
