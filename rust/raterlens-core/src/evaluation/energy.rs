//! Generalised energy distance between samples and raters.

use ndarray::ArrayView3;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::check::same_shape;
use super::error::EvaluationError;
use crate::metrics::overlap_counts;

/// The distance and its three means.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EnergyDistance {
    /// `2 E d(sample, rater) - E d(sample, sample') - E d(rater, rater')`: 0 when samples are distributed as raters are.
    pub distance: f64,
    /// Mean distance between a sample and a rater.
    pub sample_rater: f64,
    /// Mean distance between samples: their diversity.
    pub samples: f64,
    /// Mean distance between raters.
    pub raters: f64,
}

/// Squared generalised energy distance of label maps sampled from a model to those of the raters (Kohl et al. 2018, arXiv 1806.05034), with
/// `d = 1 - mean IoU over the structures`.
///
/// A structure that both maps leave empty has IoU 1, one that only one of them has IoU 0 (as in Baumgartner et al.'s PHiSeg).
/// Means run over all ordered pairs, a map with itself too, as in both papers' code: with few samples this favours models whose samples
/// do not differ.
///
/// # Errors
/// No sample, no rater, no structure, maps of different shape.
///
/// # Examples
/// ```
/// use ndarray::array;
/// use raterlens_core::evaluation::generalised_energy_distance;
///
/// let (left, both) = (array![[[1, 0]]], array![[[1, 1]]]);
/// // One sample, two raters: d(left, left) = 0, d(left, both) = 1/2.
/// let found = generalised_energy_distance(&[left.view()], &[left.view(), both.view()], &[1])?;
/// assert_eq!(found.distance, 2.0 * 0.25 - 0.0 - 0.25);
/// # Ok::<(), raterlens_core::evaluation::EvaluationError>(())
/// ```
pub fn generalised_energy_distance(
    samples: &[ArrayView3<'_, u16>],
    raters: &[ArrayView3<'_, u16>],
    structures: &[u16],
) -> Result<EnergyDistance, EvaluationError> {
    for (what, is_empty) in [
        ("samples", samples.is_empty()),
        ("raters", raters.is_empty()),
        ("structures", structures.is_empty()),
    ] {
        if is_empty {
            return Err(EvaluationError::Empty { what });
        }
    }
    let shape = samples.first().map_or(&[][..], |s| s.shape());
    for map in samples.iter().chain(raters) {
        same_shape("a label map", map.shape(), shape)?;
    }
    let crossed = samples
        .iter()
        .flat_map(|s| raters.iter().map(move |r| (s, r)));
    let crossed = distances(crossed.collect(), structures)?;
    let sample_rater = crossed / (samples.len() * raters.len()) as f64;
    let samples = mean_within(samples, structures)?;
    let raters = mean_within(raters, structures)?;
    Ok(EnergyDistance {
        distance: 2.0 * sample_rater - samples - raters,
        sample_rater,
        samples,
        raters,
    })
}

type Pair<'a, 'b> = (&'a ArrayView3<'b, u16>, &'a ArrayView3<'b, u16>);

/// Mean over all ordered pairs: those of a map with itself are 0, the others come twice.
fn mean_within(maps: &[ArrayView3<'_, u16>], structures: &[u16]) -> Result<f64, EvaluationError> {
    let pairs = maps
        .iter()
        .enumerate()
        .flat_map(|(n, a)| maps.iter().take(n).map(move |b| (a, b)));
    Ok(2.0 * distances(pairs.collect(), structures)? / (maps.len() * maps.len()) as f64)
}

/// Sum of the distances of pairs.
fn distances(pairs: Vec<Pair<'_, '_>>, structures: &[u16]) -> Result<f64, EvaluationError> {
    let distance = |(a, b): &Pair<'_, '_>| {
        let counts = overlap_counts(a, b, structures).map_err(|_| EvaluationError::Shape {
            what: "a label map",
            found: b.shape().to_vec(),
            expected: a.shape().to_vec(),
        })?;
        let mean = counts.iter().map(|c| c.iou()).sum::<f64>() / structures.len() as f64;
        Ok(1.0 - mean)
    };
    let all: Result<Vec<f64>, EvaluationError> = pairs.par_iter().map(distance).collect();
    Ok(all?.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn equal_maps_have_no_distance_and_empty_ones_agree() {
        let a = array![[[0_u16, 0], [1, 1]]];
        let found =
            generalised_energy_distance(&[a.view(), a.view()], &[a.view()], &[1, 2]).unwrap();
        assert_eq!(
            (found.distance, found.samples, found.raters),
            (0.0, 0.0, 0.0)
        );
        let empty = array![[[0_u16, 0], [0, 0]]];
        let one = generalised_energy_distance(&[a.view()], &[empty.view()], &[1, 2]).unwrap();
        assert_eq!(one.distance, 2.0 * 0.5); // label 1: 1, label 2 (nowhere): 0
    }

    #[test]
    fn what_has_no_distance_is_refused() {
        let (a, b) = (array![[[1_u16]]], array![[[1_u16, 0]]]);
        assert!(generalised_energy_distance(&[], &[a.view()], &[1]).is_err());
        assert!(generalised_energy_distance(&[a.view()], &[a.view()], &[]).is_err());
        assert!(generalised_energy_distance(&[a.view()], &[b.view()], &[1]).is_err());
    }
}
