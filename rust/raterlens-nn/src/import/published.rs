//! The dissertation's authors' published weights.

use std::path::Path;

use raterlens_core::normalise::Normalisation;
use raterlens_core::resample::ResizeRule;
use raterlens_pickle::WeightFile;
use tch::nn::VarStore;

use super::names::PUBLISHED_STRUCTURES;
use super::weights::{shapes, Plan};
use super::{card, check, unverified, Choices, ImportError, Imported, PublishedNetwork};
use crate::architecture::{Architecture, Tasks};
use crate::package::{sha256_of_file, write_streamed, Manifest, WEIGHTS_FILE};
use crate::predict::build;

/// Rows and columns of the slices of the published network.
pub const PUBLISHED_INPUT: [usize; 2] = [256, 256];

/// Makes a package of a state dict of the authors' layout, without running anything that the file asks for.
///
/// The numbers are converted to float32 one megabyte at a time; the package is written whole or not at all. The
/// slices it expects are scaled to [0, 1] each and stretched to the input size (SPEC section 5).
///
/// # Errors
/// A file that is damaged, hostile or of another format; weights that are not those of the network, with every
/// difference in one message; structures that are not the four; a place that is taken or cannot be written.
pub fn import_published(
    file: &Path,
    network: PublishedNetwork,
    choices: &Choices,
    out: &Path,
) -> Result<Imported, ImportError> {
    check(choices, out)?;
    check_structures(choices)?;
    let mut weights = WeightFile::open(file)?;
    let mut manifest = manifest(network, choices);
    let plan = {
        let store = VarStore::new(tch::Device::Cpu);
        build(&store, &manifest)?;
        Plan::new(&weights, &shapes(&store))?
    };
    manifest.provenance.data = format!(
        "{DATA} SHA-256 of the imported file: {}.",
        sha256_of_file(file)?
    );
    manifest.unverified = unverified::of_published(choices);
    let card = card::text(&manifest);
    let package = write_streamed(out, manifest, WEIGHTS_FILE, &card, |out| {
        plan.write(&mut weights, out)
    })?;
    Ok(Imported {
        package,
        parameters: plan.len(),
        left_out: plan.left_out,
    })
}

const DATA: &str = "Axial T2-weighted lumbar MRI of the Genodisc study, three raters, as described in the authors' publication; not public. Weights by \
     the authors, from their repository HealthX-Lab/ParaspinalMuscleSeg.";

fn manifest(network: PublishedNetwork, choices: &Choices) -> Manifest {
    let architecture = Architecture::transunet_r50(network.size, Tasks::Multi);
    let mut m = Manifest::lumbar(&choices.name, architecture, network.input);
    m.version = "as published".into();
    m.description = "Left and right multifidus and erector spinae on axial T2-weighted lumbar MRI, with predicted inter-rater variance; \
                     weights published by the authors (HealthX-Lab/ParaspinalMuscleSeg)."
        .into();
    m.intended_use = "Research. Not a medical device; not for clinical use.".into();
    m.label_scheme = choices.label_scheme.clone();
    m.input.orientation = choices.orientation;
    m.input.resize = ResizeRule::Stretch;
    m.input.normalisation = Normalisation::MinMax;
    m.variance.scale = choices.variance_scale;
    m.provenance.ground_truth = "majority vote of three raters (published code)".into();
    m.provenance.command.clone_from(&choices.command);
    m
}

fn check_structures(choices: &Choices) -> Result<(), ImportError> {
    let named = |name: &str| {
        choices
            .label_scheme
            .structures
            .iter()
            .any(|s| s.name == name)
    };
    if choices.label_scheme.len() == PUBLISHED_STRUCTURES.len()
        && PUBLISHED_STRUCTURES.iter().all(|s| named(s))
    {
        return Ok(());
    }
    Err(ImportError::Choice(format!(
        "the published network has four classes, each of which is one of {}: name each of them once",
        PUBLISHED_STRUCTURES.join(", ")
    )))
}
