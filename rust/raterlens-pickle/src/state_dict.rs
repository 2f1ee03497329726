//! From the pickle's result to named tensors.

use std::collections::HashSet;

use crate::error::{printable, PickleError};
use crate::tensor::{TensorInfo, TensorNode};
use crate::value::{Id, Node, Values};

/// Names under which training programs keep the state dict inside a checkpoint.
const NESTED: [&str; 3] = ["state_dict", "model_state_dict", "model"];
const LONGEST_NAME: usize = 500;

/// A tensor's name and kind, and where its numbers lie.
pub(crate) type NamedTensor = (TensorInfo, TensorNode);

/// The tensors of a state dict, or of the state dict inside a checkpoint, in the file's order.
pub(crate) fn tensors(values: &Values, root: Id) -> Result<Vec<NamedTensor>, PickleError> {
    let entries = dict(values, root)?;
    let nested = NESTED.iter().find_map(|name| {
        let found = entries
            .iter()
            .find(|(key, _)| values.text(*key) == Some(name));
        found.filter(|(_, value)| matches!(values.get(*value), Ok(Node::Dict(_))))
    });
    let entries = match nested {
        Some((_, inner)) => dict(values, *inner)?,
        None => entries,
    };
    if entries.is_empty() {
        return Err(PickleError::NotAStateDict("it is empty".into()));
    }
    let mut seen = HashSet::new();
    let mut out = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let name = values.text(*key).filter(|name| name.len() <= LONGEST_NAME);
        let name = name.ok_or_else(|| {
            PickleError::NotAStateDict("a name in it is no text, or far too long".into())
        })?;
        if !seen.insert(name) {
            return Err(PickleError::tensor(name, "it is there twice"));
        }
        let Node::Tensor(node) = values.get(*value)? else {
            let kind = values.get(*value)?.kind();
            return Err(PickleError::NotAStateDict(format!(
                "'{}' is {kind}, not a tensor",
                printable(name)
            )));
        };
        let info = TensorInfo {
            name: name.into(),
            dtype: node.storage.dtype,
            shape: node.shape.clone(),
        };
        out.push((info, (**node).clone()));
    }
    Ok(out)
}

fn dict(values: &Values, id: Id) -> Result<&[(Id, Id)], PickleError> {
    match values.get(id)? {
        Node::Dict(entries) => Ok(entries),
        other => Err(PickleError::NotAStateDict(format!(
            "it holds {}",
            other.kind()
        ))),
    }
}
