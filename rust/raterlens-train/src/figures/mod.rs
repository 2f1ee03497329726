//! How good a model is, image by image (SPEC section 8).

mod summary;
mod tally;

pub(crate) use summary::mean_sd;
pub use summary::{Figures, StructureFigures};
pub use tally::{ImageTally, JudgedSlice};
