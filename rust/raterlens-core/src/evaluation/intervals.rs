//! Confidence intervals: images are drawn with replacement, as for agreement.

use super::check::{finite, same_length};
use super::error::EvaluationError;
use super::pearson::correlation;
use crate::agreement::{BootstrapOptions, Estimate, Resamples, Undefined};

/// A statistic over images with its percentile bootstrap interval (Efron and Tibshirani 1993, chapter 13).
///
/// `images` holds what is known of each image, `None` for one that says nothing (an empty structure): such an image stays in the study
/// that is resampled and is never passed on. `statistic` gets the images that were drawn with how often, and gives `None` where it is
/// undefined. Equal seeds give equal intervals, and estimates of the same number of images with the same options draw the same studies.
pub fn bootstrap<T: Sync>(
    images: &[Option<T>],
    options: &BootstrapOptions,
    statistic: impl Fn(&[(&T, f64)]) -> Option<f64> + Sync,
) -> Estimate {
    let informative = images.iter().flatten().count();
    let drawn = |weights: &[u32]| {
        let known = images.iter().zip(weights).filter(|(_, w)| **w > 0);
        let known: Vec<(&T, f64)> = known
            .filter_map(|(image, w)| Some((image.as_ref()?, f64::from(*w))))
            .collect();
        statistic(&known)
    };
    Resamples::new(images.len(), options).estimate(informative, Undefined::NoVariation, drawn)
}

/// The mean over images.
#[allow(clippy::trivially_copy_pass_by_ref)]
pub(super) fn weighted_mean(images: &[(&f64, f64)]) -> Option<f64> {
    let number: f64 = images.iter().map(|(_, w)| w).sum();
    (number > 0.0).then(|| images.iter().map(|(v, w)| *v * w).sum::<f64>() / number)
}

/// The mean of numbers of images with its interval; an image without a number (`None`) is left out of the mean.
///
/// # Errors
/// Numbers that are not finite.
///
/// # Examples
/// ```
/// use raterlens_core::agreement::BootstrapOptions;
/// use raterlens_core::evaluation::bootstrap_mean;
///
/// let dice = [Some(0.9), None, Some(0.8), Some(0.85)];
/// let found = bootstrap_mean(&dice, &BootstrapOptions::default())?;
/// assert!((found.value.unwrap() - 0.85).abs() < 1e-15);
/// let interval = found.interval.unwrap();
/// assert!(interval.low >= 0.8 && interval.high <= 0.9);
/// # Ok::<(), raterlens_core::evaluation::EvaluationError>(())
/// ```
pub fn bootstrap_mean(
    values: &[Option<f64>],
    options: &BootstrapOptions,
) -> Result<Estimate, EvaluationError> {
    let known: Vec<f64> = values.iter().flatten().copied().collect();
    finite("numbers of images", &known)?;
    Ok(bootstrap(values, options, weighted_mean))
}

/// Pearson's r over images with its interval.
///
/// # Errors
/// Different lengths, numbers that are not finite.
pub fn bootstrap_pearson(
    x: &[f64],
    y: &[f64],
    options: &BootstrapOptions,
) -> Result<Estimate, EvaluationError> {
    same_length(("second numbers", y.len()), ("first numbers", x.len()))?;
    finite("first numbers", x)?;
    finite("second numbers", y)?;
    let pairs: Vec<Option<[f64; 2]>> = x.iter().zip(y).map(|(x, y)| Some([*x, *y])).collect();
    Ok(bootstrap(&pairs, options, |drawn| {
        let side = |n: usize| -> Vec<f64> { drawn.iter().map(|(pair, _)| pair[n]).collect() };
        correlation(&side(0), &side(1), &mut drawn.iter().map(|(_, w)| *w))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::pearson;

    #[test]
    fn one_image_has_a_mean_and_no_interval() {
        let one = bootstrap_mean(&[Some(0.5)], &BootstrapOptions::default()).unwrap();
        assert_eq!(
            (one.value, one.interval, one.undefined),
            (Some(0.5), None, Some(Undefined::OneImage))
        );
        let none = bootstrap_mean(&[None, None], &BootstrapOptions::default()).unwrap();
        assert_eq!(none.undefined, Some(Undefined::NoData));
        assert!(bootstrap_mean(&[Some(f64::NAN)], &BootstrapOptions::default()).is_err());
    }

    #[test]
    fn correlations_lie_in_their_interval() {
        let x: Vec<f64> = (0..30).map(|n| f64::from(n).sin()).collect();
        let y: Vec<f64> = (0..30)
            .map(|n| f64::from(n).sin() + (f64::from(n) * 1.7).cos())
            .collect();
        let found = bootstrap_pearson(&x, &y, &BootstrapOptions::default()).unwrap();
        let r = pearson(&x, &y).unwrap().r.unwrap();
        let interval = found.interval.unwrap();
        assert!((found.value.unwrap() - r).abs() < 1e-15);
        assert!(interval.low < r && r < interval.high && interval.high <= 1.0);
        let flat = bootstrap_pearson(&x, &[1.0; 30], &BootstrapOptions::default()).unwrap();
        assert_eq!(flat.undefined, Some(Undefined::NoVariation));
    }
}
