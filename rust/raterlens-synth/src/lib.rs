//! Synthetic lumbar MRI with simulated raters, to train and test RaterLens.
//!
//! Axial T2-weighted-like slices at four levels with the four muscles of `LabelScheme::lumbar_paraspinal`, drawn from
//! anatomical templates that vary from subject to subject, and label maps by raters of known habits. The images teach and
//! test software; nothing measured on them says anything about patients.
//!
//! Everything is a function of a seed: the same seed gives the same bits on every machine.

mod anatomy;
mod case;
mod draw;
mod error;
mod labelled;
mod level;
mod options;
mod outline;
mod person;
mod raster;
mod rater;
mod scene;
mod signal;
mod slice;
mod subject;
mod tissue;
mod waves;

pub use case::{generate_case, SynthCase};
pub use error::SynthError;
pub use labelled::{generate_from_labels, LabelImageOptions, LabelledImage, Surroundings};
pub use level::Level;
pub use options::{SynthOptions, MAX_LEVEL_OFFSET};
pub use person::{AgeGroup, Person, Sex};
pub use rater::RaterStyle;
pub use slice::{generate_slice, generate_training_slice, SynthSlice};
