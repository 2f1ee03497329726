//! Reads the tensors of a PyTorch state dict without running anything that the file asks for.
//!
//! `torch.save` writes a zip archive: one pickle (`data.pkl`) that says which tensors there are, and one
//! uncompressed record for the numbers of each. A pickle is a small program that may name any function
//! of Python. Here it runs on a machine that knows lists, dictionaries, text, numbers and four functions
//! that only describe tensors; any other name is refused ([`PickleError::Forbidden`]), and nothing is
//! called.
//!
//! Everything that a file says about sizes is held against what the file has room for before memory is
//! taken, so that a damaged or hostile file ends in a message.
//!
//! ```no_run
//! let mut weights = raterlens_pickle::WeightFile::open("weights.pth".as_ref())?;
//! for n in 0..weights.tensors().len() {
//!     let tensor = weights.tensors()[n].clone();
//!     let mut sum = 0.0;
//!     weights.read_f32(n, &mut |values| {
//!         sum += values.iter().map(|v| f64::from(*v)).sum::<f64>();
//!         Ok(())
//!     })?;
//!     println!("{} {:?}: sum {sum}", tensor.name, tensor.shape);
//! }
//! # Ok::<(), raterlens_pickle::PickleError>(())
//! ```

mod archive;
mod calls;
mod error;
mod file;
mod input;
mod machine;
mod state_dict;
mod tensor;
mod value;

pub use error::PickleError;
pub use file::WeightFile;
pub use tensor::{Dtype, TensorInfo};
