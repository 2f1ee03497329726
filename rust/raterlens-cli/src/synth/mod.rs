//! `raterlens synth`: synthetic cases with simulated raters, as files.

mod raters;
mod shapes;
mod study;

use std::path::{Path, PathBuf};

use anyhow::{bail, Context, Result};
use clap::Args;
use raterlens_core::atomic::StagedDir;
use raterlens_core::nifti_io::write_labels;
use raterlens_core::Volume;
use raterlens_synth::{generate_case, Level, Person, RaterStyle, SynthCase, SynthOptions};
use serde::Serialize;

use raters::Raters;

/// The description that is written last: its presence means that a case is complete.
const MARKER: &str = "synth.json";

/// Options of `raterlens synth`.
#[derive(Debug, Args)]
pub struct SynthArgs {
    /// Folder for the cases, one folder each
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// Number of cases
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    cases: u64,
    /// Seed of the first case; the next ones count up from it
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Rows and columns of a slice
    #[arg(long, default_value_t = 256)]
    size: usize,
    /// Slices in a volume
    #[arg(long, default_value_t = SynthOptions::default().slices)]
    slices: usize,
    /// Number of raters, if --styles names none
    #[arg(long, default_value_t = SynthOptions::default().raters, conflicts_with = "styles")]
    raters: usize,
    /// Names and habits of the raters: a TOML file with [[rater]] tables, for example an earlier study.toml
    #[arg(long, value_name = "FILE")]
    styles: Option<PathBuf>,
    /// Write each level of a subject as an image of its own
    #[arg(long)]
    per_level: bool,
    /// Replace cases that are there already
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    of_shapes: shapes::ShapeArgs,
}

/// What `synth.json` says.
#[derive(Debug, Serialize)]
struct Description<'a> {
    synthetic: bool,
    generator: String,
    seed: u64,
    options: &'a SynthOptions,
    subject: &'a str,
    person: Person,
    levels: &'a [Level],
    raters: Vec<&'a str>,
    rater_styles: &'a [RaterStyle],
}

/// Runs the command.
///
/// # Errors
/// Options out of range, a case that is there already, a folder that cannot be written.
pub fn run(args: &SynthArgs) -> Result<()> {
    if let Some(study) = args.of_shapes.study() {
        return shapes::run(&args.of_shapes, study, &args.out, args.force);
    }
    let raters = match &args.styles {
        Some(file) => Raters::read(file)?,
        None => Raters::built_in(args.raters),
    };
    let options = SynthOptions {
        size: [args.size, args.size],
        slices: args.slices,
        raters: raters.len(),
        styles: raters.given_styles(),
        ..SynthOptions::default()
    };
    options.check()?;
    study::check_folder(&args.out, &raters)?;
    for n in 0..args.cases {
        let seed = args.seed.wrapping_add(n);
        let subject = Subject {
            seed,
            name: format!("synth-{seed:04}"),
            options: &options,
            raters: &raters,
        };
        let names = subject.image_names(args.per_level);
        let there = names
            .iter()
            .map(|name| args.out.join(name))
            .find(|dir| dir.join(MARKER).exists());
        if let Some(dir) = there.filter(|_| !args.force) {
            bail!(
                "the case is there already: replace it with --force ({})",
                dir.display()
            );
        }
        let case = generate_case(seed, &options)?;
        for (name, case) in subject.images(case, args.per_level)? {
            let dir = args.out.join(name);
            write_case(&dir, &subject, &case)
                .with_context(|| format!("cannot write the case {}", dir.display()))?;
            println!("{}", dir.display());
        }
    }
    study::write_study(&args.out, &raters)
}

/// What the images of one subject share.
struct Subject<'a> {
    seed: u64,
    name: String,
    options: &'a SynthOptions,
    raters: &'a Raters,
}

impl Subject<'_> {
    fn of_level(&self, level: Level) -> String {
        format!("{}-{}", self.name, level.name())
    }

    fn image_names(&self, per_level: bool) -> Vec<String> {
        match per_level {
            true => Level::ALL.map(|level| self.of_level(level)).into(),
            false => vec![self.name.clone()],
        }
    }

    fn images(&self, case: SynthCase, per_level: bool) -> Result<Vec<(String, SynthCase)>> {
        if !per_level {
            return Ok(vec![(self.name.clone(), case)]);
        }
        let mut images = Vec::new();
        for level in Level::ALL {
            let part = case.of_level(level)?;
            images.extend(part.map(|part| (self.of_level(level), part)));
        }
        Ok(images)
    }
}

fn write_case(dir: &Path, subject: &Subject<'_>, case: &SynthCase) -> Result<()> {
    let staged = StagedDir::new(dir)?;
    let path = |name: &str| staged.path().join(name);
    write_labels(&path("image.nii.gz"), &whole_numbers(&case.image), None)?;
    write_labels(&path("truth.nii.gz"), &case.truth, None)?;
    for (n, rater) in case.raters.iter().enumerate() {
        write_labels(&path(&format!("rater{}.nii.gz", n + 1)), rater, None)?;
    }
    let description = Description {
        synthetic: true,
        generator: concat!("raterlens-synth ", env!("CARGO_PKG_VERSION")).into(),
        seed: subject.seed,
        options: subject.options,
        subject: &subject.name,
        person: case.person,
        levels: &case.levels,
        raters: subject.raters.names(),
        rater_styles: &case.styles,
    };
    let json = serde_json::to_string_pretty(&description)?;
    std::fs::write(path(MARKER), json + "\n")?;
    Ok(staged.commit(MARKER)?)
}

/// Synthetic intensities are whole numbers from 0 to 4095: the smallest type that holds them loses nothing.
fn whole_numbers(image: &Volume<f32>) -> Volume<u16> {
    image.map(|v| v.round().clamp(0.0, 4095.0) as u16)
}
