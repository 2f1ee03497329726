//! The files of a fusion.

use raterlens_core::control::Control;
use raterlens_core::{LabelScheme, NiftiGrid};
use serde::Serialize;

use super::folder::{Folder, Target, Written};
use super::VERSION;
use crate::error::RatersError;
use crate::fuse::{FuseOptions, Fused, Performance};

/// The consensus.
pub const CONSENSUS_FILE: &str = "consensus.nii.gz";
/// What the fusion says about each rater; written last.
pub const PERFORMANCE_FILE: &str = "performance.json";

/// The map of a structure's posterior.
#[must_use]
pub fn posterior_file(structure: &str) -> String {
    format!("posterior_{structure}.nii.gz")
}

/// `performance.json`.
#[derive(Serialize)]
struct Record<'a> {
    raterlens: &'static str,
    options: &'a FuseOptions,
    warnings: &'a [String],
    #[serde(flatten)]
    performance: &'a Performance,
}

/// Writes `consensus.nii.gz`, one `posterior_<structure>.nii.gz` per structure, and `performance.json`, with the geometry
/// fields of `grid`.
///
/// # Errors
/// Files in the way, a folder that cannot be written, or cancelled; the folder is then as before.
pub fn write_fused(
    target: &Target<'_>,
    fused: &Fused<'_>,
    scheme: &LabelScheme,
    grid: &NiftiGrid,
    options: &FuseOptions,
    warnings: &[String],
    control: &Control<'_>,
) -> Result<Written, RatersError> {
    let posteriors = scheme.structures.iter().map(|s| posterior_file(&s.name));
    let mut names: Vec<_> = posteriors.collect();
    names.extend([CONSENSUS_FILE, PERFORMANCE_FILE].map(str::to_owned));
    let mut folder = Folder::new(target, &names)?;
    folder.labels(CONSENSUS_FILE, &fused.consensus, grid)?;
    for (n, s) in scheme.structures.iter().enumerate() {
        control.step(n as f32 / scheme.len() as f32, "writing")?;
        folder.map(&posterior_file(&s.name), &fused.posterior(s.id)?, grid)?;
    }
    folder.json(
        PERFORMANCE_FILE,
        &Record {
            raterlens: VERSION,
            options,
            warnings,
            performance: &fused.performance,
        },
    )?;
    control.cancel.check()?;
    folder.commit(PERFORMANCE_FILE)
}
