//! Model packages: a folder `NAME.rlmodel/` with `model.json`, `weights.safetensors` (in a TorchScript
//! package `model.pt`), a model card (`README.md`) and `SHA256SUMS`.
//!
//! `SHA256SUMS` (the format of `sha256sum`) covers `model.json` and the weights, so that one changed
//! byte anywhere in what determines a result is noticed. After editing `model.json` by hand, run
//! `sha256sum model.json weights.safetensors > SHA256SUMS` in the folder.

mod checksums;
mod demo;
mod manifest;
mod weight_header;
mod write;

use std::path::{Path, PathBuf};

pub use manifest::{
    InputSpec, Manifest, PackageKind, Provenance, ScriptSpec, SliceOrientation, VarianceSpec,
    WeightsSpec, SCHEMA_VERSION,
};

use crate::error::PackageError;
pub(crate) use checksums::sha256_of_file;
use checksums::{sha256_hex, Checksums, SUMS_FILE};
pub(crate) use write::write_streamed;

/// Name of the description inside a package.
pub const MANIFEST_FILE: &str = "model.json";
/// Name of the weights inside a package written by RaterLens.
pub const WEIGHTS_FILE: &str = "weights.safetensors";
/// Name of the program inside a TorchScript package.
pub const SCRIPT_FILE: &str = "model.pt";
/// A description is a few kilobytes; anything far beyond is not one.
const MAX_MANIFEST_BYTES: u64 = 4 << 20;
/// Largest side of the slices a TorchScript program may ask for.
const MAX_SCRIPT_SIZE: usize = 4096;

/// A model package whose description was read and whose checksums were verified.
#[derive(Debug, Clone)]
pub struct ModelPackage {
    dir: PathBuf,
    manifest: Manifest,
    checksum: String,
}

impl ModelPackage {
    /// Opens and verifies a package folder. Does not load the network.
    ///
    /// # Errors
    /// A missing or changed file, a schema version or content that is not understood; the message
    /// names the file.
    pub fn open(dir: &Path) -> Result<Self, PackageError> {
        let sums = Checksums::read(dir)?;
        let path = dir.join(MANIFEST_FILE);
        let json = read_limited(&path, MAX_MANIFEST_BYTES)?;
        sums.verify(MANIFEST_FILE, &sha256_hex(&json))?;
        let manifest = parse(&json, &path)?;
        let package = Self {
            dir: dir.to_path_buf(),
            checksum: sha256_hex(&json),
            manifest,
        };
        let weights = sha256_of_file(&package.weights_path())?;
        sums.verify(&package.manifest.weights.file, &weights)?;
        if weights != package.manifest.weights.sha256 {
            let file = package.manifest.weights.file.clone();
            return Err(PackageError::Checksum { file });
        }
        Ok(package)
    }

    /// Writes a package: weights, description, card, and last the checksums that make it valid.
    ///
    /// `manifest.weights` is filled in here. `weights` are the bytes of a safetensors file.
    ///
    /// # Errors
    /// The folder or a file in it cannot be written.
    pub fn write(
        dir: &Path,
        mut manifest: Manifest,
        weights: &[u8],
        card: &str,
    ) -> Result<Self, PackageError> {
        std::fs::create_dir_all(dir).map_err(|e| io("cannot create the model package", dir, e))?;
        manifest.weights = WeightsSpec {
            file: WEIGHTS_FILE.into(),
            sha256: sha256_hex(weights),
        };
        let path = dir.join(MANIFEST_FILE);
        let mut json = serde_json::to_vec_pretty(&manifest).map_err(|e| bad(&path, e))?;
        json.push(b'\n');
        let mut sums = Checksums::default();
        sums.add(MANIFEST_FILE, sha256_hex(&json));
        sums.add(WEIGHTS_FILE, manifest.weights.sha256.clone());
        put(dir, WEIGHTS_FILE, weights)?;
        put(dir, MANIFEST_FILE, &json)?;
        put(dir, "README.md", card.as_bytes())?;
        put(dir, SUMS_FILE, sums.to_string().as_bytes())?;
        Self::open(dir)
    }

    /// The description.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Identity of the model: SHA-256 of `model.json`, which holds the weights' own SHA-256.
    #[must_use]
    pub fn checksum(&self) -> &str {
        &self.checksum
    }

