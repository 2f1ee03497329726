//! All samples at once.

use ndarray::{Array3, Array4, ArrayView5, Axis};
use rayon::prelude::*;

use super::error::UncertaintyError;
use super::kernel::{add_entropy, add_squares, difference, positive, scale, BlockSums};
use super::maps::{fault, UncertaintyMaps};

/// Voxels worked on at a time: the block of all samples stays in the processor's second cache.
const BLOCK: usize = 1024;

/// Reduces samples that lie in memory together, `[sample, class, k, j, i]`, to maps.
///
/// Every value is read from memory once; blocks of voxels are shared among threads, and the result is the same bits on any number of
/// them and on any processor.
///
/// # Accuracy
/// Single precision: entropies to 2e-6 nats, variances (from squared distances to the mean, not from a difference of squares) to 1e-6
/// relative. Where small mutual information matters, [`SampleAccumulator`](super::SampleAccumulator) works in double precision.
///
/// # Errors
/// No sample, fewer than two classes, values that are NaN or outside 0 to 1, and classes of a voxel whose sum is farther than 0.002 from 1.
///
/// # Examples
/// ```
/// use ndarray::Array5;
/// use raterlens_core::uncertainty::reduce_samples;
///
/// // Two samples of two classes at one voxel: sure of the one, then sure of the other.
/// let samples = Array5::from_shape_vec((2, 2, 1, 1, 1), vec![1.0, 0.0, 0.0, 1.0]).unwrap();
/// let maps = reduce_samples(&samples.view())?;
/// assert!((maps.mutual_information[[0, 0, 0]] - 2_f32.ln()).abs() < 1e-6);
/// assert_eq!(maps.expected_entropy[[0, 0, 0]], 0.0);
/// assert_eq!(maps.variance[[0, 0, 0]], 0.5); // 0.25 of each class
/// # Ok::<(), raterlens_core::uncertainty::UncertaintyError>(())
/// ```
pub fn reduce_samples(samples: &ArrayView5<'_, f32>) -> Result<UncertaintyMaps, UncertaintyError> {
    let (n, classes, k, j, i) = samples.dim();
    if n == 0 {
        return Err(UncertaintyError::NoSamples);
    }
    if classes < 2 {
        return Err(UncertaintyError::TooFewClasses { found: classes });
    }
    let standard = samples.as_standard_layout();
    let all = standard.as_slice().unwrap_or_default(); // standard layout is contiguous
    let voxels = k * j * i;
    let mut planes = Planes::new(classes, voxels);
    let is_bad = planes
        .blocks()
        .par_iter_mut()
        .map_init(
            || BlockSums::new(classes, BLOCK.min(voxels)),
            |sums, block| block.reduce(all, n, voxels, sums),
        )
        .reduce(|| false, |a, b| a | b);
    if is_bad {
        let mut views = samples.axis_iter(Axis(0)).enumerate();
        if let Some(error) = views.find_map(|(n, sample)| fault(n, &sample)) {
            return Err(error);
        }
    }
    Ok(planes.maps([classes, k, j, i], n))
}

/// The maps as flat planes.
struct Planes {
    mean: Vec<f32>,
    /// Predictive and expected entropy, mutual information, variance.
    maps: [Vec<f32>; 4],
    voxels: usize,
}

fn zeros(length: usize) -> Vec<f32> {
    let mut values = vec![0.0; length];
    raterlens_os::prefer_huge_pages(&mut values);
    values
}

impl Planes {
    fn new(classes: usize, voxels: usize) -> Self {
        Self {
            mean: zeros(classes * voxels),
            maps: [(); 4].map(|()| zeros(voxels)),
            voxels,
        }
    }

    /// The part of each plane that belongs to each block.
    fn blocks(&mut self) -> Vec<Block<'_>> {
        let starts = (0..self.voxels).step_by(BLOCK);
        let mut blocks: Vec<Block<'_>> = starts
            .map(|start| Block {
                start,
                mean: Vec::new(),
                maps: Vec::new(),
            })
            .collect();
        for plane in self.mean.chunks_mut(self.voxels.max(1)) {
            for (block, part) in blocks.iter_mut().zip(plane.chunks_mut(BLOCK)) {
                block.mean.push(part);
            }
        }
        for plane in &mut self.maps {
            for (block, part) in blocks.iter_mut().zip(plane.chunks_mut(BLOCK)) {
                block.maps.push(part);
            }
        }
        blocks
    }

    fn maps(self, [c, k, j, i]: [usize; 4], samples: usize) -> UncertaintyMaps {
        let map = |values| Array3::from_shape_vec((k, j, i), values).unwrap_or_default();
        let [predictive_entropy, expected_entropy, mutual_information, variance] =
            self.maps.map(map);
        UncertaintyMaps {
            mean: Array4::from_shape_vec((c, k, j, i), self.mean).unwrap_or_default(),
            predictive_entropy,
            expected_entropy,
            mutual_information,
            variance,
            samples,
        }
    }
}

/// One block of voxels in all planes.
struct Block<'a> {
    start: usize,
    mean: Vec<&'a mut [f32]>,
    maps: Vec<&'a mut [f32]>,
}

impl Block<'_> {
    /// Fills the block; whether some value was no probability.
    fn reduce(&mut self, all: &[f32], samples: usize, voxels: usize, sums: &mut BlockSums) -> bool {
        let [predictive, expected, information, variance] = self.maps.as_mut_slice() else {
            return false; // never: there are four
        };
        let (classes, length) = (self.mean.len(), predictive.len());
        if sums.entropy.len() != length {
            *sums = BlockSums::new(classes, length);
        }
        sums.clear();
        let plane = |t: usize, c: usize| {
            let start = (t * classes + c) * voxels + self.start;
            all.get(start..start + length).unwrap_or_default()
        };
        for t in 0..samples {
            sums.add((0..classes).map(|c| plane(t, c)));
        }
        let part = 1.0 / samples as f32;
        scale(&mut sums.mean, part);
        scale(&mut sums.entropy, part);
        positive(&mut sums.entropy);
        expected.copy_from_slice(&sums.entropy);
        for (c, (out, mean)) in self
            .mean
            .iter_mut()
            .zip(sums.mean.chunks(length))
            .enumerate()
        {
            out.copy_from_slice(mean);
            add_entropy(mean, predictive);
            for t in 0..samples {
                add_squares(plane(t, c), mean, variance);
            }
        }
        scale(variance, part);
        positive(predictive);
        difference(predictive, expected, information);
        std::mem::take(&mut sums.is_bad)
    }
}
