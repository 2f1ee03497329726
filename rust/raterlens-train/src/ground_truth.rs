//! What the network is told to be right (SPEC section 6).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::TrainError;

/// What the network is told to be right where several raters drew one image.
///
/// ```
/// use raterlens_train::GroundTruth;
/// let one: GroundTruth = "rater:Ann".parse()?;
/// assert_eq!(one, GroundTruth::Rater("Ann".into()));
/// assert_eq!(GroundTruth::RandomSampling.to_string(), "random");
/// # Ok::<(), raterlens_train::TrainError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum GroundTruth {
    /// The label that most raters gave; ties are background.
    Majority,
    /// Multi-label STAPLE's consensus.
    Staple,
    /// The mean of the raters' masks.
    Soft,
    /// One rater drawn anew for each image and epoch.
    RandomSampling,
    /// One rater throughout; images without that rater are left out.
    Rater(String),
}

impl fmt::Display for GroundTruth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Majority => f.write_str("majority"),
            Self::Staple => f.write_str("staple"),
            Self::Soft => f.write_str("soft"),
            Self::RandomSampling => f.write_str("random"),
            Self::Rater(name) => write!(f, "rater:{name}"),
        }
    }
}

impl FromStr for GroundTruth {
    type Err = TrainError;

    fn from_str(text: &str) -> Result<Self, TrainError> {
        match text {
            "majority" => Ok(Self::Majority),
            "staple" => Ok(Self::Staple),
            "soft" => Ok(Self::Soft),
            "random" => Ok(Self::RandomSampling),
            other => match other.strip_prefix("rater:").map(str::trim) {
                Some(name) if !name.is_empty() => Ok(Self::Rater(name.to_owned())),
                _ => Err(TrainError::Recipe(format!(
                    "'{other}' is no ground truth: use majority, staple, soft, random or rater:NAME"
                ))),
            },
        }
    }
}

impl TryFrom<String> for GroundTruth {
    type Error = TrainError;

    fn try_from(text: String) -> Result<Self, TrainError> {
        text.parse()
    }
}

impl From<GroundTruth> for String {
    fn from(truth: GroundTruth) -> Self {
        truth.to_string()
    }
}
