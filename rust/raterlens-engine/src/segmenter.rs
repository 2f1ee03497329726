//! A loaded model that turns images into layers.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use raterlens_core::image_check::check_image;
use raterlens_core::measures::measure;
use raterlens_core::{
    CanonicalAxial, Geometry, LabelScheme, ResampleError, SliceFrame, SliceOrientation, Volume,
};
use raterlens_nn::package::InputSpec;
use raterlens_nn::{
    open_device, DeviceReport, DeviceRequest, Manifest, ModelPackage, Predictor, SlicePrediction,
};

use crate::error::EngineError;
use crate::notes;
use crate::request::{ModelIdentity, SegmentRequest, SegmentResult, Timings};
use crate::slices::{prepare, Layers, WayBack};
use crate::soft::SoftLayers;
use raterlens_core::control::Control;

/// A model on a device. May be shared between threads; runs take turns, batch by batch.
#[derive(Debug)]
pub struct Segmenter {
    // libtorch's handles may move between threads but not be used from two at once.
    predictor: Mutex<Predictor>,
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
            manifest: package.manifest().clone(),
            checksum: package.checksum().to_owned(),
            device: device.report().clone(),
        })
    }

    /// The model's description.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
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
        check_image(image)?;
        let canonical = CanonicalAxial::for_geometry(image.geometry());
        let layers = self.run_slices(image, &canonical, request, control, &mut timings, false)?;

        let restoring = Instant::now();
        control.step(0.96, "Measuring")?;
        let labels = canonical.from_canonical(layers.labels)?;
        let mut variance = Vec::with_capacity(layers.variance.len());
        for map in layers.variance {
            control.cancel.check()?;
            variance.push(canonical.from_canonical(map)?);
        }
        let measures = measure(&labels, &variance, self.scheme())
            .map_err(|e| EngineError::Internal(e.to_string()))?;
        timings.restore_secs += restoring.elapsed().as_secs_f64();
        control.step(1.0, "Done")?;
        timings.total_secs = start.elapsed().as_secs_f64();

        let mut warnings = notes::about_input(&canonical, &self.manifest);
        warnings.extend(notes::about_labels(&labels, self.scheme()));
        if self.device.fell_back {
            warnings.push(format!("The CPU was used: {}.", self.device.reason));
        }
        let names = self.scheme().structures.iter().map(|s| s.name.clone());
        Ok(SegmentResult {
            labels,
            variance,
            measures,
            device: self.device.clone(),
            seed: request.seed,
            batch_size: request.batch_size_on(&self.device.name),
            threads: raterlens_nn::thread_count(),
            model: self.identity(),
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
        let layers = self.run_slices(image, &canonical, request, control, &mut timings, true)?;
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
    ) -> Result<Layers, EngineError> {
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
        timings.prepare_secs += started.elapsed().as_secs_f64();

        let batch_size = request.batch_size_on(&self.device.name);
        for first in (0..slices).step_by(batch_size) {
            control.step(0.95 * first as f32 / slices as f32, "Segmenting slices")?;
            let last = slices.min(first + batch_size);
            let started = Instant::now();
            let batch = prepare(axial.data().view(), first..last, &frame, input)?;
            let prepared = Instant::now();
            control.cancel.check()?;
            let prediction = self.predict(batch)?;
            let predicted = Instant::now();
            let back = WayBack {
                frame: &frame,
                orientation: input.orientation,
                scheme: self.scheme(),
            };
            layers.keep(first, &prediction, back, &control.cancel)?;
            timings.prepare_secs += (prepared - started).as_secs_f64();
            timings.predict_secs += (predicted - prepared).as_secs_f64();
            timings.restore_secs += predicted.elapsed().as_secs_f64();
        }
        Ok(layers)
    }

    fn predict(&self, batch: ndarray::Array4<f32>) -> Result<SlicePrediction, EngineError> {
        // A panic in another thread cannot leave the network half changed: it is only read.
        let predictor = self
            .predictor
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Ok(predictor.predict(batch.view())?)
    }
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
