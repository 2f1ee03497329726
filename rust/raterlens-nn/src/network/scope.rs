//! Where layers get their weights from: a place among the names of a network's weights.

use std::ops::Div;

use tch::nn::Path;
use tch::{Kind, TchError, Tensor};

type Result<T> = std::result::Result<T, TchError>;

/// A prefix of names, under which layers make their weights.
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    path: Path<'a>,
    reserved: bool,
}

impl<'a> Scope<'a> {
    /// Weights are made as zeros (and ones in norms).
    pub(crate) fn new(path: &Path<'a>) -> Self {
        Self {
            path: path.clone(),
            reserved: false,
        }
    }

    /// Weights have a shape and no values yet, and cost no time: for a caller that replaces all of them.
    pub(crate) fn reserved(path: &Path<'a>) -> Self {
        Self {
            path: path.clone(),
            reserved: true,
        }
    }

    pub(crate) fn f_zeros(&self, name: &str, dims: &[i64]) -> Result<Tensor> {
        self.make(name, dims, true, Path::f_zeros)
    }

    pub(crate) fn f_ones(&self, name: &str, dims: &[i64]) -> Result<Tensor> {
        self.make(name, dims, true, Path::f_ones)
    }

    pub(crate) fn f_zeros_no_train(&self, name: &str, dims: &[i64]) -> Result<Tensor> {
        self.make(name, dims, false, Path::f_zeros_no_train)
    }

    pub(crate) fn f_ones_no_train(&self, name: &str, dims: &[i64]) -> Result<Tensor> {
        self.make(name, dims, false, Path::f_ones_no_train)
    }

    fn make(
        &self,
        name: &str,
        dims: &[i64],
        trainable: bool,
        filled: impl Fn(&Path<'a>, &str, &[i64]) -> Result<Tensor>,
    ) -> Result<Tensor> {
        if !self.reserved {
            return filled(&self.path, name, dims);
        }
        let empty = Tensor::f_empty(dims, (Kind::Float, self.path.device()))?;
        Ok(self.path.add(name, empty, trainable))
    }
}

impl<'a, T: ToString> Div<T> for &Scope<'a> {
    type Output = Scope<'a>;

    fn div(self, name: T) -> Scope<'a> {
        Scope {
            path: self.path.sub(name),
            reserved: self.reserved,
        }
    }
}
