//! What a run says of the model's own uncertainty.

use std::fmt;
use std::str::FromStr;

use raterlens_core::uncertainty::UncertaintySummary;
use raterlens_core::Volume;
use serde::{Deserialize, Serialize};

use crate::error::EngineError;

/// Fewest samples that can differ, and most that are of any use.
const SAMPLES: std::ops::RangeInclusive<u32> = 2..=1000;

/// How epistemic uncertainty is estimated: what the model does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Epistemic {
    /// Not at all.
    #[default]
    None,
    /// Many passes with test-time dropout in the decoder.
    Dropout,
    /// The members of an ensemble ([`Segmenter::load_ensemble`](crate::Segmenter::load_ensemble)), a sample each.
    Ensemble,
}

/// How aleatoric uncertainty is estimated: what the image leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aleatoric {
    /// Not at all.
    #[default]
    None,
    /// Passes over changed images: test-time augmentation by the changes that the model was trained with.
    Augment,
}

/// Which uncertainties are wanted.
///
/// ```
/// use raterlens_engine::{Epistemic, UncertaintyRequest};
/// let wanted = UncertaintyRequest { epistemic: Epistemic::Dropout, ..Default::default() };
/// assert_eq!(wanted.samples, 10);
/// assert!(!wanted.is_nothing());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UncertaintyRequest {
    /// Epistemic uncertainty.
    pub epistemic: Epistemic,
    /// Aleatoric uncertainty.
    pub aleatoric: Aleatoric,
    /// Samples of test-time dropout and of test-time augmentation, 2 to 1000.
    pub samples: u32,
    /// Also keep the samples' mean probabilities.
    pub keep_mean: bool,
}

impl Default for UncertaintyRequest {
    fn default() -> Self {
        Self {
            epistemic: Epistemic::None,
            aleatoric: Aleatoric::None,
            samples: 10,
            keep_mean: false,
        }
    }
}

impl UncertaintyRequest {
    /// Whether no uncertainty is asked for.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.epistemic == Epistemic::None && self.aleatoric == Aleatoric::None
    }

    /// The same request without settings that have no effect, so that equal requests are equal.
    #[must_use]
    pub fn simplified(self) -> Self {
        match (self.is_nothing(), self.epistemic, self.aleatoric) {
            (true, ..) => Self::default(),
            // An ensemble has as many samples as members.
            (_, Epistemic::Ensemble, Aleatoric::None) => Self {
                samples: Self::default().samples,
                ..self
            },
            _ => self,
        }
    }

    /// What will be estimated, in the order of the result.
    #[must_use]
    pub fn sources(&self) -> Vec<UncertaintySource> {
        let epistemic = match self.epistemic {
            Epistemic::None => None,
            Epistemic::Dropout => Some(UncertaintySource::Dropout),
            Epistemic::Ensemble => Some(UncertaintySource::Ensemble),
        };
        let aleatoric = match self.aleatoric {
            Aleatoric::None => None,
            Aleatoric::Augment => Some(UncertaintySource::Augmentation),
        };
        epistemic.into_iter().chain(aleatoric).collect()
    }

    /// Whether a model of so many members can do this.
    pub(crate) fn check(&self, members: usize) -> Result<(), EngineError> {
        let refuse = |text: &str| Err(EngineError::Request(text.to_owned()));
        if !self.is_nothing() && !SAMPLES.contains(&self.samples) {
            return refuse("use 2 to 1000 samples");
        }
        match self.epistemic {
            Epistemic::Ensemble if members < 2 => refuse("an ensemble needs two models or more"),
            Epistemic::Dropout if members > 1 => refuse(
                "test-time dropout is for one model: with several, their ensemble gives the epistemic uncertainty",
            ),
            _ => Ok(()),
        }
    }
}

/// What the samples of an uncertainty were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UncertaintySource {
    /// Passes with test-time dropout.
    Dropout,
    /// Members of an ensemble.
    Ensemble,
    /// Passes over changed images.
    Augmentation,
}

impl UncertaintySource {
    /// `epistemic` or `aleatoric`: how its files and layers are called.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Dropout | Self::Ensemble => "epistemic",
            Self::Augmentation => "aleatoric",
        }
    }
}

impl fmt::Display for UncertaintySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dropout => "test-time dropout",
            Self::Ensemble => "deep ensemble",
            Self::Augmentation => "test-time augmentation",
        })
    }
}

/// The maps of one uncertainty on the input's grid (definitions: [`raterlens_core::uncertainty`]), and their means.
///
/// They are those of the samples' probabilities after these were brought to the input's grid.
#[derive(Debug, Clone)]
pub struct UncertaintyLayers {
    /// What was sampled.
    pub source: UncertaintySource,
    /// How many samples.
    pub samples: usize,
    /// Entropy of the mean probabilities, nats: the uncertainty itself.
    pub predictive_entropy: Volume<f32>,
    /// Mean entropy of the samples, nats.
    pub expected_entropy: Volume<f32>,
    /// Predictive minus expected entropy, nats: what the samples disagree about.
    pub mutual_information: Volume<f32>,
    /// Variance over the samples, summed over the classes.
    pub variance: Volume<f32>,
    /// Mean probabilities, background first, then the structures; empty unless asked for.
    pub mean: Vec<Volume<f32>>,
    /// Means over the image, its slices (by index along the input's slice axis) and the structures as labelled.
    pub summary: UncertaintySummary,
}

macro_rules! words {
    ($type:ident: $($word:literal => $variant:ident),+) => {
        impl FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!("'{text}' is not one of {}", [$($word),+].join(", "))),
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $word,)+
                })
            }
        }
    };
}

words!(Epistemic: "none" => None, "dropout" => Dropout, "ensemble" => Ensemble);
words!(Aleatoric: "none" => None, "augment" => Augment);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_written() {
        for word in ["none", "dropout", "ensemble"] {
            assert_eq!(word.parse::<Epistemic>().unwrap().to_string(), word);
        }
        assert_eq!("augment".parse(), Ok(Aleatoric::Augment));
        let error = "tta".parse::<Aleatoric>().unwrap_err();
        assert!(error.contains("none, augment"), "{error}");
    }

    #[test]
    fn requests_that_cannot_be_met_are_refused() {
        let of = |epistemic, samples| UncertaintyRequest {
            epistemic,
            samples,
            ..UncertaintyRequest::default()
        };
        assert!(of(Epistemic::Dropout, 10).check(1).is_ok());
        assert!(of(Epistemic::Dropout, 1).check(1).is_err());
        assert!(of(Epistemic::None, 0).check(1).is_ok());
        assert_eq!(
            of(Epistemic::None, 0).simplified(),
            UncertaintyRequest::default()
        );
        assert_eq!(of(Epistemic::Dropout, 3).simplified().samples, 3);
        assert!(of(Epistemic::Ensemble, 10).check(1).is_err());
        assert!(of(Epistemic::Ensemble, 10).check(2).is_ok());
        assert!(of(Epistemic::Dropout, 10).check(2).is_err());
    }
}
