//! `raterlens train STUDY`: a plan of runs on a study.

use std::path::Path;

use anyhow::{anyhow, bail, Result};
use raterlens_core::control::{CancelFlag, Control};
use raterlens_core::LabelScheme;
use raterlens_nn::architecture::Size;
use raterlens_nn::{open_device, ModelPackage};
use raterlens_raters::scheme_of_labels;
use raterlens_raters::study::{
    labels_of_study, read_split, read_study_for, split_study, Part, Shares, StudyFile, StudyUse,
};
use raterlens_train::{
    network_of_name, slug, GroundTruth, ImageSource, Plan, PlanReport, Recipe, TrainError,
};

use super::study_progress::Bars;
use super::TrainArgs;
use crate::interrupt;

/// Runs the command.
pub(super) fn run(args: &TrainArgs, path: &Path) -> Result<()> {
    let cancel = interrupt::cancel_on_interrupt()?;
    let plan = plan(args, path, &cancel)?;
    describe(&plan);
    if args.of_study.dry_run {
        for warning in plan.check(&cancel)? {
            eprintln!("Note: {warning}");
        }
        println!("Every file was read; nothing was trained.");
        return Ok(());
    }
    let device = open_device(args.device);
    eprintln!("Training on {}.", device.report());
    let bars = Bars::new(plan.runs().len());
    let force = args.of_study.force;
    let report = plan.train(&args.out, &device, force, &cancel, &mut |run| {
        bars.watch(run)
    });
    if let Err(TrainError::Cancelled(_)) = report {
        eprintln!("Stopped: the same command goes on from the last checkpoint.");
    }
    let report = report?;
    print(&report, &args.out);
    Ok(())
}

fn plan(args: &TrainArgs, path: &Path, cancel: &CancelFlag) -> Result<Plan> {
    let options = &args.of_study;
    let recipe = recipe(args)?;
    let use_ = match recipe.images {
        ImageSource::Study => StudyUse::Training,
        ImageSource::Synth => StudyUse::Shapes,
    };
    let study = read_study_for(path, use_)?;
    let start = args.start_from.as_deref().map(ModelPackage::open);
    let scheme = scheme(&study, cancel)?;
    let split = match &options.split {
        Some(file) => read_split(file, &study)?,
        None => {
            let shares = Shares {
                validation: options.validation_share,
                test: options.test_share,
            };
            split_study(&study, shares, options.split_seed)?
        }
    };
    let truths = options.ground_truth.iter().map(|t| t.parse());
    let ground_truths = truths.collect::<Result<Vec<GroundTruth>, _>>()?;
    known_raters(&ground_truths, &study)?;
    let size: Size = args.size.parse().map_err(|e: String| anyhow!(e))?;
    let tasks = recipe.tasks();
    let networks = options
        .network
        .iter()
        .map(|n| network_of_name(n, size, tasks));
    let name = options.name.clone().unwrap_or_else(|| study.name.clone());
    Ok(Plan {
        name: slug(&name),
        scheme,
        split,
        recipe,
        networks: networks.collect::<Result<_, _>>()?,
        ground_truths,
        members: options.ensemble,
        seed: args.seed,
        start: start.transpose()?,
        command: command(args),
        study,
    })
}

fn recipe(args: &TrainArgs) -> Result<Recipe> {
    let mut recipe = Recipe::named(&args.of_study.recipe)?;
    if let Some(file) = &args.of_study.recipe_file {
        recipe = recipe.with_file(file)?;
    }
    for change in &args.of_study.set {
        recipe = recipe.with(change)?;
    }
    recipe.check()?;
    Ok(recipe)
}

/// The study's own names, or "Label 7" for every label that anybody used.
pub(crate) fn scheme(study: &StudyFile, cancel: &CancelFlag) -> Result<LabelScheme> {
    if let Some(names) = &study.labels {
        return Ok(names.clone());
    }
    let control = Control {
        cancel: cancel.clone(),
        ..Control::default()
    };
    Ok(scheme_of_labels(labels_of_study(study, false, &control)?))
}

fn known_raters(truths: &[GroundTruth], study: &StudyFile) -> Result<()> {
    let drawings = || study.cases.iter().flat_map(|c| &c.drawings);
    for truth in truths {
        if let GroundTruth::Rater(name) = truth {
            if !drawings().any(|d| d.rater == *name) {
                bail!("no image of the study was drawn by a rater '{name}'");
            }
        }
    }
    Ok(())
}

/// The command that repeats the plan, without paths of this machine.
fn command(args: &TrainArgs) -> String {
    let o = &args.of_study;
    let mut text = format!(
        "raterlens train study.toml -o runs --size {} --network {} --ground-truth {} --ensemble {} --seed {} --recipe {}",
        args.size,
        o.network.join(","),
        o.ground_truth.join(","),
        o.ensemble,
        args.seed,
        o.recipe,
    );
    if o.recipe_file.is_some() {
        text += " --recipe-file recipe.toml";
    }
    for change in &o.set {
        text += &format!(" --set {change}");
    }
    if let Some(start) = &args.start_from {
        let name = start.file_name().and_then(|n| n.to_str());
        text += &format!(" --start-from {}", name.unwrap_or("NAME.rlmodel"));
    }
    match o.split {
        Some(_) => text += " --split split.csv",
        None => {
            text += &format!(
                " --validation-share {} --test-share {} --split-seed {}",
                o.validation_share, o.test_share, o.split_seed
            );
        }
    }
    text
}

fn describe(plan: &Plan) {
    let count = |part| plan.split.cases(&plan.study, part).count();
    eprintln!(
        "Study '{}': {} images to train, {} to validate, {} to test; {} structures; {} runs.",
        plan.study.name,
        count(Part::Train),
        count(Part::Validation),
        count(Part::Test),
        plan.scheme.len(),
        plan.runs().len()
    );
    for warning in &plan.study.warnings {
        eprintln!("Note: {warning}");
    }
}

fn print(report: &PlanReport, out: &Path) {
    for warning in &report.warnings {
        eprintln!("Note: {warning}");
    }
    if report.summary.is_empty() {
        println!("No test part: nothing was measured.");
    } else {
        println!("Mean over test images and structures, standard deviation over seeds:");
        println!(
            "{:<28} {:<14} {:>5}  {:>15}  {:>20}  {:>17}  {:>15}",
            "network", "ground truth", "seeds", "Dice", "variance MSE x 1e5", "Brier x 1e3", "ECE"
        );
    }
    for s in &report.summary {
        let pair = |mean: f64, sd: f64, digits: usize| format!("{mean:.digits$} ({sd:.digits$})");
        let variance = s.variance_mse.zip(s.variance_mse_sd);
        println!(
            "{:<28} {:<14} {:>5}  {:>15}  {:>20}  {:>17}  {:>15}",
            s.network,
            s.ground_truth,
            s.seeds,
            pair(s.dice, s.dice_sd, 4),
            variance.map_or("-".into(), |(m, sd)| pair(m * 1e5, sd * 1e5, 2)),
            pair(s.brier * 1e3, s.brier_sd * 1e3, 3),
            pair(s.ece, s.ece_sd, 4),
        );
    }
    println!(
        "Models, logs and training.html of each run: {}",
        out.display()
    );
}
