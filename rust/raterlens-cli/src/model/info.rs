//! `raterlens model info`: verifies a package and says what it is.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use raterlens_core::{DistanceUnit, Normalisation, ResizeRule};
use raterlens_nn::package::PackageKind;
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

/// What a package says about itself, for people.
pub fn text(package: &ModelPackage) -> String {
    let m = package.manifest();
    let mut out = String::new();
    for (name, value) in facts(package) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{name:<11} {value}");
    }
    let _ = writeln!(out, "Structures  class  label");
    for (n, s) in m.label_scheme.structures.iter().enumerate() {
        let _ = writeln!(
            out,
            "            {:>5}  {:>5}  {:<24} {}",
            n + 1,
            s.id,
            s.name,
            s.title
        );
    }
    if !m.unverified.is_empty() {
        let _ = writeln!(out, "Nobody has verified:");
    }
    for sentence in &m.unverified {
        let _ = writeln!(out, "  - {sentence}");
    }
    out
}

fn facts(package: &ModelPackage) -> Vec<(&'static str, String)> {
    let m = package.manifest();
    let mut facts = vec![
        ("Model", format!("{} version {}", m.name, m.version)),
        ("Network", network(m)),
        ("Segments", m.description.clone()),
        ("Use", m.intended_use.clone()),
        ("Licence", m.licence.clone()),
        ("Input", input(m)),
        ("Orientation", m.input.orientation.to_string()),
        ("Data", m.provenance.data.clone()),
        (
            "Made with",
            format!("{}: {}", m.provenance.software, m.provenance.command),
        ),
        ("Checksum", package.checksum().to_owned()),
    ];
    if let Ok(Some(count)) = package.parameter_count() {
        facts.insert(2, ("Parameters", thousands(count)));
    }
    if m.kind == PackageKind::TorchScript {
        facts.insert(
            2,
            (
                "Program",
                "this package runs code of whoever made it: use it only if you trust them".into(),
            ),
        );
    }
    if m.predicts_variance() {
        let v = &m.variance;
        let unit = match v.unit {
            DistanceUnit::Pixel => "pixels",
            _ => "mm",
        };
        facts.push((
            "Variance",
            format!(
                "distances in {unit}, tau {}; the network's values are divided by {}",
                v.tau, v.scale
            ),
        ));
    }
    facts
}

fn input(m: &Manifest) -> String {
    let [rows, columns] = m.input.size;
    let [low, high] = m.input.training_pixel_mm;
    let resize = match m.input.resize {
        ResizeRule::Stretch => "stretched",
        ResizeRule::PadToSquare => "padded to a square in millimetres",
    };
    let normalisation = match m.input.normalisation {
        Normalisation::MinMax => "each scaled to [0, 1]",
        Normalisation::ZScoreOtsu => "z-score above an Otsu threshold",
    };
    let pixels = if high > 0.0 {
        format!("trained on pixels of {low:.2} to {high:.2} mm")
    } else {
        "pixel size in training unknown".into()
    };
    format!("{rows} x {columns}, {resize}, {normalisation}; {pixels}")
}

/// The network and what it gives, in words.
fn network(m: &Manifest) -> String {
    let maps = if m.predicts_variance() {
        "labels and variance maps"
    } else {
        "labels only"
    };
    format!("{}; predicts {maps}", m.network_summary())
}

/// Digits in groups of three.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_grouped() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(197_766_361), "197 766 361");
    }
}
