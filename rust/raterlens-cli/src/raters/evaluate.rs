//! `raterlens evaluate`: a prediction against the truth or several raters, with its probabilities and uncertainty maps.

use std::path::{Path, PathBuf};

use anyhow::{bail, Result};
use clap::Args;
use ndarray::{Array4, Axis};
use raterlens_core::metrics::{CompareOptions, StructureComparison, SurfaceSpace};
use raterlens_core::{LabelMap, LabelScheme};
use raterlens_raters::files::{
    load_map, load_maps, load_probabilities, rater_files, LoadedRaters, RaterFile,
};
use raterlens_raters::output::{write_evaluation, Target};
use raterlens_raters::{
    check_named, evaluate, scheme_of_labels, EvaluateInput, Evaluation, ProbabilityScores,
    UncertaintyScores,
};
use serde::Serialize;

use super::args::{control, warn, NameArgs};
use super::evaluate_text::text;

/// Options of `raterlens evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// Label map that counts as right (NIfTI); without it, the majority vote of the raters
    #[arg(long, value_name = "FILE", required_unless_present = "raters")]
    truth: Option<PathBuf>,
    /// Label map to be judged, on the same grid; without it, the most probable class
    #[arg(long, value_name = "FILE", required_unless_present = "probabilities")]
    prediction: Option<PathBuf>,
    /// Label maps of several raters, FILE or NAME=FILE: their mean is what probabilities are compared with
    #[arg(long, value_name = "RATER", num_args = 1..)]
    raters: Vec<String>,
    /// Probabilities: a 4-D NIfTI file with a volume for each class, the background first, then the structures in their order
    #[arg(long, value_name = "FILE")]
    probabilities: Option<PathBuf>,
    /// Uncertainty maps, FILE or NAME=FILE: larger where less sure
    #[arg(long, value_name = "MAP", num_args = 1..)]
    uncertainty: Vec<String>,
    #[command(flatten)]
    names: NameArgs,
    /// Distance up to which surfaces count as equal for surface Dice, mm
    #[arg(long, default_value_t = 1.0)]
    tolerance_mm: f64,
    /// Measure surface distances slice by slice instead of in space
    #[arg(long)]
    slices: bool,
    /// Also write evaluation.json and tables as CSV into this folder
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace the files of an earlier result
    #[arg(long)]
    force: bool,
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
    reference: &'static str,
    voxels: u64,
    wrong_voxels: u64,
    gt_entropy: Option<f64>,
    structures: Vec<Named<'a>>,
    probabilities: Option<&'a ProbabilityScores>,
    uncertainties: &'a [UncertaintyScores],
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    title: &'a str,
    /// Null without probabilities.
    brier: Option<f64>,
    #[serde(flatten)]
    found: &'a StructureComparison,
}

/// Runs the command.
///
/// # Errors
/// Files that cannot be used or compared.
pub fn run(args: &EvaluateArgs) -> Result<()> {
    let raters = rater_files(&args.raters)?;
    let mut loaded = load_maps(&args.label_maps(&raters), args.names.resample, &control()?)?;
    let Some(grid) = loaded.maps.first().map(|(_, map)| *map.geometry()) else {
        bail!("no label map was given: name --truth or --raters");
    };
    let probabilities = args.probabilities.as_deref();
    let probabilities = probabilities
        .map(|path| load_probabilities(path, &grid))
        .transpose()?;
    let scheme = args.scheme(&mut loaded, probabilities.as_ref())?;
    let maps = rater_files(&args.uncertainty)?;
    let uncertainties: Vec<_> = maps
        .iter()
        .map(|file| Ok((file.rater.clone(), load_map(&file.path, &grid)?)))
        .collect::<Result<_>>()?;
    let options = args.options();
    let mut rest = loaded.maps.as_slice();
    let mut next = |is_there: bool| -> Option<&LabelMap> {
        let (first, others) = rest.split_first().filter(|_| is_there)?;
        rest = others;
        Some(&first.1)
    };
    let truth = next(args.truth.is_some());
    let prediction = next(args.prediction.is_some());
    let input = EvaluateInput {
        truth,
        raters: rest,
        prediction,
        probabilities: probabilities.as_ref(),
        uncertainties: &uncertainties,
        scheme: &scheme,
    };
    let found = evaluate(&input, &options)?;
    let warnings: Vec<String> = loaded
        .warnings
        .iter()
        .chain(&found.notes)
        .cloned()
        .collect();
    warn(&warnings);
    let summary = summary(&found, &scheme, options, &warnings);
    if let Some(dir) = &args.out {
        let inputs = args.inputs(&raters, &maps);
        write_evaluation(&args.target(dir, &inputs), &found, &scheme, &summary)?;
    }
    match args.json {
        true => println!("{}", serde_json::to_string_pretty(&summary)?),
        false => print!("{}", text(&scheme, &found)),
    }
    Ok(())
}

