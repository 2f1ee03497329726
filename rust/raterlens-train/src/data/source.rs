//! The order and the augmentation of slices from epoch to epoch.

use half::f16;
use ndarray::{Array3, Axis};
use raterlens_core::augment::Augmentation;
use raterlens_core::random::Stream;
use raterlens_core::LabelScheme;
use raterlens_nn::train::TrainingSample;
use rayon::prelude::*;

use super::dataset::Dataset;
use super::synth::ShapeSlice;
use crate::recipe::Recipe;

const ORDER: u32 = 0x4f52_4452;
const RATER: u32 = 0x5241_5445;

/// The batches of a training part. What a batch holds depends on the seed, the epoch and the step alone, so that a run can go on
/// anywhere.
#[derive(Debug, Clone, Copy)]
pub struct EpochSource<'a> {
    data: &'a Dataset,
    scheme: &'a LabelScheme,
    recipe: &'a Recipe,
    seed: u64,
}

impl<'a> EpochSource<'a> {
    /// Batches of `data` as `recipe` says.
    #[must_use]
    pub fn new(data: &'a Dataset, scheme: &'a LabelScheme, recipe: &'a Recipe, seed: u64) -> Self {
        Self {
            data,
            scheme,
            recipe,
            seed,
        }
    }

    /// Steps of an epoch; the last batch may be smaller.
    #[must_use]
    pub fn steps(&self) -> u64 {
        let shown = self.shown() as u64 * self.recipe.repeats;
        shown.div_ceil(self.recipe.batch_size.max(1) as u64)
    }

    /// Slices, or label maps from which they are made.
    fn shown(&self) -> usize {
        match self.data.shapes.is_empty() {
            true => self.data.slices.len(),
            false => self.data.shapes.len(),
        }
    }

    /// The order in which an epoch shows its slices: each entry is a slice and its repetition.
    fn order(&self, epoch: u64) -> Vec<(usize, u32)> {
        let slices = 0..self.shown();
        let repeats = 0..self.recipe.repeats as u32;
        let mut order: Vec<_> = repeats
            .flat_map(|r| slices.clone().map(move |s| (s, r)))
            .collect();
        Stream::new(self.seed, [epoch as u32, 0, ORDER]).shuffle(&mut order);
        order
    }

    /// The rater whose drawing is the target of a slice, as an index into its targets.
    #[must_use]
    pub fn rater_of(&self, epoch: u64, slice: usize, repeat: u32) -> usize {
        let count = self.data.slices.get(slice).map_or(1, |s| s.targets.len());
        let place = [self.turn(epoch, repeat), slice as u32, RATER];
        Stream::new(self.seed, place).below(count)
    }

    fn turn(&self, epoch: u64, repeat: u32) -> u32 {
        (epoch as u32)
            .wrapping_mul(self.recipe.repeats as u32)
            .wrapping_add(repeat)
    }

