//! Networks, model packages, prediction and training. libtorch (through `tch`) lives in this crate
//! alone: no `Tensor` appears in its public API.
//!
//! | To | use |
//! | --- | --- |
//! | read a model package, without loading libtorch's weights | [`ModelPackage::open`] |
//! | choose the CPU or a GPU, and learn why | [`open_device`] |
//! | run a model on slices | [`Predictor`] |
//! | make a package of weights or a program from elsewhere | [`import`] |
//! | train a model and write its package | [`train::train`] |

pub mod architecture;
pub mod device;
pub mod error;
mod evidence;
pub mod import;
mod loaded;
mod network;
pub mod package;
#[doc(hidden)]
pub mod parity;
pub mod predict;
mod sampling;
mod script;
pub mod train;
mod weights;

pub use architecture::Architecture;
pub use device::{open_device, Device, DeviceReport, DeviceRequest};
pub use error::{NnError, PackageError};
pub use package::{Manifest, ModelPackage};
pub use predict::{Predictor, SlicePrediction};
pub use sampling::{DropoutSample, DropoutSamples};

/// Version of the libtorch bindings this crate was built with, for run records.
pub const TCH_VERSION: &str = "0.24.0";

/// Number of threads libtorch uses for one operation on the CPU.
#[must_use]
pub fn thread_count() -> usize {
    usize::try_from(tch::get_num_threads()).unwrap_or(1)
}
