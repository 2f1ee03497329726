//! What the raters of one image say together.

use raterlens_core::fusion::{Rater, RaterSet};
use raterlens_core::variability::variance_maps;
use raterlens_core::{LabelMap, LabelScheme, VarianceOptions, Volume};
use raterlens_raters::study::OpenedCase;
use raterlens_raters::{fuse, FuseOptions, Method, RatersError};

use crate::error::TrainError;

/// The first drawing of each rater: who drew twice has one vote all the same.
pub(crate) fn first_drawings(opened: &OpenedCase) -> Vec<(String, LabelMap)> {
    let first = opened.drawings.iter().filter(|(_, repeat, _)| *repeat == 0);
    first
        .map(|(rater, _, labels)| (rater.clone(), labels.clone()))
        .collect()
}

/// The consensus of the drawings; of a single one, itself.
pub(crate) fn fused(
    method: Method,
    maps: &[(String, LabelMap)],
    scheme: &LabelScheme,
) -> Result<LabelMap, TrainError> {
    if let [(_, only)] = maps {
        return Ok(only.clone());
    }
    let raters = maps.iter().map(|(name, map)| Rater::new(name, map));
    let set = RaterSet::new(raters.collect()).map_err(RatersError::from)?;
    let options = FuseOptions {
        method,
        ..FuseOptions::default()
    };
    Ok(fuse(&set, scheme, &options, &Default::default())?.consensus)
}

/// The reference variance map of each structure, on the raters' grid.
pub(crate) fn reference_maps(
    maps: &[(String, LabelMap)],
    scheme: &LabelScheme,
    options: &VarianceOptions,
) -> Result<Vec<Volume<f32>>, TrainError> {
    let labels: Vec<LabelMap> = maps.iter().map(|(_, m)| m.clone()).collect();
    variance_maps(&labels, scheme, options).map_err(TrainError::internal)
}
