//! A value with its interval, in words and in a table.

use maud::{html, Markup};
use raterlens_core::agreement::{Estimate, Undefined};

use crate::number::{fixed, signed, DASH};

/// How a kind of number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) decimals: usize,
    /// With a plus sign on positive numbers.
    pub(crate) is_difference: bool,
}

impl Format {
    pub(crate) const fn plain(decimals: usize) -> Self {
        Self {
            decimals,
            is_difference: false,
        }
    }

    pub(crate) const fn difference(decimals: usize) -> Self {
        Self {
            decimals,
            is_difference: true,
        }
    }

    pub(crate) fn text(self, value: f64) -> String {
        match self.is_difference {
            true => signed(value, self.decimals),
            false => fixed(value, self.decimals),
        }
    }

    /// "0.84 to 0.90", or why there is none.
    pub(crate) fn interval(self, estimate: &Estimate) -> String {
        match estimate.interval {
            Some(i) => format!("{} to {}", self.text(i.low), self.text(i.high)),
            None => format!("no interval: {}", reason(estimate.undefined)),
        }
    }

    /// "0.87 (0.84 to 0.90)", or why there is no value.
    pub(crate) fn sentence(self, estimate: &Estimate) -> String {
        match finite(estimate) {
            Some(value) => format!("{} ({})", self.text(value), self.interval(estimate)),
            None => format!("undefined: {}", reason(estimate.undefined)),
        }
    }

    /// Value and interval for a table; what is missing is a dash that says why.
    pub(crate) fn cell(self, estimate: &Estimate) -> Markup {
        self.with_between(estimate, &html! {})
    }

    /// As [`Self::cell`], with a picture between value and interval.
    pub(crate) fn with_between(self, estimate: &Estimate, picture: &Markup) -> Markup {
        let Some(value) = finite(estimate) else {
            return dash(reason(estimate.undefined));
        };
        html! {
            b { (self.text(value)) }
            (picture)
            @match estimate.interval {
                Some(i) => small {
                    (self.text(i.low)) " to " (self.text(i.high))
                },
                None => small { (dash(reason(estimate.undefined))) },
            }
        }
    }

    /// A value without interval for a table.
    pub(crate) fn or_dash(self, value: Option<f64>, why: &str) -> Markup {
        match value.filter(|v| v.is_finite()) {
            Some(value) => html! { b { (self.text(value)) } },
            None => dash(why),
        }
    }
}

/// The value, if it can be drawn.
pub(crate) fn finite(estimate: &Estimate) -> Option<f64> {
    estimate.value.filter(|v| v.is_finite())
}

/// The dash of an undefined number with its reason.
pub(crate) fn dash(why: &str) -> Markup {
    html! { abbr.undefined title=(why) { (DASH) } }
}

/// Why a number does not exist.
pub(crate) fn reason(why: Option<Undefined>) -> &'static str {
    match why {
        Some(Undefined::NoData) => "no image has what it is made of",
        Some(Undefined::OneImage) => "a single image says nothing about how images differ",
        Some(Undefined::NoVariation) => "all values are equal",
        Some(Undefined::NoCompleteImages) => "no image was drawn by all raters",
        Some(Undefined::TooFewReplicates) => "too many resampled studies gave no value",
        None => "it was not computed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use raterlens_core::agreement::Interval;

    #[test]
    fn a_value_comes_with_its_interval_or_the_reason() {
        let interval = Interval {
            low: -0.5,
            high: 1.25,
            replicates: 100,
        };
        let mut estimate = Estimate {
            value: Some(0.5),
            interval: Some(interval),
            undefined: None,
        };
        let format = Format::difference(2);
        assert_eq!(format.sentence(&estimate), "+0.50 (−0.50 to +1.25)");
        estimate.interval = None;
        estimate.undefined = Some(Undefined::OneImage);
        let cell = format.cell(&estimate).into_string();
        assert!(cell.contains("+0.50") && cell.contains("a single image"));
        estimate.value = Some(f64::NAN);
        let cell = format.cell(&estimate).into_string();
        assert!(cell.contains(DASH) && !cell.contains("NaN"));
    }
}
