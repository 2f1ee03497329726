//! Class-wise Brier score.

use ndarray::{ArrayView4, Axis};
use rayon::prelude::*;

use super::check::{probabilities, same_shape};
use super::error::EvaluationError;

/// Mean over the voxels of one image of `(y[c, i] - p[c, i])^2`, for each class c (SPEC section 8).
///
/// # Inputs
/// Predicted probabilities and the mean label of the raters (or the one-hot truth), both `[class, k, j, i]`, 0 to 1. Scores of several images
/// are averaged by the caller ([`bootstrap_mean`](super::bootstrap_mean) adds the interval). Tables give it times 1000.
///
/// # Result
/// One number a class, 0 (the same) to 1. All voxels of the image count, so that a small structure has a small score.
///
/// # Errors
/// Different shapes, no voxel, numbers that are NaN or outside 0 to 1.
///
/// # Examples
/// ```
/// use ndarray::Array4;
/// use raterlens_core::evaluation::brier;
///
/// let predicted = Array4::from_shape_vec((2, 1, 1, 2), vec![0.8, 0.5, 0.2, 0.5]).unwrap();
/// let reference = Array4::from_shape_vec((2, 1, 1, 2), vec![1.0, 0.5, 0.0, 0.5]).unwrap();
/// let scores = brier(&predicted.view(), &reference.view())?;
/// assert!((scores[1] - (0.2_f64.powi(2) + 0.0) / 2.0).abs() < 1e-8);
/// # Ok::<(), raterlens_core::evaluation::EvaluationError>(())
/// ```
pub fn brier(
    predicted: &ArrayView4<'_, f32>,
    reference: &ArrayView4<'_, f32>,
) -> Result<Vec<f64>, EvaluationError> {
    same_shape("the reference", reference.shape(), predicted.shape())?;
    if predicted.is_empty() {
        return Err(EvaluationError::Empty {
            what: "probabilities",
        });
    }
    probabilities("predicted probabilities", predicted)?;
    probabilities("the reference", reference)?;
    let classes: Vec<_> = predicted
        .axis_iter(Axis(0))
        .zip(reference.axis_iter(Axis(0)))
        .collect();
    let score = |(p, y): &(ndarray::ArrayView3<'_, f32>, ndarray::ArrayView3<'_, f32>)| {
        let squares = p
            .iter()
            .zip(y)
            .map(|(&p, &y)| (f64::from(y) - f64::from(p)).powi(2));
        squares.sum::<f64>() / p.len() as f64
    };
    Ok(classes.par_iter().map(score).collect())
}
