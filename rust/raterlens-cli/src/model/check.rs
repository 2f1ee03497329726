//! `raterlens model check`: runs a model on a sample, or compares it with a labelled case.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use raterlens_core::{LabelMap, Volume};
use raterlens_engine::check::compare_with_reference;
use raterlens_engine::{
    CancelFlag, Control, DeviceRequest, SegmentRequest, SegmentResult, Segmenter,
};
use raterlens_images::{read_image, read_labels, ReadOptions};
use raterlens_nn::ModelPackage;
use raterlens_synth::{generate_case, SynthOptions};

use super::{info, labels, reference};
use crate::{interrupt, model_path};

/// The synthetic sample.
const SAMPLE_SEED: u64 = 1;
const SAMPLE_SLICES: usize = 4;

/// Options of `raterlens model check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The package (a folder NAME.rlmodel); the default model if left out
    model: Option<PathBuf>,
    /// A case whose labels are known (NIfTI, on one grid): prints the mean Dice of every order of labels and every
    /// in-plane orientation, so that the package's own can be proved
    #[arg(long, num_args = 2, value_names = ["IMAGE", "LABELS"])]
    reference: Vec<PathBuf>,
    /// What the values of LABELS mean, as VALUE=structure,...; default: the model's own labels
    #[arg(long, value_name = "LIST", requires = "reference")]
    reference_labels: Option<String>,
    /// Show every choice, also of models of more than four structures
    #[arg(long, requires = "reference")]
    all: bool,
    /// auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    device: DeviceRequest,
}

/// Runs the command.
///
/// # Errors
/// A package, image or reference that cannot be used.
pub fn run(args: &CheckArgs) -> Result<()> {
    let cancel = interrupt::cancel_on_interrupt()?;
    let path = model_path::find(args.model.as_deref())?;
    print!("{}", info::text(&ModelPackage::open(&path)?));
    let mut segmenter = Segmenter::load(&path, args.device).context("cannot use the model")?;
    println!("Device      {}", segmenter.device());
    println!(
        "Loaded      {} parameters",
        info::thousands(segmenter.parameter_count())
    );
    match args.reference.as_slice() {
        [image, labels] => compare(args, &mut segmenter, image, labels, &cancel),
        _ => sample(&segmenter, &cancel),
    }
}

/// Runs the model on a synthetic case.
fn sample(segmenter: &Segmenter, cancel: &CancelFlag) -> Result<()> {
    let options = SynthOptions {
        slices: SAMPLE_SLICES,
        ..SynthOptions::default()
    };
    let case = generate_case(SAMPLE_SEED, &options)?;
    println!("Sample      a synthetic lumbar case: what is found in it shows that the model runs, not that it is right");
    let found = segment(segmenter, &case.image, cancel)?;
    print!("{}", findings(segmenter, &found));
    Ok(())
}

fn compare(
    args: &CheckArgs,
    segmenter: &mut Segmenter,
    image: &Path,
    drawn: &Path,
    cancel: &CancelFlag,
) -> Result<()> {
    let meaning = match &args.reference_labels {
        Some(text) => labels::values(text)?,
        None => segmenter.scheme().clone(),
    };
    let control = Control {
        progress: None,
        cancel: cancel.clone(),
    };
    let options = ReadOptions::default();
    let image = read_image(image, &options, &control)
        .with_context(|| format!("cannot use {}", image.display()))?
        .volume;
    let reference: LabelMap = read_labels(drawn, &options, &control)
        .with_context(|| format!("cannot use {}", drawn.display()))?
        .0;
    let request = SegmentRequest::default();
    let check =
        compare_with_reference(segmenter, &image, &reference, &meaning, &request, &control)?;
    print!(
        "\n{}",
        reference::text(&check, segmenter.manifest(), args.all)
    );
    Ok(())
}

fn segment(
    segmenter: &Segmenter,
    image: &Volume<f32>,
    cancel: &CancelFlag,
) -> Result<SegmentResult> {
    let control = Control {
        progress: None,
        cancel: cancel.clone(),
    };
    Ok(segmenter.segment(image, &SegmentRequest::default(), &control)?)
}

fn findings(segmenter: &Segmenter, found: &SegmentResult) -> String {
    let [columns, rows, slices] = found.labels.geometry().dims;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "Time        {:.2} s for {slices} slices of {rows} x {columns}, {:.3} s a slice in the network",
        found.timings.total_secs,
        found.timings.predict_secs / slices.max(1) as f64
    );
    let _ = writeln!(out, "Found       voxels  structure");
    for s in &segmenter.scheme().structures {
        let voxels = found.labels.data().iter().filter(|v| **v == s.id).count();
        let _ = writeln!(out, "            {voxels:>6}  {}", s.title);
    }
    for warning in &found.warnings {
        let _ = writeln!(out, "Note: {warning}");
    }
    out
}
