//! How STAPLE is run.

use serde::{Deserialize, Serialize};

use crate::fusion::error::{FusionError, PriorFault};

/// How STAPLE is run. The default is that of ITK's binary filter: prior and start from the mean label, the whole image,
/// tolerance 1e-7.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StapleOptions {
    /// Probability of each class before any rater is heard.
    pub prior: Prior,
    /// Where the estimation starts.
    pub start: Start,
    /// Which voxels it is made from.
    pub region: Region,
    /// It has converged when no probability changes by more than this; default 1e-7.
    pub tolerance: f64,
    /// It stops after this many iterations even so; default 1000.
    pub max_iterations: usize,
}

impl Default for StapleOptions {
    fn default() -> Self {
        Self {
            prior: Prior::default(),
            start: Start::default(),
            region: Region::default(),
            tolerance: 1e-7,
            max_iterations: 1000,
        }
    }
}

/// The prior of STAPLE.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prior {
    /// Each label's share of all voxels of all raters in the region; fixed. The default.
    #[default]
    MeanLabel,
    /// Fixed probabilities: (label, probability) for every structure; background gets what they leave of 1.
    Fixed(Vec<(u16, f64)>),
    /// Starts at the mean label's and becomes the mean posterior after each iteration.
    Estimated,
}

/// Where the estimation starts.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// With the mean label as posterior; the M step comes first. The default, as in ITK.
    #[default]
    MeanLabel,
    /// With this probability of a right label for every rater and class, wrong labels equally likely; the E step comes
    /// first. Warfield 2004 uses 0.99999.
    Performance(f64),
}

/// Which voxels STAPLE is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Region {
    /// All.
    #[default]
    Whole,
    /// Only those at which the raters differ; the others get the label that all gave, with certainty. Otherwise a large
    /// background makes every rater's specificity nearly 1.
    Disagreement,
}

impl StapleOptions {
    /// Checks what does not depend on the images.
    pub(super) fn check(&self) -> Result<(), FusionError> {
        let tolerance = self.tolerance;
        if !(tolerance.is_finite() && tolerance > 0.0) {
            return Err(FusionError::BadTolerance { tolerance });
        }
        if self.max_iterations == 0 {
            return Err(FusionError::NoIterations);
        }
        match self.start {
            Start::Performance(value) if !(value > 0.0 && value < 1.0) => {
                Err(FusionError::BadStart { value })
            }
            _ => Ok(()),
        }
    }
}

/// A fixed prior in the order of `labels` (ascending, background first).
pub(super) fn fixed_prior(given: &[(u16, f64)], labels: &[u16]) -> Result<Vec<f64>, FusionError> {
    let bad = |fault| Err(FusionError::BadPrior(fault));
    let mut prior = vec![None; labels.len()];
    for &(label, value) in given {
        if !(0.0..=1.0).contains(&value) {
            return bad(PriorFault::OutOfRange { label, value });
        }
        let class = labels.binary_search(&label).ok().filter(|&c| c > 0);
        match class.and_then(|c| prior.get_mut(c)) {
            Some(slot) if slot.is_none() => *slot = Some(value),
            _ => return bad(PriorFault::Unexpected { label }),
        }
    }
    let sum: f64 = given.iter().map(|(_, value)| value).sum();
    if let (true, Some(&(label, value))) = (sum > 1.0, given.last()) {
        return bad(PriorFault::OutOfRange { label, value });
    }
    if let Some(background) = prior.first_mut() {
        *background = Some(1.0 - sum);
    }
    let named = prior.into_iter().zip(labels);
    named
        .map(|(value, &label)| value.ok_or(FusionError::BadPrior(PriorFault::Missing { label })))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn background_gets_what_the_structures_leave() {
        let prior = fixed_prior(&[(9, 0.25), (2, 0.5)], &[0, 2, 9]).unwrap();
        assert_eq!(prior, [1.0 - 0.75, 0.5, 0.25]);
    }

    #[test]
    fn priors_that_are_none_are_refused() {
        let fault = |given: &[(u16, f64)]| match fixed_prior(given, &[0, 2, 9]) {
            Err(FusionError::BadPrior(fault)) => fault,
            other => panic!("{other:?}"),
        };
        assert_eq!(fault(&[(2, 0.5)]), PriorFault::Missing { label: 9 });
        let unexpected = |label| PriorFault::Unexpected { label };
        assert_eq!(fault(&[(0, 0.5)]), unexpected(0));
        assert_eq!(fault(&[(3, 0.5)]), unexpected(3));
        assert_eq!(fault(&[(2, 0.1), (2, 0.1)]), unexpected(2));
        let range = |label, value| PriorFault::OutOfRange { label, value };
        assert_eq!(fault(&[(2, -0.1), (9, 0.1)]), range(2, -0.1));
        assert_eq!(fault(&[(2, 0.6), (9, 0.5)]), range(9, 0.5));
        assert!(matches!(
            fault(&[(2, f64::NAN), (9, 0.5)]),
            PriorFault::OutOfRange { label: 2, .. }
        ));
    }

    #[test]
    fn options_that_cannot_work_are_refused() {
        let check = |change: fn(&mut StapleOptions)| {
            let mut options = StapleOptions::default();
            change(&mut options);
            options.check()
        };
        assert_eq!(check(|_| ()), Ok(()));
        assert_eq!(
            check(|o| o.tolerance = 0.0),
            Err(FusionError::BadTolerance { tolerance: 0.0 })
        );
        assert!(check(|o| o.tolerance = f64::NAN).is_err());
        assert_eq!(
            check(|o| o.max_iterations = 0),
            Err(FusionError::NoIterations)
        );
        assert_eq!(
            check(|o| o.start = Start::Performance(1.0)),
            Err(FusionError::BadStart { value: 1.0 })
        );
    }

    #[test]
    fn options_are_read_from_partial_json() {
        let json = r#"{"prior": {"fixed": [[1, 0.25]]}, "region": "disagreement", "start": {"performance": 0.9}}"#;
        let options: StapleOptions = serde_json::from_str(json).unwrap();
        let expected = StapleOptions {
            prior: Prior::Fixed(vec![(1, 0.25)]),
            region: Region::Disagreement,
            start: Start::Performance(0.9),
            ..StapleOptions::default()
        };
        assert_eq!(options, expected);
    }
}
