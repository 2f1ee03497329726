//! A loaded model that turns images into layers.

use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use ndarray::{Array3, ArrayView3, ArrayView4, Axis};
use raterlens_core::image_check::check_image;
use raterlens_core::measures::measure;
use raterlens_core::{
    CanonicalAxial, Geometry, LabelScheme, ResampleError, SliceFrame, SliceOrientation, Volume,
};
use raterlens_nn::package::InputSpec;
use raterlens_nn::{
    open_device, DeviceReport, DeviceRequest, DropoutSamples, Manifest, ModelPackage, Predictor,
    SlicePrediction,
};

use crate::error::EngineError;
use crate::notes;
use crate::request::{ModelIdentity, SegmentRequest, SegmentResult, Timings};
use crate::sampling::{augmentation_of, change_of, sample_on_slice, SampledMaps};
use crate::slices::{as_batch, prepare, prepare_slice, Layers, WayBack};
use crate::soft::SoftLayers;
use crate::uncertainty::{Aleatoric, Epistemic, UncertaintyRequest, UncertaintySource};
use raterlens_core::control::{CancelFlag, Control};

/// A model on a device. May be shared between threads; runs take turns, batch by batch.
#[derive(Debug)]
pub struct Segmenter {
    // libtorch's handles may move between threads but not be used from two at once.
    predictor: Mutex<Predictor>,
    /// The other members of an ensemble.
    others: Vec<Mutex<Predictor>>,
    other_identities: Vec<ModelIdentity>,
    manifest: Manifest,
    checksum: String,
    device: DeviceReport,
}

impl Segmenter {
    /// Opens, verifies and loads a model package (a folder `NAME.rlmodel`).
    ///
    /// A GPU that was asked for and cannot be used is no error: the CPU runs, and
    /// [`Segmenter::device`] says why.
    ///
    /// # Errors
    /// [`EngineError::Model`] for a missing, changed or misshapen package.
    pub fn load(model: &Path, device: DeviceRequest) -> Result<Self, EngineError> {
        let package = ModelPackage::open(model)?;
        let device = open_device(device);
        let predictor = Predictor::load(&package, &device)?;
        Ok(Self {
            predictor: Mutex::new(predictor),
            others: Vec::new(),
            other_identities: Vec::new(),
            manifest: package.manifest().clone(),
            checksum: package.checksum().to_owned(),
            device: device.report().clone(),
        })
    }

    /// Loads the members of an ensemble, which answer as one model: with the mean of their probabilities and variance maps. One
    /// member alone is a model as [`Segmenter::load`] gives it.
    ///
    /// # Errors
    /// As [`Segmenter::load`]; members whose structures or inputs differ, or of which some predict variance and some do not; none.
    pub fn load_ensemble(models: &[&Path], device: DeviceRequest) -> Result<Self, EngineError> {
        let [first, others @ ..] = models else {
            return Err(EngineError::Request("name a model".into()));
        };
        let mut ensemble = Self::load(first, device)?;
        for path in others {
            let other = Self::load(path, device)?;
            let identity = other.identity();
            if let Some(what) = ensemble.difference(&other.manifest) {
                return Err(EngineError::Request(format!(
                    "'{}' cannot be in one ensemble with '{}': their {what} differ",
                    identity.name, ensemble.manifest.name
                )));
            }
            ensemble.others.push(other.predictor);
            ensemble.other_identities.push(identity);
        }
        Ok(ensemble)
    }

