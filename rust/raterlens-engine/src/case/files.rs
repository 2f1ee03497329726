//! Writes each file of a case into the staging folder.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use raterlens_core::nifti_io::{write_labels, write_map_f32};
use raterlens_core::LabelScheme;
use raterlens_itksnap::write_label_file;

use super::{
    measures_csv, snap, uncertainty, variance_file, Case, Container, LABELS_FILE,
    LABEL_DESCRIPTION_FILE, MEASURES_FILE, UNCERTAINTY_FILE, WORKSPACE_FILE,
};
use crate::error::EngineError;
use raterlens_core::control::{CancelFlag, Control};
use raterlens_images::{is_seg_nrrd, write_labels as write_family_labels, write_segmentation};

/// Names of all files that a case may have but the run record; without `maps`, of a model that predicts none.
pub(super) fn output_names(container: Container, scheme: &LabelScheme, maps: bool) -> Vec<String> {
    let mut names = vec![container.image_file().to_owned(), LABELS_FILE.to_owned()];
    if maps {
        names.extend(scheme.structures.iter().map(|s| variance_file(&s.name)));
    }
    names.extend(container.segmentation_file().map(str::to_owned));
    names.extend([MEASURES_FILE, WORKSPACE_FILE, LABEL_DESCRIPTION_FILE].map(str::to_owned));
    names
}

/// Writes all files but the run record into `staging`; `dir` is where they will end up.
pub(super) fn write_all(
    staging: &Path,
    dir: &Path,
    name: &str,
    case: &Case<'_>,
    cancel: &CancelFlag,
) -> Result<(), EngineError> {
    let grid = Some(&case.image.grid);
    write_image(staging, case)?;
    cancel.check()?;
    let path = staging.join(LABELS_FILE);
    write_labels(&path, &case.result.labels, grid)
        .map_err(|e| EngineError::image_output(&path, e))?;
    if let Some(file) = case.source.container.segmentation_file() {
        write_family(&staging.join(file), case, cancel)?;
    }
    for (structure, map) in case.scheme.structures.iter().zip(&case.result.variance) {
        cancel.check()?;
        let path = staging.join(variance_file(&structure.name));
        write_map_f32(&path, map, grid).map_err(|e| EngineError::image_output(&path, e))?;
    }
    for file in uncertainty::uncertainty_maps(case.result) {
        cancel.check()?;
        let path = staging.join(file.file());
        write_map_f32(&path, file.map, grid).map_err(|e| EngineError::image_output(&path, e))?;
    }
    for (file, series) in uncertainty::series_files(case.result) {
        cancel.check()?;
        uncertainty::write_series(&staging.join(file), series, grid)?;
    }
    if !case.result.uncertainty.is_empty() {
        create(&staging.join(UNCERTAINTY_FILE), |out| {
            uncertainty::write_table(out, name, &case.result.uncertainty, case.scheme)
        })?;
    }
    create(&staging.join(MEASURES_FILE), |out| {
        measures_csv::write_case(out, name, &case.result.measures, case.scheme)
    })?;
    create(&staging.join(LABEL_DESCRIPTION_FILE), |out| {
        write_label_file(out, case.scheme)
    })?;
    let workspace = snap::workspace(dir, case).to_registry()?.to_xml();
    create(&staging.join(WORKSPACE_FILE), |out| {
        out.write_all(workspace.as_bytes())
    })
}

/// The labels in the input's family of formats.
fn write_family(path: &Path, case: &Case<'_>, cancel: &CancelFlag) -> Result<(), EngineError> {
    let control = Control {
        progress: None,
        cancel: cancel.clone(),
    };
    let labels = &case.result.labels;
    let written = match is_seg_nrrd(path) {
        true => write_segmentation(path, labels, case.scheme, &control),
        false => write_family_labels(path, labels, None, &control),
    };
    written.map_err(|e| EngineError::image_file_output(path, e))
}

/// Copies the input unchanged; a pair of files, or another format, becomes one of 32-bit floats.
fn write_image(staging: &Path, case: &Case<'_>) -> Result<(), EngineError> {
    let path = staging.join(case.source.container.image_file());
    if matches!(
        case.source.container,
        Container::Pair | Container::Converted(_)
    ) {
        let written = write_map_f32(&path, &case.image.volume, Some(&case.image.grid));
        return written.map_err(|e| EngineError::image_output(&path, e));
    }
    // Not `fs::copy`, which would copy a read-only mark too.
    let mut input = File::open(&case.source.path).map_err(|source| EngineError::Input {
        path: case.source.path.clone(),
        source,
    })?;
    create(&path, |out| io::copy(&mut input, out).map(|_| ()))
}

fn create(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), EngineError> {
    let attempt = || {
        let mut out = BufWriter::new(File::create(path)?);
        write(&mut out)?;
        out.flush()
    };
    attempt().map_err(|e| EngineError::write(path, e))
}
