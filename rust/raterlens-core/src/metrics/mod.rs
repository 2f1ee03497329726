//! How alike two results are (SPEC section 8), without any model.
//!
//! | question | function |
//! | --- | --- |
//! | everything about every structure of two label maps | [`compare`] |
//! | Dice, IoU, precision, recall | [`overlap_counts`], [`dice`] |
//! | Hausdorff, HD95, ASSD, surface Dice | [`surfaces`], [`surface_metrics`] |
//! | two maps of numbers | [`mse`] |
//!
//! # What an empty structure gives
//!
//! Other programs do not agree on these values, so each is a decision. `None` (`null` in JSON) means
//! undefined: such an image enters no mean and is counted beside it.
//!
//! | metric | prediction empty | truth empty | both empty |
//! | --- | --- | --- | --- |
//! | Dice, IoU | 0 | 0 | 1 |
//! | precision | `None` (nothing was predicted) | 0 | `None` |
//! | recall | 0 | `None` (nothing was there to find) | `None` |
//! | Hausdorff, HD95, ASSD, signed distance | `None` (no surface to measure to) | `None` | `None` |
//! | surface Dice | 0 | 0 | 1 |
//! | volume and area difference | minus the truth | the prediction | 0 |
//! | relative volume difference | -1 | `None` | `None` |

mod classes;
mod compare;
mod counting;
mod mse;
mod overlap;
mod percentile;
mod runs;
mod space;
mod surface;
mod surface_set;

pub use compare::{compare, AreaDifference, CompareOptions, StructureComparison};
pub use mse::mse;
pub use overlap::{dice, overlap_counts, Emptiness, OverlapCounts};
pub use space::{MetricError, SurfaceSpace};
pub use surface::{surface_dice_when_empty, surface_metrics, surfaces, Surface, SurfaceMetrics};
pub use surface_set::SurfaceComparison;

pub(crate) use classes::LabelClasses;
pub(crate) use compare::MM3_PER_ML;
pub(crate) use percentile::percentile;
pub(crate) use runs::for_each_joint_run;
pub(crate) use space::{check_orthogonal, check_tolerance, pixel_area_mm2};
pub(crate) use surface_set::SurfaceSet;
