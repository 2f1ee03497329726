//! `raterlens train` without a study: trains a model on the synthetic lumbar generator, measures it on subjects that
//! it has never seen, and writes its package with a model card.

use std::io::IsTerminal;
use std::path::Path;

use anyhow::{anyhow, Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use raterlens_nn::train::{train, StepReport, TrainOptions};
use raterlens_nn::{open_device, Architecture, Device, Manifest, ModelPackage};
use raterlens_synth::SynthOptions;

use super::card;
use super::evaluate::{evaluate, Evaluation};
use super::synth_data::SyntheticSlices;
use super::TrainArgs;

/// Runs the command.
///
/// # Errors
/// Whatever stops training, in words; the last checkpoint stays at `--out`.
pub(super) fn run(args: &TrainArgs) -> Result<()> {
    let synth = SynthOptions::default();
    let device = open_device(args.device);
    let package = if args.of_generator.only_evaluate {
        ModelPackage::open(&args.out)?
    } else {
        eprintln!("Training on {}.", device.report());
        train_package(args, &synth, &device)?
    };
    eprintln!(
        "Measuring on {} unseen synthetic subjects.",
        args.of_generator.test_subjects
    );
    let evaluation = evaluate(&args.out, &device, &synth, args.of_generator.test_subjects)?;
    print!("{}", evaluation.table());
    write_card(args, &package, &evaluation)
}

fn train_package(args: &TrainArgs, synth: &SynthOptions, device: &Device) -> Result<ModelPackage> {
    let start = args
        .start_from
        .as_deref()
        .map(ModelPackage::open)
        .transpose()?;
    let manifest = manifest(args, synth, start.as_ref())?;
    let options = TrainOptions {
        steps: args.of_generator.steps,
        batch_size: args.of_generator.batch_size,
        learning_rate: args.of_generator.learning_rate,
        seed: args.seed,
        ..TrainOptions::default()
    };
    let data = SyntheticSlices::new(&manifest, synth.clone(), args.seed);
    let bar = progress_bar(args.of_generator.steps);
    let mut report = |r: StepReport| show(&bar, &r);
    let package = train(
        &manifest,
        &options,
        start.as_ref(),
        device,
        &data,
        &args.out,
        &mut report,
    )?;
    bar.finish();
    Ok(package)
}

fn manifest(
    args: &TrainArgs,
    synth: &SynthOptions,
    start: Option<&ModelPackage>,
) -> Result<Manifest> {
    let architecture = Architecture::named(&args.size)
        .ok_or_else(|| anyhow!("size '{}' is not one of tiny, small, base", args.size))?;
    let name = args.out.file_stem().and_then(|n| n.to_str());
    let name = name.ok_or_else(|| anyhow!("--out must name a folder such as my-model.rlmodel"))?;
    let mut m = Manifest::lumbar(
        name,
        architecture,
        [args.of_generator.input, args.of_generator.input],
    );
    let columns = synth.size[1] as f64;
    m.input.training_pixel_mm = [synth.fov_mm.0 / columns, synth.fov_mm.1 / columns];
    m.provenance.data = format!(
        "Synthetic axial T2w-like lumbar slices with {} simulated raters (raterlens-synth {})",
        synth.raters,
        env!("CARGO_PKG_VERSION")
    );
    m.provenance.synthetic_only = true;
    m.provenance.seed = args.seed;
    m.provenance.batch_size = args.of_generator.batch_size;
    m.provenance.command = command(args);
    if let Some(start) = start {
        let earlier = &start.manifest().provenance.command;
        m.provenance.command = format!("{earlier} && {}", m.provenance.command);
    }
    Ok(m)
}

/// The command that repeats this run, without paths of this machine.
fn command(args: &TrainArgs) -> String {
    let start = args
        .start_from
        .as_deref()
        .map(|path| format!(" --start-from {}", file_name(path)));
    format!(
        "raterlens train --size {} --input {} --steps {} --batch-size {} --learning-rate {} --seed {}{} --device cpu -o {}",
        args.size,
        args.of_generator.input,
        args.of_generator.steps,
        args.of_generator.batch_size,
        args.of_generator.learning_rate,
        args.seed,
        start.unwrap_or_default(),
        file_name(&args.out)
    )
}

fn file_name(path: &Path) -> &str {
    path.file_name()
        .and_then(|n| n.to_str())
        .unwrap_or("NAME.rlmodel")
}

fn write_card(args: &TrainArgs, package: &ModelPackage, evaluation: &Evaluation) -> Result<()> {
    let text = card::model_card(package, evaluation);
    let path = args.out.join("README.md");
    std::fs::write(&path, text).with_context(|| format!("cannot write the card {}", path.display()))
}

fn progress_bar(steps: u64) -> ProgressBar {
    let bar = ProgressBar::new(steps);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} {eta} left") {
        bar.set_style(style);
    }
    bar
}

/// Moves the bar on a terminal; elsewhere prints a line every 25 steps.
fn show(bar: &ProgressBar, r: &StepReport) {
    let l = r.loss;
    let text = format!(
        "loss {:.4} (Dice loss {:.4}, cross-entropy {:.4}, variance {:.4})",
        l.total, l.dice, l.cross_entropy, l.variance_mse
    );
    if std::io::stderr().is_terminal() {
        bar.set_position(r.step);
        bar.set_message(text);
    } else if r.step.is_multiple_of(25) || r.step == 1 {
        eprintln!("step {} {text}", r.step);
    }
}
