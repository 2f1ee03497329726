//! `raterlens model info`: verifies a package and says what it is.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use raterlens_nn::{Manifest, ModelPackage};

use crate::model_path;

/// Options of `raterlens model info`.
#[derive(Debug, Args)]
pub struct InfoArgs {
    /// The package (a folder NAME.rlmodel); the default model if left out
    model: Option<PathBuf>,
    /// Print the package's description as JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// A package that is missing, changed or not understood.
pub fn run(args: &InfoArgs) -> Result<()> {
    let package = ModelPackage::open(&model_path::find(args.model.as_deref())?)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(package.manifest())?);
    } else {
        print!("{}", text(&package));
    }
    Ok(())
}

/// The kind of network and what it gives, in words.
fn network(m: &Manifest) -> String {
    let maps = if m.predicts_variance() {
        "labels and variance maps"
    } else {
        "labels only"
    };
    format!("{}; predicts {maps}", m.architecture.summary())
}

fn text(package: &ModelPackage) -> String {
    let m = package.manifest();
    let [rows, columns] = m.input.size;
    let [low, high] = m.input.training_pixel_mm;
    let pixels = if high > 0.0 {
        format!("trained on pixels of {low:.2} to {high:.2} mm")
    } else {
        "pixel size in training unknown".into()
    };
    let lines = [
        ("Model", format!("{} version {}", m.name, m.version)),
        ("Network", network(m)),
        ("Segments", m.description.clone()),
        ("Use", m.intended_use.clone()),
        ("Licence", m.licence.clone()),
        ("Input", format!("{rows} x {columns}, {pixels}")),
        ("Data", m.provenance.data.clone()),
        ("Checksum", package.checksum().to_owned()),
    ];
    let mut out = String::new();
    for (name, value) in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{name:<11} {value}");
    }
    let _ = writeln!(out, "Structures");
    for s in &m.label_scheme.structures {
        let _ = writeln!(out, "  {:>5}  {:<24} {}", s.id, s.name, s.title);
    }
    out
}
