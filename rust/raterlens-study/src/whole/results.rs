//! Everything that was judged, for tables, figures and findings.

use raterlens_core::agreement::{BootstrapOptions, Estimate};
use raterlens_core::evaluation::{
    bootstrap, bootstrap_pearson, partition_variance, pearson, VariancePartition,
};
use serde::Serialize;

use super::error::WholeError;
use super::row::{Row, WayRow};

/// Everything that was judged.
#[derive(Debug, Clone, Serialize)]
pub struct Results {
    /// Name of the study.
    pub study: String,
    /// Names of the structures, in the order of all lists.
    pub structures: Vec<String>,
    /// Names of the test images, in the order of all lists.
    pub images: Vec<String>,
    /// Entropy of the raters' mean label of each image, nats.
    pub gt_entropy: Vec<Option<f64>>,
    /// The combinations, in the order of the plan: single models, then their ensemble.
    pub rows: Vec<Row>,
    /// The network that others are compared with.
    pub baseline: String,
    /// How intervals are drawn.
    #[serde(skip)]
    pub options: BootstrapOptions,
}

/// A correlation over images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Related {
    /// Pearson's r with its interval.
    pub r: Estimate,
    /// Two-sided p-value.
    pub p: Option<f64>,
    /// Spearman's rank correlation with its interval.
    pub rank: Estimate,
    /// Images.
    pub images: usize,
}

impl Results {
    /// The row with which another is compared: the baseline network, trained and judged alike; none of the baseline itself.
    pub(super) fn baseline_of(&self, row: &Row) -> Option<&Row> {
        let alike = |other: &&Row| {
            other.key.network == self.baseline
                && other.key.ground_truth == row.key.ground_truth
                && other.key.is_ensemble == row.key.is_ensemble
                && other.key != row.key
        };
        let mut found: Vec<&Row> = self.rows.iter().filter(alike).collect();
        found.sort_by_key(|other| other.key.group != row.key.group);
        let first = found.first().copied()?;
        (row.key.network != self.baseline).then_some(first)
    }

    /// Correlation over images of some numbers with the raters' entropy; none for fewer than three images.
    pub(super) fn related_to_raters(&self, x: &[f64]) -> Result<Option<Related>, WholeError> {
        let y: Vec<Option<f64>> = self.gt_entropy.clone();
        self.related(&x.iter().copied().map(Some).collect::<Vec<_>>(), &y)
    }

    /// Correlation over images of two lists; images without a number are left out.
    pub(super) fn related(
        &self,
        x: &[Option<f64>],
        y: &[Option<f64>],
    ) -> Result<Option<Related>, WholeError> {
        let pairs = x.iter().zip(y).filter_map(|(x, y)| Some(((*x)?, (*y)?)));
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.unzip();
        if x.len() < 3 {
            return Ok(None);
        }
        let (ranks_x, ranks_y) = (ranks(&x), ranks(&y));
        Ok(Some(Related {
            r: bootstrap_pearson(&x, &y, &self.options)?,
            p: pearson(&x, &y)?.p,
            rank: bootstrap_pearson(&ranks_x, &ranks_y, &self.options)?,
            images: x.len(),
        }))
    }

    /// How much of the raters' entropy the epistemic and the aleatoric entropy explain, with intervals over images; none where a part is
    /// missing.
    pub(super) fn partition(
        &self,
        epistemic: &WayRow,
        aleatoric: &WayRow,
    ) -> Result<Option<[Estimate; 6]>, WholeError> {
        let images = self.gt_entropy.iter().zip(&epistemic.entropy);
        let images: Vec<Option<[f64; 3]>> = images
            .zip(&aleatoric.entropy)
            .map(|((y, e), a)| Some([(*y)?, *e, *a]))
            .collect();
        let whole = |drawn: &[(&[f64; 3], f64)]| -> Option<VariancePartition> {
            let mut columns: [Vec<f64>; 3] = Default::default();
            for (image, times) in drawn {
                for _ in 0..*times as usize {
                    for (column, value) in columns.iter_mut().zip(**image) {
                        column.push(value);
                    }
                }
            }
            let [y, e, a] = &columns;
            partition_variance(y, e, a).ok().flatten()
        };
        let all: Vec<(&[f64; 3], f64)> = images.iter().flatten().map(|i| (i, 1.0)).collect();
        if whole(&all).is_none() {
            return Ok(None);
        }
        let parts: [fn(&VariancePartition) -> f64; 6] = [
            |p| p.first,
            |p| p.second,
            |p| p.joint,
            |p| p.unique_first,
            |p| p.unique_second,
            |p| p.shared,
        ];
        Ok(Some(parts.map(|part| {
            bootstrap(&images, &self.options, |drawn| {
                whole(drawn).map(|p| 100.0 * part(&p))
            })
        })))
    }
}

/// Ranks from 1; equal numbers share the mean of their ranks.
pub(super) fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    let at = |n: usize| values.get(n).copied().unwrap_or(f64::NAN);
    order.sort_by(|a, b| at(*a).total_cmp(&at(*b)));
    let mut found = vec![0.0; values.len()];
    let mut begin = 0;
    for run in order.chunk_by(|a, b| at(*a) == at(*b)) {
        let rank = begin as f64 + (run.len() as f64 + 1.0) / 2.0;
        for n in run {
            if let Some(place) = found.get_mut(*n) {
                *place = rank;
            }
        }
        begin += run.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_share_their_ranks() {
        assert_eq!(ranks(&[0.3, 0.1, 0.3, 0.2]), [3.5, 1.0, 3.5, 2.0]);
        assert!(ranks(&[]).is_empty());
    }
}
