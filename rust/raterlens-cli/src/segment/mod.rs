//! `raterlens segment`: one image into one folder, or many with one model.

pub(crate) mod progress;
mod summary;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{bail, Context, Result};
use clap::Args;
use raterlens_engine::batch::{
    case_name, images_at, plan_cases, read_list, run_case, run_cases, BatchObserver, BatchPlan,
    CaseOutcome, CaseStatus, PlannedCase, Policy,
};
use raterlens_engine::{CancelFlag, Control, DeviceRequest, Progress, SegmentRequest, Segmenter};

use raterlens_raters::files::is_workspace;

use crate::sampling_args::SamplingArgs;
use crate::{interrupt, model_path};
use progress::Bars;
use summary::Summary;

/// Options of `raterlens segment`.
#[derive(Debug, Clone, Args)]
pub struct SegmentArgs {
    /// Images (NIfTI, NRRD, MetaImage, ...), folders of them or of a DICOM series, or ITK-SNAP workspaces, whose main image is taken. One image is written to DIR itself, several to a folder each
    #[arg(value_name = "IMAGE", required_unless_present = "list")]
    images: Vec<PathBuf>,
    /// Text file with one image path per line, relative to the list's folder
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,
    /// Which DICOM series of a folder with several: its number, UID or description
    #[arg(long, value_name = "SERIES")]
    series: Option<String>,
    /// Model package (a folder NAME.rlmodel); default: $RATERLENS_MODEL, else the one installed. Several, with commas or repeated:
    /// an ensemble, which answers with its members' mean
    #[arg(long, value_name = "MODEL", value_delimiter = ',')]
    model: Vec<PathBuf>,
    #[command(flatten)]
    sampling: SamplingArgs,
    /// Also write the probabilities of all classes, for `raterlens evaluate`
    #[arg(long)]
    probabilities: bool,
    /// Also write the other maps of uncertainty: mean probabilities, expected entropy, variance
    #[arg(long)]
    all_maps: bool,
    /// auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    device: DeviceRequest,
    /// Seed of everything random, recorded in run.json
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Slices the network works on at once; default: 1 on the CPU, 8 on a GPU
    #[arg(long, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024))]
    batch_size: Option<usize>,
    /// Folder for the results
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// Compute again what is complete, and replace files that were changed since
    #[arg(long)]
    force: bool,
    /// Print a summary as JSON to stdout instead of a table
    #[arg(long)]
    json: bool,
}

impl SegmentArgs {
    fn request(&self) -> SegmentRequest {
        SegmentRequest {
            batch_size: self.batch_size.unwrap_or_default(),
            seed: self.seed,
            uncertainty: self.sampling.request(self.all_maps),
            keep_probabilities: self.probabilities,
        }
    }

    fn policy(&self) -> Policy {
        if self.force {
            Policy::Force
        } else {
            Policy::Resume
        }
    }
}

