//! The `raterlens` program: glue between a terminal and the engine.
//!
//! Exit codes: 0 all done; 1 something failed (said in one sentence on stderr, or per case in a batch);
//! 2 wrong usage; 130 cancelled with Ctrl-C.

mod dss;
mod failure;
mod interrupt;
mod model;
mod model_path;
mod preprocess;
mod raters;
mod sampling_args;
mod segment;
mod serve;
mod study;
mod synth;
mod train;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Segments medical images together with how much human raters would disagree, and compares and fuses raters.
///
/// Research software; not a medical device.
#[derive(Debug, Parser)]
#[command(name = "raterlens", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Segment one or more images
    Segment(segment::SegmentArgs),
    /// Convert an image, take noise and the bias field away, normalise, resample
    Preprocess(preprocess::PreprocessArgs),
    /// Fuse several raters' label maps of one image into one consensus
    Fuse(raters::fuse::FuseArgs),
    /// Map where several raters of one image differ, and how much
    Variability(raters::variability::VariabilityArgs),
    /// Say how well two and more raters agree, on one image or over a study
    Agree(raters::agree::AgreeArgs),
    /// Compare a prediction with the truth
    Evaluate(raters::evaluate::EvaluateArgs),
    /// Answer ITK-SNAP's clicks, scribbles and lassos (AI brush) with a model
    Serve(serve::ServeArgs),
    /// Work for ITK-SNAP's Distributed Segmentation Service
    #[command(subcommand, name = "dss-provider")]
    DssProvider(dss::DssCommand),
    /// ITK-SNAP workspaces: make, look into, add to
    #[command(subcommand)]
    Workspace(workspace::WorkspaceCommand),
    /// Look at models, prove them, and import what others have made
    #[command(subcommand)]
    Model(model::ModelCommand),
    /// Write synthetic cases with simulated raters
    Synth(synth::SynthArgs),
    /// Train models on a study of several raters, or on synthetic images
    Train(train::TrainArgs),
    /// Train, judge and report a whole study: networks, ground truths and uncertainties side by side
    Study(study::StudyArgs),
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    // What runs for hours says what it does.
    let filter = match command {
        Command::Serve(_) => "warn,raterlens_serve=info,raterlens=info",
        Command::DssProvider(_) => "warn,raterlens_dss=info",
        _ => "warn",
    };
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or(filter)).init();
    let result = match command {
        Command::Segment(args) => segment::run(&args),
        Command::Preprocess(args) => preprocess::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Fuse(args) => raters::fuse::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Variability(args) => raters::variability::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Agree(args) => raters::agree::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Evaluate(args) => raters::evaluate::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Serve(args) => serve::run(&args).map(|()| ExitCode::SUCCESS),
        Command::DssProvider(command) => dss::run(&command).map(|()| ExitCode::SUCCESS),
        Command::Workspace(command) => workspace::run(&command).map(|()| ExitCode::SUCCESS),
        Command::Model(command) => model::run(&command).map(|()| ExitCode::SUCCESS),
        Command::Synth(args) => synth::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Train(args) => train::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Study(args) => study::run(&args).map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| failure::report(&error))
}
