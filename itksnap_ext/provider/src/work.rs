//! From a ticket's workspace to its result.

use std::path::{Path, PathBuf};

use raterlens_core::control::{CancelFlag, Control, Progress};
use raterlens_core::nifti_io::{read_image, read_labels};
use raterlens_core::variability::SoftLabelOptions;
use raterlens_core::{LabelMap, LabelScheme, Volume};
use raterlens_engine::batch::{run_case, PlannedCase, Policy};
use raterlens_engine::case::{LABELS_FILE, WORKSPACE_FILE};
use raterlens_engine::{Epistemic, SegmentRequest, Segmenter};
use raterlens_itksnap::assemble::{add_layer, AssembleError, Kind};
use raterlens_itksnap::label_file::LabelRow;
use raterlens_itksnap::{LabelClash, Project};
use raterlens_raters::files::{load_image, load_raters, raters_of_workspace};
use raterlens_raters::output::{
    variance_file, write_fused, write_variability, Target, CONSENSUS_FILE,
};
use raterlens_raters::{check_named, fuse, labels_used, scheme_of_labels, FuseOptions};

use crate::error::WorkError;
use crate::picture::slice_picture;
use crate::services::Service;

/// What came out of a ticket.
#[derive(Debug)]
pub struct Outcome {
    /// The ticket's workspace with the result's layers.
    pub project: Project,
    /// What the user should know, as sentences.
    pub notes: Vec<String>,
    /// A picture for the log, PNG.
    pub picture: Vec<u8>,
}

/// Does what a service promises with a workspace; files are made in `folder`.
///
/// # Errors
/// See [`WorkError`].
pub fn work(
    service: Service,
    workspace: &Path,
    folder: &Path,
    segmenter: &Segmenter,
    cancel: &CancelFlag,
    progress: &dyn Fn(Progress),
) -> Result<Outcome, WorkError> {
    let control = Control {
        progress: Some(progress),
        cancel: cancel.clone(),
    };
    match service {
        Service::Fuse => fuse_raters(workspace, folder, &control),
        Service::Segment => segment(workspace, folder, segmenter, &control, false),
        Service::SegmentWithVariance => segment(workspace, folder, segmenter, &control, true),
    }
}

fn segment(
    workspace: &Path,
    folder: &Path,
    segmenter: &Segmenter,
    control: &Control<'_>,
    with_variance: bool,
) -> Result<Outcome, WorkError> {
    let mut project = Project::open(workspace)?;
    let case = PlannedCase {
        path: project.main_image(),
        name: "ticket".to_owned(),
        series: None,
    };
    let dir = folder.join("case");
    let mut request = SegmentRequest::default();
    if with_variance && segmenter.has_dropout() {
        request.uncertainty.epistemic = Epistemic::Dropout;
    }
    let (_, record) = run_case(segmenter, &case, &dir, &request, Policy::Force, control)?;
    let labels_path = dir.join(LABELS_FILE);
    let scheme = segmenter.scheme();
    let clashes = if with_variance {
        project.add(&Project::open(&dir.join(WORKSPACE_FILE))?)?
    } else {
        let clashes = project.add_labels(&rows(scheme));
        add_layer(
            &mut project,
            Kind::Computed,
            "RaterLens labels",
            &labels_path,
        )?;
        clashes
    };
    let image = read(read_image(&case.path).map(|i| i.volume), &case.path)?;
    let labels = read(
        read_labels(&labels_path).map(|(labels, _)| labels),
        &labels_path,
    )?;
    Ok(Outcome {
        project,
        notes: [record.warnings, sentences(&clashes)].concat(),
        picture: picture(&image, &labels, scheme)?,
    })
}

fn fuse_raters(
    workspace: &Path,
    folder: &Path,
    control: &Control<'_>,
) -> Result<Outcome, WorkError> {
    let found = raters_of_workspace(workspace)?;
    let loaded = load_raters(&found.raters, false, control)?;
    let set = loaded.set()?;
    let names = found
        .labels
        .unwrap_or_else(|| scheme_of_labels(labels_used(&set)));
    let scheme = check_named(&set, &names)?;
    let (options, dir) = (FuseOptions::default(), folder.join("fused"));
    let inputs: Vec<PathBuf> = Vec::new();
    let target = Target {
        dir: &dir,
        force: true,
        inputs: &inputs,
    };
    let fused = fuse(&set, &scheme, &options, control)?;
    write_fused(
        &target,
        &fused,
        &scheme,
        &loaded.grid,
        &options,
        &loaded.warnings,
        control,
    )?;
    let soft = SoftLabelOptions::default();
    write_variability(
        &target,
        &set,
        &scheme,
        &loaded.grid,
        &soft,
        &loaded.warnings,
        control,
    )?;
    let mut project = Project::open(workspace)?;
    for structure in &scheme.structures {
        let title = format!("Variance of raters: {}", structure.title);
        add_layer(
            &mut project,
            Kind::Variance,
            &title,
            &dir.join(variance_file(&structure.name)),
        )?;
    }
    add_layer(
        &mut project,
        Kind::Computed,
        "Consensus (majority)",
        &dir.join(CONSENSUS_FILE),
    )?;
    let clashes = project.add_labels(&rows(&scheme));
    let image = load_image(&found.image, fused.consensus.geometry())?;
    Ok(Outcome {
        picture: picture(&image, &fused.consensus, &scheme)?,
        project,
        notes: [found.warnings, loaded.warnings, sentences(&clashes)].concat(),
    })
}

fn picture(
    image: &Volume<f32>,
    labels: &LabelMap,
    scheme: &LabelScheme,
) -> Result<Vec<u8>, WorkError> {
    slice_picture(image, labels, scheme).map_err(|e| WorkError::Input(e.to_string()))
}

fn read<T>(read: Result<T, raterlens_core::NiftiError>, path: &Path) -> Result<T, WorkError> {
    let layer = |source| AssembleError::Image {
        source,
        path: path.to_path_buf(),
    };
    Ok(read.map_err(layer)?)
}

fn sentences(clashes: &[LabelClash]) -> Vec<String> {
    clashes.iter().map(ToString::to_string).collect()
}

fn rows(scheme: &LabelScheme) -> Vec<LabelRow> {
    let row = |s: &raterlens_core::Structure| LabelRow {
        id: s.id,
        color: s.color,
        title: s.title.clone(),
    };
    scheme.structures.iter().map(row).collect()
}
