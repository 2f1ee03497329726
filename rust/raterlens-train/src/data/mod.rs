//! Slices of a study as the network sees them.

mod classes;
mod dataset;
mod drawings;
mod prepare;
mod source;
mod synth;

pub(crate) use classes::argmax;
pub use dataset::{load_part, DataSettings, Dataset};
pub(crate) use drawings::{first_drawings, fused, reference_maps};
pub(crate) use prepare::slice_frame;
pub use prepare::PreparedSlice;
pub use source::EpochSource;
pub use synth::{judged_images, ShapeSlice};
