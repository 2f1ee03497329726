//! `raterlens synth`: synthetic cases with simulated raters, as files.

mod study;

use std::path::{Path, PathBuf};

use anyhow::{bail, Context, Result};
use clap::Args;
use raterlens_core::atomic::StagedDir;
use raterlens_core::nifti_io::write_labels;
use raterlens_core::Volume;
use raterlens_synth::{generate_case, Level, RaterStyle, SynthCase, SynthOptions};
use serde::Serialize;

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
    /// Replace cases that are there already
    #[arg(long)]
    force: bool,
}

/// What `synth.json` says.
#[derive(Debug, Serialize)]
struct Description<'a> {
    synthetic: bool,
    generator: String,
    seed: u64,
    options: &'a SynthOptions,
    levels: &'a [Level],
    rater_styles: &'a [RaterStyle],
}

/// Runs the command.
///
/// # Errors
/// Options out of range, a case that is there already, a folder that cannot be written.
pub fn run(args: &SynthArgs) -> Result<()> {
    let options = SynthOptions {
        size: [args.size, args.size],
        slices: args.slices,
        ..SynthOptions::default()
    };
    options.check()?;
    study::check_folder(&args.out)?;
    for n in 0..args.cases {
        let seed = args.seed.wrapping_add(n);
        let dir = args.out.join(format!("synth-{seed:04}"));
        if !args.force && dir.join(MARKER).exists() {
            bail!(
                "the case is there already: replace it with --force ({})",
                dir.display()
            );
        }
        let case = generate_case(seed, &options)?;
        write_case(&dir, seed, &options, &case)
            .with_context(|| format!("cannot write the case {}", dir.display()))?;
        println!("{}", dir.display());
    }
    study::write_study(&args.out)
}

fn write_case(dir: &Path, seed: u64, options: &SynthOptions, case: &SynthCase) -> Result<()> {
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
        seed,
        options,
        levels: &case.levels,
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
