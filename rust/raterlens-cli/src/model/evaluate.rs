//! `raterlens model evaluate`: a model, or an ensemble, on the images of a study with raters.

use std::path::{Path, PathBuf};

use anyhow::{bail, Context, Result};
use clap::Args;
use raterlens_core::agreement::{BootstrapOptions, Estimate};
use raterlens_core::control::Control;
use raterlens_engine::{DeviceRequest, Progress, SegmentRequest, Segmenter};
use raterlens_raters::study::{read_split, read_study_for, Part, StudyCase, StudyFile, StudyUse};
use raterlens_study::{judge_study, write_judgement, StudyJudgement, JUDGEMENT_FILE};

use crate::interrupt;
use crate::sampling_args::SamplingArgs;
use crate::segment::progress::Bars;

/// Options of `raterlens model evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// Study file (study.toml) or its table (.csv)
    study: PathBuf,
    /// Model packages, with commas or repeated; several are an ensemble
    #[arg(long, value_name = "MODEL", value_delimiter = ',', required = true)]
    model: Vec<PathBuf>,
    /// Parts of the study from a file with columns case and part, as the split.csv of a training: only its test part is judged
    #[arg(long, value_name = "FILE.csv")]
    split: Option<PathBuf>,
    /// Which part is judged
    #[arg(long, default_value = "test", requires = "split")]
    part: Part,
    #[command(flatten)]
    sampling: SamplingArgs,
    /// Seed of samples and of intervals
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    device: DeviceRequest,
    /// Folder for report.html, images.csv, overall.csv and judgement.json
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// Replace an earlier result
    #[arg(long)]
    force: bool,
}

/// Runs the command.
///
/// # Errors
/// A study, model or request that cannot be used; a result that is there already.
pub(super) fn run(args: &EvaluateArgs) -> Result<()> {
    let cancel = interrupt::cancel_on_interrupt()?;
    if !args.force && args.out.join(JUDGEMENT_FILE).exists() {
        bail!(
            "the folder has a result already: choose another, or replace it with --force ({})",
            args.out.display()
        );
    }
    let study = read_study_for(&args.study, StudyUse::Training)?;
    let cases = args.cases(&study)?;
    let models: Vec<&Path> = args.model.iter().map(PathBuf::as_path).collect();
    let segmenter =
        Segmenter::load_ensemble(&models, args.device).context("cannot use the model")?;
    let bar = Bars::new();
    bar.name("Evaluating");
    let report = |now: Progress| bar.set(now);
    let control = Control {
        progress: Some(&report),
        cancel,
    };
    let bootstrap = BootstrapOptions {
        seed: args.seed,
        ..BootstrapOptions::default()
    };
    let found = judge_study(&segmenter, &cases, &args.request(), &bootstrap, &control)?;
    bar.finish();
    write_judgement(&args.out, &found, &study.name, &args.command())?;
    for warning in study.warnings.iter().chain(&found.warnings) {
        eprintln!("Note: {warning}");
    }
    print!("{}", text(&found));
    println!("Figures and tables: {}", args.out.display());
    Ok(())
}

impl EvaluateArgs {
    fn request(&self) -> SegmentRequest {
        SegmentRequest {
            seed: self.seed,
            uncertainty: self.sampling.request(true),
            keep_probabilities: true,
            ..SegmentRequest::default()
        }
    }

    fn cases<'a>(&self, study: &'a StudyFile) -> Result<Vec<&'a StudyCase>> {
        let Some(file) = &self.split else {
            return Ok(study.cases.iter().collect());
        };
        let split = read_split(file, study)?;
        let part = study.cases.iter();
        let part: Vec<_> = part
            .filter(|c| split.part_of(&c.name) == Some(self.part))
            .collect();
        if part.is_empty() {
            bail!("the study has no image in the {} part", self.part);
        }
        Ok(part)
    }

    /// The command that repeats the result, without paths of this machine.
    fn command(&self) -> String {
        let names = self.model.iter().map(|p| {
            let name = p.file_name().unwrap_or_default();
            name.to_string_lossy().into_owned()
        });
        let names: Vec<String> = names.collect();
        let mut text = format!(
            "raterlens model evaluate study.toml --model {} --epistemic {} --aleatoric {} --samples {} --seed {}",
            names.join(","),
            self.sampling.epistemic,
            self.sampling.aleatoric,
            self.sampling.samples,
            self.seed
        );
        if self.split.is_some() {
            text += &format!(" --split split.csv --part {}", self.part);
        }
        text
    }
}

/// A table: each way of predicting, and each of its structures.
fn text(found: &StudyJudgement) -> String {
    let number = |e: &Estimate| match (e.value, e.interval) {
        (Some(v), Some(i)) => format!("{v:.3} [{:.3}, {:.3}]", i.low, i.high),
        (Some(v), None) => format!("{v:.3}"),
        _ => "-".into(),
    };
    let mut out = format!(
        "{} images; means with 95 % intervals over images\n",
        found.overall.images
    );
    out += &format!(
        "{:<14}{:<26}{:>24}{:>24}\n",
        "", "structure", "Dice", "Brier"
    );
    for way in &found.overall.ways {
        for s in &way.structures {
            out += &format!(
                "{:<14}{:<26}{:>24}{:>24}\n",
                way.way,
                s.structure,
                number(&s.dice),
                number(&s.brier)
            );
        }
        let optional = |v: Option<f64>| v.map_or("-".into(), |v| format!("{v:.3}"));
        out += &format!(
            "{:<14}ECE {}; entropy: AUC-PR {}, r with raters {}\n",
            way.way,
            number(&way.calibration.ece),
            optional(way.pooled.average_precision),
            way.correlation_estimate.as_ref().map_or("-".into(), number),
        );
    }
    if let Some(p) = &found.overall.partition {
        out += &format!(
            "Raters' entropy explained: epistemic {:.1} %, aleatoric {:.1} %, both {:.1} %\n",
            100.0 * p.first,
            100.0 * p.second,
            100.0 * p.joint
        );
    }
    out
}
