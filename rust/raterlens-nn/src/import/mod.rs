//! Model packages of weights and programs that were made elsewhere.
//!
//! | From | is | use |
//! | --- | --- | --- |
//! | the dissertation's authors' published weights | a state dict: numbers only, nothing in it is run | [`import_published`] |
//! | anyone's network | a TorchScript file: a program | [`import_torchscript`] |
//!
//! What the files do not say (which structure each class is, how slices lay in arrays, the scale of the variance) is
//! asked for, stored in the package, and listed as unverified until the user has proved it.

mod card;
mod error;
mod names;
mod published;
mod torchscript;
mod unverified;
mod weights;

use std::path::Path;

use raterlens_core::normalise::Normalisation;
use raterlens_core::resample::ResizeRule;
use raterlens_core::{LabelScheme, SliceOrientation};

pub use error::ImportError;
pub use names::PUBLISHED_STRUCTURES;
pub use published::{import_published, PUBLISHED_INPUT};
pub use torchscript::import_torchscript;

use crate::architecture::Size;
use crate::package::ModelPackage;

/// What every import must be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Choices {
    /// Name of the new model.
    pub name: String,
    /// The structures of classes 1, 2, ... in that order.
    pub label_scheme: LabelScheme,
    /// How slices lay in the arrays that the network was trained on.
    pub orientation: SliceOrientation,
    /// The network's variance is divided by this.
    pub variance_scale: f64,
    /// The command that imports it again, for the record; without paths.
    pub command: String,
}

/// What an import of a program must be told besides.
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptInput {
    /// Rows and columns of a slice.
    pub size: [usize; 2],
    /// How intensities are scaled.
    pub normalisation: Normalisation,
    /// How a slice becomes `size`.
    pub resize: ResizeRule,
    /// SPDX identifier of the licence, or what is known about it.
    pub licence: String,
}

/// A network of the published layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishedNetwork {
    /// [`Size::Base`] is what was published.
    pub size: Size,
    /// Rows and columns of a slice; [`PUBLISHED_INPUT`] as published.
    pub input: [usize; 2],
}

/// A finished import.
#[derive(Debug)]
pub struct Imported {
    /// The new package, verified.
    pub package: ModelPackage,
    /// Numbers in the weights that the network uses; unknown (0) for a program.
    pub parameters: u64,
    /// Tensors of the file that no network needs for prediction, and were left out.
    pub left_out: usize,
}

/// The checks that do not depend on where the model comes from.
fn check(choices: &Choices, out: &Path) -> Result<(), ImportError> {
    let scale = choices.variance_scale;
    if !(scale.is_finite() && scale > 0.0) {
        return Err(ImportError::Choice(format!(
            "the variance scale is {scale}, it must be a positive number"
        )));
    }
    choices
        .label_scheme
        .check()
        .map_err(|e| ImportError::Choice(e.to_string()))?;
    if out.exists() {
        return Err(ImportError::Exists(out.to_path_buf()));
    }
    Ok(())
}
