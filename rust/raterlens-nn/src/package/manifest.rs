//! `model.json`: what a model is, what it expects, what it gives, and where it comes from.

use raterlens_core::augment::AugmentOptions;
use raterlens_core::normalise::Normalisation;
use raterlens_core::resample::ResizeRule;
use raterlens_core::variability::DistanceUnit;
use raterlens_core::LabelScheme;
pub use raterlens_core::SliceOrientation;
use serde::{Deserialize, Serialize};

use crate::architecture::{Architecture, Head};

/// The schema version that this RaterLens reads and writes.
pub const SCHEMA_VERSION: u64 = 1;

/// Everything a host needs to know about a model besides its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this file's layout; see [`SCHEMA_VERSION`].
    pub schema_version: u64,
    /// Short name, as in the folder's name.
    pub name: String,
    /// Version of the model itself.
    pub version: String,
    /// How the weights are stored and run.
    pub kind: PackageKind,
    /// One sentence: what it segments, on what.
    pub description: String,
    /// What it may be used for, and what not.
    pub intended_use: String,
    /// SPDX identifier of the weights' licence.
    pub licence: String,
    /// The network; none in a TorchScript package, which brings its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<Architecture>,
    /// What the program of a TorchScript package gives; none in other packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<ScriptSpec>,
    /// The structures, in the order of the network's channels (channel 0 is background).
    pub label_scheme: LabelScheme,
    /// What goes into the network.
    pub input: InputSpec,
    /// What the variance maps mean; of no effect in a model that predicts none.
    pub variance: VarianceSpec,
    /// The random changes of slices it was trained with: those of test-time augmentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub augmentation: Option<AugmentOptions>,
    /// Where the weights come from.
    pub provenance: Provenance,
    /// What nobody has verified about this model, in sentences; shown wherever the model is described.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unverified: Vec<String>,
    /// The weight file.
    pub weights: WeightsSpec,
}

impl Manifest {
    /// Whether the model predicts one inter-rater variance map per structure.
    #[must_use]
    pub fn predicts_variance(&self) -> bool {
        match (&self.architecture, &self.script) {
            (Some(architecture), _) => architecture.network.predicts_variance(),
            (None, script) => script.as_ref().is_some_and(|s| s.variance),
        }
    }

    /// The network in one line, for people.
    #[must_use]
    pub fn network_summary(&self) -> String {
        let program = || "a TorchScript program".to_owned();
        self.architecture
            .as_ref()
            .map_or_else(program, Architecture::summary)
    }

    /// Whether the model's outputs are evidence, with an uncertainty of their own.
    #[must_use]
    pub fn is_evidential(&self) -> bool {
        let head = self.architecture.as_ref().map(|a| a.head);
        head == Some(Head::Evidential)
    }
}

/// Kinds of package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackageKind {
    /// A network of RaterLens itself, weights as safetensors.
    Native,
    /// A TorchScript file: a program with its weights.
    #[serde(rename = "torchscript")]
    TorchScript,
}

/// What the program of a TorchScript package gives, as found when it was imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptSpec {
    /// Whether it gives one variance map per structure besides the class logits.
    pub variance: bool,
}

/// What goes into the network, in the order in which it is applied: orient, resize, normalise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputSpec {
    /// Rows and columns.
    pub size: [usize; 2],
    /// Image channels.
    pub channels: usize,
    /// Orientation in which slices are given to the network, and in which its answers come back.
    pub orientation: SliceOrientation,
    /// How a slice becomes `size`.
    pub resize: ResizeRule,
    /// How intensities are scaled, after the resize.
    pub normalisation: Normalisation,
    /// Range of pixel sizes, in millimetres, of the images it was trained on, before the resize.
    pub training_pixel_mm: [f64; 2],
}

/// How the variance maps were defined in training (SPEC section 4).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VarianceSpec {
    /// Unit of distance.
    pub unit: DistanceUnit,
    /// Softness of the soft label, in that unit.
    pub tau: f64,
    /// The network's output is divided by this.
    pub scale: f64,
}

/// Where the weights come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The data.
    pub data: String,
    /// Whether only synthetic images were used.
    pub synthetic_only: bool,
    /// The command that trained it.
    pub command: String,
    /// Seed of the run.
    pub seed: u64,
    /// Ground truth of task 1.
    pub ground_truth: String,
    /// Training steps made.
    pub steps: u64,
    /// Slices per step.
    pub batch_size: usize,
    /// Program versions.
    pub software: String,
}

/// The weight file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightsSpec {
    /// File name inside the package.
    pub file: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
}
