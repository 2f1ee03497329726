//! One pass over the training part, one over the validation part.

use std::sync::mpsc::sync_channel;

use half::f16;
use ndarray::Axis;
use raterlens_core::control::CancelFlag;
use raterlens_core::LabelScheme;
use raterlens_nn::train::{Trainer, TrainingSample};
use raterlens_nn::NnError;

use super::history::{LossSum, Losses};
use crate::data::{Dataset, EpochSource};
use crate::error::TrainError;
use crate::figures::{Figures, ImageTally, JudgedSlice};

/// Batches kept ready while the network works.
const AHEAD: usize = 3;
/// Epochs over which the evidential penalty grows to 1 (Sensoy 2018).
const PENALTY_EPOCHS: f64 = 10.0;

/// Trains on every slice once; returns mean losses and the last learning rate.
///
/// Batches are made on a thread of their own, which uses all cores the network leaves idle.
pub(super) fn train_epoch(
    trainer: &mut Trainer,
    source: &EpochSource<'_>,
    epoch: u64,
    cancel: &CancelFlag,
    step_done: &mut dyn FnMut(f64),
) -> Result<(Losses, f64), TrainError> {
    let penalty = (epoch as f64 / PENALTY_EPOCHS).min(1.0);
    let mut sum = LossSum::default();
    let mut learning_rate = 0.0;
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel::<Vec<TrainingSample>>(AHEAD);
        let batches = source.batches(epoch);
        scope.spawn(move || {
            for batch in batches {
                if sender.send(batch).is_err() {
                    return;
                }
            }
        });
        for batch in receiver {
            cancel.check()?;
            let done = trainer
                .train(&batch, penalty)
                .map_err(|error| match error {
                    NnError::NotANumber => TrainError::Diverged {
                        step: trainer.step() + 1,
                        learning_rate: trainer.next_learning_rate(),
                    },
                    other => other.into(),
                })?;
            learning_rate = done.learning_rate;
            sum.add(&done.loss, batch.len());
            step_done(done.loss.total);
        }
        Ok((sum.mean(), learning_rate))
    })
}

/// Judges every slice of the validation part, at the network's input size.
pub(super) fn validate(
    trainer: &Trainer,
    data: &Dataset,
    source: &EpochSource<'_>,
    scheme: &LabelScheme,
    batch_size: usize,
    cancel: &CancelFlag,
) -> Result<(Losses, Figures), TrainError> {
    let mut sum = LossSum::default();
    let mut images: Vec<(String, ImageTally)> = Vec::new();
    let all: Vec<usize> = (0..data.slices.len()).collect();
    let mut with_variance = false;
    for batch in all.chunks(batch_size.max(1)) {
        cancel.check()?;
        let samples: Vec<_> = batch.iter().filter_map(|n| source.plain(*n)).collect();
        let (parts, prediction) = trainer.judge(&samples)?;
        sum.add(&parts, samples.len());
        with_variance = prediction.variance.len_of(Axis(1)) > 0;
        for (at, (n, sample)) in batch.iter().zip(&samples).enumerate() {
            let Some(slice) = data.slices.get(*n) else {
                continue;
            };
            if images.last().is_none_or(|(case, _)| *case != slice.case) {
                images.push((slice.case.clone(), ImageTally::new(scheme.len())));
            }
            let mean = slice.mean.mapv(f16::to_f32);
            if let Some((_, tally)) = images.last_mut() {
                tally.add(&JudgedSlice {
                    probabilities: prediction.probabilities.index_axis(Axis(0), at),
                    variance: prediction.variance.index_axis(Axis(0), at),
                    majority: slice.majority.view(),
                    mean: mean.view(),
                    reference: sample.variance.view(),
                });
            }
        }
    }
    let tallies: Vec<_> = images.into_iter().map(|(_, tally)| tally).collect();
    Ok((sum.mean(), Figures::of(&tallies, scheme, with_variance)))
}
