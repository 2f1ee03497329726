//! Percentile bootstrap over images (Efron and Tibshirani 1993, chapter 13).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::options::BootstrapOptions;
use super::philox::below;
use crate::metrics::percentile;

/// Smallest part of the replicates that must have a value.
const MIN_USABLE: f64 = 0.5;

/// Why a number does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undefined {
    /// No image has what the number is made of.
    NoData,
    /// A single image: nothing is known about how images differ.
    OneImage,
    /// All values are equal, so that there is nothing to explain by raters or chance.
    NoVariation,
    /// No image was drawn by all raters.
    NoCompleteImages,
    /// Too many resampled studies gave no value.
    TooFewReplicates,
}

/// A confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Replicates that it was made of; those without a value are left out.
    pub replicates: u32,
}

/// A value with its interval; what is missing is `None`, and `undefined` says why.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The value over all images.
    pub value: Option<f64>,
    /// Percentile bootstrap interval.
    pub interval: Option<Interval>,
    /// Why there is no value, or no interval.
    pub undefined: Option<Undefined>,
}

impl Estimate {
    /// No value, and why.
    #[must_use]
    pub fn missing(why: Undefined) -> Self {
        Self {
            value: None,
            interval: None,
            undefined: Some(why),
        }
    }
}

/// How often each image is in each resampled study.
#[derive(Debug, Clone)]
pub(crate) struct Resamples {
    images: usize,
    level: f64,
    /// `images` numbers per replicate.
    weights: Vec<u32>,
}

impl Resamples {
    /// Draws the studies: each has as many images as the original, drawn with replacement.
    pub(crate) fn new(images: usize, options: &BootstrapOptions) -> Self {
        let mut weights = vec![0; images * options.replicates as usize];
        let replicates = weights.par_chunks_mut(images.max(1));
        replicates
            .zip(0_u32..options.replicates)
            .for_each(|(study, replicate)| {
                for draw in 0..images as u32 {
                    let image = below(images as u32, options.seed, replicate, draw);
                    if let Some(weight) = study.get_mut(image as usize) {
                        *weight += 1;
                    }
                }
            });
        Self {
            images,
            level: options.level,
            weights,
        }
    }

    /// The statistic over all images and its interval.
    ///
    /// `statistic` gets how often each image counts, and gives `None` where it is undefined; `informative` is the number of images
    /// that say anything about it, and `why` the reason when the value over all images is undefined.
    pub(crate) fn estimate(
        &self,
        informative: usize,
        why: Undefined,
        statistic: impl Fn(&[u32]) -> Option<f64> + Sync,
    ) -> Estimate {
        if informative == 0 {
            return Estimate::missing(Undefined::NoData);
        }
        let Some(value) = statistic(&vec![1; self.images]) else {
            return Estimate::missing(why);
        };
        let interval = match informative {
            1 => Err(Undefined::OneImage),
            _ => self.interval(statistic),
        };
        Estimate {
            value: Some(value),
            interval: interval.ok(),
            undefined: interval.err(),
        }
    }

