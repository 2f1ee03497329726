//! The `raterlens` program: glue between a terminal and the engine.
//!
//! Exit codes: 0 all done; 1 something failed (said in one sentence on stderr, or per case in a batch);
//! 2 wrong usage; 130 cancelled with Ctrl-C.

mod failure;
mod interrupt;
mod model_info;
mod model_path;
mod segment;
mod synth;
mod train;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Segments lumbar muscles on MRI together with how much human raters would disagree.
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
    /// Look at models
    #[command(subcommand)]
    Model(ModelCommand),
    /// Write synthetic cases with simulated raters
    Synth(synth::SynthArgs),
    /// Train a model on synthetic images
    Train(train::TrainArgs),
}

#[derive(Debug, Subcommand)]
enum ModelCommand {
    /// Verify a model package and say what it is
    Info(model_info::InfoArgs),
}

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn")).init();
    let result = match Cli::parse().command {
        Command::Segment(args) => segment::run(&args),
        Command::Model(ModelCommand::Info(args)) => {
            model_info::run(&args).map(|()| ExitCode::SUCCESS)
        }
        Command::Synth(args) => synth::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Train(args) => train::run(&args).map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| failure::report(&error))
}
