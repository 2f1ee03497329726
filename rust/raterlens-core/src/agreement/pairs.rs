//! Two raters over all images that both drew.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bootstrap::Resamples;
use super::metric::{Comparison, Metric};
use super::summary::{Observation, Summary};
use crate::metrics::Emptiness;

/// Two raters and one structure, over the images that both drew.
///
/// The metrics' values for an image where one or both left the structure empty are those of the table in
/// [`crate::metrics`]; such images are counted here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairAgreement {
    /// First rater.
    pub a: String,
    /// Second rater; the same as `a` for repeated drawings.
    pub b: String,
    /// Comparisons: one per image, or several of one image for repeated drawings.
    pub comparisons: usize,
    /// Comparisons in which only one of the two has the structure.
    pub one_empty: usize,
    /// Comparisons in which neither has it: their Dice, IoU and surface Dice count as 1.
    pub both_empty: usize,
    /// Mean Dice without those; `None` when there are no others.
    pub dice_where_drawn: Option<f64>,
    /// Every metric over the images.
    pub metrics: BTreeMap<Metric, Summary>,
}

impl PairAgreement {
    /// Pools comparisons, in the order of images, of `a` (first) with `b` (second).
    pub(super) fn pool(
        a: &str,
        b: &str,
        comparisons: &[(usize, Comparison)],
        resamples: &Resamples,
    ) -> Self {
        let count = |wanted: &[Emptiness]| {
            let found = comparisons.iter();
            found.filter(|(_, c)| wanted.contains(&c.empty())).count()
        };
        let summary = |metric: Metric| {
            let observations: Vec<_> = comparisons
                .iter()
                .map(|(image, comparison)| Observation {
                    image: *image,
                    value: comparison.value(metric),
                })
                .collect();
            (metric, Summary::of(&observations, resamples))
        };
        Self {
            a: a.to_owned(),
            b: b.to_owned(),
            comparisons: comparisons.len(),
            one_empty: count(&[Emptiness::Prediction, Emptiness::Truth]),
            both_empty: count(&[Emptiness::Both]),
            dice_where_drawn: dice_where_drawn(comparisons),
            metrics: Metric::ALL.map(summary).into(),
        }
    }
}

fn dice_where_drawn(comparisons: &[(usize, Comparison)]) -> Option<f64> {
    let drawn = comparisons
        .iter()
        .filter(|(_, c)| c.empty() != Emptiness::Both);
    let (n, sum) = drawn.fold((0_u32, 0.0), |(n, sum), (_, c)| {
        (n + 1, sum + c.voxels.dice())
    });
    (n > 0).then(|| sum / f64::from(n))
}
