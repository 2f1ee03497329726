//! What uncertainty maps are worth.

use raterlens_core::evaluation::{pearson, ranking_scores, Pearson, RankingScores};
use raterlens_core::Volume;
use serde::Serialize;

use crate::error::RatersError;

/// Scores of one uncertainty map of one image.
#[derive(Debug, Clone, Serialize)]
pub struct UncertaintyScores {
    /// Name of the map.
    pub name: String,
    /// Mean over all voxels, in the map's unit.
    pub mean: f64,
    /// How well the map tells wrong voxels from right ones.
    #[serde(flatten)]
    pub ranking: RankingScores,
    /// Correlation with the entropy of the raters' mean label, voxel by voxel; voxels are not independent, so its p-value says little. `None`
    /// without raters.
    pub gt_entropy_by_voxel: Option<Pearson>,
}

/// Scores a map.
pub(super) fn scores(
    name: &str,
    map: &Volume<f32>,
    is_wrong: &[bool],
    entropy: Option<&Volume<f32>>,
) -> Result<UncertaintyScores, RatersError> {
    let values: Vec<f32> = map.data().iter().copied().collect();
    let wide =
        |map: &Volume<f32>| -> Vec<f64> { map.data().iter().map(|v| f64::from(*v)).collect() };
    let correlation = match entropy {
        Some(entropy) => Some(pearson(&wide(map), &wide(entropy))?),
        None => None,
    };
    Ok(UncertaintyScores {
        name: name.to_owned(),
        mean: values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len() as f64,
        ranking: ranking_scores(&values, is_wrong)?,
        gt_entropy_by_voxel: correlation,
    })
}
