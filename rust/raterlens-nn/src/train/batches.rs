//! Samples to batches, prepared one step ahead on a thread of their own.

use std::sync::mpsc::{sync_channel, Receiver, SyncSender};

use ndarray::{Array2, Array3};
use tch::Tensor;

use super::options::TrainOptions;
use crate::device::Device;
use crate::error::NnError;

/// Batches kept ready.
const AHEAD: usize = 3;

/// One slice at the network's input size.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingSample {
    /// The slice, resized and normalised, `[H, W]`.
    pub image: Array2<f32>,
    /// Probability of each class, background first, `[structures + 1, H, W]`.
    pub target: Array3<f32>,
    /// Reference variance map of each structure, `[structures, H, W]`, in [0, 0.25].
    pub variance: Array3<f32>,
}

/// An endless source of samples.
pub trait TrainingData: Sync {
    /// Sample number `index`; always the same for the same number.
    ///
    /// # Errors
    /// Why it cannot be made.
    fn sample(&self, index: u64) -> Result<TrainingSample, String>;
}

/// Tensors of one step.
#[derive(Debug)]
pub(crate) struct Batch {
    pub images: Tensor,
    pub targets: Tensor,
    pub variance: Tensor,
}

type Prepared = Result<Vec<TrainingSample>, NnError>;

/// Runs `consume` while a thread makes its batches; `consume` gets a function that returns the next.
pub(crate) fn with_prefetch<R>(
    data: &dyn TrainingData,
    options: &TrainOptions,
    device: &Device,
    consume: impl FnOnce(&mut dyn FnMut() -> Result<Batch, NnError>) -> Result<R, NnError>,
) -> Result<R, NnError> {
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(AHEAD);
        scope.spawn(move || produce(data, options, &sender));
        let result = consume(&mut || next_batch(&receiver, device));
        // Dropping the receiver ends the producer when the consumer stopped early.
        drop(receiver);
        result
    })
}

fn produce(data: &dyn TrainingData, options: &TrainOptions, sender: &SyncSender<Prepared>) {
    for step in 0..options.steps {
        let first = step * options.batch_size as u64;
        let batch = (first..first + options.batch_size as u64)
            .map(|index| {
                let fail = |reason| NnError::TrainingData { index, reason };
                data.sample(index).map_err(fail)
            })
            .collect();
        if sender.send(batch).is_err() {
            return;
        }
    }
}

fn next_batch(receiver: &Receiver<Prepared>, device: &Device) -> Result<Batch, NnError> {
    let ended = |_| NnError::TrainingOptions("the data source ended early".into());
    let samples = receiver.recv().map_err(ended)??;
    batch_of(&samples, device)
}

/// Puts samples of one shape into one tensor each.
pub(super) fn batch_of(samples: &[TrainingSample], device: &Device) -> Result<Batch, NnError> {
    let stack = |part: fn(&TrainingSample) -> (&[usize], Vec<f32>)| -> Result<Tensor, NnError> {
        let mut all = Vec::new();
        let mut shape = vec![samples.len() as i64];
        for (n, sample) in samples.iter().enumerate() {
            let (dims, values) = part(sample);
            if n == 0 {
                shape.extend(dims.iter().map(|d| *d as i64));
            }
            all.extend(values);
        }
        let flat = Tensor::f_from_slice(&all)?;
        Ok(flat.f_reshape(&shape)?.f_to_device(device.tch())?)
    };
    Ok(Batch {
        images: stack(|s| (s.image.shape(), s.image.iter().copied().collect()))?.f_unsqueeze(1)?,
        targets: stack(|s| (s.target.shape(), s.target.iter().copied().collect()))?,
        variance: stack(|s| (s.variance.shape(), s.variance.iter().copied().collect()))?,
    })
}