    fn interval(
        &self,
        statistic: impl Fn(&[u32]) -> Option<f64> + Sync,
    ) -> Result<Interval, Undefined> {
        let replicates = self.weights.par_chunks(self.images.max(1));
        let all = replicates.len();
        let mut values: Vec<f64> = replicates.filter_map(&statistic).collect();
        if (values.len() as f64) < MIN_USABLE * all as f64 {
            return Err(Undefined::TooFewReplicates);
        }
        let tail = 50.0 * (1.0 - self.level);
        let low = percentile(&mut values, tail);
        let high = percentile(&mut values, 100.0 - tail);
        match (low, high) {
            (Some(low), Some(high)) => Ok(Interval {
                low,
                high,
                replicates: values.len() as u32,
            }),
            _ => Err(Undefined::TooFewReplicates),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resamples(images: usize, replicates: u32, seed: u64) -> Resamples {
        let options = BootstrapOptions {
            replicates,
            seed,
            ..Default::default()
        };
        Resamples::new(images, &options)
    }

    fn mean_of(values: &[f64]) -> impl Fn(&[u32]) -> Option<f64> + Sync + '_ {
        |weights| {
            let number: u32 = weights.iter().sum();
            let sum: f64 = values
                .iter()
                .zip(weights)
                .map(|(v, &w)| v * f64::from(w))
                .sum();
            (number > 0).then(|| sum / f64::from(number))
        }
    }

    #[test]
    fn every_study_has_as_many_images_and_each_is_as_likely() {
        let drawn = resamples(10, 2000, 3);
        assert!(drawn
            .weights
            .chunks(10)
            .all(|w| w.iter().sum::<u32>() == 10));
        for image in 0..10 {
            let total: u32 = drawn.weights.iter().skip(image).step_by(10).sum();
            // Expected 2000, standard deviation sqrt(20000 * 0.1 * 0.9) = 42.
            assert!(total.abs_diff(2000) < 5 * 42, "{image}: {total}");
        }
    }

    #[test]
    fn the_interval_of_two_images_by_hand() {
        // Means of two draws from 0 and 1: 0 (a quarter), 0.5 (a half), 1 (a quarter): the 2.5 % ends are 0 and 1.
        let found = resamples(2, 1000, 1).estimate(2, Undefined::NoData, mean_of(&[0.0, 1.0]));
        let interval = found.interval.unwrap();
        assert_eq!(
            (found.value, interval.low, interval.high),
            (Some(0.5), 0.0, 1.0)
        );
        assert_eq!((interval.replicates, found.undefined), (1000, None));
    }

    #[test]
    fn the_interval_of_a_mean_is_that_of_the_normal_distribution() {
        // 400 values 0 to 399: standard error of the mean = sqrt((400^2 - 1) / 12 / 400) = 5.77.
        let values: Vec<_> = (0..400).map(f64::from).collect();
        let found = resamples(400, 4000, 9).estimate(400, Undefined::NoData, mean_of(&values));
        let interval = found.interval.unwrap();
        let error = f64::sqrt((400.0 * 400.0 - 1.0) / 12.0 / 400.0);
        // The ends of 4000 replicates scatter by about 0.04 standard errors.
        for (end, sign) in [(interval.low, -1.0), (interval.high, 1.0)] {
            let expected = 199.5 + sign * 1.96 * error;
            assert!((end - expected).abs() < 0.15 * error, "{end} {expected}");
        }
    }

    #[test]
    fn equal_seeds_give_equal_intervals_and_other_seeds_others() {
        let values: Vec<_> = (0..30).map(|n| f64::from(n).sin()).collect();
        let of = |seed| {
            let estimate =
                resamples(30, 200, seed).estimate(30, Undefined::NoData, mean_of(&values));
            estimate.interval.unwrap()
        };
        assert_eq!(of(5), of(5));
        assert_ne!(of(5), of(6));
    }

    #[test]
    fn what_is_undefined_says_why() {
        let drawn = resamples(1, 100, 0);
        let one = drawn.estimate(1, Undefined::NoData, mean_of(&[0.25]));
        assert_eq!((one.value, one.interval), (Some(0.25), None));
        assert_eq!(one.undefined, Some(Undefined::OneImage));
        let none = drawn.estimate(0, Undefined::NoData, mean_of(&[0.0]));
        assert_eq!(none, Estimate::missing(Undefined::NoData));
        let constant = drawn.estimate(1, Undefined::NoVariation, |_| None);
        assert_eq!(constant, Estimate::missing(Undefined::NoVariation));
        // Defined only when both images are drawn once each: half of the studies at most, here too few.
        let both = |w: &[u32]| (w.iter().all(|&w| w == 1) && w.len() == 3).then_some(1.0);
        let rare = resamples(3, 1000, 0).estimate(3, Undefined::NoData, both);
        assert_eq!(rare.undefined, Some(Undefined::TooFewReplicates));
        assert_eq!(rare.value, Some(1.0));
    }
}
