//! Limits of agreement of two raters (Bland and Altman 1986, doi:10.1016/S0140-6736(86)90837-8).

use serde::{Deserialize, Serialize};

use super::bootstrap::{Estimate, Resamples, Undefined};

/// Standard deviations from the bias to the limits of agreement.
const LIMIT: f64 = 1.96;

/// How the values of two raters differ: `a` minus `b`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlandAltman {
    /// First rater.
    pub a: String,
    /// Second rater.
    pub b: String,
    /// Number of differences.
    pub differences: usize,
    /// Mean difference.
    pub bias: Estimate,
    /// Standard deviation of the differences (of a sample); `None` for fewer than two.
    pub sd: Option<f64>,
    /// Bias minus 1.96 standard deviations.
    pub lower_limit: Estimate,
    /// Bias plus 1.96 standard deviations.
    pub upper_limit: Estimate,
    /// ICC(2,1) of these two raters alone.
    pub icc: Estimate,
}

/// Bias and standard deviation of differences, and the two limits of agreement; `None` for fewer than two.
///
/// ```
/// use raterlens_core::agreement::bland_altman;
/// let [bias, sd, lower, upper] = bland_altman(&[1.0, 3.0]).unwrap();
/// assert_eq!((bias, sd), (2.0, 2.0_f64.sqrt())); // (1^2 + 1^2) / (2 - 1)
/// assert_eq!((lower, upper), (2.0 - 1.96 * sd, 2.0 + 1.96 * sd));
/// ```
#[must_use]
pub fn bland_altman(differences: &[f64]) -> Option<[f64; 4]> {
    let mut sums = DifferenceSums::default();
    let origin = *differences.first()?;
    differences.iter().for_each(|d| sums.add_one(d - origin));
    let (bias, sd) = (sums.mean()? + origin, sums.sd()?);
    Some([bias, sd, bias - LIMIT * sd, bias + LIMIT * sd])
}

/// Sums of differences; those of images add up.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct DifferenceSums {
    count: f64,
    sum: f64,
    squares: f64,
}

impl DifferenceSums {
    fn add_one(&mut self, difference: f64) {
        self.count += 1.0;
        self.sum += difference;
        self.squares += difference * difference;
    }

    fn add(&mut self, other: &Self, weight: u32) {
        let weight = f64::from(weight);
        self.count += weight * other.count;
        self.sum += weight * other.sum;
        self.squares += weight * other.squares;
    }

    fn mean(&self) -> Option<f64> {
        (self.count > 0.0).then(|| self.sum / self.count)
    }

    fn sd(&self) -> Option<f64> {
        let squares = self.squares - self.sum * self.sum / self.count;
        (self.count > 1.0).then(|| (squares.max(0.0) / (self.count - 1.0)).sqrt())
    }

    /// Bias plus `sds` standard deviations.
    fn limit(&self, sds: f64) -> Option<f64> {
        Some(self.mean()? + sds * self.sd()?)
    }
}

/// Differences with the image they belong to, in the order of images.
pub(super) struct Differences {
    origin: f64,
    by_image: Vec<(usize, DifferenceSums)>,
    all: DifferenceSums,
}

impl Differences {
    pub(super) fn new(differences: impl Iterator<Item = (usize, f64)>) -> Self {
        let mut found = Self {
            origin: 0.0,
            by_image: Vec::new(),
            all: DifferenceSums::default(),
        };
        for (image, difference) in differences {
            if found.by_image.is_empty() {
                found.origin = difference;
            }
            let difference = difference - found.origin;
            found.all.add_one(difference);
            match found.by_image.last_mut() {
                Some((last, sums)) if *last == image => sums.add_one(difference),
                _ => {
                    let mut sums = DifferenceSums::default();
                    sums.add_one(difference);
                    found.by_image.push((image, sums));
                }
            }
        }
        found
    }

    pub(super) fn count(&self) -> usize {
        self.all.count as usize
    }

    pub(super) fn sd(&self) -> Option<f64> {
        self.all.sd()
    }

    pub(super) fn bias(&self, resamples: &Resamples) -> Estimate {
        self.estimate(resamples, DifferenceSums::mean)
    }

    /// The limits of agreement.
    pub(super) fn limits(&self, resamples: &Resamples) -> [Estimate; 2] {
        [-LIMIT, LIMIT].map(|sds| self.estimate(resamples, |sums| sums.limit(sds)))
    }

    fn estimate(
        &self,
        resamples: &Resamples,
        statistic: impl Fn(&DifferenceSums) -> Option<f64> + Sync,
    ) -> Estimate {
        resamples.estimate(self.by_image.len(), Undefined::OneImage, |weights| {
            let mut sums = DifferenceSums::default();
            for (image, of_image) in &self.by_image {
                sums.add(of_image, weights.get(*image).copied().unwrap_or(0));
            }
            statistic(&sums).map(|value| value + self.origin)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::BootstrapOptions;

    #[test]
    fn limits_by_hand() {
        let [bias, sd, lower, upper] = bland_altman(&[-2.0, 0.0, 5.0]).unwrap();
        // Deviations from the bias 1: -3, -1, 4.
        assert_eq!((bias, sd), (1.0, f64::sqrt((9.0 + 1.0 + 16.0) / 2.0)));
        assert_eq!((lower, upper), (1.0 - 1.96 * sd, 1.0 + 1.96 * sd));
        assert_eq!(bland_altman(&[1.0]), None);
        assert_eq!(bland_altman(&[]), None);
    }

    #[test]
    fn differences_of_one_image_stay_together() {
        // Two images: both slices of the first differ by 1, both of the second by 3.
        let of_slices = [(0, 1.0), (0, 1.0), (4, 3.0), (4, 3.0)];
        let differences = Differences::new(of_slices.into_iter());
        let resamples = Resamples::new(5, &BootstrapOptions::default());
        let bias = differences.bias(&resamples);
        assert_eq!((differences.count(), bias.value), (4, Some(2.0)));
        // Studies hold only the one, only the other, or both; drawn slice by slice the ends would be nearer.
        let interval = bias.interval.unwrap();
        assert_eq!((interval.low, interval.high), (1.0, 3.0));
        let [lower, upper] = differences.limits(&resamples);
        let sd = f64::sqrt(4.0 / 3.0);
        assert_eq!(lower.value, Some(2.0 - 1.96 * sd));
        assert_eq!(upper.value, Some(2.0 + 1.96 * sd));
    }
}
