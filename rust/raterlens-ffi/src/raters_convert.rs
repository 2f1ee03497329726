//! Between the bridge's structs and those of raters, options and tables.

use ndarray::Array3;
use raterlens_core::fusion::staple::{Prior, Region, Start};
use raterlens_core::fusion::{Rater, RaterSet, StapleOptions, TiePolicy};
use raterlens_core::metrics::CompareOptions;
use raterlens_core::variability::{DistanceExtent, DistanceUnit, SoftLabelOptions};
use raterlens_core::{Geometry, LabelMap, LabelScheme, Structure, Terminology};
use raterlens_raters::tables::{Table, Values};
use raterlens_raters::{AgreeOptions, FuseOptions, Performance, RatersError, StapleKind};

use crate::bridge::{
    ColumnData, CompareData, FuseData, RaterData, SoftLabelData, StapleData, StructureData,
    TableData,
};
use crate::error::{BridgeError, ErrorKind};

fn refused(message: impl std::fmt::Display) -> BridgeError {
    BridgeError::new(ErrorKind::Raters, message)
}

/// Copies labels into a map on their grid.
///
/// # Errors
/// `Raters`, naming `owner`, when their number is not the product of the dimensions.
pub(crate) fn label_map(
    owner: &str,
    labels: &[u16],
    grid: Geometry,
) -> Result<LabelMap, BridgeError> {
    let [i, j, k] = grid.dims;
    Array3::from_shape_vec((k, j, i), labels.to_vec())
        .ok()
        .and_then(|data| LabelMap::new(data, grid).ok())
        .ok_or_else(|| {
            let found = labels.len();
            refused(format!(
                "{owner} has {found} voxels, but the grid has {i} x {j} x {k}"
            ))
        })
}

/// Names and label maps of the raters, in their order.
pub(crate) fn rater_maps<'a>(
    raters: &[RaterData<'a>],
    grid: Geometry,
) -> Result<Vec<(&'a str, Option<LabelMap>)>, BridgeError> {
    let convert = |rater: &RaterData<'a>| {
        let map = rater.drawn.then(|| {
            let owner = format!("rater '{}'", rater.name);
            label_map(&owner, rater.labels, grid)
        });
        Ok((rater.name, map.transpose()?))
    };
    raters.iter().map(convert).collect()
}

/// The set of all raters, missing ones too.
pub(crate) fn rater_set<'a>(
    maps: &'a [(&str, Option<LabelMap>)],
) -> Result<RaterSet<'a>, BridgeError> {
    let rater = |(name, map): &'a (&str, Option<LabelMap>)| Rater {
        id: (*name).to_owned(),
        labels: map.as_ref(),
    };
    RaterSet::new(maps.iter().map(rater).collect()).map_err(refused)
}

/// The structures, checked.
pub(crate) fn scheme(structures: &[StructureData]) -> Result<LabelScheme, BridgeError> {
    LabelScheme::new(structures.iter().map(structure).collect()).map_err(refused)
}

fn structure(given: &StructureData) -> Structure {
    let coded = !given.terminology_scheme.is_empty() && !given.terminology_code.is_empty();
    Structure {
        id: given.id,
        name: given.name.clone(),
        title: given.title.clone(),
        color: given.color,
        mirror: None,
        terminology: coded.then(|| Terminology {
            scheme: given.terminology_scheme.clone(),
            code: given.terminology_code.clone(),
            meaning: given.terminology_meaning.clone(),
        }),
    }
}

/// How to fuse.
///
/// # Errors
/// `Raters` when method or tie policy is no known word.
pub(crate) fn fuse_options(given: &FuseData) -> Result<FuseOptions, BridgeError> {
    let staple = staple_options(&given.staple);
    let ties = match given.ties.parse().map_err(refused)? {
        TiePolicy::Staple(_) => TiePolicy::Staple(staple.clone()),
        other => other,
    };
    Ok(FuseOptions {
        method: given.method.parse().map_err(refused)?,
        ties,
        staple_kind: if given.staple.per_structure {
            StapleKind::PerStructure
        } else {
            StapleKind::MultiLabel
        },
        staple,
        soft: soft_options(&given.soft),
        ignore_unnamed: given.ignore_unnamed,
    })
}

fn staple_options(given: &StapleData) -> StapleOptions {
    StapleOptions {
        prior: if given.estimate_prior {
            Prior::Estimated
        } else {
            Prior::MeanLabel
        },
        start: if given.start_performance == 0.0 {
            Start::MeanLabel
        } else {
            Start::Performance(given.start_performance)
        },
        region: if given.disagreement_only {
            Region::Disagreement
        } else {
            Region::Whole
        },
        tolerance: given.tolerance,
        max_iterations: given.max_iterations,
    }
}

/// How to make soft labels.
pub(crate) fn soft_options(given: &SoftLabelData) -> SoftLabelOptions {
    SoftLabelOptions {
        tau: given.tau,
        unit: if given.millimetres {
            DistanceUnit::Millimetre
        } else {
            DistanceUnit::Pixel
        },
        extent: if given.whole_volume {
            DistanceExtent::Volume
        } else {
            DistanceExtent::InPlane
        },
        ..SoftLabelOptions::default()
    }
}

/// How to compare.
pub(crate) fn agree_options(given: &CompareData) -> AgreeOptions {
    AgreeOptions {
        compare: CompareOptions {
            tolerance_mm: given.surface_tolerance_mm,
            ..CompareOptions::default()
        },
        ..AgreeOptions::default()
    }
}

/// A table as it crosses.
pub(crate) fn table(table: Table) -> TableData {
    let column = |c: raterlens_raters::tables::Column| {
        let (is_text, words, numbers) = match c.values {
            Values::Text(words) => (true, words, Vec::new()),
            Values::Number(values) => {
                let numbers = values.into_iter().map(|v| v.unwrap_or(f64::NAN));
                (false, Vec::new(), numbers.collect())
            }
        };
        ColumnData {
            name: c.name,
            is_text,
            words,
            numbers,
        }
    };
    TableData {
        name: table.name.to_owned(),
        title: table.title.to_owned(),
        columns: table.columns.into_iter().map(column).collect(),
    }
}

/// What a reader of a fusion has to know, as sentences.
pub(crate) fn fusion_notes(found: &Performance) -> Vec<String> {
    let unfinished = found.staple.iter().filter(|fit| !fit.converged);
    let note = |iterations| {
        format!("STAPLE had not converged after {iterations} iterations: raise their cap or the tolerance.")
    };
    unfinished.map(|fit| note(fit.iterations)).collect()
}

impl From<RatersError> for BridgeError {
    fn from(error: RatersError) -> Self {
        let kind = match &error {
            RatersError::Cancelled(_) => ErrorKind::Cancelled,
            RatersError::Internal(_) => ErrorKind::Internal,
            _ => ErrorKind::Raters,
        };
        Self::new(kind, error)
    }
}
