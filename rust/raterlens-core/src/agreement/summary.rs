//! One number per image, summarised over images.

use serde::{Deserialize, Serialize};

use super::bootstrap::{Estimate, Resamples, Undefined};

/// A number that every image may have, over all images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Images with a value.
    pub images: usize,
    /// Images in which it was asked for and is undefined (the table in [`crate::metrics`] says when).
    pub undefined: usize,
    /// Mean over the images with a value.
    pub mean: Estimate,
    /// Standard deviation over images (of a sample); `None` for fewer than two.
    pub sd: Option<f64>,
    /// Smallest value.
    pub min: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
}

/// The value of one image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Observation {
    /// Position of the image in the study.
    pub(super) image: usize,
    /// `None`: asked for, and undefined.
    pub(super) value: Option<f64>,
}

impl Summary {
    /// Summarises values of some of the images; several values of one image each count.
    pub(super) fn of(observations: &[Observation], resamples: &Resamples) -> Self {
        let values: Vec<(usize, f64)> = observations
            .iter()
            .filter_map(|o| Some((o.image, o.value?)))
            .collect();
        let mean = resamples.estimate(images(&values), Undefined::NoData, |weights| {
            weighted_mean(&values, weights)
        });
        let numbers = || values.iter().map(|(_, v)| *v);
        Self {
            images: values.len(),
            undefined: observations.len() - values.len(),
            sd: sample_sd(numbers(), mean.value),
            mean,
            min: numbers().min_by(f64::total_cmp),
            max: numbers().max_by(f64::total_cmp),
        }
    }
}

/// Number of different images; values are in the order of images.
fn images(values: &[(usize, f64)]) -> usize {
    values.chunk_by(|a, b| a.0 == b.0).count()
}

fn weighted_mean(values: &[(usize, f64)], weights: &[u32]) -> Option<f64> {
    let (mut sum, mut total) = (0.0, 0_u64);
    for &(image, value) in values {
        let weight = weights.get(image).copied().unwrap_or(0);
        sum += f64::from(weight) * value;
        total += u64::from(weight);
    }
    (total > 0).then(|| sum / total as f64)
}

fn sample_sd(values: impl Iterator<Item = f64>, mean: Option<f64>) -> Option<f64> {
    let mean = mean?;
    let (n, squares) = values.fold((0_u32, 0.0), |(n, sum), v| {
        (n + 1, sum + (v - mean).powi(2))
    });
    (n > 1).then(|| (squares / f64::from(n - 1)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::BootstrapOptions;

    #[test]
    fn undefined_images_are_counted_and_left_out() {
        let resamples = Resamples::new(4, &BootstrapOptions::default());
        let observation = |image, value| Observation { image, value };
        let all = [
            observation(0, Some(1.0)),
            observation(2, None),
            observation(3, Some(4.0)),
        ];
        let found = Summary::of(&all, &resamples);
        assert_eq!((found.images, found.undefined), (2, 1));
        assert_eq!(found.mean.value, Some((1.0 + 4.0) / 2.0));
        assert_eq!(found.sd, Some(f64::sqrt(1.5 * 1.5 + 1.5 * 1.5)));
        assert_eq!((found.min, found.max), (Some(1.0), Some(4.0)));
        // A quarter of the studies has neither image, the others have means of 1, 4 or between.
        let interval = found.mean.interval.unwrap();
        assert_eq!((interval.low, interval.high), (1.0, 4.0));
    }

    #[test]
    fn no_image_and_one_image_say_so() {
        let resamples = Resamples::new(1, &BootstrapOptions::default());
        let none = Summary::of(&[], &resamples);
        assert_eq!(none.mean, Estimate::missing(Undefined::NoData));
        let value = Some(2.0);
        let one = Summary::of(&[Observation { image: 0, value }], &resamples);
        assert_eq!(one.mean.undefined, Some(Undefined::OneImage));
        assert_eq!((one.mean.value, one.sd), (Some(2.0), None));
    }
}