    /// What keeps another model from being a member of an ensemble with this one.
    fn difference(&self, other: &Manifest) -> Option<&'static str> {
        let own = &self.manifest;
        if own.label_scheme != other.label_scheme {
            return Some("structures");
        }
        if own.input != other.input {
            return Some("inputs");
        }
        (own.predicts_variance() != other.predicts_variance()).then_some("tasks")
    }

    /// The model's description.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Whether the model has dropout that test-time dropout can use.
    #[must_use]
    pub fn has_dropout(&self) -> bool {
        held(&self.predictor).has_dropout()
    }

    /// How many numbers the model has learnt.
    #[must_use]
    pub fn parameter_count(&self) -> u64 {
        let predictor = self.predictor.lock();
        predictor
            .unwrap_or_else(PoisonError::into_inner)
            .parameter_count()
    }

    /// Gives slices to the network in another orientation than the package says, to find out which is right.
    pub(crate) fn set_orientation(&mut self, orientation: SliceOrientation) {
        self.manifest.input.orientation = orientation;
    }

    /// The structures that labels stand for.
    #[must_use]
    pub fn scheme(&self) -> &LabelScheme {
        &self.manifest.label_scheme
    }

    /// The device that runs, and why that one.
    #[must_use]
    pub fn device(&self) -> &DeviceReport {
        &self.device
    }

    /// Identity of the model package.
    #[must_use]
    pub fn model_checksum(&self) -> &str {
        &self.checksum
    }

    /// The other members of an ensemble.
    #[must_use]
    pub fn members(&self) -> &[ModelIdentity] {
        &self.other_identities
    }

    /// The model in short.
    #[must_use]
    pub fn identity(&self) -> ModelIdentity {
        ModelIdentity {
            name: self.manifest.name.clone(),
            version: self.manifest.version.clone(),
            checksum: self.checksum.clone(),
        }
    }

    /// Labels an image of any orientation; all layers come back on its own grid, voxel for voxel.
    ///
    /// Axes are only exchanged and reversed to reach axial slices, each slice is resized to the network,
    /// and probabilities and variance are resampled linearly back before the label is chosen. The same
    /// image stored in another orientation gives the same physical labels.
    ///
    /// # Errors
    /// [`EngineError::Image`] for an image that cannot be used (constant, too small, not finite),
    /// [`EngineError::Cancelled`] within a batch or slice of the flag being raised, or the network's own.
    pub fn segment(
        &self,
        image: &Volume<f32>,
        request: &SegmentRequest,
        control: &Control<'_>,
    ) -> Result<SegmentResult, EngineError> {
        let start = Instant::now();
        let mut timings = Timings::default();
        control.step(0.0, "Checking the image")?;
        request.uncertainty.check(1 + self.others.len())?;
        check_image(image)?;
        let canonical = CanonicalAxial::for_geometry(image.geometry());
        let (layers, sampled) =
            self.run_slices(image, &canonical, request, control, &mut timings, false)?;

        let restoring = Instant::now();
        control.step(0.96, "Measuring")?;
        let labels = canonical.from_canonical(layers.labels)?;
        let mut variance = Vec::with_capacity(layers.variance.len());
        for map in layers.variance {
            control.cancel.check()?;
            variance.push(canonical.from_canonical(map)?);
        }
        let restored = sampled.into_iter().map(|maps| {
            let scheme = self.scheme();
            maps.restore(&canonical, &labels, scheme, &control.cancel)
        });
        let uncertainty = restored.collect::<Result<Vec<_>, _>>()?;
        let probabilities = layers
            .probabilities
            .into_iter()
            .map(|map| canonical.from_canonical(map));
        let probabilities = probabilities.collect::<Result<Vec<_>, _>>()?;
        let evidential = layers.evidential.map(|map| canonical.from_canonical(map));
        let evidential = evidential.transpose()?;
        let measures = measure(&labels, &variance, self.scheme())
            .map_err(|e| EngineError::Internal(e.to_string()))?;
        timings.restore_secs += restoring.elapsed().as_secs_f64();
        control.step(1.0, "Done")?;
        timings.total_secs = start.elapsed().as_secs_f64();

        let mut warnings = notes::about_input(&canonical, &self.manifest);
        warnings.extend(notes::about_labels(&labels, self.scheme()));
        if request.uncertainty.aleatoric == Aleatoric::Augment {
            warnings.extend(notes::about_augmentation(&self.manifest));
        }
        if self.device.fell_back {
            warnings.push(format!("The CPU was used: {}.", self.device.reason));
        }
        let names = self.scheme().structures.iter().map(|s| s.name.clone());
        Ok(SegmentResult {
            labels,
            variance,
            probabilities,
            requested: request.uncertainty.simplified(),
            uncertainty,
            evidential,
            measures,
            device: self.device.clone(),
            seed: request.seed,
            batch_size: request.batch_size_on(&self.device.name),
            threads: raterlens_nn::thread_count(),
            model: self.identity(),
            members: self.other_identities.clone(),
            structures: names.collect(),
            timings,
            warnings,
        })
    }

    /// As [`Segmenter::segment`], with each structure's soft label for a rater's corrections, and without measures. Labels and
    /// variance are the same to the last bit.
    ///
    /// # Errors
    /// As [`Segmenter::segment`].
    pub fn segment_soft(
        &self,
        image: &Volume<f32>,
        request: &SegmentRequest,
        control: &Control<'_>,
    ) -> Result<SoftLayers, EngineError> {
        control.step(0.0, "Checking the image")?;
        check_image(image)?;
        let canonical = CanonicalAxial::for_geometry(image.geometry());
        let mut timings = Timings::default();
        let plain = SegmentRequest {
            uncertainty: UncertaintyRequest::default(),
            keep_probabilities: false,
            ..*request
        };
        let (layers, _) =
            self.run_slices(image, &canonical, &plain, control, &mut timings, true)?;
        let restore = |maps: Vec<ndarray::Array3<f32>>| {
            let restored = maps.into_iter().map(|map| {
                control.cancel.check()?;
                Ok(canonical.from_canonical(map)?)
            });
            restored.collect::<Result<Vec<_>, EngineError>>()
        };
        let labels = canonical.from_canonical(layers.labels)?;
        let mut warnings = notes::about_input(&canonical, &self.manifest);
        warnings.extend(notes::about_labels(&labels, self.scheme()));
        let layers = SoftLayers {
            labels,
            soft: restore(layers.soft)?,
            variance: restore(layers.variance)?,
            warnings,
        };
        control.step(1.0, "Done")?;
        Ok(layers)
    }

    /// Runs the network over all axial slices.
    fn run_slices(
        &self,
        image: &Volume<f32>,
        canonical: &CanonicalAxial,
        request: &SegmentRequest,
        control: &Control<'_>,
        timings: &mut Timings,
        wants_soft: bool,
    ) -> Result<(Layers, Vec<SampledMaps>), EngineError> {
        let started = Instant::now();
        let axial = canonical.to_canonical(image)?;
        let (slices, height, width) = axial.data().dim();
        let input = &self.manifest.input;
        let frame = slice_frame(axial.geometry(), input)?;
        let shape = (slices, height, width);
        let maps = match self.manifest.predicts_variance() {
            true => self.scheme().len(),
            false => 0,
        };
        let mut layers = match wants_soft {
            true => Layers::with_soft(shape, maps, self.scheme().len()),
            false => Layers::new(shape, maps),
        };
        if request.keep_probabilities {
            let classes = 0..=self.scheme().len();
            layers.probabilities = classes.map(|_| Array3::zeros(shape)).collect();
        }
        let classes = match request.uncertainty.keep_mean {
            true => 1 + self.scheme().len(),
            false => 0,
        };
        let sources = request.uncertainty.sources().into_iter();
        let mut sampled: Vec<SampledMaps> = sources
            .map(|source| SampledMaps::new(source, shape, classes))
            .collect();
        timings.prepare_secs += started.elapsed().as_secs_f64();

        let batch_size = request.batch_size_on(&self.device.name);
        for first in (0..slices).step_by(batch_size) {
            control.step(0.95 * first as f32 / slices as f32, "Segmenting slices")?;
            let last = slices.min(first + batch_size);
            let started = Instant::now();
            let batch = prepare(axial.data().view(), first..last, &frame, input)?;
            let prepared = Instant::now();
            control.cancel.check()?;
            let back = WayBack {
                frame: &frame,
                orientation: input.orientation,
                scheme: self.scheme(),
            };
            let job = Batch {
                axial: axial.data().view(),
                slices: first..last,
                back,
                request,
                control,
            };
            let prediction = self.predict(batch.view(), &job, &mut sampled)?;
            self.augment(&job, &mut sampled)?;
            let predicted = Instant::now();
            for maps in &mut sampled {
                maps.finish(first, &control.cancel)?;
            }
            layers.keep(first, &prediction, back, &control.cancel)?;
            timings.prepare_secs += (prepared - started).as_secs_f64();
            timings.predict_secs += (predicted - prepared).as_secs_f64();
            timings.restore_secs += predicted.elapsed().as_secs_f64();
        }
        Ok((layers, sampled))
    }

    /// The prediction for a batch, and what the samples of epistemic uncertainty add to `sampled`.
    fn predict(
        &self,
        batch: ArrayView4<'_, f32>,
        job: &Batch<'_>,
        sampled: &mut [SampledMaps],
    ) -> Result<SlicePrediction, EngineError> {
        for maps in sampled.iter_mut() {
            maps.begin(job.slices.len());
        }
        let wanted = job.request.uncertainty;
        match (wanted.epistemic, sampled.first_mut()) {
            (Epistemic::Dropout, Some(maps)) => {
                let how = DropoutSamples {
                    seed: job.request.seed,
                    samples: wanted.samples,
                    first_slice: job.slices.start as u32,
                };
                held(&self.predictor).sample_dropout(batch, &how, |sample| {
                    let found = sample_on_slice(sample.probabilities, job.back, None)?;
                    maps.push(sample.slice, &found)?;
                    job.sampled(0, sample.slice, sample.sample)
                })
            }
            (Epistemic::Ensemble, Some(maps)) => {
                self.predict_together(batch, &job.control.cancel, |member| {
                    for (slice, probabilities) in
                        member.probabilities.axis_iter(Axis(0)).enumerate()
                    {
                        maps.push(slice, &sample_on_slice(probabilities, job.back, None)?)?;
                    }
                    Ok(())
                })
            }
            _ => self.predict_together(batch, &job.control.cancel, |_| Ok(())),
        }
    }

    /// The mean of all members' predictions; `each` sees them one by one.
    fn predict_together(
        &self,
        batch: ArrayView4<'_, f32>,
        cancel: &CancelFlag,
        mut each: impl FnMut(&SlicePrediction) -> Result<(), EngineError>,
    ) -> Result<SlicePrediction, EngineError> {
        let mut mean = held(&self.predictor).predict(batch)?;
        each(&mean)?;
        for other in &self.others {
            cancel.check()?;
            let member = held(other).predict(batch)?;
            each(&member)?;
            mean.probabilities += &member.probabilities;
            mean.variance += &member.variance;
            mean.evidential_uncertainty += &member.evidential_uncertainty;
        }
        if !self.others.is_empty() {
            let share = 1.0 / (1 + self.others.len()) as f32;
            mean.probabilities *= share;
            mean.variance *= share;
            mean.evidential_uncertainty *= share;
        }
        Ok(mean)
    }

    /// What the samples of aleatoric uncertainty add to `sampled`.
    fn augment(&self, job: &Batch<'_>, sampled: &mut [SampledMaps]) -> Result<(), EngineError> {
        let augmented = sampled
            .iter_mut()
            .enumerate()
            .find(|(_, m)| m.source() == UncertaintySource::Augmentation);
        let Some((part, maps)) = augmented else {
            return Ok(());
        };
        let input = &self.manifest.input;
        let options = augmentation_of(&self.manifest);
        let (wanted, frame) = (job.request.uncertainty, job.back.frame);
        let at_once = job.request.batch_size_on(&self.device.name) as u32;
        for (slice, k) in job.slices.clone().enumerate() {
            let plain = prepare_slice(job.axial, k, frame, input)?;
            let size = frame.input_size();
            for first in (0..wanted.samples).step_by(at_once as usize) {
                let samples = first..wanted.samples.min(first + at_once);
                let change = |sample| change_of(&options, size, job.request.seed, k, sample);
                let changes: Vec<_> = samples.clone().map(change).collect();
                let images: Vec<_> = changes.iter().map(|c| c.image(plain.view())).collect();
                let batch = as_batch(&images, frame, input);
                let found = self.predict_together(batch.view(), &job.control.cancel, |_| Ok(()))?;
                for (change, p) in changes.iter().zip(found.probabilities.axis_iter(Axis(0))) {
                    maps.push(slice, &sample_on_slice(p, job.back, Some(change))?)?;
                }
                job.sampled(part, slice, first)?;
            }
        }
        Ok(())
    }
}

