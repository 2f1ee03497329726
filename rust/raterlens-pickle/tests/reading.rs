//! Files that PyTorch wrote are read as PyTorch reads them. Expected values: recorded with PyTorch 2.11 by
//! `tests/data/make_files.py`.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::{Path, PathBuf};

use raterlens_pickle::{PickleError, WeightFile};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn values(file: &mut WeightFile, index: usize) -> Vec<f32> {
    let mut out = Vec::new();
    let mut keep = |part: &[f32]| {
        out.extend_from_slice(part);
        Ok(())
    };
    file.read_f32(index, &mut keep).unwrap();
    out
}

fn check_kinds(name: &str) {
    let expected: serde_json::Value =
        serde_json::from_slice(&std::fs::read(data("kinds.json")).unwrap()).unwrap();
    let expected = expected.as_object().unwrap();
    let mut file = WeightFile::open(&data(name)).unwrap();
    assert_eq!(file.tensors().len(), expected.len());
    for n in 0..file.tensors().len() {
        let info = file.tensors()[n].clone();
        let entry = &expected[&info.name];
        assert_eq!(entry["dtype"], info.dtype.name(), "{}", info.name);
        let shape: Vec<u64> = info.shape.iter().map(|s| *s as u64).collect();
        assert_eq!(entry["shape"], serde_json::json!(shape), "{}", info.name);
        let found = values(&mut file, n);
        let wanted: Vec<f32> = entry["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_f64().unwrap() as f32)
            .collect();
        assert_eq!(found, wanted, "{}", info.name);
    }
}

#[test]
fn every_kind_of_number_and_layout_is_read() {
    check_kinds("kinds.pth");
}

#[test]
fn the_state_dict_inside_a_checkpoint_is_found() {
    check_kinds("checkpoint_protocol_4.pth");
}

#[test]
fn a_module_s_state_dict_keeps_its_order_and_lets_its_metadata_go() {
    let file = WeightFile::open(&data("module.pth")).unwrap();
    let names: Vec<&str> = file.tensors().iter().map(|t| t.name.as_str()).collect();
    let expected = [
        "0.weight",
        "0.bias",
        "1.weight",
        "1.bias",
        "1.running_mean",
        "1.running_var",
        "1.num_batches_tracked",
    ];
    assert_eq!(names, expected);
}

#[test]
fn other_formats_are_told_apart() {
    let open = |name: &str| WeightFile::open(&data(name)).unwrap_err();
    let old = open("old_format.pth");
    assert!(matches!(old, PickleError::OldFormat), "{old}");
    assert!(old.to_string().contains("torch.save(torch.load("), "{old}");
    assert!(matches!(open("script.pt"), PickleError::TorchScript));
    assert!(matches!(open("make_files.py"), PickleError::NotPyTorch));
    assert!(matches!(open("nowhere.pth"), PickleError::Io(_)));
}

#[test]
fn an_error_of_the_receiver_ends_the_reading() {
    let mut file = WeightFile::open(&data("module.pth")).unwrap();
    let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
    let ended = file.read_f32(0, &mut |_| Err(full()));
    assert!(
        matches!(ended, Err(PickleError::Sink(e)) if e.kind() == std::io::ErrorKind::StorageFull)
    );
    assert!(file.read_f32(99, &mut |_| Ok(())).is_err());
}
