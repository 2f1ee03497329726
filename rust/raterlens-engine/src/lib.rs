//! What a host asks of RaterLens, as one API: segment an image, follow it, stop it, save it.
//!
//! | To | use |
//! | --- | --- |
//! | load a model onto a device | [`Segmenter::load`] |
//! | turn an image into labels, variance maps and measures | [`Segmenter::segment`] |
//! | have what a rater's corrections act on | [`Segmenter::segment_soft`], `raterlens_core::correction` |
//! | know what the model is unsure of | [`UncertaintyRequest`], [`Segmenter::load_ensemble`] |
//! | follow or stop a run from any thread | [`Control`], [`CancelFlag`] |
//! | write the files of a case, all or none | [`case::save_case`] |
//! | find out whether a model's labels and orientation are right | [`check::compare_with_reference`] |
//! | work through many images with one model | [`batch::run_cases`] |
//!
//! The same image, model and settings give bit-identical layers whichever host asks (same device,
//! batch size and thread count).

pub mod batch;
pub mod case;
pub mod check;
mod checksum;
mod error;
mod notes;
mod request;
pub mod run_record;
mod sampling;
mod segmenter;
mod slices;
mod soft;
mod uncertainty;

pub use error::EngineError;
pub use raterlens_core::control::{CancelFlag, Control, Progress};
pub use raterlens_nn::{DeviceReport, DeviceRequest, Manifest, NnError};
pub use request::{ModelIdentity, SegmentRequest, SegmentResult, Timings};
pub use run_record::RunRecord;
pub use segmenter::Segmenter;
pub use soft::SoftLayers;
pub use uncertainty::{
    Aleatoric, Epistemic, UncertaintyLayers, UncertaintyRequest, UncertaintySource,
};
