//! How near a model's variance maps come to those of the raters.

use raterlens_core::evaluation::pearson;
use raterlens_core::variability::{variance_maps, VarianceOptions};
use raterlens_core::{LabelMap, LabelScheme, Volume};
use serde::{Deserialize, Serialize};

use crate::error::StudyError;

/// Predicted variance maps of one image against those of its raters; one number a structure, in the scheme's order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VarianceOnImage {
    /// Mean squared difference over all voxels.
    pub mse: Vec<f64>,
    /// Mean of the predicted map over all voxels.
    pub predicted: Vec<f64>,
    /// Mean of the raters' map over all voxels.
    pub raters: Vec<f64>,
    /// Pearson's correlation over all voxels; `None` where a map is the same everywhere.
    pub r: Vec<Option<f64>>,
}

/// Compares predicted variance with the raters'; `None` without predictions or with fewer than two raters.
pub(crate) fn variance_on_image(
    predicted: &[Volume<f32>],
    raters: &[(String, LabelMap)],
    scheme: &LabelScheme,
    options: &VarianceOptions,
) -> Result<Option<VarianceOnImage>, StudyError> {
    if predicted.is_empty() || raters.len() < 2 {
        return Ok(None);
    }
    let maps: Vec<LabelMap> = raters.iter().map(|(_, map)| map.clone()).collect();
    let reference = variance_maps(&maps, scheme, options);
    let reference = reference.map_err(|e| StudyError::Internal(e.to_string()))?;
    let mut found = VarianceOnImage {
        mse: Vec::new(),
        predicted: Vec::new(),
        raters: Vec::new(),
        r: Vec::new(),
    };
    for (ours, theirs) in predicted.iter().zip(&reference) {
        let (ours, theirs) = (wide(ours), wide(theirs));
        let squares: Vec<f64> = ours
            .iter()
            .zip(&theirs)
            .map(|(a, b)| (a - b).powi(2))
            .collect();
        found.mse.push(mean(&squares));
        found.predicted.push(mean(&ours));
        found.raters.push(mean(&theirs));
        found.r.push(pearson(&ours, &theirs)?.r);
    }
    Ok(Some(found))
}

fn wide(map: &Volume<f32>) -> Vec<f64> {
    map.data().iter().map(|v| f64::from(*v)).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}
