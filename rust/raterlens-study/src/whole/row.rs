//! One trained combination, over its seeds: numbers of each image.

use raterlens_core::evaluation::{Calibration, CalibrationBin};
use serde::Serialize;

use super::judged::Judged;
use crate::image::{ImageJudgement, WayOnImage};
use crate::way::Way;

/// Which models a row is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowKey {
    /// Group of the plan.
    pub group: String,
    /// Name of the network, for example `unet-small`.
    pub network: String,
    /// Ground truth of the training.
    pub ground_truth: String,
    /// Whether the network also predicts variance maps.
    pub is_multi_task: bool,
    /// Whether all seeds together are judged as one ensemble, or each by itself.
    pub is_ensemble: bool,
}

/// Models of one combination on the test images. Numbers of single models are means over the seeds, image by image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Which models.
    pub key: RowKey,
    /// Number of models.
    pub models: usize,
    /// Each way of predicting.
    pub ways: Vec<WayRow>,
    /// Predicted variance, of models that predict it.
    pub variance: Option<VarianceRow>,
}

/// One way of predicting; lists over images are in the order of the study.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WayRow {
    /// The way.
    pub way: Way,
    /// Dice, by structure and image.
    pub dice: Vec<Vec<f64>>,
    /// Brier score, by structure and image.
    pub brier: Vec<Vec<f64>>,
    /// Mean entropy of each image, nats.
    pub entropy: Vec<f64>,
    /// Correlation over the voxels of each image of the entropy with the raters'.
    pub entropy_r: Vec<Option<f64>>,
    /// AUC-PR of each image; `None` where nothing is wrong.
    pub auc_pr: Vec<Option<f64>>,
    /// AUC-PR over the voxels of all images, by seed.
    pub pooled_auc_pr: Vec<f64>,
    /// Calibration of each image.
    pub calibration: Vec<Calibration>,
}

/// Predicted variance maps; lists are by structure and image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VarianceRow {
    /// Mean squared error.
    pub mse: Vec<Vec<f64>>,
    /// Mean of the predicted maps.
    pub predicted: Vec<Vec<f64>>,
    /// Mean of the raters' maps.
    pub raters: Vec<Vec<f64>>,
    /// Correlation over voxels.
    pub r: Vec<Vec<Option<f64>>>,
}

impl Row {
    /// Sums up judgements of one combination; none without a judgement.
    pub(super) fn of(key: RowKey, seeds: &[Judged]) -> Option<Self> {
        let images = seeds.first()?.images.len();
        let ways = seeds.first()?.images.first()?.ways.iter().map(|w| w.way);
        let ways = ways.map(|way| way_row(way, seeds, images)).collect();
        Some(Self {
            variance: variance_row(seeds, images),
            models: seeds.len(),
            key,
            ways,
        })
    }

    /// A way of predicting.
    #[must_use]
    pub fn way(&self, way: Way) -> Option<&WayRow> {
        self.ways.iter().find(|w| w.way == way)
    }

    /// The ways that differ: the plain prediction of an ensemble is the mean of its members, which [`Way::Ensemble`] is, too.
    pub fn distinct_ways(&self) -> impl Iterator<Item = &WayRow> {
        let ways = self.ways.iter();
        ways.filter(|w| !self.key.is_ensemble || w.way != Way::Plain)
    }

    /// The way whose uncertainty is epistemic.
    #[must_use]
    pub fn epistemic(&self) -> Option<&WayRow> {
        self.ways.iter().find(|w| w.way.kind() == "epistemic")
    }

    /// For figures: "U-Net small, majority, ensemble".
    #[must_use]
    pub fn short_name(&self) -> String {
        let name = self.name().replace("majority vote", "majority");
        name.replace("random sampling", "random")
    }