    /// How many numbers the network has learnt, from the header of the weight file; none for a program.
    ///
    /// # Errors
    /// A weight file whose header cannot be read.
    pub fn parameter_count(&self) -> Result<Option<u64>, PackageError> {
        match self.manifest.kind {
            PackageKind::Native => weight_header::parameter_count(&self.weights_path()).map(Some),
            PackageKind::TorchScript => Ok(None),
        }
    }

    /// Where the weights are.
    #[must_use]
    pub fn weights_path(&self) -> PathBuf {
        self.dir.join(&self.manifest.weights.file)
    }
}

/// Parses and checks a description.
fn parse(json: &[u8], path: &Path) -> Result<Manifest, PackageError> {
    let value: serde_json::Value = serde_json::from_slice(json).map_err(|e| bad(path, e))?;
    match value
        .get("schema_version")
        .and_then(serde_json::Value::as_u64)
    {
        Some(SCHEMA_VERSION) => {}
        Some(found) => {
            return Err(PackageError::SchemaVersion {
                found,
                supported: SCHEMA_VERSION,
            })
        }
        None => return Err(bad(path, "it has no schema_version")),
    }
    let manifest: Manifest = serde_json::from_value(value).map_err(|e| bad(path, e))?;
    check(&manifest).map_err(|reason| bad(path, reason))?;
    Ok(manifest)
}

/// Values that parse but make no sense.
fn check(m: &Manifest) -> Result<(), String> {
    m.label_scheme.check().map_err(|e| e.to_string())?;
    check_kind(m)?;
    if m.input.channels != 1 {
        return Err(format!(
            "{} input channels; this version runs models of one channel",
            m.input.channels
        ));
    }
    if m.label_scheme.len() > 1000 {
        return Err(format!(
            "{} structures; at most 1000 are supported",
            m.label_scheme.len()
        ));
    }
    for (name, value) in [
        ("variance.scale", m.variance.scale),
        ("variance.tau", m.variance.tau),
    ] {
        if !(value.is_finite() && value > 0.0) {
            return Err(format!("{name} is {value}, it must be a positive number"));
        }
    }
    let file = Path::new(&m.weights.file);
    if file.file_name().map(|f| f.as_encoded_bytes()) != Some(m.weights.file.as_bytes()) {
        return Err("weights.file must be a plain file name inside the package".into());
    }
    Ok(())
}

/// A native package describes its network, a TorchScript package what its program gives.
fn check_kind(m: &Manifest) -> Result<(), String> {
    match (m.kind, &m.architecture, &m.script) {
        (PackageKind::Native, Some(architecture), None) => {
            architecture.check(m.input.size).map_err(|e| e.to_string())
        }
        (PackageKind::TorchScript, None, Some(_)) => {
            let size = m.input.size;
            let fits = size.iter().all(|s| (1..=MAX_SCRIPT_SIZE).contains(s));
            fits.then_some(()).ok_or_else(|| {
                format!("input size {size:?} must be between 1 and {MAX_SCRIPT_SIZE}")
            })
        }
        (PackageKind::Native, ..) => {
            Err("a native package must have 'architecture' and no 'script'".into())
        }
        (PackageKind::TorchScript, ..) => {
            Err("a torchscript package must have 'script' and no 'architecture'".into())
        }
    }
}

fn bad(path: &Path, reason: impl ToString) -> PackageError {
    PackageError::Manifest {
        reason: reason.to_string(),
        path: path.to_path_buf(),
    }
}

fn io(action: &'static str, path: &Path, source: std::io::Error) -> PackageError {
    PackageError::Io {
        action,
        path: path.to_path_buf(),
        source,
    }
}

/// Reads a small file whole, refusing one that is absurdly large before reading it.
fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, PackageError> {
    let fail = |e| io("cannot read the model package", path, e);
    let length = std::fs::metadata(path).map_err(fail)?.len();
    if length > limit {
        return Err(bad(
            path,
            format!("it is {length} bytes long, at most {limit} are expected"),
        ));
    }
    std::fs::read(path).map_err(fail)
}

fn put(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), PackageError> {
    let path = dir.join(name);
    std::fs::write(&path, bytes).map_err(|e| io("cannot write the model package", &path, e))
}
