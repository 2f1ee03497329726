//! `raterlens agree`: how well raters agree, on one image or over a study.

use std::path::PathBuf;

use anyhow::{bail, Result};
use clap::Args;
use raterlens_core::agreement::{AgreementReport, BootstrapOptions, Metric};
use raterlens_core::control::Control;
use raterlens_core::metrics::{CompareOptions, SurfaceSpace};
use raterlens_core::LabelScheme;
use raterlens_raters::files::{rater_files, raters_of_workspace};
use raterlens_raters::output::{write_agreement, AgreementFiles};
use raterlens_raters::study::{agree_study, labels_of_study, read_study, single_image, StudyFile};
use raterlens_raters::{scheme_of_labels, AgreeOptions};
use serde::Serialize;

use super::args::{control, undrawn, warn, workspace, NameArgs, OutputArgs, SoftArgs};
use super::fuse::brief;
use super::text::{estimate, table};

/// Options of `raterlens agree`.
#[derive(Debug, Args)]
pub struct AgreeArgs {
    /// Label maps (NIfTI) of one image, one per rater: FILE, or NAME=FILE; the same NAME again for a repeated drawing
    #[arg(
        value_name = "RATER",
        required_unless_present = "study",
        conflicts_with = "study"
    )]
    raters: Vec<String>,
    /// A study of many images: a TOML file, or its table (CSV) alone
    #[arg(long, value_name = "FILE")]
    study: Option<PathBuf>,
    /// The image that was drawn on, for the report's pictures
    #[arg(long, value_name = "FILE", conflicts_with = "study")]
    image: Option<PathBuf>,
    /// Title of the report; default: the study's name
    #[arg(long)]
    title: Option<String>,
    #[command(flatten)]
    names: NameArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// Distance up to which surfaces count as equal for surface Dice, mm
    #[arg(long, default_value_t = 1.0)]
    tolerance_mm: f64,
    /// Measure surface distances slice by slice instead of in space
    #[arg(long)]
    slices: bool,
    /// Resampled studies for confidence intervals
    #[arg(long, default_value_t = 2000)]
    replicates: u32,
    /// Confidence level of intervals
    #[arg(long, default_value_t = 0.95)]
    level: f64,
    /// Seed of the resampling
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    soft: SoftArgs,
}

impl AgreeArgs {
    fn options(&self) -> AgreeOptions {
        AgreeOptions {
            compare: CompareOptions {
                tolerance_mm: self.tolerance_mm,
                space: if self.slices {
                    SurfaceSpace::Slices
                } else {
                    SurfaceSpace::Volume
                },
            },
            bootstrap: BootstrapOptions {
                replicates: self.replicates,
                level: self.level,
                seed: self.seed,
            },
        }
    }

    fn read(&self) -> Result<StudyFile> {
        match &self.study {
            Some(path) => Ok(read_study(path)?),
            None => match workspace(&self.raters) {
                Some(path) => {
                    let found = raters_of_workspace(&path)?;
                    let image = self.image.clone().unwrap_or(found.image);
                    let mut study = single_image(found.raters, Some(image))?;
                    study.labels = found.labels;
                    study.warnings.splice(0..0, found.warnings);
                    study.other_files.push(path);
                    Ok(study)
                }
                None => Ok(single_image(
                    rater_files(&self.raters)?,
                    self.image.clone(),
                )?),
            },
        }
    }

    /// The structures to compare; adds a warning to the study for those that nobody drew.
    fn scheme(&self, study: &mut StudyFile, control: &Control<'_>) -> Result<LabelScheme> {
        let names = self.names.given(study.labels.clone())?;
        let used = labels_of_study(study, self.names.resample, control)?;
        if let Some(chosen) = self.names.chosen(names.as_ref())? {
            study.warnings.extend(undrawn(&chosen, &used));
            return Ok(chosen);
        }
        let Some(mut names) = names else {
            return Ok(scheme_of_labels(used));
        };
        if let Some(unnamed) = used.iter().find(|&&l| names.by_id(l).is_none()) {
            bail!("label {unnamed} is drawn but has no name: add it to the label names, or choose labels with --structures");
        }
        names.structures.retain(|s| used.contains(&s.id));
        for structure in &mut names.structures {
            structure.mirror = structure.mirror.filter(|m| used.contains(m));
        }
        Ok(names)
    }

    fn command(&self, study: &StudyFile) -> String {
        let what = match self.study {
            Some(_) => "--study".to_owned(),
            None => {
                let raters = study.cases.first().map_or(0, |case| case.drawings.len());
                format!("{raters} label maps")
            }
        };
        format!(
            "raterlens agree, {what}, {} image{}",
            study.cases.len(),
            if study.cases.len() == 1 { "" } else { "s" }
        )
    }
}

/// What was done, for programs.
#[derive(Serialize)]
struct Summary<'a> {
    out: String,
    files: Vec<String>,
    warnings: &'a [String],
    #[serde(flatten)]
    report: &'a AgreementReport,
}

/// Runs the command.
///
/// # Errors
/// Whatever stops it; nothing was written then.
pub fn run(args: &AgreeArgs) -> Result<()> {
    let control = control()?;
    let mut study = args.read()?;
    let scheme = args.scheme(&mut study, &control)?;
    let found = agree_study(
        &study,
        &scheme,
        &args.options(),
        &args.soft.options(),
        args.names.resample,
        &control,
    )?;
    let title = args.title.as_deref().unwrap_or(&study.name);
    let files = AgreementFiles {
        title,
        command: &args.command(&study),
        slices: &found.slices,
        warnings: &found.warnings,
    };
    let mut inputs = study.files();
    inputs.extend(args.names.file().cloned());
    let target = args.output.target(&inputs);
    let written = write_agreement(&target, &found.agreement, &files, &control)?;
    warn(&found.warnings);
    let report = &found.agreement.report;
    let summary = Summary {
        out: args.output.out.display().to_string(),
        files: written,
        warnings: &found.warnings,
        report,
    };
    if args.output.json {
        println!("{}", serde_json::to_string_pretty(&summary)?);
    } else {
        print!("{}", text(&summary, &scheme));
    }
    Ok(())
}

fn text(summary: &Summary<'_>, scheme: &LabelScheme) -> String {
    let report = summary.report;
    let (images, raters) = (report.cases.len(), report.raters.len());
    let plural = if images == 1 { "" } else { "s" };
    let mut out = format!("Agreement of {raters} raters on {images} image{plural}\n\n");
    let head = [
        "Structure",
        "Dice",
        "HD95 (mm)",
        "ASSD (mm)",
        "Fleiss' kappa",
        "ICC of volumes",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for s in &report.structures {
        let mean = |metric| match s.mean_over_pairs.get(&metric) {
            Some(summary) => estimate(&summary.mean, 3),
            None => "-".to_owned(),
        };
        rows.push(vec![
            scheme
                .by_id(s.structure)
                .map_or_else(String::new, |n| n.title.clone()),
            mean(Metric::Dice),
            mean(Metric::Hd95Mm),
            mean(Metric::AssdMm),
            estimate(&s.nominal.fleiss_kappa, 3),
            estimate(&s.volume_ml.icc, 3),
        ]);
    }
    out.push_str(&table(&rows, 1));
    let level = 100.0 * report.options.bootstrap.level;
    if images > 1 {
        out.push_str(&format!(
            "\n  In brackets: {level} % intervals, by resampling of images.\n"
        ));
    }
    for note in &report.notes {
        out.push_str(&format!("  {note}\n"));
    }
    out.push_str(&format!(
        "\nResults in {}: {}\n",
        summary.out,
        brief(&summary.files)
    ));
    out
}