    /// For tables: "U-Net small, majority vote".
    #[must_use]
    pub fn name(&self) -> String {
        let tasks = if self.key.is_multi_task {
            " (multi-task)"
        } else {
            ""
        };
        let models = match (self.key.is_ensemble, self.models) {
            (true, _) => ", ensemble",
            _ => "",
        };
        format!(
            "{}{tasks}, {}{models}",
            network_title(&self.key.network),
            truth_title(&self.key.ground_truth)
        )
    }
}

/// "TransUNet small", "TransUNet + blur-pool small".
pub(super) fn network_title(name: &str) -> String {
    let titles = [
        ("attention-unet", "Attention U-Net"),
        ("transunet-r50", "TransUNet R50"),
        ("transunet", "TransUNet"),
        ("unet", "U-Net"),
    ];
    for (start, title) in titles {
        if let Some(rest) = name.strip_prefix(start) {
            let rest = rest
                .replace("-blur-pool", " + blur-pool")
                .replace("-evidential", " + evidential")
                .replace('-', " ")
                .replace("blur pool", "blur-pool");
            return format!("{title}{rest}");
        }
    }
    name.to_owned()
}

pub(super) fn truth_title(name: &str) -> String {
    match name {
        "majority" => "majority vote".into(),
        "random" => "random sampling".into(),
        "soft" => "soft labels".into(),
        "staple" => "STAPLE".into(),
        other => other.replace("rater:", "rater "),
    }
}

fn way_row(way: Way, seeds: &[Judged], images: usize) -> WayRow {
    let of_image = |n: usize| -> Vec<&WayOnImage> {
        let image = |s: &'_ Judged| -> Option<usize> {
            s.images.get(n)?.ways.iter().position(|w| w.way == way)
        };
        seeds
            .iter()
            .filter_map(|s| s.images.get(n)?.ways.get(image(s)?))
            .collect()
    };
    let all: Vec<Vec<&WayOnImage>> = (0..images).map(of_image).collect();
    let structures = all
        .first()
        .and_then(|w| w.first())
        .map_or(0, |w| w.dice.len());
    let by_structure = |of: fn(&WayOnImage) -> &Vec<f64>| -> Vec<Vec<f64>> {
        let one = |n: usize, ways: &[&WayOnImage]| {
            mean(ways.iter().filter_map(|w| of(w).get(n).copied()))
        };
        (0..structures)
            .map(|n| {
                all.iter()
                    .map(|ways| one(n, ways).unwrap_or(f64::NAN))
                    .collect()
            })
            .collect()
    };
    let by_image = |of: fn(&WayOnImage) -> Option<f64>| -> Vec<Option<f64>> {
        let ways = all.iter();
        ways.map(|ways| mean(ways.iter().filter_map(|w| of(w))))
            .collect()
    };
    let pooled = seeds.iter().filter_map(|s| {
        let found = s.pooled.iter().find(|(w, _)| *w == way)?;
        found.1.average_precision
    });
    WayRow {
        way,
        dice: by_structure(|w| &w.dice),
        brier: by_structure(|w| &w.brier),
        entropy: by_image(|w| Some(w.entropy))
            .into_iter()
            .flatten()
            .collect(),
        entropy_r: by_image(|w| w.entropy_r),
        auc_pr: by_image(|w| w.ranking.average_precision),
        pooled_auc_pr: pooled.collect(),
        calibration: all
            .iter()
            .filter_map(|ways| {
                let seeds: Vec<&Calibration> = ways.iter().map(|w| &w.calibration).collect();
                mean_of_seeds(&seeds)
            })
            .collect(),
    }
}

