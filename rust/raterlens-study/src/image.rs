//! One image.

use ndarray::{Array4, Axis};
use raterlens_core::evaluation::{Calibration, RankingScores};
use raterlens_core::fusion::{vote, Rater, RaterSet, TiePolicy};
use raterlens_core::metrics::CompareOptions;
use raterlens_core::variability::VarianceOptions;
use raterlens_core::{LabelMap, LabelScheme, Volume};
use raterlens_engine::SegmentResult;
use raterlens_raters::{evaluate, EvaluateInput, RatersError};
use serde::{Deserialize, Serialize};

use crate::error::StudyError;
use crate::truth::{variance_on_image, VarianceOnImage};
use crate::way::Way;

/// One way of predicting on one image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WayOnImage {
    /// The way.
    pub way: Way,
    /// Dice of each structure against the majority vote of the raters; 1 where neither has it.
    pub dice: Vec<f64>,
    /// Brier score of each structure's probability against the raters' mean label.
    pub brier: Vec<f64>,
    /// Calibration of the most probable class.
    pub calibration: Calibration,
    /// Entropy of the probabilities (of an evidential head: its uncertainty), mean over all voxels, nats.
    pub entropy: f64,
    /// Correlation over the voxels of the entropy with that of the raters' mean label; `None` for fewer than two raters, and where one
    /// of them is the same everywhere.
    pub entropy_r: Option<f64>,
    /// Mean mutual information of the samples, nats; `None` of a plain prediction.
    pub mutual_information: Option<f64>,
    /// How well the entropy tells wrong voxels from right ones.
    pub ranking: RankingScores,
    /// The entropy of each voxel and whether its label is wrong: for scores over several images.
    #[serde(skip)]
    pub voxels: (Vec<f32>, Vec<bool>),
}

/// What was found on one image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageJudgement {
    /// Name of the image.
    pub case: String,
    /// Entropy of the raters' mean label, mean over all voxels, nats; `None` for fewer than two raters.
    pub gt_entropy: Option<f64>,
    /// Structures that neither the raters' majority vote nor the plain prediction has, in the scheme's order.
    pub empty: Vec<bool>,
    /// The plain prediction first, then those that were sampled, then the evidential one.
    pub ways: Vec<WayOnImage>,
    /// Predicted variance against the raters'; `None` of models without, and for fewer than two raters.
    pub variance: Option<VarianceOnImage>,
}

/// Judges a result against the raters: their majority vote (ties are background) is right, Brier scores compare with their mean label.
///
/// `result` must have its probabilities, and the means of what was sampled ([`raterlens_engine::SegmentRequest::keep_probabilities`],
/// [`raterlens_engine::UncertaintyRequest::keep_mean`]). Predicted variance maps are held against the raters', made as `variance` says.
///
/// # Errors
/// Raters on other grids than the image, none, or a result without probabilities.
pub fn judge_image(
    case: &str,
    result: &SegmentResult,
    raters: &[(String, LabelMap)],
    scheme: &LabelScheme,
    variance: &VarianceOptions,
) -> Result<ImageJudgement, StudyError> {
    let mut ways = Vec::new();
    let named = raters.iter().map(|(name, map)| Rater::new(name, map));
    let set = RaterSet::new(named.collect()).map_err(RatersError::from)?;
    let majority = vote(&set, &TiePolicy::Background).map_err(RatersError::from)?;
    let judge = |way, p: &Array4<f32>, own| one_way(way, p, own, &majority, raters, scheme);
    let plain = stacked(&result.probabilities)?;
    let (first, gt_entropy, empty) = judge(Way::Plain, &plain, None)?;
    ways.push(first);
    for layers in &result.uncertainty {
        let (mut way, ..) = judge(layers.source.into(), &stacked(&layers.mean)?, None)?;
        way.mutual_information = layers.summary.image.mutual_information;
        ways.push(way);
    }
    if let Some(own) = &result.evidential {
        let (way, ..) = judge(Way::Evidential, &plain, Some(own))?;
        ways.push(way);
    }
    Ok(ImageJudgement {
        case: case.to_owned(),
        gt_entropy,
        empty,
        ways,
        variance: variance_on_image(&result.variance, raters, scheme, variance)?,
    })
}

/// Classes `[class, k, j, i]` of volumes on one grid.
fn stacked(classes: &[Volume<f32>]) -> Result<Array4<f32>, StudyError> {
    let views: Vec<_> = classes.iter().map(|c| c.data().view()).collect();
    ndarray::stack(Axis(0), &views).map_err(|e| StudyError::Internal(e.to_string()))
}

/// The entropy of each voxel's probabilities, and whether its most probable class is not the majority's.
fn voxels(p: &Array4<f32>, majority: &LabelMap, scheme: &LabelScheme) -> (Vec<f32>, Vec<bool>) {
    let class_of = |label: u16| {
        let place = scheme.structures.iter().position(|s| s.id == label);
        place.map_or(0, |n| n + 1)
    };
    let mut found = (Vec::new(), Vec::new());
    for (column, label) in p.lanes(Axis(0)).into_iter().zip(majority.data()) {
        let mut best = (0, f32::NEG_INFINITY);
        let mut entropy = 0.0_f64;
        for (class, p) in column.iter().enumerate() {
            if *p > best.1 {
                best = (class, *p);
            }
            let p = f64::from(*p);
            if p > 0.0 {
                entropy += (-p * p.ln()).max(0.0);
            }
        }
        found.0.push(entropy as f32);
        found.1.push(best.0 != class_of(*label));
    }
    found
}

type Judged = (WayOnImage, Option<f64>, Vec<bool>);

/// Judges probabilities; their uncertainty is `own`, or else their entropy.
fn one_way(
    way: Way,
    probabilities: &Array4<f32>,
    own: Option<&Volume<f32>>,
    majority: &LabelMap,
    raters: &[(String, LabelMap)],
    scheme: &LabelScheme,
) -> Result<Judged, StudyError> {
    let name = way.to_string();
    let given: Vec<(String, Volume<f32>)> =
        own.iter().map(|m| (name.clone(), (*m).clone())).collect();
    let input = EvaluateInput {
        truth: Some(majority),
        raters,
        prediction: None,
        probabilities: Some(probabilities),
        uncertainties: &given,
        scheme,
    };
    let found = evaluate(&input, &CompareOptions::default())?;
    let missing = || StudyError::Internal("the evaluation has no scores of probabilities".into());
    let scores = found.probabilities.ok_or_else(missing)?;
    let mut uncertainties = found.uncertainties.into_iter();
    let uncertainty = uncertainties
        .find(|u| own.is_none() || u.name == name)
        .ok_or_else(missing)?;
    let empty = found.structures.iter();
    let empty = empty.map(|s| s.voxels.prediction == 0 && s.voxels.truth == 0);
    let (mut values, wrong) = voxels(probabilities, majority, scheme);
    if let Some(own) = own {
        values = own.data().iter().copied().collect();
    }
    let judged = WayOnImage {
        way,
        dice: found.structures.iter().map(|s| s.dice).collect(),
        // Class 0 is background.
        brier: scores.brier.into_iter().skip(1).collect(),
        calibration: scores.calibration,
        entropy: uncertainty.mean,
        entropy_r: uncertainty.gt_entropy_by_voxel.and_then(|c| c.r),
        mutual_information: None,
        ranking: uncertainty.ranking,
        voxels: (values, wrong),
    };
    Ok((judged, found.gt_entropy, empty.collect()))
}
