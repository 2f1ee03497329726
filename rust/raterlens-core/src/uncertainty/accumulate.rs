//! Samples one after another.

use ndarray::{Array3, Array4, ArrayView4};
use rayon::prelude::*;

use super::error::{UncertaintyError, SUM_TOLERANCE};
use super::maps::{fault, UncertaintyMaps};

/// Voxels that one task works on.
const BLOCK: usize = 4096;

/// Takes samples one at a time and keeps only running sums: its memory does not grow with the number of samples.
///
/// Everything is summed in double precision, with Welford's recurrence (1962, doi:10.1080/00401706.1962.10490022) for the variance.
/// It holds `8 * (classes + 2)` bytes per voxel. The order of the samples changes the result by rounding only.
///
/// # Examples
/// ```
/// use ndarray::Array4;
/// use raterlens_core::uncertainty::SampleAccumulator;
///
/// let mut sums = SampleAccumulator::default();
/// for p in [0.2_f32, 0.4] {
///     let sample = Array4::from_shape_vec((2, 1, 1, 1), vec![p, 1.0 - p]).unwrap();
///     sums.push(&sample.view())?;
/// }
/// let maps = sums.finish()?;
/// assert_eq!(maps.samples, 2);
/// assert!((maps.mean[[0, 0, 0, 0]] - 0.3).abs() < 1e-7);
/// assert!((maps.variance[[0, 0, 0]] - 2.0 * 0.1 * 0.1).abs() < 1e-7);
/// # Ok::<(), raterlens_core::uncertainty::UncertaintyError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct SampleAccumulator {
    samples: usize,
    /// `[class, k, j, i]`.
    shape: [usize; 4],
    /// Voxels one after another, in each the classes.
    mean: Vec<f64>,
    /// Per voxel: sum of squared distances from the mean, and of entropies.
    sums: Vec<[f64; 2]>,
}

impl SampleAccumulator {
    /// Adds a sample, `[class, k, j, i]`. A refused sample changes nothing.
    ///
    /// # Errors
    /// Fewer than two classes, another shape than the first sample's, values that are NaN or outside 0 to 1, and classes of a voxel whose sum
    /// is farther than 0.002 from 1.
    pub fn push(&mut self, sample: &ArrayView4<'_, f32>) -> Result<(), UncertaintyError> {
        let found: [usize; 4] = sample.dim().into();
        let classes = found[0];
        if classes < 2 {
            return Err(UncertaintyError::TooFewClasses { found: classes });
        }
        if self.samples > 0 && found != self.shape {
            let (sample, expected) = (self.samples, self.shape);
            return Err(UncertaintyError::SampleShape {
                sample,
                found,
                expected,
            });
        }
        let standard = sample.as_standard_layout();
        let all = standard.as_slice().unwrap_or_default(); // standard layout is contiguous
        let voxels = found[1] * found[2] * found[3];
        if !are_probabilities(all, voxels) {
            if let Some(error) = fault(self.samples, sample) {
                return Err(error);
            }
        }
        if self.samples == 0 {
            self.shape = found;
            self.mean = vec![0.0; classes * voxels];
            self.sums = vec![[0.0; 2]; voxels];
        }
        self.samples += 1;
        let weight = 1.0 / self.samples as f64;
        let means = self.mean.par_chunks_mut(BLOCK * classes);
        let blocks = means.zip(self.sums.par_chunks_mut(BLOCK)).enumerate();
        blocks.for_each(|(n, (mean, sums))| {
            let voxel = mean.chunks_mut(classes).zip(sums).enumerate();
            for (i, (mean, sums)) in voxel {
                let values = all.iter().skip(n * BLOCK + i).step_by(voxels.max(1));
                add(mean, sums, values, weight);
            }
        });
        Ok(())
    }

    /// How many samples were added.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// The maps of all samples so far. Of one sample, mutual information and variance are 0.
    ///
    /// # Errors
    /// No sample was added.
    pub fn finish(self) -> Result<UncertaintyMaps, UncertaintyError> {
        if self.samples == 0 {
            return Err(UncertaintyError::NoSamples);
        }
        let [classes, k, j, i] = self.shape;
        let part = 1.0 / self.samples as f64;
        let mut maps = UncertaintyMaps {
            mean: Array4::zeros((classes, k, j, i)),
            predictive_entropy: Array3::zeros((k, j, i)),
            expected_entropy: Array3::zeros((k, j, i)),
            mutual_information: Array3::zeros((k, j, i)),
            variance: Array3::zeros((k, j, i)),
            samples: self.samples,
        };
        for c in 0..classes {
            let means = self.mean.iter().skip(c).step_by(classes);
            for (out, &mean) in maps
                .mean
                .index_axis_mut(ndarray::Axis(0), c)
                .iter_mut()
                .zip(means)
            {
                *out = mean as f32;
            }
        }
        let entropies: Vec<[f64; 2]> = self
            .mean
            .par_chunks(classes)
            .zip(&self.sums)
            .map(|(mean, [_, sum])| [entropy(mean.iter().copied()), sum * part])
            .collect();
        let outputs = maps
            .predictive_entropy
            .iter_mut()
            .zip(&mut maps.expected_entropy);
        let outputs = outputs.zip(maps.mutual_information.iter_mut().zip(&mut maps.variance));
        for (([h, e], [squares, _]), ((predictive, expected), (information, variance))) in
            entropies.iter().zip(&self.sums).zip(outputs)
        {
            *predictive = *h as f32;
            *expected = *e as f32;
            *information = (h - e).max(0.0) as f32;
            *variance = (squares * part) as f32;
        }
        Ok(maps)
    }
}

/// Whether all values are probabilities and the classes of every voxel sum to 1.
fn are_probabilities(all: &[f32], voxels: usize) -> bool {
    if all.iter().any(|p| !(0.0..=1.0 + SUM_TOLERANCE).contains(p)) {
        return false;
    }
    let mut sums = vec![0.0_f32; voxels];
    for plane in all.chunks(voxels.max(1)) {
        for (sum, p) in sums.iter_mut().zip(plane) {
            *sum += p;
        }
    }
    sums.iter().all(|s| (s - 1.0).abs() <= SUM_TOLERANCE)
}

/// Welford's step for all classes of a voxel, and the sample's entropy.
fn add<'a>(
    mean: &mut [f64],
    [squares, entropies]: &mut [f64; 2],
    values: impl Iterator<Item = &'a f32>,
    weight: f64,
) {
    let mut sample = 0.0;
    for (mean, &p) in mean.iter_mut().zip(values) {
        let p = f64::from(p);
        let before = p - *mean;
        *mean += before * weight;
        *squares += before * (p - *mean);
        sample += term(p);
    }
    *entropies += sample;
}

/// `-p ln p`; 0 for 0, and for probabilities that rounding made larger than 1.
fn term(p: f64) -> f64 {
    if p > 0.0 {
        (-p * p.ln()).max(0.0)
    } else {
        0.0
    }
}

fn entropy(p: impl Iterator<Item = f64>) -> f64 {
    p.map(term).sum()
}
