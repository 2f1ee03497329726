//! The verbs about several raters: `fuse`, `variability`, `agree`, `evaluate`.

pub mod agree;
mod args;
pub mod evaluate;
mod evaluate_text;
pub mod fuse;
mod text;
pub mod variability;
