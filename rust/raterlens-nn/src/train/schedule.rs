//! How the learning rate changes from step to step.

use serde::{Deserialize, Serialize};

use crate::error::NnError;

/// How the learning rate changes from step to step.
///
/// ```
/// use raterlens_nn::train::Schedule;
/// let falling = Schedule::Polynomial { power: 0.9 };
/// assert_eq!(falling.factor(0, 100), 1.0);
/// assert!(falling.factor(99, 100) < 0.02);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Schedule {
    /// Always the same.
    Constant,
    /// `(1 - k / K)^power` at step k of K.
    Polynomial {
        /// The power; 0.9 as published.
        power: f64,
    },
    /// A linear rise over `warmup_steps`, then half a cosine to nearly zero.
    Cosine {
        /// Steps of the rise; at most half of all.
        warmup_steps: u64,
    },
}

impl Schedule {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`NnError::TrainingOptions`] names the setting.
    pub fn check(&self) -> Result<(), NnError> {
        match self {
            Self::Polynomial { power } if !(0.0..=10.0).contains(power) => {
                let text = format!("schedule: power is {power}, use 0 to 10");
                Err(NnError::TrainingOptions(text))
            }
            _ => Ok(()),
        }
    }

    /// Share of the largest rate at `step`, counted from 0, of `steps`.
    #[must_use]
    pub fn factor(&self, step: u64, steps: u64) -> f64 {
        let share = |step: u64, steps: u64| step as f64 / steps.max(1) as f64;
        match *self {
            Self::Constant => 1.0,
            Self::Polynomial { power } => (1.0 - share(step, steps)).max(0.0).powf(power),
            Self::Cosine { warmup_steps } => {
                let warmup = warmup_steps.min(steps / 2);
                if step < warmup {
                    return (step + 1) as f64 / (warmup + 1) as f64;
                }
                let progress = share(step - warmup, steps - warmup);
                0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_by_hand() {
        let published = Schedule::Polynomial { power: 0.9 };
        assert_eq!(published.factor(50, 100), 0.5f64.powf(0.9));
        assert_eq!(published.factor(200, 100), 0.0);
        let cosine = Schedule::Cosine { warmup_steps: 9 };
        assert_eq!(cosine.factor(0, 109), 0.1);
        assert_eq!(cosine.factor(9, 109), 1.0);
        assert!((cosine.factor(59, 109) - 0.5).abs() < 1e-12);
        assert_eq!(Schedule::Constant.factor(7, 8), 1.0);
    }
}
