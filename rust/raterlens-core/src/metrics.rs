//! How alike two results are (SPEC section 8).

use ndarray::{ArrayView, Dimension, Zip};

use crate::grid::{check_shapes, GridError};

/// Dice overlap of structure `id` in two label arrays of equal shape: `2 |A and B| / (|A| + |B|)`.
///
/// Range 0 to 1. When neither array has the structure the value is 1 (SPEC section 8); when only
/// one has it, 0.
///
/// # Errors
/// Arrays of different shape.
///
/// ```
/// use ndarray::array;
/// use raterlens_core::metrics::dice;
/// let (a, b) = (array![[[1_u16, 1, 0, 0]]], array![[[0_u16, 1, 1, 1]]]);
/// assert_eq!(dice(&a.view(), &b.view(), 1)?, 2.0 * 1.0 / (2.0 + 3.0));
/// assert_eq!(dice(&a.view(), &b.view(), 7)?, 1.0); // neither has it
/// # Ok::<(), raterlens_core::GridError>(())
/// ```
pub fn dice<D: Dimension>(
    a: &ArrayView<'_, u16, D>,
    b: &ArrayView<'_, u16, D>,
    id: u16,
) -> Result<f64, GridError> {
    check_shapes(a.shape(), b.shape())?;
    let (mut both, mut sum) = (0_u64, 0_u64);
    Zip::from(a).and(b).for_each(|&x, &y| {
        both += u64::from(x == id && y == id);
        sum += u64::from(x == id) + u64::from(y == id);
    });
    if sum == 0 {
        return Ok(1.0);
    }
    Ok(2.0 * both as f64 / sum as f64)
}

/// Mean squared difference of two arrays of equal shape; 0 for arrays without elements.
///
/// # Errors
/// Arrays of different shape.
pub fn mse<D: Dimension>(
    a: &ArrayView<'_, f32, D>,
    b: &ArrayView<'_, f32, D>,
) -> Result<f64, GridError> {
    check_shapes(a.shape(), b.shape())?;
    if a.is_empty() {
        return Ok(0.0);
    }
    let mut sum = 0.0;
    Zip::from(a).and(b).for_each(|&x, &y| {
        let difference = f64::from(x) - f64::from(y);
        sum += difference * difference;
    });
    Ok(sum / a.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn dice_has_a_value_for_every_empty_case() {
        let (some, none) = (array![3_u16, 3, 0], array![0_u16, 0, 0]);
        assert_eq!(dice(&some.view(), &some.view(), 3).unwrap(), 1.0);
        assert_eq!(dice(&some.view(), &none.view(), 3).unwrap(), 0.0);
        assert_eq!(dice(&none.view(), &some.view(), 3).unwrap(), 0.0);
        assert_eq!(dice(&none.view(), &none.view(), 3).unwrap(), 1.0);
    }

    #[test]
    fn arrays_that_are_not_contiguous_count_alike() {
        let (a, b) = (array![[1_u16, 1], [0, 1]], array![[1_u16, 0], [0, 1]]);
        let expected = 2.0 * 2.0 / (3.0 + 2.0);
        assert_eq!(dice(&a.t(), &b.t(), 1).unwrap(), expected);
    }

    #[test]
    fn mse_by_hand() {
        let (a, b) = (array![0.0_f32, 1.0, 2.0], array![0.0_f32, 3.0, 1.0]);
        assert_eq!(mse(&a.view(), &b.view()).unwrap(), (0.0 + 4.0 + 1.0) / 3.0);
    }

    #[test]
    fn different_shapes_are_refused() {
        let (a, b) = (array![0.0_f32, 1.0], array![0.0_f32]);
        assert!(matches!(
            mse(&a.view(), &b.view()),
            Err(GridError::ShapeMismatch { .. })
        ));
    }
}
