//! `raterlens variability`: maps of where raters differ.

use anyhow::Result;
use clap::Args;
use raterlens_core::LabelScheme;
use raterlens_itksnap::assemble::Kind;
use raterlens_raters::output::{variance_file, write_variability};
use raterlens_raters::Variability;
use serde::Serialize;

use super::args::{control, leftovers, warn, RaterArgs, SoftArgs};
use super::fuse::brief;
use super::text::{number, table};
use crate::workspace::add_to_copy;

/// Options of `raterlens variability`.
#[derive(Debug, Args)]
pub struct VariabilityArgs {
    #[command(flatten)]
    raters: RaterArgs,
    #[command(flatten)]
    soft: SoftArgs,
}

/// What was done, for programs.
#[derive(Serialize)]
struct Summary<'a> {
    out: String,
    files: Vec<String>,
    warnings: &'a [String],
    #[serde(flatten)]
    found: &'a Variability,
}

/// Runs the command.
///
/// # Errors
/// Whatever stops it; nothing was written then.
pub fn run(args: &VariabilityArgs) -> Result<()> {
    let control = control()?;
    args.raters.check_copy()?;
    let (mut loaded, inputs) = args.raters.load(&control)?;
    let scheme = args.raters.scheme(&mut loaded)?;
    let (found, mut files) = write_variability(
        &args.raters.output.target(&inputs),
        &loaded.set()?,
        &scheme,
        &loaded.grid,
        &args.soft.options(),
        &loaded.warnings,
        &control,
    )?;
    if let Some(workspace) = args.raters.workspace() {
        let out = &args.raters.output.out;
        let maps = scheme.structures.iter().map(|s| {
            let title = format!("Variance of raters: {}", s.title);
            (Kind::Variance, title, out.join(variance_file(&s.name)))
        });
        let maps: Vec<_> = maps.collect();
        files.push(add_to_copy(&workspace, &maps, &scheme, out)?);
    }
    loaded
        .warnings
        .extend(leftovers(&args.raters.output.out, "variance_", &files));
    warn(&loaded.warnings);
    let summary = Summary {
        out: args.raters.output.out.display().to_string(),
        files,
        warnings: &loaded.warnings,
        found: &found,
    };
    if args.raters.output.json {
        println!("{}", serde_json::to_string_pretty(&summary)?);
    } else {
        print!("{}", text(&summary, &scheme));
    }
    Ok(())
}

fn text(summary: &Summary<'_>, scheme: &LabelScheme) -> String {
    let found = summary.found;
    let head = [
        "Structure",
        "Drawn by any",
        "Drawn by all",
        "Mean variance",
        "Largest",
        "Worst slice",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for of_structure in &found.variance {
        let Some((whole, slices)) = of_structure.split_first() else {
            continue;
        };
        let worst = slices.iter().max_by(|a, b| {
            let order = a.mean_variance.total_cmp(&b.mean_variance);
            order.then(b.slice.cmp(&a.slice))
        });
        rows.push(vec![
            scheme
                .by_id(whole.structure)
                .map_or_else(String::new, |s| s.title.clone()),
            whole.voxels_any.to_string(),
            whole.voxels_all.to_string(),
            number(whole.mean_variance_any, 4),
            number(Some(f64::from(whole.max_variance)), 4),
            worst
                .and_then(|w| w.slice)
                .map_or_else(|| "-".to_owned(), |s| s.to_string()),
        ]);
    }
    let mut out = format!("Variability of {} raters\n\n", found.raters.len());
    out.push_str(&table(&rows, 1));
    out.push_str("\n  Voxels; mean variance where anyone drew; worst slice = largest mean variance, from 0.\n");
    if let Some(whole) = found.entropy.first() {
        let mean = number(whole.mean_entropy_disputed, 3);
        out.push_str(&format!(
            "  Raters differ in {} of {} voxels; mean entropy there {mean} nats.\n",
            whole.voxels_disputed, whole.voxels
        ));
    }
    out.push_str(&format!(
        "\nResults in {}: {}\n",
        summary.out,
        brief(&summary.files)
    ));
    out
}
