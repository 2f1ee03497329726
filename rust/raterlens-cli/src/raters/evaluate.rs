//! `raterlens evaluate`: a prediction against the truth.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use raterlens_core::metrics::{
    compare, CompareOptions, Emptiness, StructureComparison, SurfaceSpace,
};
use raterlens_core::LabelScheme;
use raterlens_raters::files::{load_raters, RaterFile};
use serde::Serialize;

use super::args::{control, warn, NameArgs};
use super::text::{number, table};

/// Options of `raterlens evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// Label map that counts as right (NIfTI)
    #[arg(long, value_name = "FILE")]
    truth: PathBuf,
    /// Label map to be judged, on the same grid
    #[arg(long, value_name = "FILE")]
    prediction: PathBuf,
    #[command(flatten)]
    names: NameArgs,
    /// Distance up to which surfaces count as equal for surface Dice, mm
    #[arg(long, default_value_t = 1.0)]
    tolerance_mm: f64,
    /// Measure surface distances slice by slice instead of in space
    #[arg(long)]
    slices: bool,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// What was found, for programs.
#[derive(Serialize)]
struct Summary<'a> {
    raterlens: &'static str,
    options: CompareOptions,
    warnings: &'a [String],
    structures: Vec<Named<'a>>,
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    title: &'a str,
    #[serde(flatten)]
    found: &'a StructureComparison,
}

/// Runs the command.
///
/// # Errors
/// Files that cannot be used or compared.
pub fn run(args: &EvaluateArgs) -> Result<()> {
    let file = |rater: &str, path: &PathBuf| RaterFile {
        rater: rater.to_owned(),
        path: path.clone(),
    };
    let files = [
        file("truth", &args.truth),
        file("prediction", &args.prediction),
    ];
    let mut loaded = load_raters(&files, args.names.resample, &control()?)?;
    let scheme = args.names.scheme(&mut loaded)?;
    let options = CompareOptions {
        tolerance_mm: args.tolerance_mm,
        space: if args.slices {
            SurfaceSpace::Slices
        } else {
            SurfaceSpace::Volume
        },
    };
    let ids: Vec<u16> = scheme.structures.iter().map(|s| s.id).collect();
    let [(_, truth), (_, prediction)] = loaded.maps.as_slice() else {
        anyhow::bail!("two label maps are needed");
    };
    let found = compare(prediction, truth, &ids, &options)?;
    warn(&loaded.warnings);
    if args.json {
        let named = scheme.structures.iter().zip(&found);
        let summary = Summary {
            raterlens: env!("CARGO_PKG_VERSION"),
            options,
            warnings: &loaded.warnings,
            structures: named
                .map(|(s, found)| Named {
                    name: &s.name,
                    title: &s.title,
                    found,
                })
                .collect(),
        };
        println!("{}", serde_json::to_string_pretty(&summary)?);
    } else {
        print!("{}", text(&scheme, &found));
    }
    Ok(())
}

fn text(scheme: &LabelScheme, found: &[StructureComparison]) -> String {
    let head = [
        "Structure",
        "Dice",
        "IoU",
        "Precision",
        "Recall",
        "HD (mm)",
        "HD95 (mm)",
        "ASSD (mm)",
        "Volume difference (ml)",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (structure, c) in scheme.structures.iter().zip(found) {
        let distances = c.surface.distances;
        let title = match c.empty {
            Emptiness::Neither => structure.title.clone(),
            Emptiness::Prediction => format!("{} (not predicted)", structure.title),
            Emptiness::Truth => format!("{} (not in the truth)", structure.title),
            Emptiness::Both => format!("{} (in neither)", structure.title),
        };
        rows.push(vec![
            title,
            number(Some(c.dice), 4),
            number(Some(c.iou), 4),
            number(c.precision, 4),
            number(c.recall, 4),
            number(distances.map(|d| d.hausdorff_mm), 2),
            number(distances.map(|d| d.hd95_mm), 2),
            number(distances.map(|d| d.assd_mm), 3),
            format!("{:+.2}", c.volume_difference_ml),
        ]);
    }
    let note = "HD95 is the larger of the two directed 95th percentiles; differences are prediction minus truth.";
    format!("{}\n  {note}\n", table(&rows, 1))
}
