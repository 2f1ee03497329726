//! Spinal levels and positions along the spine.

use serde::{Deserialize, Serialize};

/// A spinal level, named as radiologists do: `L4-L5` is the disc between the two vertebrae.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// First sacral segment (position 0).
    #[serde(rename = "S1")]
    S1,
    /// Disc between the fifth lumbar vertebra and the sacrum (position 1).
    #[serde(rename = "L5-S1")]
    L5S1,
    /// Disc between the fourth and the fifth lumbar vertebra (position 2).
    #[serde(rename = "L4-L5")]
    L4L5,
    /// Disc between the third and the fourth lumbar vertebra (position 3).
    #[serde(rename = "L3-L4")]
    L3L4,
}

impl Level {
    /// All levels, from caudal to cranial.
    pub const ALL: [Self; 4] = [Self::S1, Self::L5S1, Self::L4L5, Self::L3L4];

    /// The name, for example `L4-L5`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::S1 => "S1",
            Self::L5S1 => "L5-S1",
            Self::L4L5 => "L4-L5",
            Self::L3L4 => "L3-L4",
        }
    }

    /// Position along the spine in levels: S1 is 0, L3-L4 is 3.
    #[must_use]
    pub fn position(self) -> f64 {
        f64::from(self as u8)
    }

    /// The level nearest to a position; positions outside 0 to 3 belong to the end levels.
    ///
    /// ```
    /// use raterlens_synth::Level;
    /// assert_eq!(Level::nearest(1.9), Level::L4L5);
    /// assert_eq!(Level::nearest(-0.2), Level::S1);
    /// ```
    #[must_use]
    pub fn nearest(position: f64) -> Self {
        match position {
            p if p < 0.5 => Self::S1,
            p if p < 1.5 => Self::L5S1,
            p if p < 2.5 => Self::L4L5,
            _ => Self::L3L4,
        }
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