/// Runs the command.
///
/// # Errors
/// Whatever stops everything; failures of single cases of a batch are in the summary and the exit code.
pub fn run(args: &SegmentArgs) -> Result<ExitCode> {
    let cancel = interrupt::cancel_on_interrupt()?;
    let (args, workspaces) = &with_images_of_workspaces(args)?;
    let jobs = plan(args)?;
    if let (Jobs::One(case), Some(workspace)) = (&jobs, workspaces.values().next()) {
        // Known before the work begins; in a batch, each case has a folder of its own.
        crate::workspace::check_case(workspace, &args.out, args.force)
            .with_context(|| file_name(&case.path))?;
    }
    let segmenter = load(args)?;
    let bars = Bars::new();
    for note in jobs.notes() {
        bars.note(note);
    }
    let outcomes = match &jobs {
        Jobs::One(case) => vec![one(args, &segmenter, case, &cancel, &bars)?],
        Jobs::Batch(plan) => many(args, &segmenter, plan, &cancel, &bars)?,
    };
    for (case, outcome) in jobs.cases().iter().zip(&outcomes) {
        if let (Some(workspace), true) = (workspaces.get(&case.path), outcome.record.is_some()) {
            crate::workspace::add_case(workspace, &outcome.dir, args.force)?;
        }
    }
    bars.finish();
    let summary = Summary::new(&args.out, &segmenter, jobs.notes(), &outcomes)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&summary)?);
    } else {
        print!("{}", summary.text());
        if !workspaces.is_empty() {
            println!("  workspace.itksnap there is the given workspace with these layers");
        }
    }
    Ok(if summary.failed() == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn load(args: &SegmentArgs) -> Result<Segmenter> {
    let models = match args.model.as_slice() {
        [] => vec![model_path::find(None)?],
        named => named.to_vec(),
    };
    let models: Vec<&Path> = models.iter().map(PathBuf::as_path).collect();
    Segmenter::load_ensemble(&models, args.device).context("cannot use the model")
}

/// The images of workspaces in their place, and the workspace of each such image.
fn with_images_of_workspaces(
    args: &SegmentArgs,
) -> Result<(SegmentArgs, BTreeMap<PathBuf, PathBuf>)> {
    let (mut args, mut workspaces) = (args.clone(), BTreeMap::new());
    for path in args.images.iter_mut().filter(|p| is_workspace(p)) {
        let image = crate::workspace::main_image(path)?;
        let workspace = std::mem::replace(path, image);
        if workspaces.insert(path.clone(), workspace).is_some() {
            bail!("two workspaces have the same main image: segment them one at a time");
        }
    }
    Ok((args, workspaces))
}

/// What is to be done.
enum Jobs {
    /// One image into the output folder itself.
    One(PlannedCase),
    /// Images into a folder each.
    Batch(BatchPlan),
}

impl Jobs {
    fn cases(&self) -> &[PlannedCase] {
        match self {
            Self::One(case) => std::slice::from_ref(case),
            Self::Batch(plan) => &plan.cases,
        }
    }

    fn notes(&self) -> &[String] {
        match self {
            Self::One(_) => &[],
            Self::Batch(plan) => &plan.notes,
        }
    }
}

fn plan(args: &SegmentArgs) -> Result<Jobs> {
    if let (None, [image]) = (&args.list, args.images.as_slice()) {
        // A folder that stands for itself is a DICOM series.
        if !image.is_dir() || matches!(images_at(image)?.as_slice(), [only] if only == image) {
            return Ok(Jobs::One(PlannedCase {
                path: image.clone(),
                name: case_name(image),
                series: args.series.clone(),
            }));
        }
    }
    let mut images = Vec::new();
    for path in &args.images {
        images.extend(images_at(path)?);
    }
    if let Some(list) = &args.list {
        for path in read_list(list)? {
            images.extend(images_at(&path)?);
        }
    }
    if args.out.is_file() {
        bail!(
            "the output folder is a file: choose another ({})",
            args.out.display()
        );
    }
    let mut plan = plan_cases(&images);
    for case in plan.cases.iter_mut().filter(|c| c.path.is_dir()) {
        case.series.clone_from(&args.series);
    }
    Ok(Jobs::Batch(plan))
}

fn one(
    args: &SegmentArgs,
    segmenter: &Segmenter,
    case: &PlannedCase,
    cancel: &CancelFlag,
    bars: &Bars,
) -> Result<CaseOutcome> {
    bars.case_started(&case.name, 0, 1);
    let report = |now: Progress| bars.case_progress(now);
    let control = Control {
        progress: Some(&report),
        cancel: cancel.clone(),
    };
    let ran = run_case(
        segmenter,
        case,
        &args.out,
        &args.request(),
        args.policy(),
        &control,
    );
    let (status, record) = ran.with_context(|| file_name(&case.path))?;
    let outcome = CaseOutcome {
        name: case.name.clone(),
        dir: args.out.clone(),
        status,
        record: Some(record),
    };
    bars.case_finished(&outcome);
    Ok(outcome)
}

fn many(
    args: &SegmentArgs,
    segmenter: &Segmenter,
    plan: &BatchPlan,
    cancel: &CancelFlag,
    bars: &Bars,
) -> Result<Vec<CaseOutcome>> {
    Ok(run_cases(
        segmenter,
        &plan.cases,
        &args.out,
        &args.request(),
        args.policy(),
        cancel,
        bars,
    )?)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The word for a status in summaries.
fn status_word(status: &CaseStatus) -> &'static str {
    match status {
        CaseStatus::Done => "done",
        CaseStatus::Skipped => "skipped",
        _ => "failed",
    }
}
