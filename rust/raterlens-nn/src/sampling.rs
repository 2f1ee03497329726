//! Test-time dropout: many passes over a batch, of which only what is random is computed many times.

use std::cell::RefCell;

use ndarray::{ArrayView3, ArrayView4, Axis};

use crate::error::NnError;
use crate::network::{CounterMasks, Mode};
use crate::predict::{interpret, probabilities, Predictor, SlicePrediction};

/// Samples computed side by side on the CPU: more need more memory and are slower, for caches hold less of them.
const CPU_SAMPLES: u32 = 1;
/// On a GPU.
const GPU_SAMPLES: u32 = 16;

/// Which passes of test-time dropout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DropoutSamples {
    /// Seed of the masks.
    pub seed: u64,
    /// Number of passes.
    pub samples: u32,
    /// Number of the batch's first slice in its image: masks are a function of seed, slice, sample, site and element, whatever
    /// the batch.
    pub first_slice: u32,
}

/// One pass over one slice.
#[derive(Debug)]
pub struct DropoutSample<'a> {
    /// Place of the slice in the batch.
    pub slice: usize,
    /// Number of the pass.
    pub sample: u32,
    /// `[structures + 1, H, W]`, as in [`SlicePrediction`].
    pub probabilities: ArrayView3<'a, f32>,
}

impl Predictor {
    /// Whether the model has dropout where test-time dropout acts, in its decoder.
    #[must_use]
    pub fn has_dropout(&self) -> bool {
        let architecture = self.manifest().architecture.as_ref();
        architecture.is_some_and(|a| a.decoder.dropout > 0.0)
    }

