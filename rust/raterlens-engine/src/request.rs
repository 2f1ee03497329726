//! What a host asks for, and what it gets.

use raterlens_core::measures::Measures;
use raterlens_core::{LabelMap, Volume};
use raterlens_nn::DeviceReport;
use serde::{Deserialize, Serialize};

use crate::run_record::RunRecord;
use crate::uncertainty::{UncertaintyLayers, UncertaintyRequest};

/// Settings of one segmentation.
///
/// ```
/// let request = raterlens_engine::SegmentRequest { seed: 7, ..Default::default() };
/// assert_eq!(request.batch_size_on("cpu"), 1);
/// assert_eq!(request.batch_size_on("cuda:0"), 8);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SegmentRequest {
    /// Slices the network works on at once; 0, the default, chooses by device. Cancelling waits for the
    /// batch under way; more slices at once are faster on a GPU and need more memory.
    pub batch_size: usize,
    /// Seed of everything random: dropout and augmentation of samples. Nothing in a plain segmentation is; it is recorded all
    /// the same.
    pub seed: u64,
    /// Which uncertainties of the model are wanted.
    #[serde(default)]
    pub uncertainty: UncertaintyRequest,
    /// Also keep the probabilities of all classes.
    #[serde(default)]
    pub keep_probabilities: bool,
}

impl SegmentRequest {
    /// The batch size on a device (`cpu`, `cuda:N`). One slice keeps a CPU busy and can be cancelled soon.
    #[must_use]
    pub fn batch_size_on(&self, device: &str) -> usize {
        match self.batch_size {
            0 if device == "cpu" => 1,
            0 => 8,
            chosen => chosen,
        }
    }
}

/// Which model ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelIdentity {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its checksum: the model package's identity.
    pub checksum: String,
}

/// Wall-clock seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    /// Orienting, resampling and normalising the slices.
    pub prepare_secs: f64,
    /// The network.
    pub predict_secs: f64,
    /// Bringing probabilities and maps back to the image's grid, and measuring.
    pub restore_secs: f64,
    /// From the request to the result.
    pub total_secs: f64,
}

impl Timings {
    /// To the millisecond: more is noise.
    #[must_use]
    pub fn rounded(self) -> Self {
        let ms = |secs: f64| (secs * 1000.0).round() / 1000.0;
        Self {
            prepare_secs: ms(self.prepare_secs),
            predict_secs: ms(self.predict_secs),
            restore_secs: ms(self.restore_secs),
            total_secs: ms(self.total_secs),
        }
    }
}

/// The layers and numbers of one segmentation.
#[derive(Debug, Clone)]
pub struct SegmentResult {
    /// Structure ids on the input's grid.
    pub labels: LabelMap,
    /// Predicted inter-rater variance on the input's grid, one map per structure of the model's scheme,
    /// in its order; values in [0, 0.25]. Empty from a model that predicts none.
    pub variance: Vec<Volume<f32>>,
    /// Probabilities on the input's grid, background first, then the structures; empty unless asked for.
    pub probabilities: Vec<Volume<f32>>,
    /// Which uncertainties were asked for.
    pub requested: UncertaintyRequest,
    /// What the model is unsure of, as asked for: epistemic first.
    pub uncertainty: Vec<UncertaintyLayers>,
    /// Uncertainty of an evidential head, in (0, 1], on the input's grid; `None` from other models.
    pub evidential: Option<Volume<f32>>,
    /// Areas, volumes and mean variance.
    pub measures: Measures,
    /// The device that ran, and why that one.
    pub device: DeviceReport,
    /// Seed of the request.
    pub seed: u64,
    /// Slices the network worked on at once.
    pub batch_size: usize,
    /// Threads libtorch used for one operation on the CPU.
    pub threads: usize,
    /// The model; of an ensemble, its first member.
    pub model: ModelIdentity,
    /// The other members of an ensemble.
    pub members: Vec<ModelIdentity>,
    /// Names of the model's structures, in the scheme's order.
    pub structures: Vec<String>,
    /// How long it took.
    pub timings: Timings,
    /// What the user should know about this image and model, in sentences.
    pub warnings: Vec<String>,
}

impl SegmentResult {
    /// The record of this run as JSON: `run.json` without what only files have (names, checksums).
    #[must_use]
    pub fn run_json(&self) -> String {
        RunRecord::new(self).to_json()
    }
}
