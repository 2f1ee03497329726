//! A prediction against the truth or several raters, with its probabilities and uncertainty maps.

mod classes;
mod probabilities;
mod uncertainty;

use ndarray::Array4;
use raterlens_core::fusion::{
    mean_label, vote, Classes, MeanLabel, Rater, RaterSet, TiePolicy, UnknownLabels,
};
use raterlens_core::metrics::{compare, CompareOptions, StructureComparison};
use raterlens_core::{LabelMap, LabelScheme, Volume};
use serde::Serialize;

pub use probabilities::ProbabilityScores;
pub use uncertainty::UncertaintyScores;

use crate::error::RatersError;
use classes::{argmax, class_map, labels_of};

/// Bins of confidence (SPEC section 8).
pub const CALIBRATION_BINS: usize = 10;

/// What is evaluated; all on one grid.
#[derive(Debug, Clone, Copy)]
pub struct EvaluateInput<'a> {
    /// The labels that count as right; without them, the majority vote of the raters (ties are background).
    pub truth: Option<&'a LabelMap>,
    /// The raters with their names; may be empty.
    pub raters: &'a [(String, LabelMap)],
    /// The labels to be judged; without them, the most probable class.
    pub prediction: Option<&'a LabelMap>,
    /// Probabilities `[class, k, j, i]`: class 0 is background, class n the n-th structure of the scheme.
    pub probabilities: Option<&'a Array4<f32>>,
    /// Uncertainty maps with their names: larger where less sure.
    pub uncertainties: &'a [(String, Volume<f32>)],
    /// The structures; other labels count as background.
    pub scheme: &'a LabelScheme,
}

/// What was found; parts that the input says nothing about are `None` or empty.
#[derive(Debug, Clone, Serialize)]
pub struct Evaluation {
    /// Each structure of the scheme, in its order.
    pub structures: Vec<StructureComparison>,
    /// Of the probabilities.
    pub probabilities: Option<ProbabilityScores>,
    /// Of each uncertainty map, and of the entropy of the probabilities.
    pub uncertainties: Vec<UncertaintyScores>,
    /// Entropy of the raters' mean label, mean over all voxels, in nats; `None` for fewer than two raters.
    pub gt_entropy: Option<f64>,
    /// Voxels where the prediction is wrong (structures that the scheme does not name are background).
    pub wrong_voxels: u64,
    /// All voxels.
    pub voxels: u64,
    /// What counted as right: `truth` or `majority_vote`.
    pub reference: &'static str,
    /// What a reader should know, as sentences.
    pub notes: Vec<String>,
}

/// Evaluates one image (SPEC section 8).
///
/// Overlaps and distances are of the prediction. Brier scores compare the probabilities with the mean label of the raters (of the truth alone,
/// when there are no raters). Calibration compares the confidence of the most probable class with the reference. Uncertainty maps are judged
/// by where the prediction differs from the reference, over all voxels, and by their correlation with the raters' entropy, voxel by voxel.
///
/// # Errors
/// Neither truth nor raters, neither prediction nor probabilities, other grids, probabilities with another number of classes than the scheme's
/// structures and the background, values that are not probabilities.
pub fn evaluate(
    input: &EvaluateInput<'_>,
    options: &CompareOptions,
) -> Result<Evaluation, RatersError> {
    let raters: Vec<Rater<'_>> = input
        .raters
        .iter()
        .map(|(name, map)| Rater::new(name, map))
        .collect();
    let set = match raters.is_empty() {
        true => None,
        false => Some(RaterSet::new(raters)?),
    };
    let voted = match (input.truth, &set) {
        (None, Some(set)) => Some(vote(set, &TiePolicy::Background)?),
        _ => None,
    };
    let Some(reference) = input.truth.or(voted.as_ref()) else {
        return Err(RatersError::Request(
            "nothing to compare with: name the truth (--truth) or raters (--raters)".to_owned(),
        ));
    };
    let grid = *reference.geometry();
    let mut notes = Vec::new();
    if let Some(p) = input.probabilities {
        classes::check(p, input.scheme, &grid)?;
    }
    let best = input.probabilities.map(argmax);
    let most_probable = match &best {
        Some(best) => Some(Volume::new(labels_of(best, input.scheme), grid)?),
        None => None,
    };
    let Some(prediction) = input.prediction.or(most_probable.as_ref()) else {
        return Err(RatersError::Request("nothing to judge: name the prediction (--prediction) or probabilities (--probabilities)".to_owned()));
    };
    let ids: Vec<u16> = input.scheme.structures.iter().map(|s| s.id).collect();
    let structures = compare(prediction, reference, &ids, options)?;
    let right = class_map(reference, input.scheme);
    let predicted = class_map(prediction, input.scheme);
    if let Some(differing) = best
        .as_ref()
        .map(|best| count(best, &predicted))
        .filter(|n| *n > 0)
    {
        notes.push(format!(
            "The prediction is not the most probable class at {differing} voxels: calibration is that of the probabilities, everything else that of the prediction."
        ));
    }
    let is_wrong: Vec<bool> = right.iter().zip(&predicted).map(|(a, b)| a != b).collect();
    // Without raters the truth is the only one.
    let alone = RaterSet::new(vec![Rater::new("truth", reference)])?;
    let all = set.as_ref().unwrap_or(&alone);
    let classes = Classes::of_scheme(all, input.scheme, UnknownLabels::Background);
    let mean = mean_label(all, &classes)?;
    let entropy = match input.raters.len() {
        0 | 1 => None,
        _ => Some(mean.entropy()?),
    };
    let probabilities = match (input.probabilities, &best) {
        (Some(p), Some(best)) => {
            let soft = soft_label(&mean, &ids)?;
            Some(probabilities::scores(p, best, &right, &soft)?)
        }
        _ => None,
    };
    let mut uncertainties = Vec::new();
    if let Some(p) = input.probabilities {
        let map = Volume::new(classes::entropy(p), grid)?;
        uncertainties.push(uncertainty::scores(
            "prediction_entropy",
            &map,
            &is_wrong,
            entropy.as_ref(),
        )?);
    }
    for (name, map) in input.uncertainties {
        uncertainties.push(uncertainty::scores(name, map, &is_wrong, entropy.as_ref())?);
    }
    let mean_of = |map: &Volume<f32>| {
        map.data().iter().map(|v| f64::from(*v)).sum::<f64>() / map.data().len() as f64
    };
    Ok(Evaluation {
        structures,
        probabilities,
        uncertainties,
        gt_entropy: entropy.as_ref().map(mean_of),
        wrong_voxels: is_wrong.iter().filter(|w| **w).count() as u64,
        voxels: is_wrong.len() as u64,
        reference: if input.truth.is_some() {
            "truth"
        } else {
            "majority_vote"
        },
        notes,
    })
}

/// The share of raters who gave each class, `[class, k, j, i]`.
fn soft_label(mean: &MeanLabel, ids: &[u16]) -> Result<Array4<f32>, RatersError> {
    let labels = std::iter::once(0).chain(ids.iter().copied());
    let shares: Vec<Volume<f32>> = labels
        .map(|label| mean.of(label))
        .collect::<Result<_, _>>()?;
    let views: Vec<_> = shares.iter().map(|s| s.data().view()).collect();
    ndarray::stack(ndarray::Axis(0), &views).map_err(|e| RatersError::Internal(e.to_string()))
}

/// At how many voxels two maps differ.
fn count(a: &ndarray::Array3<u16>, b: &ndarray::Array3<u16>) -> usize {
    a.iter().zip(b).filter(|(a, b)| a != b).count()
}
