//! What a fusion says about each rater.

use raterlens_core::fusion::staple::{Iteration, RaterPerformance};
use raterlens_core::fusion::{RaterSet, Staple};
use raterlens_core::metrics::{overlap_counts, OverlapCounts};
use raterlens_core::{LabelMap, LabelScheme};
use serde::Serialize;

use super::{Method, Source};
use crate::error::RatersError;

const MM3_PER_ML: f64 = 1000.0;

/// What a fusion says about its raters; `performance.json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Performance {
    /// How the raters were fused.
    pub method: Method,
    /// What sensitivity and specificity are measured against, in words.
    pub reference: &'static str,
    /// The consensus of each structure, in the scheme's order.
    pub structures: Vec<StructureSize>,
    /// Each present rater, in the order of the set.
    pub raters: Vec<RaterScore>,
    /// How STAPLE went: once for all labels, or once per structure; empty for other methods.
    pub staple: Vec<StapleFit>,
}

/// How much of a structure the consensus has.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StructureSize {
    /// Label value.
    pub structure: u16,
    /// Name of the structure.
    pub name: String,
    /// Voxels of the consensus.
    pub voxels: u64,
    /// Their volume.
    pub volume_ml: f64,
}

/// One rater.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RaterScore {
    /// Name of the rater.
    pub rater: String,
    /// Each structure, in the scheme's order.
    pub structures: Vec<StructureScore>,
    /// Multi-label STAPLE only: row = label given, column = true label, labels in the order of [`StapleFit::labels`]; columns
    /// add up to 1, and are `None` (`null`) for labels that the consensus does not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confusion: Option<Vec<Vec<Option<f64>>>>,
}

/// One rater and one structure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StructureScore {
    /// Label value.
    pub structure: u16,
    /// Name of the structure.
    pub name: String,
    /// Part of the structure that the rater found; `None` when the reference has none.
    pub sensitivity: Option<f64>,
    /// Part of the rest that the rater left out; `None` when there is no rest.
    pub specificity: Option<f64>,
    /// Dice with the consensus; 1 when both are empty.
    pub dice_with_consensus: f64,
    /// Volume of the rater's drawing.
    pub volume_ml: f64,
}

/// How an estimation by STAPLE went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StapleFit {
    /// The labels that took part, background first.
    pub labels: Vec<u16>,
    /// Prior of each, as last used.
    pub prior: Vec<f64>,
    /// Whether the tolerance was reached before the iteration cap.
    pub converged: bool,
    /// Number of iterations.
    pub iterations: usize,
    /// Log-likelihood and largest change by iteration.
    pub trace: Vec<Iteration>,
}

impl StapleFit {
    fn of(staple: &Staple) -> Self {
        Self {
            labels: staple.labels().to_vec(),
            prior: staple.prior.clone(),
            converged: staple.converged,
            iterations: staple.trace.len(),
            trace: staple.trace.clone(),
        }
    }
}

/// Of the present raters of a set against what a fusion gave.
pub(super) fn of(
    set: &RaterSet<'_>,
    scheme: &LabelScheme,
    consensus: &LabelMap,
    method: Method,
    source: &Source<'_>,
) -> Result<Performance, RatersError> {
    let voxel_ml = consensus.geometry().voxel_volume_mm3() / MM3_PER_ML;
    let ids: Vec<u16> = scheme.structures.iter().map(|s| s.id).collect();
    let all = consensus.data().len() as u64;
    let mut raters = Vec::new();
    let mut sizes = vec![0; ids.len()];
    for (position, map) in set.present() {
        let counts = overlap_counts(&map.data().view(), &consensus.data().view(), &ids)?;
        sizes = counts.iter().map(|c| c.truth).collect();
        let named = scheme.structures.iter().zip(&counts);
        let mut structures: Vec<_> = named
            .map(|(s, c)| score(s.id, &s.name, c, all, voxel_ml))
            .collect();
        let confusion = from_staple(source, position, &mut structures);
        raters.push(RaterScore {
            rater: set
                .raters()
                .get(position)
                .map(|r| r.id.clone())
                .unwrap_or_default(),
            structures,
            confusion,
        });
    }
    let size = |(s, &voxels): (&raterlens_core::Structure, &u64)| StructureSize {
        structure: s.id,
        name: s.name.clone(),
        voxels,
        volume_ml: voxels as f64 * voxel_ml,
    };
    Ok(Performance {
        method,
        reference: match method {
            Method::Staple => "the hidden truth as STAPLE estimates it",
            _ => "the consensus, which the rater helped to make",
        },
        structures: scheme.structures.iter().zip(&sizes).map(size).collect(),
        raters,
        staple: match source {
            Source::MultiLabel(staple) => vec![StapleFit::of(staple)],
            Source::PerStructure(fits) => fits.iter().map(|(_, f)| StapleFit::of(f)).collect(),
            _ => Vec::new(),
        },
    })
}

/// The rater ("prediction") against the consensus ("truth").
fn score(structure: u16, name: &str, c: &OverlapCounts, all: u64, voxel_ml: f64) -> StructureScore {
    let rest = all - c.truth;
    let wrongly_given = c.prediction - c.both;
    StructureScore {
        structure,
        name: name.to_owned(),
        sensitivity: c.recall(),
        specificity: (rest > 0).then(|| (rest - wrongly_given) as f64 / rest as f64),
        dice_with_consensus: c.dice(),
        volume_ml: c.prediction as f64 * voxel_ml,
    }
}

/// Replaces sensitivity and specificity by STAPLE's; returns the confusion matrix if there is one.
fn from_staple(
    source: &Source<'_>,
    position: usize,
    scores: &mut [StructureScore],
) -> Option<Vec<Vec<Option<f64>>>> {
    for score in scores.iter_mut() {
        let fit = match source {
            Source::MultiLabel(fit) => fit,
            Source::PerStructure(all) => &all.iter().find(|(id, _)| *id == score.structure)?.1,
            _ => return None,
        };
        let found = performance_of(fit, position)?;
        let found = found
            .structures
            .iter()
            .find(|s| s.label == score.structure)?;
        (score.sensitivity, score.specificity) = (found.sensitivity, found.specificity);
    }
    let Source::MultiLabel(fit) = source else {
        return None;
    };
    let confusion = &performance_of(fit, position)?.confusion;
    let known = |v: &f64| (!v.is_nan()).then_some(*v);
    let rows = confusion.rows().into_iter();
    Some(rows.map(|row| row.iter().map(known).collect()).collect())
}

fn performance_of(fit: &Staple, position: usize) -> Option<&RaterPerformance> {
    fit.performance.get(position)?.as_ref()
}