    /// As [`predict`](Self::predict), and hands each pass with test-time dropout to `sink`, slice by slice.
    ///
    /// Encoder, transformers, and the decoder before its first dropout are computed once, and so is the variance (without
    /// dropout); skips contribute to convolutions once. The samples are those of whole passes with the same masks, to float rounding.
    ///
    /// # Errors
    /// As [`predict`](Self::predict); a model without dropout; whatever `sink` returns, which ends the sampling.
    pub fn sample_dropout<E: From<NnError>>(
        &self,
        batch: ArrayView4<f32>,
        how: &DropoutSamples,
        mut sink: impl FnMut(DropoutSample<'_>) -> Result<(), E>,
    ) -> Result<SlicePrediction, E> {
        let network = match self.native() {
            Some(network) if self.has_dropout() => network.network(),
            _ => return Err(NnError::NoDropout.into()),
        };
        self.check(batch)?;
        let device = self.device().tch();
        let at_once = if device == tch::Device::Cpu {
            CPU_SAMPLES
        } else {
            GPU_SAMPLES
        };
        let m = self.manifest();
        // The guard is dropped when this returns.
        let _no_grad = tch::no_grad_guard();
        let x = self.to_tensor(batch)?;
        let entered = network.enter(&x, Mode::Evaluation)?;
        let prediction = interpret(&network.leave(&entered, Mode::Evaluation)?, m)?;
        let buffer = RefCell::new(Vec::new());
        for slice in 0..batch.len_of(Axis(0)) {
            let one = entered.slice(slice)?;
            let shared = network.share(&one)?;
            let mut first = 0;
            while first < how.samples {
                let last = how.samples.min(first + at_once);
                let masks = CounterMasks {
                    seed: how.seed,
                    slice: how.first_slice.wrapping_add(slice as u32),
                    samples: first..last,
                    buffer: &buffer,
                };
                let found = probabilities(&network.sample(&one, &shared, &masks)?, m)?;
                for (probabilities, sample) in found.axis_iter(Axis(0)).zip(first..last) {
                    sink(DropoutSample {
                        slice,
                        sample,
                        probabilities,
                    })?;
                }
                first = last;
            }
        }
        Ok(prediction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::{Architecture, Size, Tasks};
    use crate::network::TaskOutputs;
    use crate::train::write_untrained;
    use crate::{open_device, DeviceRequest, Manifest, ModelPackage};
    use ndarray::{s, Array3, Array4};

    const SAMPLES: u32 = 3;

    fn predictor(a: Architecture) -> Predictor {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.rlmodel");
        write_untrained(&Manifest::lumbar("m", a, [32, 32]), 3, &path).unwrap();
        Predictor::load(
            &ModelPackage::open(&path).unwrap(),
            &open_device(DeviceRequest::Cpu),
        )
        .unwrap()
    }

    fn batch() -> Array4<f32> {
        Array4::from_shape_fn((2, 1, 32, 32), |(n, _, y, x)| {
            ((x * 3 + y * 5 + n * 7) % 23) as f32 / 11.0 - 1.0
        })
    }

    type Samples = Vec<(usize, u32, Array3<f32>)>;

    fn sampled(
        p: &Predictor,
        batch: ArrayView4<f32>,
        first_slice: u32,
    ) -> (SlicePrediction, Samples) {
        let how = DropoutSamples {
            seed: 5,
            samples: SAMPLES,
            first_slice,
        };
        let mut all = Vec::new();
        let prediction = p.sample_dropout::<NnError>(batch, &how, |s| {
            all.push((s.slice, s.sample, s.probabilities.to_owned()));
            Ok(())
        });
        (prediction.unwrap(), all)
    }

    fn largest_difference(a: &Array3<f32>, b: &Array3<f32>) -> f32 {
        a.iter()
            .zip(b)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max)
    }

    fn some_networks() -> Vec<Architecture> {
        let multi = Tasks::Multi;
        vec![
            Architecture::transunet(Size::Tiny, multi),
            Architecture::unet(Size::Tiny, Tasks::Single),
            Architecture::unet(Size::Tiny, multi)
                .with_attention_gates()
                .with_evidential_head(),
            Architecture::from_name("transunet-r50", Size::Tiny, multi).unwrap(),
        ]
    }

    #[test]
    fn shared_passes_equal_whole_passes_with_the_same_masks() {
        for a in some_networks() {
            let p = predictor(a.with_decoder_dropout(0.3));
            let (prediction, samples) = sampled(&p, batch().view(), 0);
            assert_eq!(samples.len(), 2 * SAMPLES as usize);
            let whole = p.predict(batch().view()).unwrap();
            assert_eq!(prediction.variance, whole.variance);
            assert_eq!(prediction.probabilities, whole.probabilities);
            for (slice, sample, found) in &samples {
                let masks = CounterMasks {
                    seed: 5,
                    slice: *slice as u32,
                    samples: *sample..sample + 1,
                    buffer: &RefCell::default(),
                };
                let _no_grad = tch::no_grad_guard();
                let x = p
                    .to_tensor(batch().slice(s![*slice..slice + 1, .., .., ..]))
                    .unwrap();
                let network = p.native().unwrap().network();
                let outputs: TaskOutputs = network.forward(&x, Mode::Sampling(&masks)).unwrap();
                let expected = probabilities(&outputs.logits, p.manifest()).unwrap();
                let d = largest_difference(found, &expected.index_axis_move(Axis(0), 0));
                assert!(d < 1e-5, "{d}");
                let plain = whole.probabilities.index_axis(Axis(0), *slice).to_owned();
                assert!(
                    largest_difference(found, &plain) > 1e-3,
                    "nothing was dropped"
                );
            }
        }
    }

    #[test]
    fn a_slice_has_its_own_masks_whatever_the_batch() {
        let p = predictor(Architecture::unet(Size::Tiny, Tasks::Multi));
        let (_, together) = sampled(&p, batch().view(), 4);
        let (_, alone) = sampled(&p, batch().slice(s![1..2, .., .., ..]), 5);
        for ((_, t, a), (_, u, b)) in together[SAMPLES as usize..].iter().zip(&alone) {
            assert_eq!(t, u);
            assert!(largest_difference(a, b) < 1e-6);
        }
        // Other slices and other samples of the same image differ.
        let (_, other) = sampled(&p, batch().slice(s![1..2, .., .., ..]), 6);
        assert!(largest_difference(&alone[0].2, &other[0].2) > 1e-3);
        assert!(largest_difference(&alone[0].2, &alone[1].2) > 1e-3);
    }

    #[test]
    fn a_model_without_dropout_is_refused_and_the_sinks_error_ends_it() {
        let p = predictor(Architecture::unet(Size::Tiny, Tasks::Multi).with_decoder_dropout(0.0));
        let how = DropoutSamples {
            seed: 1,
            samples: 5,
            first_slice: 0,
        };
        let refused = p.sample_dropout::<NnError>(batch().view(), &how, |_| Ok(()));
        assert!(matches!(refused, Err(NnError::NoDropout)));
        let p = predictor(Architecture::unet(Size::Tiny, Tasks::Multi));
        let mut seen = 0;
        let stopped = p.sample_dropout::<NnError>(batch().view(), &how, |_| {
            seen += 1;
            if seen == 2 {
                Err(NnError::NotANumber)
            } else {
                Ok(())
            }
        });
        assert!(matches!(stopped, Err(NnError::NotANumber)) && seen == 2);
    }
}