/// Slices of an image that are worked on together.
struct Batch<'a> {
    /// The image in canonical order.
    axial: ArrayView3<'a, f32>,
    slices: Range<usize>,
    back: WayBack<'a>,
    request: &'a SegmentRequest,
    control: &'a Control<'a>,
}

impl Batch<'_> {
    /// Tells that a sample of a slice is done, of the source of number `part`, and stops when the run was cancelled.
    fn sampled(&self, part: usize, slice: usize, sample: u32) -> Result<(), EngineError> {
        let wanted = self.request.uncertainty;
        let parts = wanted.sources().len().max(1) as f32;
        let of_batch = self.slices.len() as f32;
        let of_part = (slice as f32 + sample as f32 / wanted.samples as f32) / of_batch;
        let done = self.slices.start as f32 + of_batch * (part as f32 + of_part) / parts;
        let slices = self.axial.len_of(Axis(0)) as f32;
        self.control.step(0.95 * done / slices, "Sampling")?;
        Ok(())
    }
}

// A panic in another thread cannot leave the network half changed: it is only read.
fn held(predictor: &Mutex<Predictor>) -> std::sync::MutexGuard<'_, Predictor> {
    predictor.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a slice of a canonical volume fits the network, before it is turned as the network wants it.
fn slice_frame(axial: &Geometry, input: &InputSpec) -> Result<SliceFrame, ResampleError> {
    let [columns, rows, _] = axial.dims;
    let [across, down, _] = axial.spacing_mm;
    let size = input.orientation.canonical_size(input.size);
    SliceFrame::new(input.resize, [rows, columns], [down, across], size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn a_slice_that_is_square_in_millimetres_is_not_padded() {
        // 32 columns of 1 mm, 16 rows of 2 mm.
        let direction = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let axial = Geometry::new([32, 16, 4], [1.0, 2.0, 4.0], [0.0; 3], direction).unwrap();
        let architecture = raterlens_nn::Architecture::tiny();
        let input = Manifest::lumbar("m", architecture, [32, 32]).input;
        let mut slice = Array2::from_elem((16, 32), 5.0);
        slice[[8, 16]] = 0.0;
        let seen = slice_frame(&axial, &input)
            .unwrap()
            .to_input(slice.view())
            .unwrap();
        // Padding would be the minimum, 0.
        for corner in [[0, 0], [0, 31], [31, 0], [31, 31]] {
            assert_eq!(seen[corner], 5.0);
        }
    }
}