    /// The batches of an epoch, one after the other.
    pub fn batches(&self, epoch: u64) -> impl Iterator<Item = Vec<TrainingSample>> + use<'a> {
        let order = self.order(epoch);
        let size = self.recipe.batch_size.max(1);
        let source = *self;
        (0..order.len().div_ceil(size)).map(move |step| {
            let batch = order.iter().skip(step * size).take(size).copied();
            let batch: Vec<_> = batch.collect();
            let samples = batch.into_par_iter();
            samples
                .filter_map(|(slice, repeat)| source.sample(epoch, slice, repeat))
                .collect()
        })
    }

    fn sample(&self, epoch: u64, slice: usize, repeat: u32) -> Option<TrainingSample> {
        if let Some(shape) = self.data.shapes.get(slice) {
            return self.made(shape, epoch, slice, repeat);
        }
        let prepared = self.data.slices.get(slice)?;
        let target = prepared.targets.get(self.rater_of(epoch, slice, repeat))?;
        let size = prepared.image.dim().into();
        let place = [self.turn(epoch, repeat), slice as u32];
        let change = Augmentation::draw(&self.recipe.augment, size, self.seed, place);
        Some(TrainingSample {
            image: change.image(prepared.image.view()),
            target: self.changed(&change, target, true),
            variance: self.changed(&change, &prepared.variance, false),
        })
    }

    /// An image made from a label map. Options were checked before; a map that gives none is passed over.
    fn made(
        &self,
        shape: &ShapeSlice,
        epoch: u64,
        slice: usize,
        repeat: u32,
    ) -> Option<TrainingSample> {
        let turn = self.turn(epoch, repeat);
        let place = [turn, slice as u32];
        let made = shape.for_training(self.data.made_as.as_ref()?, self.seed, place);
        let prepared = made
            .inspect_err(|e| log::warn!("no image of '{}': {e}", shape.case))
            .ok()?;
        let drawn =
            Stream::new(self.seed, [turn, slice as u32, RATER]).below(prepared.targets.len());
        Some(TrainingSample {
            target: prepared.targets.get(drawn)?.mapv(f16::to_f32),
            variance: prepared.variance.mapv(f16::to_f32),
            image: prepared.image,
        })
    }

    /// Channels moved with the image; paired structures exchange theirs in a mirrored slice.
    fn changed(
        &self,
        change: &Augmentation,
        channels: &Array3<f16>,
        with_background: bool,
    ) -> Array3<f32> {
        let first = usize::from(with_background);
        let mut out = Array3::zeros(channels.dim());
        for (n, mut to) in out.axis_iter_mut(Axis(0)).enumerate() {
            let from = match n.checked_sub(first) {
                None => n,
                Some(structure) => change.channel_from(self.scheme, structure) + first,
            };
            let source = channels.index_axis(Axis(0), from).mapv(f16::to_f32);
            let outside = f32::from(with_background && n == 0);
            to.assign(&change.map(source.view(), outside));
        }
        out
    }

    /// A slice as it is, for validation: the target is what the network was told on average.
    #[must_use]
    pub fn plain(&self, slice: usize) -> Option<TrainingSample> {
        let prepared = self.data.slices.get(slice)?;
        let mut target = Array3::zeros(prepared.mean.dim());
        for one in &prepared.targets {
            target += &one.mapv(f16::to_f32);
        }
        Some(TrainingSample {
            image: prepared.image.clone(),
            target: target / prepared.targets.len().max(1) as f32,
            variance: prepared.variance.mapv(f16::to_f32),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::PreparedSlice;
    use ndarray::Array2;
    use raterlens_core::augment::AugmentOptions;

    /// An asymmetric slice: the right multifidus is one pixel at column 1, the left one at columns 4 and 5, of 8 columns.
    fn dataset(copies: usize) -> (Dataset, LabelScheme) {
        let scheme = LabelScheme::lumbar_paraspinal();
        let mut target = Array3::zeros((5, 4, 8));
        target.index_axis_mut(Axis(0), 0).fill(1.0);
        for (class, column) in [(1, 1), (2, 4), (2, 5)] {
            target[[class, 2, column]] = 1.0;
            target[[0, 2, column]] = 0.0;
        }
        let mut variance = Array3::zeros((4, 4, 8));
        variance[[0, 2, 1]] = 0.25;
        variance[[1, 2, 4]] = 0.125;
        let right = target.index_axis(Axis(0), 1).to_owned();
        let image = right + &target.index_axis(Axis(0), 2) * 2.0;
        let slice = PreparedSlice {
            case: "a".into(),
            slice: 0,
            image,
            targets: vec![target.mapv(f16::from_f32)],
            raters: vec![],
            variance: variance.mapv(f16::from_f32),
            majority: Array2::zeros((4, 8)),
            mean: target.mapv(f16::from_f32),
        };
        let data = Dataset {
            slices: vec![slice; copies],
            shapes: vec![],
            made_as: None,
            warnings: vec![],
            pixel_mm: [1.0, 1.0],
        };
        (data, scheme)
    }

    #[test]
    fn mirroring_swaps_labels_and_variance_of_the_pairs() {
        let (data, scheme) = dataset(1);
        let mut recipe = Recipe::named("default").unwrap();
        recipe.augment = AugmentOptions {
            mirror_chance: 1.0,
            ..Default::default()
        };
        let source = EpochSource::new(&data, &scheme, &recipe, 1);
        let sample = source.batches(0).next().unwrap().remove(0);
        // The pixel at column 1 (from the patient's right) moves to column 6 and is now a left muscle.
        assert_eq!(sample.image[[2, 6]], 1.0);
        assert_eq!(sample.target[[2, 2, 6]], 1.0);
        assert_eq!(sample.target[[1, 2, 6]], 0.0);
        assert_eq!(sample.variance[[1, 2, 6]], 0.25);
        // Columns 4 and 5 move to 3 and 2 and are now a right muscle.
        assert_eq!((sample.image[[2, 3]], sample.image[[2, 2]]), (2.0, 2.0));
        let right = (sample.target[[1, 2, 3]], sample.target[[1, 2, 2]]);
        assert_eq!(right, (1.0, 1.0));
        assert_eq!(sample.variance[[0, 2, 3]], 0.125);
        assert_eq!(sample.target[[0, 2, 1]], 1.0);
    }

    #[test]
    fn an_epoch_shows_every_slice_once_in_an_order_of_its_own() {
        let (data, scheme) = dataset(7);
        let mut recipe = Recipe::named("default").unwrap();
        (recipe.batch_size, recipe.repeats) = (3, 2);
        let source = EpochSource::new(&data, &scheme, &recipe, 1);
        assert_eq!(source.steps(), 5);
        let sizes: Vec<_> = source.batches(0).map(|b| b.len()).collect();
        assert_eq!(sizes, [3, 3, 3, 3, 2]);
        let mut order = source.order(4);
        assert_ne!(order, source.order(5));
        assert_eq!(order, source.order(4));
        order.sort_unstable();
        let all: Vec<_> = (0..7).flat_map(|s| [(s, 0), (s, 1)]).collect();
        assert_eq!(order, all);
    }

    #[test]
    fn raters_are_drawn_evenly_and_repeatably() {
        let (mut data, scheme) = dataset(1);
        let target = data.slices[0].targets[0].clone();
        data.slices[0].targets = vec![target; 3];
        let recipe = Recipe::named("default").unwrap();
        let source = EpochSource::new(&data, &scheme, &recipe, 1);
        let mut seen = [0_i32; 3];
        for epoch in 0..3000 {
            seen[source.rater_of(epoch, 0, 0)] += 1;
        }
        // Expected 1000, standard deviation 26: five of them.
        assert!(seen.iter().all(|n| (n - 1000).abs() < 130), "{seen:?}");
        assert_eq!(source.rater_of(5, 0, 0), source.rater_of(5, 0, 0));
    }
}
