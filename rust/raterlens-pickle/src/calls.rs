//! What the four allowed functions would build, without calling anything.

use crate::error::PickleError;
use crate::tensor::{StorageRef, TensorNode, MOST_DIMENSIONS};
use crate::value::{Global, Id, Node, Values};

/// Keys of records are small numbers as text.
const LONGEST_KEY: usize = 64;

/// `REDUCE`: what `function(*arguments)` would give.
pub(crate) fn reduce(values: &mut Values, function: Id, arguments: Id) -> Result<Id, PickleError> {
    let Node::Global(global) = values.get(function)? else {
        return Err(PickleError::damaged(
            "it calls something that is no function",
        ));
    };
    let global = *global;
    let wrong = || PickleError::damaged(format!("it gives {} what it does not take", name(global)));
    let arguments = values.tuple(arguments).ok_or_else(wrong)?;
    match (global, arguments) {
        (Global::OrderedDict, []) => values.add(Node::Dict(Vec::new())),
        (Global::RebuildTensor, [storage, offset, size, stride])
        | (Global::RebuildTensorV2, [storage, offset, size, stride, _, _]) => {
            let tensor = tensor(values, [*storage, *offset, *size, *stride])?.ok_or_else(wrong)?;
            values.add(Node::Tensor(Box::new(tensor)))
        }
        (Global::RebuildParameter, [tensor, _, _]) => match values.get(*tensor)? {
            Node::Tensor(_) => Ok(*tensor),
            _ => Err(wrong()),
        },
        _ => Err(wrong()),
    }
}

/// `BUILD`: attributes of a state dict (its `_metadata`) are let go; nothing else may have any.
pub(crate) fn build(values: &Values, object: Id, state: Id) -> Result<(), PickleError> {
    match (values.get(object)?, values.get(state)?) {
        (Node::Dict(_), Node::Dict(_) | Node::None) => Ok(()),
        (object, _) => Err(PickleError::damaged(format!(
            "it sets attributes of {}",
            object.kind()
        ))),
    }
}

/// `BINPERSID`: a record of numbers, `("storage", type, key, device, length)`.
pub(crate) fn persistent_load(values: &mut Values, id: Id) -> Result<Id, PickleError> {
    let storage = storage(values, id);
    let storage = storage.ok_or_else(|| {
        PickleError::damaged("it refers to a record in a way that PyTorch does not")
    })?;
    values.add(Node::Storage(Box::new(storage)))
}

fn storage(values: &Values, id: Id) -> Option<StorageRef> {
    let &[tag, kind, key, _device, len] = values.tuple(id)? else {
        return None;
    };
    let Node::Global(Global::Storage(dtype)) = values.get(kind).ok()? else {
        return None;
    };
    let key = values.text(key).filter(|k| k.len() <= LONGEST_KEY)?;
    (values.text(tag)? == "storage").then_some(StorageRef {
        dtype: *dtype,
        key: key.into(),
        len: values.size(len)?,
    })
}

/// `None` if the arguments are not those of a tensor.
fn tensor(
    values: &Values,
    [storage, offset, size, stride]: [Id; 4],
) -> Result<Option<TensorNode>, PickleError> {
    let Node::Storage(storage) = values.get(storage)? else {
        return Ok(None);
    };
    let sizes = |id: Id| -> Option<Vec<u64>> {
        let items = values
            .tuple(id)
            .filter(|items| items.len() <= MOST_DIMENSIONS)?;
        items.iter().map(|item| values.size(*item)).collect()
    };
    match (values.size(offset), sizes(size), sizes(stride)) {
        (Some(offset), Some(size), Some(stride)) => {
            TensorNode::new((**storage).clone(), offset, &size, stride).map(Some)
        }
        _ => Ok(None),
    }
}

fn name(global: Global) -> &'static str {
    match global {
        Global::OrderedDict => "OrderedDict",
        Global::RebuildTensor => "_rebuild_tensor",
        Global::RebuildTensorV2 => "_rebuild_tensor_v2",
        Global::RebuildParameter => "_rebuild_parameter",
        Global::Storage(_) => "a storage type",
    }
}

#[cfg(test)]
mod tests {
    use crate::machine::run;

    /// A persistent id with these instructions for tag, type, key, device and length.
    fn storage(parts: [&[u8]; 5]) -> Vec<u8> {
        let mut pickle = b"(".to_vec();
        pickle.extend(parts.concat());
        pickle.extend(b"tQ");
        pickle
    }

    const TAG: &[u8] = b"X\x07\x00\x00\x00storage";
    const TYPE: &[u8] = b"ctorch\nFloatStorage\n";
    const KEY: &[u8] = b"X\x01\x00\x00\x000";
    const DEVICE: &[u8] = b"X\x03\x00\x00\x00cpu";

    #[test]
    fn records_are_named_as_pytorch_names_them_or_refused() {
        let good = storage([TAG, TYPE, KEY, DEVICE, b"K\x06"]);
        assert!(run(&[&good[..], b"."].concat()).is_ok());
        for odd in [
            storage([b"X\x06\x00\x00\x00module", TYPE, KEY, DEVICE, b"K\x06"]),
            storage([TAG, b"ccollections\nOrderedDict\n", KEY, DEVICE, b"K\x06"]),
            storage([TAG, TYPE, b"N", DEVICE, b"K\x06"]),
            storage([TAG, TYPE, KEY, DEVICE, b"J\xff\xff\xff\xff"]),
            storage([TAG, TYPE, KEY, DEVICE, b"N"]),
            storage([TAG, TYPE, KEY, DEVICE, b"K\x06N"]),
            storage([
                TAG,
                TYPE,
                &[b"X\x41\x00\x00\x00".as_slice(), &[b'0'; 65]].concat(),
                DEVICE,
                b"K\x06",
            ]),
            b"X\x01\x00\x00\x000Q".to_vec(),
        ] {
            assert!(run(&[&odd[..], b"."].concat()).is_err(), "{odd:?}");
        }
    }

    #[test]
    fn calls_take_what_they_take() {
        let record = storage([TAG, TYPE, KEY, DEVICE, b"K\x06"]);
        let rebuild = |rest: &[u8]| {
            [
                b"ctorch._utils\n_rebuild_tensor_v2\n(",
                &record[..],
                rest,
                b"tR.",
            ]
            .concat()
        };
        assert!(run(&rebuild(b"K\x00K\x06\x85K\x01\x85\x89N")).is_ok());
        for odd in [
            &b"K\x00K\x07\x85K\x01\x85\x89N"[..], // seven of six
            b"K\x01K\x06\x85K\x01\x85\x89N",      // beyond the end
            b"J\xff\xff\xff\xffK\x06\x85K\x01\x85\x89N",
            b"K\x00K\x06\x85J\xff\xff\xff\xff\x85\x89N",
            b"K\x00K\x06\x85K\x01\x85\x89NN",
            b"K\x00K\x06K\x01\x89N",
            b"K\x00\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85K\x01\x85\x89N",
        ] {
            assert!(run(&rebuild(odd)).is_err(), "{odd:?}");
        }
        assert!(run(b"ccollections\nOrderedDict\n)R.").is_ok());
        assert!(run(b"ccollections\nOrderedDict\n]\x85R.").is_err());
        assert!(run(b"ctorch\nFloatStorage\n)R.").is_err());
        assert!(run(b"X\x02\x00\x00\x00id)R.").is_err());
        assert!(run(b"}}b.").is_ok());
        assert!(run(b"]}b.").is_err());
    }
}
