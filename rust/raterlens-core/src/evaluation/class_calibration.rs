//! Calibration of every class.

use ndarray::{ArrayView3, ArrayView4, Axis};
use rayon::prelude::*;

use super::calibration::{fill, gap};
use super::check::{classes, probabilities, same_shape};
use super::error::EvaluationError;

/// Class-wise expected calibration error of one image (Kull et al. 2019): for each class c the error between the probability of c and how
/// often c is right, in bins of equal width over all voxels; then the mean over the classes, the background too.
///
/// # Inputs
/// Probabilities `[class, k, j, i]`; the true class of each voxel, `[k, j, i]`, from 0.
///
/// # Errors
/// Different grids, no voxel, no bin, probabilities that are NaN or outside 0 to 1, a label without a class.
///
/// # Examples
/// ```
/// use ndarray::{Array3, Array4};
/// use raterlens_core::evaluation::class_wise_ece;
///
/// let p = Array4::from_shape_vec((2, 1, 1, 1), vec![0.25, 0.75]).unwrap();
/// let truth = Array3::from_elem((1, 1, 1), 1);
/// // Class 0: 0.25 against never; class 1: 0.75 against always.
/// assert_eq!(class_wise_ece(&p.view(), &truth.view(), 10)?, 0.25);
/// # Ok::<(), raterlens_core::evaluation::EvaluationError>(())
/// ```
pub fn class_wise_ece(
    p: &ArrayView4<'_, f32>,
    truth: &ArrayView3<'_, u16>,
    bins: usize,
) -> Result<f64, EvaluationError> {
    same_shape(
        "the truth",
        truth.shape(),
        p.shape().get(1..).unwrap_or_default(),
    )?;
    if p.is_empty() {
        return Err(EvaluationError::Empty {
            what: "probabilities",
        });
    }
    if bins == 0 {
        return Err(EvaluationError::NoBins);
    }
    probabilities("probabilities", p)?;
    let number = p.len_of(Axis(0));
    classes(truth, number)?;
    let of_class = |c: usize| {
        let pairs = p.index_axis(Axis(0), c);
        let pairs = pairs
            .iter()
            .zip(truth)
            .map(|(p, t)| (*p, usize::from(*t) == c));
        gap(&fill(pairs, bins), truth.len() as f64)
    };
    let errors: Vec<f64> = (0..number).into_par_iter().map(of_class).collect();
    Ok(errors.iter().sum::<f64>() / number as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array3, Array4};

    #[test]
    fn a_class_that_is_nowhere_counts_with_its_probability() {
        let p = Array4::from_shape_vec((3, 1, 1, 1), vec![0.5, 0.5, 0.0]).unwrap();
        let truth = Array3::zeros((1, 1, 1));
        let found = class_wise_ece(&p.view(), &truth.view(), 10).unwrap();
        assert!((found - (0.5 + 0.5 + 0.0) / 3.0).abs() < 1e-15);
        let beyond = Array3::from_elem((1, 1, 1), 3);
        assert!(class_wise_ece(&p.view(), &beyond.view(), 10)
            .unwrap_err()
            .to_string()
            .contains("label 3"));
        let other = Array3::zeros((1, 1, 2));
        assert!(class_wise_ece(&p.view(), &other.view(), 10).is_err());
    }
}
