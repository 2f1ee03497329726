//! Does a rater draw larger or smaller than the others, and how steadily?

use serde::{Deserialize, Serialize};

use super::bootstrap::Resamples;
use super::case::{mean, CaseStructure};
use super::metric::{Comparison, Metric};
use super::summary::{Observation, Summary};

/// One rater and one structure against the other raters of each image. The mean of each summary is the bias, its standard deviation the spread
/// over images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RaterBias {
    /// The rater.
    pub rater: String,
    /// Against the majority of the other raters (see [`super::leave_one_out_consensus`] for ties).
    pub consensus: Deviation,
    /// Against each of the other raters, averaged: free of the ties of votes, and over all raters the differences add up to 0.
    pub others: Deviation,
}

/// How one rater differs from a reference; positive: the rater draws more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deviation {
    /// Volume of the rater minus that of the reference.
    pub volume_ml: Summary,
    /// The same in percent of the reference; undefined where the reference is empty.
    pub volume_percent: Summary,
    /// Mean signed surface distance, positive outside the reference; undefined where one is empty.
    pub signed_distance_mm: Summary,
    /// Standard deviation of the signed distance over the surface of one image; undefined where one is empty.
    pub signed_distance_sd_mm: Summary,
    /// Dice with the reference.
    pub dice: Summary,
}

/// The numbers of one image.
#[derive(Debug, Clone, Copy)]
struct ImageDeviation {
    volume_ml: Option<f64>,
    volume_percent: Option<f64>,
    signed_distance_mm: Option<f64>,
    signed_distance_sd_mm: Option<f64>,
    dice: Option<f64>,
}

impl RaterBias {
    /// Of the images with their positions in the study and the rater's position among their raters.
    pub(super) fn pool(
        rater: &str,
        images: &[(usize, usize, &CaseStructure)],
        resamples: &Resamples,
    ) -> Self {
        let consensus = images.iter().filter_map(|&(image, rater, structure)| {
            let comparison = structure.consensus.get(rater)?.as_ref()?;
            Some((image, ImageDeviation::of(comparison)))
        });
        let others = images.iter().filter_map(|&(image, rater, structure)| {
            Some((image, ImageDeviation::from_others(structure, rater)?))
        });
        Self {
            rater: rater.to_owned(),
            consensus: Deviation::pool(&consensus.collect::<Vec<_>>(), resamples),
            others: Deviation::pool(&others.collect::<Vec<_>>(), resamples),
        }
    }
}

impl Deviation {
    fn pool(images: &[(usize, ImageDeviation)], resamples: &Resamples) -> Self {
        let summary = |value: fn(&ImageDeviation) -> Option<f64>| {
            let observations: Vec<_> = images
                .iter()
                .map(|(image, deviation)| Observation {
                    image: *image,
                    value: value(deviation),
                })
                .collect();
            Summary::of(&observations, resamples)
        };
        Self {
            volume_ml: summary(|d| d.volume_ml),
            volume_percent: summary(|d| d.volume_percent),
            signed_distance_mm: summary(|d| d.signed_distance_mm),
            signed_distance_sd_mm: summary(|d| d.signed_distance_sd_mm),
            dice: summary(|d| d.dice),
        }
    }
}

impl ImageDeviation {
    /// The first of two drawings against the second.
    fn of(comparison: &Comparison) -> Self {
        let [own, reference] = comparison.volumes_ml;
        Self {
            volume_ml: Some(own - reference),
            volume_percent: (reference > 0.0).then(|| 100.0 * (own - reference) / reference),
            signed_distance_mm: comparison.value(Metric::SignedDistanceMm),
            signed_distance_sd_mm: comparison.surface.signed_distance_sd_mm,
            dice: comparison.value(Metric::Dice),
        }
    }

    /// The mean over the other raters of one image; percentages are of their mean volume.
    fn from_others(structure: &CaseStructure, rater: usize) -> Option<Self> {
        let each: Vec<_> = structure
            .pairs
            .iter()
            .filter_map(|pair| match rater {
                r if r == pair.a => Some(pair.comparison),
                r if r == pair.b => Some(pair.comparison.swapped()),
                _ => None,
            })
            .collect();
        let reference = mean(each.iter().map(|c| c.volumes_ml[1]))?;
        let each: Vec<_> = each.iter().map(Self::of).collect();
        let over = |value: fn(&Self) -> Option<f64>| mean(each.iter().filter_map(value));
        let volume_ml = over(|d| d.volume_ml);
        Some(Self {
            volume_ml,
            volume_percent: volume_ml
                .filter(|_| reference > 0.0)
                .map(|v| 100.0 * v / reference),
            signed_distance_mm: over(|d| d.signed_distance_mm),
            signed_distance_sd_mm: over(|d| d.signed_distance_sd_mm),
            dice: over(|d| d.dice),
        })
    }
}
