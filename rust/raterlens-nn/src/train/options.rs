//! Settings of a training run.

use serde::{Deserialize, Serialize};

use crate::error::NnError;

/// Settings of a training run. The optimiser is AdamW; the rate rises linearly for
/// `warmup_steps`, then falls as a cosine to nearly zero at `steps`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainOptions {
    /// Steps to make.
    pub steps: u64,
    /// Slices per step.
    pub batch_size: usize,
    /// Largest learning rate.
    pub learning_rate: f64,
    /// Steps of the linear rise.
    pub warmup_steps: u64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Seed of the weights, of dropout and of the data.
    pub seed: u64,
    /// A package is written every this many steps.
    pub checkpoint_every: u64,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            steps: 1500,
            batch_size: 8,
            learning_rate: 2e-3,
            warmup_steps: 50,
            weight_decay: 1e-2,
            seed: 1,
            checkpoint_every: 250,
        }
    }
}

impl TrainOptions {
    /// # Errors
    /// [`NnError::TrainingOptions`] names the setting.
    pub(crate) fn check(&self) -> Result<(), NnError> {
        let fail = |text: &str| Err(NnError::TrainingOptions(text.into()));
        if self.steps == 0 || self.batch_size == 0 || self.checkpoint_every == 0 {
            return fail("steps, batch size and checkpoint interval must be at least 1");
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return fail("the learning rate must be a positive number");
        }
        if !(self.weight_decay.is_finite() && self.weight_decay >= 0.0) {
            return fail("the weight decay must be zero or positive");
        }
        Ok(())
    }

    /// Learning rate of a step, counted from 0.
    #[must_use]
    pub fn learning_rate_at(&self, step: u64) -> f64 {
        let warmup = self.warmup_steps.min(self.steps / 2);
        if step < warmup {
            return self.learning_rate * (step + 1) as f64 / (warmup + 1) as f64;
        }
        let progress = (step - warmup) as f64 / (self.steps - warmup).max(1) as f64;
        self.learning_rate * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_then_falls_to_nearly_zero() {
        let o = TrainOptions {
            steps: 100,
            warmup_steps: 9,
            learning_rate: 1.0,
            ..Default::default()
        };
        assert_eq!(o.learning_rate_at(0), 0.1);
        assert_eq!(o.learning_rate_at(9), 1.0);
        assert!(o.learning_rate_at(50) < o.learning_rate_at(40));
        assert!(o.learning_rate_at(99) < 1e-3);
    }

    #[test]
    fn impossible_settings_are_refused() {
        let broken = |change: fn(&mut TrainOptions)| {
            let mut o = TrainOptions::default();
            change(&mut o);
            o.check().is_err()
        };
        assert!(broken(|o| o.steps = 0));
        assert!(broken(|o| o.learning_rate = f64::NAN));
        assert!(!broken(|_| ()));
    }
}
