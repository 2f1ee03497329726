//! Does the samples' variance lie where the raters differ from them?

use ndarray::{Array3, ArrayView3, ArrayView4, Axis};

use super::check::{classes, probabilities, same_shape};
use super::error::EvaluationError;
use super::pearson::correlation;

/// Added to probabilities before the logarithm, as in PHiSeg's code.
const EPSILON: f64 = 1e-8;

/// Variance NCC of samples of probabilities and raters (Baumgartner et al. 2019, PHiSeg, arXiv 1906.04045).
///
/// For each voxel, `E_ss = mean over samples s of the cross-entropy of p_s under the mean of all samples`, and for rater r
/// `E_sy(r) = mean over samples of the cross-entropy of p_s under the rater's label`, with `ln(p + 1e-8)`. The result is the mean over the
/// raters of the normalised cross-correlation (Pearson's r over the voxels) of `E_ss` with `E_sy(r)`: 1 when both maps are alike.
///
/// # Inputs
/// Samples `[class, k, j, i]`; the raters' class of each voxel, `[k, j, i]`, from 0.
///
/// # Result
/// `None` where a map does not vary, for example with a single voxel.
///
/// # Errors
/// No sample, no rater, different grids, values outside 0 to 1 or NaN, a label without a class.
pub fn ncc(
    samples: &[ArrayView4<'_, f32>],
    raters: &[ArrayView3<'_, u16>],
) -> Result<Option<f64>, EvaluationError> {
    let Some(first) = samples.first() else {
        return Err(EvaluationError::Empty { what: "samples" });
    };
    if raters.is_empty() {
        return Err(EvaluationError::Empty { what: "raters" });
    }
    for sample in samples {
        same_shape("a sample", sample.shape(), first.shape())?;
        probabilities("a sample", sample)?;
    }
    for rater in raters {
        same_shape(
            "a rater's map",
            rater.shape(),
            first.shape().get(1..).unwrap_or_default(),
        )?;
        classes(rater, first.len_of(Axis(0)))?;
    }
    let logs: Vec<Array3<f64>> = (0..first.len_of(Axis(0)))
        .map(|c| mean_over(samples, c, |p| (p + EPSILON).ln()))
        .collect();
    let mut within = Array3::<f64>::zeros(logs.first().map_or((0, 0, 0), |l| l.dim()));
    for (c, logs) in logs.iter().enumerate() {
        within = within - mean_over(samples, c, |p| p) * logs;
    }
    let within: Vec<f64> = within.iter().copied().collect();
    let mut sum = 0.0;
    for rater in raters {
        let at = |(index, label): ((usize, usize, usize), &u16)| {
            logs.get(usize::from(*label))
                .and_then(|l| l.get(index))
                .map(|l| -l)
        };
        let across: Vec<f64> = rater.indexed_iter().filter_map(at).collect();
        match correlation(&within, &across, &mut std::iter::repeat(1.0)) {
            Some(r) => sum += r,
            None => return Ok(None),
        }
    }
    Ok(Some(sum / raters.len() as f64))
}

/// Mean over the samples of a function of the probability of one class.
fn mean_over(
    samples: &[ArrayView4<'_, f32>],
    class: usize,
    of: impl Fn(f64) -> f64,
) -> Array3<f64> {
    let mut mean: Option<Array3<f64>> = None;
    for sample in samples {
        let values = sample.index_axis(Axis(0), class).mapv(|p| of(f64::from(p)));
        mean = Some(match mean {
            None => values,
            Some(sum) => sum + values,
        });
    }
    mean.unwrap_or_default() / samples.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{array, Array4};

    #[test]
    fn two_voxels_are_on_one_line() {
        // E_ss is larger at the uncertain voxel; so is E_sy of a rater who agrees with the sample.
        let sample = Array4::from_shape_vec((2, 1, 1, 2), vec![0.5, 0.9, 0.5, 0.1]).unwrap();
        let agrees = array![[[0_u16, 0]]];
        assert!((ncc(&[sample.view()], &[agrees.view()]).unwrap().unwrap() - 1.0).abs() < 1e-12);
        // A rater who differs at the sure voxel makes E_sy larger there.
        let differs = array![[[0_u16, 1]]];
        assert!((ncc(&[sample.view()], &[differs.view()]).unwrap().unwrap() + 1.0).abs() < 1e-12);
        let both = ncc(&[sample.view()], &[agrees.view(), differs.view()])
            .unwrap()
            .unwrap();
        assert!(both.abs() < 1e-12);
    }

    #[test]
    fn edges() {
        let sample = Array4::from_elem((2, 1, 1, 2), 0.5_f32);
        let rater = array![[[0_u16, 1]]];
        assert_eq!(ncc(&[sample.view()], &[rater.view()]).unwrap(), None); // the same everywhere
        assert!(ncc(&[], &[rater.view()]).is_err() && ncc(&[sample.view()], &[]).is_err());
        assert!(ncc(&[sample.view()], &[array![[[2_u16, 0]]].view()]).is_err());
        assert!(ncc(&[sample.view()], &[array![[[0_u16]]].view()]).is_err());
    }
}