fn summary<'a>(
    found: &'a Evaluation,
    scheme: &'a LabelScheme,
    options: CompareOptions,
    warnings: &'a [String],
) -> Summary<'a> {
    let scores = found.probabilities.as_ref();
    let named = scheme.structures.iter().zip(&found.structures).enumerate();
    let named = named.map(|(n, (s, comparison))| Named {
        name: &s.name,
        title: &s.title,
        brier: scores.and_then(|p| p.brier.get(n + 1).copied()),
        found: comparison,
    });
    Summary {
        raterlens: env!("CARGO_PKG_VERSION"),
        options,
        warnings,
        reference: found.reference,
        voxels: found.voxels,
        wrong_voxels: found.wrong_voxels,
        gt_entropy: found.gt_entropy,
        structures: named.collect(),
        probabilities: scores,
        uncertainties: &found.uncertainties,
    }
}

impl EvaluateArgs {
    /// Truth, prediction and raters, those that were given; the first one's grid is that of all.
    fn label_maps(&self, raters: &[RaterFile]) -> Vec<RaterFile> {
        let named = |rater: &str, path: &Option<PathBuf>| {
            path.as_ref().map(|path| RaterFile {
                rater: rater.to_owned(),
                path: path.clone(),
            })
        };
        let own = [
            named("truth", &self.truth),
            named("prediction", &self.prediction),
        ];
        own.into_iter()
            .flatten()
            .chain(raters.iter().cloned())
            .collect()
    }

    fn options(&self) -> CompareOptions {
        CompareOptions {
            tolerance_mm: self.tolerance_mm,
            space: match self.slices {
                true => SurfaceSpace::Slices,
                false => SurfaceSpace::Volume,
            },
        }
    }

    /// The structures; without names for them, one for each class of the probabilities; with as many names as the probabilities have
    /// structures, all of them, drawn or not.
    fn scheme(&self, loaded: &mut LoadedRaters, p: Option<&Array4<f32>>) -> Result<LabelScheme> {
        if let (Some(p), Some(names), false) =
            (p, self.names.given(None)?, self.names.ignore_unnamed())
        {
            if names.len() + 1 == p.len_of(Axis(0)) {
                check_named(&loaded.set()?, &names)?;
                return Ok(names);
            }
        }
        let is_unnamed = self.names.file().is_none() && !self.names.ignore_unnamed();
        let Some(classes) = p.map(|p| p.len_of(Axis(0))).filter(|_| is_unnamed) else {
            return Ok(self.names.scheme(loaded, None)?);
        };
        let Ok(last) = u16::try_from(classes.saturating_sub(1)) else {
            bail!("the probabilities have {classes} classes: at most 65536 are possible");
        };
        for (name, map) in &loaded.maps {
            if let Some(label) = map.data().iter().find(|l| **l > last) {
                bail!("'{name}' uses label {label}, but the probabilities have {classes} classes: name the structures of their volumes 1, 2, ... in that order with --structures");
            }
        }
        Ok(scheme_of_labels(1..=last))
    }

    fn inputs(&self, raters: &[RaterFile], maps: &[RaterFile]) -> Vec<PathBuf> {
        let own = [&self.truth, &self.prediction, &self.probabilities];
        let own = own.into_iter().flatten().chain(self.names.file()).cloned();
        own.chain(raters.iter().chain(maps).map(|f| f.path.clone()))
            .collect()
    }

    fn target<'a>(&self, dir: &'a Path, inputs: &'a [PathBuf]) -> Target<'a> {
        Target {
            dir,
            force: self.force,
            inputs,
        }
    }
}
