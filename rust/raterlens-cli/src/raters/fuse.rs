//! `raterlens fuse`: several raters become one consensus.

use anyhow::{bail, Result};
use clap::{Args, ValueEnum};
use raterlens_core::fusion::staple::{Prior, Region, Start};
use raterlens_core::fusion::{StapleOptions, TiePolicy};
use raterlens_core::LabelScheme;
use raterlens_itksnap::assemble::Kind;
use raterlens_raters::output::{write_fused, CONSENSUS_FILE};
use raterlens_raters::{fuse, FuseOptions, Method, Performance, StapleKind};
use serde::Serialize;

use super::args::{control, leftovers, warn, RaterArgs, SoftArgs};
use super::text::{number, table};
use crate::workspace::add_to_copy;

/// Options of `raterlens fuse`.
#[derive(Debug, Args)]
pub struct FuseArgs {
    #[command(flatten)]
    raters: RaterArgs,
    /// majority, staple, mean or soft-distance
    #[arg(long, default_value = "majority")]
    method: Method,
    /// Majority and mean, where labels have equally many votes: background, lowest-label, first-rater, undecided:LABEL, staple, random:SEED
    #[arg(long, default_value = "background")]
    ties: TiePolicy,
    /// STAPLE of each structure against the rest, instead of all labels at once
    #[arg(long)]
    per_structure: bool,
    /// STAPLE: estimate the prior instead of keeping the mean label's
    #[arg(long, conflicts_with = "prior")]
    estimate_prior: bool,
    /// STAPLE: fixed prior of a structure; give one for each
    #[arg(long, value_name = "LABEL=P", value_parser = prior)]
    prior: Vec<(u16, f64)>,
    /// STAPLE: start from this performance of every rater instead of the mean label (Warfield 2004: 0.99999)
    #[arg(long, value_name = "P")]
    start_performance: Option<f64>,
    /// STAPLE: voxels that it is made from
    #[arg(long, value_enum, default_value_t = RegionArg::Whole)]
    region: RegionArg,
    /// STAPLE: stop when no probability changes by more than this
    #[arg(long, default_value_t = 1e-7)]
    tolerance: f64,
    /// STAPLE: stop after this many iterations even so
    #[arg(long, default_value_t = 1000)]
    max_iterations: usize,
    #[command(flatten)]
    soft: SoftArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RegionArg {
    /// All voxels
    Whole,
    /// Only voxels at which the raters differ
    Disagreement,
}

fn prior(text: &str) -> Result<(u16, f64), String> {
    let parsed = text
        .split_once('=')
        .and_then(|(label, p)| Some((label.trim().parse().ok()?, p.trim().parse().ok()?)));
    parsed.ok_or_else(|| "write LABEL=PROBABILITY, as in 1=0.05".to_owned())
}

impl FuseArgs {
    fn options(&self) -> FuseOptions {
        FuseOptions {
            method: self.method,
            ties: self.ties.clone(),
            staple_kind: if self.per_structure {
                StapleKind::PerStructure
            } else {
                StapleKind::MultiLabel
            },
            staple: self.staple(),
            soft: self.soft.options(),
            ignore_unnamed: self.raters.names.ignore_unnamed(),
        }
    }

    /// Refuses options of STAPLE for other methods, which would be ignored.
    fn check(&self) -> Result<()> {
        let of_staple = self.per_structure
            || self.estimate_prior
            || !self.prior.is_empty()
            || self.start_performance.is_some();
        if of_staple && self.method != Method::Staple {
            bail!("--per-structure, --estimate-prior, --prior and --start-performance belong to --method staple");
        }
        Ok(())
    }

