//! `run.json`: how a result came about, so that it can be repeated and judged.
//!
//! It holds no path and no header text: of the input only the file's own name and its checksum.

use std::collections::BTreeMap;

use raterlens_core::uncertainty::MapMeans;
use raterlens_nn::DeviceReport;
use serde::{Deserialize, Serialize};

use crate::request::{ModelIdentity, SegmentResult, Timings};
use crate::uncertainty::{UncertaintyLayers, UncertaintyRequest, UncertaintySource};

/// Version of the record's layout.
pub const RUN_RECORD_VERSION: u32 = 1;

/// Versions of the programs that made a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// RaterLens.
    pub raterlens: String,
    /// The libtorch bindings.
    pub tch: String,
}

impl Versions {
    /// Those of this program.
    #[must_use]
    pub fn current() -> Self {
        Self {
            raterlens: env!("CARGO_PKG_VERSION").into(),
            tch: raterlens_nn::TCH_VERSION.into(),
        }
    }
}

/// The input image, as far as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputIdentity {
    /// The file's name, without folders.
    pub file: String,
    /// SHA-256 of the file's bytes, hexadecimal.
    pub sha256: String,
}

/// One uncertainty of a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UncertaintyRecord {
    /// What was sampled.
    pub source: UncertaintySource,
    /// How many samples.
    pub samples: usize,
    /// Means of the maps over the image.
    pub image: MapMeans,
    /// Means over each structure as labelled, in the order of the label ids; those of slices are in `uncertainty.csv`.
    pub structures: Vec<MapMeans>,
}

impl UncertaintyRecord {
    fn of(layers: &UncertaintyLayers) -> Self {
        Self {
            source: layers.source,
            samples: layers.samples,
            image: layers.summary.image,
            structures: layers.summary.structures.iter().map(|s| s.image).collect(),
        }
    }
}

/// The content of `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// [`RUN_RECORD_VERSION`].
    pub record_version: u32,
    /// Program versions.
    pub versions: Versions,
    /// The input file; absent when a host handed over voxels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<InputIdentity>,
    /// The model.
    pub model: ModelIdentity,
    /// The other members of an ensemble.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<ModelIdentity>,
    /// Names of the structures, in the order of the label ids.
    pub structures: Vec<String>,
    /// The device that ran, and why.
    pub device: DeviceReport,
    /// Seed.
    pub seed: u64,
    /// Slices per batch.
    pub batch_size: usize,
    /// CPU threads of the network.
    pub threads: usize,
    /// Whether probabilities were asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub probabilities: bool,
    /// Which uncertainties were asked for.
    #[serde(default, skip_serializing_if = "UncertaintyRequest::is_nothing")]
    pub requested: UncertaintyRequest,
    /// What was sampled for maps of uncertainty, and their means.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncertainty: Vec<UncertaintyRecord>,
    /// How long it took.
    pub timings: Timings,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// SHA-256 of each file written beside this one; empty when nothing was written.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
}

impl RunRecord {
    /// The record of a result that was not read from a file.
    #[must_use]
    pub fn new(result: &SegmentResult) -> Self {
        Self {
            record_version: RUN_RECORD_VERSION,
            versions: Versions::current(),
            input: None,
            model: result.model.clone(),
            members: result.members.clone(),
            structures: result.structures.clone(),
            device: result.device.clone(),
            seed: result.seed,
            batch_size: result.batch_size,
            threads: result.threads,
            probabilities: !result.probabilities.is_empty(),
            requested: result.requested,
            uncertainty: result
                .uncertainty
                .iter()
                .map(UncertaintyRecord::of)
                .collect(),
            timings: result.timings.rounded(),
            warnings: result.warnings.clone(),
            outputs: BTreeMap::new(),
        }
    }

    /// The record as indented JSON with a final line break.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Maps with string keys, strings and finite numbers always serialise.
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        json
    }
}
