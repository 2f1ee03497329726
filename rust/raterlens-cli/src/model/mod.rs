//! `raterlens model`: look at model packages, prove them, and make them of what others have made.

mod check;
mod evaluate;
mod import;
mod info;
mod labels;
mod reference;

use anyhow::Result;
use clap::Subcommand;

/// The commands about models.
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// Verify a model package and say what it is, without running it
    Info(info::InfoArgs),
    /// Run a model on a sample, or find out by a labelled case whether its labels and orientation are right
    Check(check::CheckArgs),
    /// Judge a model, or an ensemble, on a study's images and raters: Dice, Brier, calibration, and what its uncertainty is worth
    Evaluate(evaluate::EvaluateArgs),
    /// Make a model package of the authors' published weights, or of anyone's TorchScript file
    Import(import::ImportArgs),
}

/// Runs the command.
///
/// # Errors
/// What the command refuses, in words.
pub fn run(command: &ModelCommand) -> Result<()> {
    match command {
        ModelCommand::Info(args) => info::run(args),
        ModelCommand::Check(args) => check::run(args),
        ModelCommand::Evaluate(args) => evaluate::run(args),
        ModelCommand::Import(args) => import::run(args),
    }
}
