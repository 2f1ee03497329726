//! Ways of predicting.

use std::fmt;

use raterlens_engine::UncertaintySource;
use serde::{Deserialize, Serialize};

/// How probabilities came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// One pass of the model, or the mean of an ensemble's members.
    Plain,
    /// The mean of passes with test-time dropout.
    Dropout,
    /// The mean of an ensemble's members, with what they disagree about.
    Ensemble,
    /// The mean of passes over changed images.
    Augmentation,
    /// One pass of a model with an evidential head: the uncertainty is the head's own.
    Evidential,
}

impl Way {
    /// Whether its uncertainty is called epistemic, aleatoric, evidential or prediction.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Plain => "prediction",
            Self::Dropout | Self::Ensemble => "epistemic",
            Self::Augmentation => "aleatoric",
            Self::Evidential => "evidential",
        }
    }
}

impl From<UncertaintySource> for Way {
    fn from(source: UncertaintySource) -> Self {
        match source {
            UncertaintySource::Dropout => Self::Dropout,
            UncertaintySource::Ensemble => Self::Ensemble,
            UncertaintySource::Augmentation => Self::Augmentation,
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Plain => "plain",
            Self::Dropout => "dropout",
            Self::Ensemble => "ensemble",
            Self::Augmentation => "augmentation",
            Self::Evidential => "evidential",
        })
    }
}
