//! What decides the result of a run.

use std::collections::BTreeMap;

use raterlens_core::LabelScheme;
use raterlens_nn::Architecture;
use raterlens_raters::study::Part;
use serde::{Deserialize, Serialize};

use crate::ground_truth::GroundTruth;
use crate::recipe::Recipe;

/// Everything that decides the result of a run, as `config.json` keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunConfig {
    /// Name of the model.
    pub name: String,
    /// Name of the study.
    pub study: String,
    /// The network.
    pub architecture: Architecture,
    /// How it is trained.
    pub recipe: Recipe,
    /// What is right.
    pub ground_truth: GroundTruth,
    /// Seed of weights, order, augmentation and dropout.
    pub seed: u64,
    /// The structures.
    pub scheme: LabelScheme,
    /// The part of each image.
    pub parts: BTreeMap<String, Part>,
    /// SHA-256 over the image and its drawings, by image.
    pub data: BTreeMap<String, String>,
    /// SHA-256 of the weights that training begins with; none: drawn by chance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// The command that repeats the run, without paths of a machine.
    pub command: String,
    /// Program versions.
    pub software: String,
}

impl RunConfig {
    /// What differs from another configuration in a way that changes the result; none if nothing does.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<&'static str> {
        let checks = [
            ("the network", self.architecture != other.architecture),
            ("the recipe", self.recipe != other.recipe),
            ("the ground truth", self.ground_truth != other.ground_truth),
            ("the seed", self.seed != other.seed),
            ("the structures", self.scheme != other.scheme),
            ("the split", self.parts != other.parts),
            ("the weights it begins with", self.start != other.start),
            ("the images or drawings", self.data != other.data),
        ];
        checks.iter().find(|(_, differs)| *differs).map(|(n, _)| *n)
    }
}
