//! Raters in an ITK-SNAP workspace: its segmentation layers.

use std::path::{Path, PathBuf};

use raterlens_core::LabelScheme;
use raterlens_itksnap::assemble::LABELS_TAG;
use raterlens_itksnap::{Project, Role};

use super::label_names::from_rows;
use super::names::RaterFile;
use crate::error::RatersError;

/// What a workspace says about raters.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkspaceRaters {
    /// One for each segmentation layer that RaterLens has not made itself, called by its nickname, or else by its file.
    pub raters: Vec<RaterFile>,
    /// What a user should know, as sentences.
    pub warnings: Vec<String>,
    /// The label table; none if it is empty.
    pub labels: Option<LabelScheme>,
    /// The main image.
    pub image: PathBuf,
}

/// Whether a path names a workspace, by its ending.
#[must_use]
pub fn is_workspace(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("itksnap"))
}

/// Reads the raters of a workspace.
///
/// # Errors
/// A file that is no workspace, or two segmentation layers of one name.
pub fn raters_of_workspace(path: &Path) -> Result<WorkspaceRaters, RatersError> {
    let refuse = |e: &dyn std::error::Error| RatersError::Request(e.to_string());
    let project = Project::open(path).map_err(|e| refuse(&e))?;
    let layers = project.of_role(Role::Segmentation);
    let (computed, drawn): (Vec<_>, Vec<_>) =
        layers.partition(|layer| layer.tags.iter().any(|tag| tag == LABELS_TAG));
    let warnings = computed.iter().map(|layer| {
        let title = layer.title();
        format!("The layer '{title}' was computed by RaterLens and is not taken for a rater.")
    });
    let raters: Vec<RaterFile> = drawn
        .into_iter()
        .map(|layer| RaterFile {
            rater: layer.title(),
            path: layer.path,
        })
        .collect();
    for (n, file) in raters.iter().enumerate() {
        if raters.iter().take(n).any(|f| f.rater == file.rater) {
            return Err(RatersError::Request(format!(
                "two segmentation layers of the workspace are called '{}': give each rater's layer a nickname of its own in ITK-SNAP",
                file.rater
            )));
        }
    }
    let structures = from_rows(&project.labels());
    let labels = match structures.is_empty() {
        true => None,
        false => Some(LabelScheme::new(structures)?),
    };
    Ok(WorkspaceRaters {
        warnings: warnings.collect(),
        raters,
        labels,
        image: project.main_image(),
    })
}
