//! What happened epoch by epoch.

use raterlens_nn::train::LossParts;
use serde::{Deserialize, Serialize};

use crate::figures::Figures;

/// A loss and its parts, as means over slices.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Losses {
    /// The weighted sum that is minimised.
    pub total: f64,
    /// Dice.
    pub dice: f64,
    /// Cross-entropy.
    pub cross_entropy: f64,
    /// Error of the scaled variance maps.
    pub variance: f64,
}

/// Adds up losses of batches.
#[derive(Debug, Default)]
pub(super) struct LossSum {
    slices: f64,
    sum: Losses,
}

impl LossSum {
    pub(super) fn add(&mut self, parts: &LossParts, slices: usize) {
        let weight = slices as f64;
        self.slices += weight;
        self.sum.total += weight * parts.total;
        self.sum.dice += weight * parts.dice;
        self.sum.cross_entropy += weight * parts.cross_entropy;
        self.sum.variance += weight * parts.variance_mse;
    }

    pub(super) fn mean(&self) -> Losses {
        let n = self.slices.max(1.0);
        Losses {
            total: self.sum.total / n,
            dice: self.sum.dice / n,
            cross_entropy: self.sum.cross_entropy / n,
            variance: self.sum.variance / n,
        }
    }
}

/// One epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Epochs made, from 1.
    pub epoch: u64,
    /// Steps made so far.
    pub step: u64,
    /// Learning rate of the last step.
    pub learning_rate: f64,
    /// Losses in training, with augmentation and dropout.
    pub training: Losses,
    /// Losses on the validation part.
    pub validation: Losses,
    /// Figures on the validation part, at the network's input size.
    pub figures: Figures,
    /// Seconds of the epoch.
    pub seconds: f64,
}

/// All epochs so far; kept in every checkpoint.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct History {
    /// One record per epoch.
    pub epochs: Vec<EpochRecord>,
}

impl History {
    /// The epoch with the smallest validation loss, the first of equal ones.
    #[must_use]
    pub fn best(&self) -> Option<&EpochRecord> {
        let mut best: Option<&EpochRecord> = None;
        for record in &self.epochs {
            if best.is_none_or(|b| record.validation.total < b.validation.total) {
                best = Some(record);
            }
        }
        best
    }

    /// Epochs since the best one.
    #[must_use]
    pub fn since_best(&self) -> u64 {
        let best = self.best().map_or(0, |b| b.epoch);
        self.epochs.last().map_or(0, |last| last.epoch - best)
    }
}
