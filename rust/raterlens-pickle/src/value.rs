//! What a pickle can build: a few kinds of value in one list, referred to by number.
//!
//! Numbers instead of pointers: a hostile file may nest values a million deep or build a list that
//! contains itself, and neither costs more than its entries.

use crate::error::PickleError;
use crate::tensor::{Dtype, StorageRef, TensorNode};

/// The most values that a file may build: a state dict needs about twenty a tensor.
const MOST_VALUES: usize = 1 << 20;

/// A value's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Id(u32);

/// The functions and types that a file may name. None of them is ever called: the machine knows
/// what each would build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Global {
    OrderedDict,
    RebuildTensor,
    RebuildTensorV2,
    RebuildParameter,
    Storage(Dtype),
}

impl Global {
    /// The allow-list: exact names only.
    pub(crate) fn named(module: &str, name: &str) -> Option<Self> {
        match (module, name) {
            ("collections", "OrderedDict") => Some(Self::OrderedDict),
            ("torch._utils", "_rebuild_tensor") => Some(Self::RebuildTensor),
            ("torch._utils", "_rebuild_tensor_v2") => Some(Self::RebuildTensorV2),
            ("torch._utils", "_rebuild_parameter") => Some(Self::RebuildParameter),
            ("torch", storage) => Dtype::of_storage(storage).map(Self::Storage),
            _ => None,
        }
    }
}

/// One value.
#[derive(Debug)]
pub(crate) enum Node {
    None,
    Bool,
    Int(i64),
    Float,
    Text(Box<str>),
    Tuple(Box<[Id]>),
    List(Vec<Id>),
    /// A dictionary, ordered or not: both keep their order here.
    Dict(Vec<(Id, Id)>),
    Global(Global),
    Storage(Box<StorageRef>),
    Tensor(Box<TensorNode>),
}

impl Node {
    /// What a value is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::None => "nothing (None)",
            Self::Bool => "a truth value",
            Self::Int(_) | Self::Float => "a number",
            Self::Text(_) => "text",
            Self::Tuple(_) => "a tuple",
            Self::List(_) => "a list",
            Self::Dict(_) => "a dictionary",
            Self::Global(_) => "a type",
            Self::Storage(_) => "a storage",
            Self::Tensor(_) => "a tensor",
        }
    }
}

/// All values of a pickle.
#[derive(Debug, Default)]
pub(crate) struct Values(Vec<Node>);

impl Values {
    pub(crate) fn add(&mut self, node: Node) -> Result<Id, PickleError> {
        if self.0.len() >= MOST_VALUES {
            return Err(PickleError::TooLarge(format!(
                "more than {MOST_VALUES} values in the description"
            )));
        }
        self.0.push(node);
        // The limit is far below 2^32.
        Ok(Id((self.0.len() - 1) as u32))
    }

    pub(crate) fn get(&self, id: Id) -> Result<&Node, PickleError> {
        self.0
            .get(id.0 as usize)
            .ok_or_else(|| PickleError::damaged("it refers to a value that is not there"))
    }

    pub(crate) fn get_mut(&mut self, id: Id) -> Result<&mut Node, PickleError> {
        self.0
            .get_mut(id.0 as usize)
            .ok_or_else(|| PickleError::damaged("it refers to a value that is not there"))
    }

    pub(crate) fn text(&self, id: Id) -> Option<&str> {
        match self.get(id) {
            Ok(Node::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn tuple(&self, id: Id) -> Option<&[Id]> {
        match self.get(id) {
            Ok(Node::Tuple(items)) => Some(items),
            _ => None,
        }
    }

    /// A whole number that is not negative.
    pub(crate) fn size(&self, id: Id) -> Option<u64> {
        match self.get(id) {
            Ok(Node::Int(n)) => u64::try_from(*n).ok(),
            _ => None,
        }
    }
}
