//! Mean squared difference of two maps.

use ndarray::{ArrayView, Dimension, Zip};

use crate::grid::{check_shapes, GridError};

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