fn variance_row(seeds: &[Judged], images: usize) -> Option<VarianceRow> {
    let of_image = |n: usize| {
        let found = seeds.iter().map(|s| s.images.get(n)?.variance.as_ref());
        found.collect::<Option<Vec<_>>>()
    };
    let all: Vec<_> = (0..images).map(of_image).collect::<Option<_>>()?;
    let structures = all.first()?.first()?.mse.len();
    let table = |of: fn(&crate::truth::VarianceOnImage) -> &Vec<f64>| -> Vec<Vec<f64>> {
        let cell = |n: usize, image: &Vec<&crate::truth::VarianceOnImage>| {
            mean(image.iter().filter_map(|v| of(v).get(n).copied())).unwrap_or(f64::NAN)
        };
        let row = |n| all.iter().map(|image| cell(n, image)).collect();
        (0..structures).map(row).collect()
    };
    let r = |n: usize| {
        let image = |v: &Vec<&crate::truth::VarianceOnImage>| {
            mean(v.iter().filter_map(|v| v.r.get(n).copied().flatten()))
        };
        all.iter().map(image).collect()
    };
    Some(VarianceRow {
        mse: table(|v| &v.mse),
        predicted: table(|v| &v.predicted),
        raters: table(|v| &v.raters),
        r: (0..structures).map(r).collect(),
    })
}

/// The mean; none of nothing.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0.0);
    for value in values {
        sum += value;
        count += 1.0;
    }
    (count > 0.0).then(|| sum / count)
}

/// The entropy of the raters' mean label of each image.
pub(super) fn gt_entropy(images: &[ImageJudgement]) -> Vec<Option<f64>> {
    images.iter().map(|i| i.gt_entropy).collect()
}

/// One image's calibration over several seeds: bins hold the voxels of all of them, errors are means.
fn mean_of_seeds(seeds: &[&Calibration]) -> Option<Calibration> {
    let over = |of: fn(&Calibration) -> f64| mean(seeds.iter().map(|c| of(c)));
    let bins = seeds.first()?.bins.len();
    let bin = |n: usize| {
        let all = || seeds.iter().filter_map(|c| c.bins.get(n));
        let voxels: u64 = all().map(|b| b.voxels).sum();
        let weighted = |of: fn(&CalibrationBin) -> Option<f64>| {
            let sum: f64 = all().filter_map(|b| Some(of(b)? * b.voxels as f64)).sum();
            (voxels > 0).then(|| sum / voxels as f64)
        };
        CalibrationBin {
            voxels,
            confidence: weighted(|b| b.confidence),
            accuracy: weighted(|b| b.accuracy),
        }
    };
    Some(Calibration {
        bins: (0..bins).map(bin).collect(),
        ece: over(|c| c.ece)?,
        adaptive_ece: over(|c| c.adaptive_ece)?,
        confidence: over(|c| c.confidence)?,
        accuracy: over(|c| c.accuracy)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_have_the_names_of_the_field() {
        assert_eq!(network_title("unet-small"), "U-Net small");
        assert_eq!(network_title("attention-unet-tiny"), "Attention U-Net tiny");
        assert_eq!(
            network_title("transunet-blur-pool-small"),
            "TransUNet + blur-pool small"
        );
        assert_eq!(network_title("transunet-r50-base"), "TransUNet R50 base");
    }

    /// By hand: a bin of 1 voxel at 0.9 right and of 3 at 0.7, one of them right.
    #[test]
    fn bins_of_seeds_are_weighted_by_voxels() {
        let one = |voxels, confidence, accuracy, ece| Calibration {
            bins: vec![CalibrationBin {
                voxels,
                confidence: Some(confidence),
                accuracy: Some(accuracy),
            }],
            ece,
            adaptive_ece: ece,
            confidence,
            accuracy,
        };
        let (a, b) = (one(1, 0.9, 1.0, 0.1), one(3, 0.7, 1.0 / 3.0, 0.3));
        let found = mean_of_seeds(&[&a, &b]).unwrap();
        assert_eq!(found.bins[0].voxels, 4);
        assert!((found.bins[0].confidence.unwrap() - 0.75).abs() < 1e-12);
        assert!((found.bins[0].accuracy.unwrap() - 0.5).abs() < 1e-12);
        assert!((found.ece - 0.2).abs() < 1e-12);
        assert_eq!(mean_of_seeds(&[]), None);
    }
}
