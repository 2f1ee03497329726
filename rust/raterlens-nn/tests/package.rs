//! A model package is used whole and unchanged, or refused with a message that says why.

// A helper of a test may fail the test.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use raterlens_nn::train::write_untrained;
use raterlens_nn::{
    open_device, Architecture, DeviceRequest, Manifest, ModelPackage, NnError, PackageError,
    Predictor,
};

fn small() -> Manifest {
    let mut architecture = Architecture::tiny();
    architecture.backbone.width = 4;
    architecture.backbone.blocks = [1, 1, 1];
    architecture.transformer.as_mut().unwrap().layers = 1;
    Manifest::lumbar("test", architecture, [32, 32])
}

fn package() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("test.rlmodel");
    write_untrained(&small(), 7, &path).unwrap();
    (dir, path)
}

/// Replaces text in `model.json` and makes the checksums right again.
fn edit_manifest(path: &Path, from: &str, to: &str) {
    let file = path.join("model.json");
    let json = fs::read_to_string(&file).unwrap();
    assert!(json.contains(from), "{from} is not in model.json");
    fs::write(&file, json.replacen(from, to, 1)).unwrap();
    resum(path);
}

fn resum(path: &Path) {
    use sha2::Digest;
    let line = |name: &str| {
        let sum = sha2::Sha256::digest(fs::read(path.join(name)).unwrap());
        let hex: String = sum.iter().map(|b| format!("{b:02x}")).collect();
        format!("{hex}  {name}\n")
    };
    let text = line("model.json") + &line("weights.safetensors");
    fs::write(path.join("SHA256SUMS"), text).unwrap();
}

fn flip_byte(file: &Path, position_from_end: usize) {
    let mut bytes = fs::read(file).unwrap();
    let at = bytes.len() - position_from_end;
    bytes[at] ^= 1;
    fs::write(file, bytes).unwrap();
}

#[test]
fn one_changed_byte_is_noticed_and_the_file_named() {
    for file in ["model.json", "weights.safetensors"] {
        let (_dir, path) = package();
        ModelPackage::open(&path).unwrap();
        flip_byte(&path.join(file), 40);
        let error = ModelPackage::open(&path).unwrap_err();
        assert!(matches!(error, PackageError::Checksum { .. }), "{error}");
        assert!(error.to_string().contains(file), "{error}");
    }
}

#[test]
fn a_newer_schema_asks_for_an_update() {
    let (_dir, path) = package();
    edit_manifest(&path, "\"schema_version\": 1", "\"schema_version\": 2");
    let error = ModelPackage::open(&path).unwrap_err();
    assert!(matches!(
        error,
        PackageError::SchemaVersion {
            found: 2,
            supported: 1
        }
    ));
}

#[test]
fn nonsense_in_the_description_is_refused() {
    for (from, to) in [
        ("\"scale\": 70.0", "\"scale\": 0.0"),
        ("\"channels\": 1", "\"channels\": 3"),
        ("\"mirror\": 2", "\"mirror\": 9"),
        (
            "\"file\": \"weights.safetensors\"",
            "\"file\": \"../weights.safetensors\"",
        ),
        ("\"heads\": 4", "\"heads\": 7"),
        ("\"licence\"", "\"unknown_field\""),
        ("\"kind\": \"native\"", "\"kind\": \"torchscript\""),
        (
            "\"orientation\": \"axial-lps\"",
            "\"orientation\": \"axial-lrs\"",
        ),
    ] {
        let (_dir, path) = package();
        edit_manifest(&path, from, to);
        let error = ModelPackage::open(&path).unwrap_err();
        assert!(
            matches!(error, PackageError::Manifest { .. }),
            "{to}: {error}"
        );
    }
}

#[test]
fn a_missing_package_or_file_is_named() {
    let (_dir, path) = package();
    fs::remove_file(path.join("weights.safetensors")).unwrap();
    let error = ModelPackage::open(&path).unwrap_err().to_string();
    assert!(error.contains("weights.safetensors"), "{error}");
    assert!(ModelPackage::open(&path.join("nowhere")).is_err());
}

#[test]
fn wrong_and_missing_tensors_are_named() {
    let (_dir, path) = package();
    // A network of another width and depth: the same file has wrong shapes and lacks a layer.
    edit_manifest(&path, "\"width\": 4", "\"width\": 8");
    edit_manifest(&path, "\"layers\": 1", "\"layers\": 2");
    let package = ModelPackage::open(&path).unwrap();
    let cpu = open_device(DeviceRequest::Cpu);
    let error = Predictor::load(&package, &cpu).unwrap_err();
    assert!(matches!(error, NnError::Package(PackageError::Weights(_))));
    let text = error.to_string();
    assert!(text.contains("has shape"), "{text}");
    assert!(text.contains("more"), "{text}");

    let (_dir, path) = package_with_extra_layer();
    let error = Predictor::load(&ModelPackage::open(&path).unwrap(), &cpu).unwrap_err();
    assert!(
        error.to_string().contains("is not part of the network"),
        "{error}"
    );
}

fn package_with_extra_layer() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("test.rlmodel");
    let mut manifest = small();
    let architecture = manifest.architecture.as_mut().unwrap();
    architecture.transformer.as_mut().unwrap().layers = 2;
    write_untrained(&manifest, 7, &path).unwrap();
    edit_manifest(&path, "\"layers\": 2", "\"layers\": 1");
    (dir, path)
}

#[test]
fn a_truncated_weight_file_is_an_error_not_a_crash() {
    let (_dir, path) = package();
    let file = path.join("weights.safetensors");
    let bytes = fs::read(&file).unwrap();
    for length in [0, 4, 8, 100, bytes.len() / 2] {
        fs::write(&file, &bytes[..length]).unwrap();
        use sha2::Digest;
        let sum = sha2::Sha256::digest(&bytes[..length]);
        let hex: String = sum.iter().map(|b| format!("{b:02x}")).collect();
        let json = fs::read_to_string(path.join("model.json")).unwrap();
        let mut value: serde_json::Value = serde_json::from_str(&json).unwrap();
        value["weights"]["sha256"] = hex.into();
        fs::write(path.join("model.json"), value.to_string()).unwrap();
        resum(&path);
        let package = ModelPackage::open(&path).unwrap();
        let error = Predictor::load(&package, &open_device(DeviceRequest::Cpu)).unwrap_err();
        assert!(error.to_string().contains("weights"), "{error}");
    }
}

#[test]
fn a_native_package_without_its_network_is_refused() {
    let (_dir, path) = package();
    let file = path.join("model.json");
    let mut value: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    value.as_object_mut().unwrap().remove("architecture");
    fs::write(&file, value.to_string()).unwrap();
    resum(&path);
    let text = ModelPackage::open(&path).unwrap_err().to_string();
    assert!(text.contains("architecture"), "{text}");
}

#[test]
fn parameters_are_counted_without_the_statistics_of_batch_norms() {
    let (_dir, path) = package();
    let package = ModelPackage::open(&path).unwrap();
    let cpu = open_device(DeviceRequest::Cpu);
    let learnt = Predictor::load(&package, &cpu).unwrap().parameter_count();
    assert_eq!(package.parameter_count().unwrap(), Some(learnt));
    assert!(learnt > 1000);
}
