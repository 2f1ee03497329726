//! Where raters disagree, and how much (SPEC section 4).
//!
//! For each rater the mask of a structure becomes a soft label, the logistic function of its signed distance. Their
//! mean is the soft distance label, their population variance the variance map. The entropy of the mean label (GT
//! entropy) needs no distances and covers all structures at once.
//!
//! | I want | Use |
//! | --- | --- |
//! | variance maps of a scheme's structures | [`variance_maps`] |
//! | one map, of raters of whom some are missing, in 3-D or exact to the last bit | [`variance_map`] |
//! | the mean of the soft labels | [`soft_distance_label`] |
//! | the entropy of the mean label | [`gt_entropy`] |
//! | numbers per structure and slice | [`summarise_variance`], [`summarise_entropy`] |
//! | one slice, straight from the definition | [`soft_label_2d`], [`variance_map_2d`] |

mod counts;
mod crop;
mod edge;
pub(crate) mod entropy;
mod error;
mod in_plane;
mod in_volume;
mod line;
mod maps;
mod options;
mod plane;
mod rows;
mod summary;

pub use entropy::gt_entropy;
pub use error::VariabilityError;
pub use maps::{soft_distance_label, variance_map, variance_maps};
pub use options::{
    DistanceExtent, DistanceUnit, SoftLabelOptions, VarianceOptions, DEFAULT_SATURATION,
};
pub use plane::{soft_label_2d, variance_map_2d};
pub use summary::{summarise_entropy, summarise_variance, EntropyRow, VarianceRow};
