//! The files of a variability.

use raterlens_core::control::Control;
use raterlens_core::fusion::RaterSet;
use raterlens_core::variability::SoftLabelOptions;
use raterlens_core::{LabelScheme, NiftiGrid};
use serde::Serialize;

use super::folder::{csv_file, Folder, Target, Written};
use super::VERSION;
use crate::error::RatersError;
use crate::tables;
use crate::variability::{variability, Variability};

/// GT entropy in nats.
pub const ENTROPY_FILE: &str = "entropy.nii.gz";
/// Options and the numbers of the tables; written last.
pub const VARIABILITY_FILE: &str = "variability.json";

/// The variance map of a structure.
#[must_use]
pub fn variance_file(structure: &str) -> String {
    format!("variance_{structure}.nii.gz")
}

/// `variability.json`.
#[derive(Serialize)]
struct Record<'a> {
    raterlens: &'static str,
    warnings: &'a [String],
    #[serde(flatten)]
    found: &'a Variability,
}

/// Computes variability and writes one `variance_<structure>.nii.gz` per structure, `entropy.nii.gz`, the tables `variance.csv` and
/// `entropy.csv`, and `variability.json`, with the geometry fields of `grid`. Also returns what was found.
///
/// # Errors
/// As [`variability()`], files in the way, or a folder that cannot be written; the folder is then as before.
pub fn write_variability(
    target: &Target<'_>,
    set: &RaterSet<'_>,
    scheme: &LabelScheme,
    grid: &NiftiGrid,
    options: &SoftLabelOptions,
    warnings: &[String],
    control: &Control<'_>,
) -> Result<(Variability, Written), RatersError> {
    let maps = scheme.structures.iter().map(|s| variance_file(&s.name));
    let mut names: Vec<_> = maps.collect();
    names.extend([ENTROPY_FILE, VARIABILITY_FILE].map(str::to_owned));
    names.extend(["variance", "entropy"].map(csv_file));
    let mut folder = Folder::new(target, &names)?;
    let found = variability(set, scheme, options, control, &mut |structure, map| {
        folder.map(&variance_file(&structure.name), &map, grid)
    })?;
    folder.map(ENTROPY_FILE, &found.entropy_map, grid)?;
    folder.table(&tables::variance_rows(&found, scheme))?;
    folder.table(&tables::entropy_rows(&found))?;
    let record = Record {
        raterlens: VERSION,
        warnings,
        found: &found,
    };
    folder.json(VARIABILITY_FILE, &record)?;
    control.cancel.check()?;
    let written = folder.commit(VARIABILITY_FILE)?;
    Ok((found, written))
}