    fn staple(&self) -> StapleOptions {
        StapleOptions {
            prior: match (self.estimate_prior, self.prior.as_slice()) {
                (true, _) => Prior::Estimated,
                (false, []) => Prior::MeanLabel,
                (false, fixed) => Prior::Fixed(fixed.to_vec()),
            },
            start: self
                .start_performance
                .map_or(Start::MeanLabel, Start::Performance),
            region: match self.region {
                RegionArg::Whole => Region::Whole,
                RegionArg::Disagreement => Region::Disagreement,
            },
            tolerance: self.tolerance,
            max_iterations: self.max_iterations,
        }
    }
}

/// What was done, for programs.
#[derive(Serialize)]
struct Summary<'a> {
    out: String,
    files: Vec<String>,
    warnings: &'a [String],
    #[serde(flatten)]
    performance: &'a Performance,
}

/// Runs the command.
///
/// # Errors
/// Whatever stops it; nothing was written then.
pub fn run(args: &FuseArgs) -> Result<()> {
    args.check()?;
    let control = control()?;
    args.raters.check_copy()?;
    let (mut loaded, inputs) = args.raters.load(&control)?;
    let scheme = args.raters.scheme(&mut loaded)?;
    let (set, options) = (loaded.set()?, args.options());
    let fused = fuse(&set, &scheme, &options, &control)?;
    let mut warnings = loaded.warnings.clone();
    if fused.performance.staple.iter().any(|fit| !fit.converged) {
        warnings.push(format!(
            "STAPLE stopped at the cap of {} iterations before it had converged to {:e}.",
            args.max_iterations, args.tolerance
        ));
    }
    let target = args.raters.output.target(&inputs);
    let mut files = write_fused(
        &target,
        &fused,
        &scheme,
        &loaded.grid,
        &options,
        &warnings,
        &control,
    )?;
    if let Some(workspace) = args.raters.workspace() {
        let out = &args.raters.output.out;
        let title = format!("Consensus ({})", fused.performance.method);
        let layers = [(Kind::Computed, title, out.join(CONSENSUS_FILE))];
        files.push(add_to_copy(&workspace, &layers, &scheme, out)?);
    }
    warnings.extend(leftovers(&args.raters.output.out, "posterior_", &files));
    warn(&warnings);
    let summary = Summary {
        out: args.raters.output.out.display().to_string(),
        files,
        warnings: &warnings,
        performance: &fused.performance,
    };
    if args.raters.output.json {
        println!("{}", serde_json::to_string_pretty(&summary)?);
    } else {
        print!("{}", text(&summary, &scheme));
    }
    Ok(())
}

fn text(summary: &Summary<'_>, scheme: &LabelScheme) -> String {
    let found = summary.performance;
    let mut out = format!(
        "Consensus of {} raters by {}\n",
        found.raters.len(),
        found.method
    );
    for (n, structure) in scheme.structures.iter().enumerate() {
        let volume = found.structures.get(n).map(|s| s.volume_ml);
        out.push_str(&format!(
            "\n{}: {} ml\n",
            structure.title,
            number(volume, 2)
        ));
        let head = ["Rater", "Sensitivity", "Specificity", "Dice", "Volume (ml)"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for rater in &found.raters {
            let Some(s) = rater.structures.get(n) else {
                continue;
            };
            rows.push(vec![
                rater.rater.clone(),
                number(s.sensitivity, 4),
                number(s.specificity, 4),
                number(Some(s.dice_with_consensus), 4),
                number(Some(s.volume_ml), 2),
            ]);
        }
        out.push_str(&table(&rows, 1));
    }
    out.push_str(&format!(
        "\nSensitivity and specificity against {}.\n",
        found.reference
    ));
    out.push_str(&format!(
        "Results in {}: {}\n",
        summary.out,
        brief(&summary.files)
    ));
    out
}

/// File names; of many only the first and the last.
pub(super) fn brief(files: &[String]) -> String {
    match files {
        [first, second, .., last] if files.len() > 8 => {
            format!("{first}, {second}, ... ({} more), {last}", files.len() - 3)
        }
        _ => files.join(", "),
    }
}
