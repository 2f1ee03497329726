//! Why an import was refused.

use std::fmt::Write;
use std::path::PathBuf;

use raterlens_pickle::PickleError;
use thiserror::Error;

use crate::error::{NnError, PackageError};

/// Why nothing was imported. Nothing was written then.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file of weights was refused.
    #[error(transparent)]
    Weights(#[from] PickleError),
    /// The weights are those of another network.
    #[error("{0}")]
    Mismatch(Mismatch),
    /// What the user said about the model does not fit it.
    #[error("{0}")]
    Choice(String),
    /// There is something at the place of the new package.
    #[error("there is already something at the place of the new package: choose another name, or remove it first ({})", .0.display())]
    Exists(PathBuf),
    /// The network or program cannot be used.
    #[error(transparent)]
    Network(#[from] NnError),
    /// The package cannot be written.
    #[error(transparent)]
    Package(#[from] PackageError),
}

/// Every difference between a file of weights and the network, in order of names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mismatch {
    /// Tensors of the network that the file lacks.
    pub missing: Vec<String>,
    /// Tensors of the file that the network does not have.
    pub left_over: Vec<String>,
    /// Tensors of another shape or kind of number, in words.
    pub misshapen: Vec<String>,
}

impl Mismatch {
    /// Whether there is no difference.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.left_over.is_empty() && self.misshapen.is_empty()
    }
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the weights are not those of this network")?;
        let mut kind = |title: &str, names: &[String]| -> std::fmt::Result {
            if names.is_empty() {
                return Ok(());
            }
            write!(f, "\n  {title} ({}):", names.len())?;
            names.iter().try_for_each(|name| write!(f, "\n    {name}"))
        };
        kind("missing in the file", &self.missing)?;
        kind("left over in the file", &self.left_over)?;
        kind("of another shape", &self.misshapen)?;
        f.write_char('\n')
    }
}
