//! Samples of a run, reduced slice by slice.

use ndarray::{Array3, Array4, ArrayView2, ArrayView3, Axis};
use raterlens_core::augment::{AugmentOptions, Augmentation};
use raterlens_core::uncertainty::{summarise, SampleAccumulator, UncertaintyMaps};
use raterlens_core::{CanonicalAxial, LabelMap, LabelScheme, Volume};
use raterlens_nn::Manifest;
use rayon::prelude::*;

use crate::error::EngineError;
use crate::slices::WayBack;
use crate::uncertainty::{UncertaintyLayers, UncertaintySource};
use raterlens_core::control::CancelFlag;

/// Channels `[classes, H, W]` of the network as probabilities on the slice's own pixels, `[classes, 1, rows, columns]`.
///
/// Changed slices are first taken back to where they were, in the network's own pixels: beyond the borders lies background.
pub(crate) fn sample_on_slice(
    channels: ArrayView3<'_, f32>,
    back: WayBack<'_>,
    change: Option<&Augmentation>,
) -> Result<Array4<f32>, EngineError> {
    let restored = (0..channels.len_of(Axis(0))).into_par_iter().map(|class| {
        let Some(change) = change else {
            return back.native(channels.index_axis(Axis(0), class));
        };
        let outside = if class == 0 { 1.0 } else { 0.0 };
        // Class 0 is background, which has no other side.
        let from = match class {
            0 => 0,
            structure => 1 + change.channel_from(back.scheme, structure - 1),
        };
        let canonical = back
            .orientation
            .to_canonical(channels.index_axis(Axis(0), from));
        let undone = change.spatial.undo(canonical.view(), outside);
        Ok(back.frame.to_native(undone.view())?)
    });
    let restored = restored.collect::<Result<Vec<_>, EngineError>>()?;
    let views: Vec<ArrayView2<'_, f32>> = restored.iter().map(|map| map.view()).collect();
    let stacked = ndarray::stack(Axis(0), &views);
    let stacked = stacked.map_err(|e| EngineError::Internal(e.to_string()))?;
    Ok(stacked.insert_axis(Axis(1)))
}

/// The maps of one uncertainty of a whole volume in canonical order, filled slice by slice.
pub(crate) struct SampledMaps {
    source: UncertaintySource,
    samples: usize,
    /// Predictive and expected entropy, mutual information, variance.
    maps: [Array3<f32>; 4],
    /// Mean probabilities, class by class; empty unless wanted.
    mean: Vec<Array3<f32>>,
    /// Of the slices under way.
    sums: Vec<SampleAccumulator>,
}

impl SampledMaps {
    /// `classes` of the mean are kept; 0 for none.
    pub(crate) fn new(
        source: UncertaintySource,
        shape: (usize, usize, usize),
        classes: usize,
    ) -> Self {
        Self {
            source,
            samples: 0,
            maps: [(); 4].map(|()| Array3::zeros(shape)),
            mean: (0..classes).map(|_| Array3::zeros(shape)).collect(),
            sums: Vec::new(),
        }
    }

    pub(crate) fn source(&self) -> UncertaintySource {
        self.source
    }

    /// Begins a batch of so many slices.
    pub(crate) fn begin(&mut self, slices: usize) {
        self.sums = vec![SampleAccumulator::default(); slices];
    }

    /// Adds a sample of a slice of the batch.
    pub(crate) fn push(&mut self, slice: usize, sample: &Array4<f32>) -> Result<(), EngineError> {
        match self.sums.get_mut(slice) {
            Some(sums) => sums.push(&sample.view()).map_err(internal),
            None => Err(EngineError::Internal("a sample of no slice".into())),
        }
    }

    /// Keeps the maps of the batch, whose first slice is `first`.
    pub(crate) fn finish(&mut self, first: usize, cancel: &CancelFlag) -> Result<(), EngineError> {
        for (n, sums) in std::mem::take(&mut self.sums).into_iter().enumerate() {
            cancel.check()?;
            self.samples = sums.samples();
            let found = sums.finish().map_err(internal)?;
            let UncertaintyMaps {
                mean,
                predictive_entropy,
                expected_entropy,
                mutual_information,
                variance,
                ..
            } = found;
            let of_slice = [
                predictive_entropy,
                expected_entropy,
                mutual_information,
                variance,
            ];
            for (map, slice) in self.maps.iter_mut().zip(of_slice) {
                map.index_axis_mut(Axis(0), first + n)
                    .assign(&slice.index_axis(Axis(0), 0));
            }
            for (map, class) in self.mean.iter_mut().zip(mean.axis_iter(Axis(0))) {
                map.index_axis_mut(Axis(0), first + n)
                    .assign(&class.index_axis(Axis(0), 0));
            }
        }
        Ok(())
    }

    /// The layers on the input's grid; `labels` are those on it.
    pub(crate) fn restore(
        self,
        canonical: &CanonicalAxial,
        labels: &LabelMap,
        scheme: &LabelScheme,
        cancel: &CancelFlag,
    ) -> Result<UncertaintyLayers, EngineError> {
        let mut volumes = Vec::with_capacity(4 + self.mean.len());
        for map in self.maps.into_iter().chain(self.mean) {
            cancel.check()?;
            volumes.push(canonical.from_canonical(map)?);
        }
        let mean = volumes.split_off(4);
        let mut arrays = volumes.into_iter().map(|v| v.into_parts().0);
        let mut next = || arrays.next().unwrap_or_default();
        let maps = UncertaintyMaps {
            mean: Array4::zeros((0, 0, 0, 0)),
            predictive_entropy: next(),
            expected_entropy: next(),
            mutual_information: next(),
            variance: next(),
            samples: self.samples,
        };
        let ids: Vec<u16> = scheme.structures.iter().map(|s| s.id).collect();
        // Arrays are [k, j, i]: slices along axis i are along the last.
        let axis = 2 - canonical.slice_axis();
        let summary = summarise(&maps, &labels.data().view(), &ids, axis).map_err(internal)?;
        let volume = |map| Volume::new(map, *labels.geometry());
        Ok(UncertaintyLayers {
            source: self.source,
            samples: self.samples,
            predictive_entropy: volume(maps.predictive_entropy)?,
            expected_entropy: volume(maps.expected_entropy)?,
            mutual_information: volume(maps.mutual_information)?,
            variance: volume(maps.variance)?,
            mean,
            summary,
        })
    }
}

fn internal(error: raterlens_core::uncertainty::UncertaintyError) -> EngineError {
    EngineError::Internal(error.to_string())
}

/// The change of a slice that belongs to a seed, the slice's number and the sample's: the first sample is changed, too.
pub(crate) fn change_of(
    options: &AugmentOptions,
    size: [usize; 2],
    seed: u64,
    slice: usize,
    sample: u32,
) -> Augmentation {
    Augmentation::draw(options, size, seed, [slice as u32, sample])
}

/// The changes that a model was trained with; the usual ones if it does not say
/// ([`notes::about_augmentation`](crate::notes::about_augmentation) tells the user).
pub(crate) fn augmentation_of(manifest: &Manifest) -> AugmentOptions {
    manifest
        .augmentation
        .clone()
        .unwrap_or_else(AugmentOptions::usual)
}
