//! How much slices may be changed.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How much slices may be changed; the default changes nothing.
///
/// Each kind except mirroring is applied with probability [`chance`](Self::chance), its strength drawn evenly up to the value here.
/// Intensities are normalised ones: standard deviations after `zscore-otsu`, the range 0 to 1 after `minmax`.
///
/// ```
/// use raterlens_core::augment::AugmentOptions;
/// assert!(AugmentOptions::default().check().is_ok());
/// assert!(AugmentOptions { rotation_deg: 200.0, ..Default::default() }.check().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AugmentOptions {
    /// Probability of each kind of change, 0 to 1.
    pub chance: f64,
    /// Largest rotation either way, degrees.
    pub rotation_deg: f64,
    /// Largest translation either way along rows and columns, as a share of their number.
    pub translation: f64,
    /// Probability of exchanging left and right.
    pub mirror_chance: f64,
    /// Largest change of the intensities' gain: 0.2 multiplies by 0.8 to 1.2.
    pub gain: f64,
    /// Largest shift of intensities either way.
    pub shift: f64,
    /// Largest standard deviation of added Gaussian noise.
    pub noise: f64,
    /// Largest standard deviation of a Gaussian blur, pixels.
    pub blur_px: f64,
}

impl Default for AugmentOptions {
    fn default() -> Self {
        Self {
            chance: 0.5,
            rotation_deg: 0.0,
            translation: 0.0,
            mirror_chance: 0.0,
            gain: 0.0,
            shift: 0.0,
            noise: 0.0,
            blur_px: 0.0,
        }
    }
}

/// An option out of range.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("augmentation: {option} is {value}, use {low} to {high}")]
pub struct AugmentError {
    /// Name of the option.
    pub option: &'static str,
    /// Its value.
    pub value: f64,
    /// Smallest value allowed.
    pub low: f64,
    /// Largest value allowed.
    pub high: f64,
}

impl AugmentOptions {
    /// Checks every option.
    ///
    /// # Errors
    /// [`AugmentError`] names the first one out of range.
    pub fn check(&self) -> Result<(), AugmentError> {
        let options = [
            ("chance", self.chance, 1.0),
            ("rotation_deg", self.rotation_deg, 180.0),
            ("translation", self.translation, 0.5),
            ("mirror_chance", self.mirror_chance, 1.0),
            ("gain", self.gain, 0.9),
            ("shift", self.shift, 10.0),
            ("noise", self.noise, 10.0),
            ("blur_px", self.blur_px, 20.0),
        ];
        for (option, value, high) in options {
            if !(0.0..=high).contains(&value) {
                return Err(AugmentError {
                    option,
                    value,
                    low: 0.0,
                    high,
                });
            }
        }
        Ok(())
    }

    /// The usual changes of training slices, those of the default recipe.
    #[must_use]
    pub fn usual() -> Self {
        Self {
            chance: 0.5,
            rotation_deg: 15.0,
            translation: 0.05,
            mirror_chance: 0.5,
            gain: 0.2,
            shift: 0.2,
            noise: 0.1,
            blur_px: 1.0,
        }
    }

    /// Whether no slice is ever changed.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        let strengths = [
            self.rotation_deg,
            self.translation,
            self.gain,
            self.shift,
            self.noise,
            self.blur_px,
        ];
        let changes = self.chance > 0.0 && strengths.iter().any(|s| *s > 0.0);
        !changes && self.mirror_chance <= 0.0
    }
}
