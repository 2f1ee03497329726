//! `raterlens train`: trains models on a study, or on the synthetic lumbar generator.

mod card;
mod evaluate;
pub(crate) mod study;
pub(crate) mod study_progress;
mod synth_data;
mod synthetic;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use raterlens_nn::train::TrainOptions;
use raterlens_nn::DeviceRequest;

/// Options of `raterlens train`.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Study file (study.toml) or its table (.csv); without one, the synthetic lumbar generator is the data
    study: Option<PathBuf>,
    /// Folder for the runs of a study; without a study, the new model package, ending in .rlmodel
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// Size of the network: tiny, small or base
    #[arg(long, default_value = "tiny")]
    size: String,
    /// (First) seed of weights, dropout, order and augmentation
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    device: DeviceRequest,
    /// Begin with the weights of this package (of the same network)
    #[arg(long, value_name = "NAME.rlmodel")]
    start_from: Option<PathBuf>,
    #[command(flatten)]
    of_study: StudyArgs,
    #[command(flatten)]
    of_generator: GeneratorArgs,
}

/// Options of training on a study.
#[derive(Debug, Args)]
#[command(next_help_heading = "With a study")]
pub struct StudyArgs {
    /// Networks, with commas between: unet, attention-unet, transunet, transunet-r50; each may add +blur-pool and +evidential
    #[arg(
        long,
        requires = "study",
        value_delimiter = ',',
        default_value = "transunet"
    )]
    network: Vec<String>,
    /// What is right, with commas between: majority, staple, soft, random (a rater drawn anew each time), rater:NAME
    #[arg(
        long,
        requires = "study",
        value_delimiter = ',',
        default_value = "majority"
    )]
    ground_truth: Vec<String>,
    /// Runs of each combination, with seeds that count up: the members of an ensemble
    #[arg(long, requires = "study", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
    ensemble: u64,
    /// default, chapter3, chapter4 or published-code
    #[arg(long, requires = "study", default_value = "default")]
    recipe: String,
    /// Settings of the recipe from a TOML file
    #[arg(long, requires = "study", value_name = "FILE.toml")]
    recipe_file: Option<PathBuf>,
    /// One setting of the recipe, for example epochs=50 or augment.noise=0.2; may be repeated
    #[arg(long, requires = "study", value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Share of the subjects that decide when to stop
    #[arg(long, requires = "study", default_value_t = 0.16)]
    validation_share: f64,
    /// Share of the subjects that are looked at once, at the end
    #[arg(long, requires = "study", default_value_t = 0.2)]
    test_share: f64,
    /// Seed of the split into parts, the same for every run
    #[arg(long, requires = "study", default_value_t = 1)]
    split_seed: u64,
    /// Parts from a file with columns case and part, as split.csv of an earlier run
    #[arg(long, requires = "study", value_name = "FILE.csv", conflicts_with_all = ["validation_share", "test_share", "split_seed"])]
    split: Option<PathBuf>,
    /// How the models' names begin; the name of the study if left out
    #[arg(long, requires = "study")]
    name: Option<String>,
    /// Read and check every file and print the plan, without training
    #[arg(long, requires = "study")]
    dry_run: bool,
    /// Begin runs anew whose folder holds one of other settings
    #[arg(long, requires = "study")]
    force: bool,
}

/// Options of training on the generator.
#[derive(Debug, Args)]
#[command(next_help_heading = "Without a study")]
pub struct GeneratorArgs {
    /// Rows and columns of the network's input
    #[arg(long, default_value_t = 256, conflicts_with = "study")]
    input: usize,
    /// Training steps
    #[arg(long, default_value_t = TrainOptions::default().steps, conflicts_with = "study")]
    steps: u64,
    /// Slices per step
    #[arg(long, default_value_t = TrainOptions::default().batch_size, conflicts_with = "study")]
    batch_size: usize,
    /// Largest learning rate
    #[arg(long, default_value_t = TrainOptions::default().learning_rate, conflicts_with = "study")]
    learning_rate: f64,
    /// Unseen synthetic subjects on which the model is measured afterwards
    #[arg(long, default_value_t = 20, conflicts_with = "study")]
    test_subjects: u64,
    /// Only measure the model that is already at --out, and write its card again
    #[arg(long, conflicts_with = "study")]
    only_evaluate: bool,
}

/// Runs the command.
///
/// # Errors
/// Whatever stops training, in words; the last checkpoint stays at `--out`.
pub fn run(args: &TrainArgs) -> Result<()> {
    match &args.study {
        Some(path) => study::run(args, path),
        None => synthetic::run(args),
    }
}
