//! All images together.

use raterlens_core::agreement::{BootstrapOptions, Estimate};
use raterlens_core::evaluation::{
    average_calibration, bootstrap_mean, bootstrap_pearson, partition_variance, pearson,
    ranking_scores, MeanCalibration, Pearson, RankingScores, VariancePartition,
};
use raterlens_core::LabelScheme;
use serde::Serialize;

use crate::error::StudyError;
use crate::image::{ImageJudgement, WayOnImage};
use crate::way::Way;

/// One structure over all images.
#[derive(Debug, Clone, Serialize)]
pub struct OverallStructure {
    /// Name of the structure.
    pub structure: String,
    /// Mean Dice over the images, those without the structure (Dice 1) included.
    pub dice: Estimate,
    /// Mean Brier score over the images.
    pub brier: Estimate,
    /// Images that neither raters nor model find it in.
    pub empty_images: usize,
}

/// One way of predicting over all images.
#[derive(Debug, Clone, Serialize)]
pub struct OverallWay {
    /// The way.
    pub way: Way,
    /// Each structure, in the scheme's order.
    pub structures: Vec<OverallStructure>,
    /// Calibration, bins per image, then averaged.
    pub calibration: MeanCalibration,
    /// Mean over the images of the mean entropy, nats.
    pub entropy: Estimate,
    /// How well the entropy tells wrong voxels from right ones, over the voxels of all images together.
    pub pooled: RankingScores,
    /// The AUC-PR of single images, its mean; images without a wrong voxel say nothing.
    pub auc_pr_of_images: Estimate,
    /// Correlation over images of mean entropy with the raters' mean entropy; its interval is in `correlation_estimate`.
    pub correlation: Option<Pearson>,
    /// The same with a bootstrap interval over images.
    pub correlation_estimate: Option<Estimate>,
}

/// Everything over all images.
#[derive(Debug, Clone, Serialize)]
pub struct Overall {
    /// Number of images.
    pub images: usize,
    /// Mean over the images of the raters' entropy, nats.
    pub gt_entropy: Estimate,
    /// The ways, the plain one first.
    pub ways: Vec<OverallWay>,
    /// How much of the raters' entropy the epistemic (first) and the aleatoric (second) entropy explain, over images; `None` unless
    /// both were sampled and three images have raters enough.
    pub partition: Option<VariancePartition>,
}

impl Overall {
    /// Sums up images; intervals are bootstrapped over them.
    ///
    /// # Errors
    /// No image, or numbers that are not finite.
    pub fn of(
        images: &[ImageJudgement],
        scheme: &LabelScheme,
        options: &BootstrapOptions,
    ) -> Result<Self, StudyError> {
        let Some(first) = images.first() else {
            return Err(StudyError::NoImages);
        };
        let gt: Vec<Option<f64>> = images.iter().map(|i| i.gt_entropy).collect();
        let ways = (0..first.ways.len()).map(|n| {
            let on_images: Vec<&WayOnImage> = images.iter().filter_map(|i| i.ways.get(n)).collect();
            one_way(&on_images, images, &gt, scheme, options)
        });
        let ways = ways.collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            images: images.len(),
            gt_entropy: bootstrap_mean(&gt, options)?,
            partition: partition(images, &gt)?,
            ways,
        })
    }
}

fn one_way(
    on_images: &[&WayOnImage],
    images: &[ImageJudgement],
    gt: &[Option<f64>],
    scheme: &LabelScheme,
    options: &BootstrapOptions,
) -> Result<OverallWay, StudyError> {
    let Some(first) = on_images.first() else {
        return Err(StudyError::NoImages);
    };
    let mean = |of: &dyn Fn(&WayOnImage) -> Option<f64>| {
        let values: Vec<_> = on_images.iter().map(|w| of(w)).collect();
        bootstrap_mean(&values, options)
    };
    let mut structures = Vec::new();
    for (n, structure) in scheme.structures.iter().enumerate() {
        structures.push(OverallStructure {
            structure: structure.name.clone(),
            dice: mean(&|w| w.dice.get(n).copied())?,
            brier: mean(&|w| w.brier.get(n).copied())?,
            empty_images: images
                .iter()
                .filter(|i| i.empty.get(n) == Some(&true))
                .count(),
        });
    }
    let calibrations: Vec<_> = on_images.iter().map(|w| w.calibration.clone()).collect();
    let (mut scores, mut wrong) = (Vec::new(), Vec::new());
    for way in on_images {
        scores.extend_from_slice(&way.voxels.0);
        wrong.extend_from_slice(&way.voxels.1);
    }
    let pairs = on_images.iter().zip(gt);
    let pairs: Vec<(f64, f64)> = pairs
        .filter_map(|(w, g)| Some((w.entropy, (*g)?)))
        .collect();
    let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
    let related = x.len() >= 3;
    Ok(OverallWay {
        way: first.way,
        structures,
        calibration: average_calibration(&calibrations, options)?,
        entropy: mean(&|w| Some(w.entropy))?,
        pooled: ranking_scores(&scores, &wrong)?,
        auc_pr_of_images: mean(&|w| w.ranking.average_precision)?,
        correlation: related.then(|| pearson(&x, &y)).transpose()?,
        correlation_estimate: related
            .then(|| bootstrap_pearson(&x, &y, options))
            .transpose()?,
    })
}

fn partition(
    images: &[ImageJudgement],
    gt: &[Option<f64>],
) -> Result<Option<VariancePartition>, StudyError> {
    let of_kind = |image: &ImageJudgement, kind: &str| {
        let way = image.ways.iter().find(|w| w.way.kind() == kind);
        way.map(|w| w.entropy)
    };
    let mut columns: [Vec<f64>; 3] = Default::default();
    for (image, gt) in images.iter().zip(gt) {
        let row = (
            *gt,
            of_kind(image, "epistemic"),
            of_kind(image, "aleatoric"),
        );
        if let (Some(y), Some(e), Some(a)) = row {
            for (column, value) in columns.iter_mut().zip([y, e, a]) {
                column.push(value);
            }
        }
    }
    let [y, epistemic, aleatoric] = &columns;
    Ok(partition_variance(y, epistemic, aleatoric)?)
}
