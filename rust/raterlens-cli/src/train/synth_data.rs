//! Slices of the synthetic generator as training samples.

use ndarray::{Array2, Array3, ArrayView2, Axis};
use raterlens_core::fusion::majority_vote;
use raterlens_core::normalise::{normalise_slice, Normalisation};
use raterlens_core::resample::{ResizeRule, SliceFrame};
use raterlens_core::variability::{variance_map_2d, VarianceOptions};
use raterlens_core::{Geometry, LabelMap, LabelScheme, Volume};
use raterlens_nn::train::{TrainingData, TrainingSample};
use raterlens_nn::Manifest;
use raterlens_synth::{generate_training_slice, SynthOptions, SynthSlice};

/// Subjects with this bit in their seed are kept for testing; training never sets it.
const TEST_BIT: u64 = 1 << 63;

/// Seed of an unseen test subject.
pub fn test_subject_seed(number: u64) -> u64 {
    TEST_BIT | number
}

/// An endless source of synthetic slices, prepared as the model wants them.
#[derive(Debug)]
pub struct SyntheticSlices {
    synth: SynthOptions,
    scheme: LabelScheme,
    size: [usize; 2],
    resize: ResizeRule,
    normalisation: Normalisation,
    variance: VarianceOptions,
    seed: u64,
}

impl SyntheticSlices {
    /// A source for the model that `manifest` describes; `seed` chooses the subjects.
    pub fn new(manifest: &Manifest, synth: SynthOptions, seed: u64) -> Self {
        Self {
            synth,
            scheme: manifest.label_scheme.clone(),
            size: manifest.input.size,
            resize: manifest.input.resize,
            normalisation: manifest.input.normalisation,
            variance: VarianceOptions {
                tau: manifest.variance.tau,
                unit: manifest.variance.unit,
            },
            seed,
        }
    }

    fn prepare(&self, slice: &SynthSlice) -> anyhow::Result<TrainingSample> {
        let native: [usize; 2] = slice.image.dim().into();
        let frame = SliceFrame::new(self.resize, native, slice.pixel_mm, self.size)?;
        let mut image = frame.to_input(slice.image.view())?;
        normalise_slice(image.view_mut(), self.normalisation);
        Ok(TrainingSample {
            image,
            target: self.target(slice, &frame)?,
            variance: self.variance_maps(slice, &frame)?,
        })
    }

    /// The majority vote as class probabilities at the network's size, background first.
    fn target(&self, slice: &SynthSlice, frame: &SliceFrame) -> anyhow::Result<Array3<f32>> {
        let vote = vote(slice)?;
        let [h, w] = self.size;
        let mut target = Array3::zeros((self.scheme.len() + 1, h, w));
        let ids = std::iter::once(0).chain(self.scheme.structures.iter().map(|s| s.id));
        for (id, mut channel) in ids.zip(target.axis_iter_mut(Axis(0))) {
            let mask = vote.mapv(|v| f32::from(v == id));
            let outside = f32::from(id == 0);
            channel.assign(&frame.map_to_input(mask.view(), outside)?);
        }
        Ok(target)
    }

    fn variance_maps(&self, slice: &SynthSlice, frame: &SliceFrame) -> anyhow::Result<Array3<f32>> {
        let [h, w] = self.size;
        let mut maps = Array3::zeros((self.scheme.len(), h, w));
        for (s, mut channel) in self
            .scheme
            .structures
            .iter()
            .zip(maps.axis_iter_mut(Axis(0)))
        {
            let masks: Vec<Array2<bool>> =
                slice.raters.iter().map(|r| r.mapv(|v| v == s.id)).collect();
            let views: Vec<ArrayView2<bool>> = masks.iter().map(|m| m.view()).collect();
            let map = variance_map_2d(&views, &self.variance, slice.pixel_mm)?;
            channel.assign(&frame.map_to_input(map.view(), 0.0)?);
        }
        Ok(maps)
    }
}

/// The majority vote of a slice's raters.
fn vote(slice: &SynthSlice) -> anyhow::Result<Array2<u16>> {
    let (h, w) = slice.image.dim();
    let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let geometry = Geometry::new([w, h, 1], [1.0; 3], [0.0; 3], identity)?;
    let volume = |r: &Array2<u16>| Volume::new(r.clone().insert_axis(Axis(0)), geometry);
    let raters: Vec<LabelMap> = slice.raters.iter().map(volume).collect::<Result<_, _>>()?;
    Ok(majority_vote(&raters)?
        .into_parts()
        .0
        .index_axis_move(Axis(0), 0))
}

impl TrainingData for SyntheticSlices {
    fn sample(&self, index: u64) -> Result<TrainingSample, String> {
        let seed = (self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ index) & !TEST_BIT;
        let slice = generate_training_slice(seed, &self.synth).map_err(|e| e.to_string())?;
        self.prepare(&slice).map_err(|e| e.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use raterlens_nn::Architecture;

    #[test]
    fn a_sample_has_probabilities_variance_and_no_empty_structure() {
        let manifest = Manifest::lumbar("t", Architecture::tiny(), [128, 128]);
        let data = SyntheticSlices::new(&manifest, SynthOptions::default(), 1);
        let sample = data.sample(3).unwrap();
        assert_eq!(sample.image.dim(), (128, 128));
        let sums = sample.target.sum_axis(Axis(0));
        assert!(sums.iter().all(|v| (v - 1.0).abs() < 1e-5));
        for c in 0..4 {
            assert!(
                sample.target.index_axis(Axis(0), c + 1).sum() > 20.0,
                "structure {c}"
            );
            let map = sample.variance.index_axis(Axis(0), c);
            assert!(map.iter().all(|v| (0.0..=0.25).contains(v)));
            assert!(map.iter().any(|v| *v > 0.005), "structure {c}");
        }
        assert_eq!(sample, data.sample(3).unwrap());
    }

    #[test]
    fn right_is_right_in_the_target() {
        // Axial LPS: columns run to the patient's left, so the right muscles lie at lower columns.
        let manifest = Manifest::lumbar("t", Architecture::tiny(), [128, 128]);
        let data = SyntheticSlices::new(&manifest, SynthOptions::default(), 1);
        let sample = data.sample(4).unwrap();
        let centre = |c: usize| {
            let t = sample.target.index_axis(Axis(0), c);
            let weighted: f32 = t.indexed_iter().map(|((_, x), v)| x as f32 * v).sum();
            weighted / t.sum()
        };
        assert!(centre(1) < centre(2) && centre(3) < centre(4));
    }
}
