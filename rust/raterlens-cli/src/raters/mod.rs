//! The verbs about several raters: `fuse`, `variability`, `agree`, `evaluate`.

pub mod agree;
mod args;
pub mod evaluate;
pub mod fuse;
mod text;
pub mod variability;
