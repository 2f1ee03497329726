//! `raterlens study`: a whole study, from training to the tables.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use raterlens_core::control::Control;
use raterlens_core::Volume;
use raterlens_engine::{DeviceRequest, Progress as Fraction};
use raterlens_images::DenoiseSettings;
use raterlens_nn::architecture::Size;
use raterlens_raters::study::{read_study_for, StudyUse};
use raterlens_study::whole::{
    run_study, Progress, StudyPlan, Verdict, WholeError, WholeStudy, WHOLE_REPORT_FILE,
};
use raterlens_train::{PlannedRun, Watch};

use crate::interrupt;
use crate::segment::progress::Bars;
use crate::train::study::scheme;
use crate::train::study_progress::Bars as TrainBars;

/// Options of `raterlens study`.
#[derive(Debug, Args)]
pub struct StudyArgs {
    /// Study file (study.toml), with or without a [plan]; or its table (.csv)
    study: PathBuf,
    /// Folder for models, judgements and report; the same folder goes on where it was interrupted
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// Size of the networks where the study file has no plan: tiny, small or base
    #[arg(long, default_value = "small")]
    size: Size,
    /// auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    device: DeviceRequest,
    /// Begin runs anew whose folder holds one of other settings
    #[arg(long)]
    force: bool,
    /// Print the plan and its runs, without training
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
///
/// # Errors
/// A study or plan that cannot be used; whatever stops a run. What is finished stays.
pub fn run(args: &StudyArgs) -> Result<()> {
    let cancel = interrupt::cancel_on_interrupt()?;
    let study = read_study_for(&args.study, StudyUse::Training)?;
    let plan = StudyPlan::of_study(&args.study, args.size.name())?;
    let scheme = scheme(&study, &cancel)?;
    let command = args.command();
    let trainings = plan.trainings(&study, &args.study, &scheme, &command)?;
    let runs: Vec<PlannedRun> = trainings.iter().flat_map(|(_, plan)| plan.runs()).collect();
    eprintln!("Study '{}': {} models.", study.name, runs.len());
    if args.dry_run {
        for (group, plan) in &trainings {
            for run in plan.runs() {
                println!("{group}/{}", run.name);
            }
        }
        return Ok(());
    }
    let bar = Bars::new();
    let report = |now: Fraction| bar.set(now);
    let control = Control {
        progress: Some(&report),
        cancel,
    };
    let settings = DenoiseSettings::default();
    let cancel = control.cancel.clone();
    let denoise = |image: &Volume<f32>| {
        let quiet = Control {
            progress: None,
            cancel: cancel.clone(),
        };
        raterlens_images::denoise(image, &settings, &quiet).map_err(|e| e.to_string())
    };
    let denoise_there = raterlens_images::is_available();
    let whole = WholeStudy {
        path: &args.study,
        study: &study,
        scheme: &scheme,
        plan: &plan,
        out: &args.out,
        command: &command,
        device: args.device,
        force: args.force,
        denoise: denoise_there.then_some(&denoise),
    };
    let mut shown = Shown {
        training: TrainBars::new(runs.len()),
    };
    let found = run_study(&whole, &control, &mut shown);
    bar.finish();
    if found.as_ref().is_err_and(WholeError::is_cancelled) {
        eprintln!("Stopped: the same command goes on where it was.");
    }
    let found = found?;
    for verdict in [Verdict::Holds, Verdict::Contradicted, Verdict::CannotBeTold] {
        let count = found.findings.iter().filter(|f| f.verdict == verdict);
        println!("{:>4} findings: {}", count.count(), verdict.words());
    }
    let page = args.out.join(WHOLE_REPORT_FILE);
    println!("Report: {}", page.display());
    Ok(())
}

impl StudyArgs {
    /// The command that repeats the study, without paths of this machine.
    fn command(&self) -> String {
        format!(
            "raterlens study study.toml -o study --size {}",
            self.size.name()
        )
    }
}

/// Says what is done.
struct Shown {
    training: TrainBars,
}

impl Progress for Shown {
    fn step(&mut self, words: &str) {
        eprintln!("{words}.");
    }

    fn run(&mut self, run: &PlannedRun) -> Box<dyn Watch> {
        self.training.watch(run)
    }
}
