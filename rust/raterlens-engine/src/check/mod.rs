//! Does a model mean what its package says? A comparison with a case whose labels are known.
//!
//! Where nobody has stated which structure each class of a network is, or how slices lay in the arrays it was
//! trained on, a user finds out here: the model is run once for each of the eight in-plane orientations, and
//! every order of the structures is compared with the reference on the counts of that run.

mod counts;
mod orders;
mod slices;

use raterlens_core::control::Control;
use raterlens_core::grid::check_grid;
use raterlens_core::{LabelMap, LabelScheme, SliceOrientation, Volume};

use crate::error::EngineError;
use crate::request::SegmentRequest;
use crate::segmenter::Segmenter;
use counts::Counts;
use orders::orders;

/// Means that differ by less than this do not decide between two choices.
pub const MARGIN: f64 = 0.01;

/// One choice of orientation and order of structures.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// How slices are given to the network.
    pub orientation: SliceOrientation,
    /// For class 1, 2, ... the structure it would stand for, as its position in the model's scheme.
    pub order: Vec<usize>,
    /// Dice of each class with that structure, over the labelled slices, in the order of classes; none for a
    /// structure that the reference does not have.
    pub dice: Vec<Option<f64>>,
    /// Mean of them.
    pub mean_dice: f64,
}

/// All choices, the best first.
#[derive(Debug, Clone)]
pub struct ReferenceCheck {
    /// The choices; equal means in the order of [`SliceOrientation::ALL`].
    pub choices: Vec<Choice>,
    /// Where among them the package's own choice is.
    pub own: usize,
    /// Slices of the image that have labels; only these were compared.
    pub slices: usize,
    /// What the user should know, in sentences.
    pub warnings: Vec<String>,
}

impl ReferenceCheck {
    /// Whether no choice is better than the package's own by more than [`MARGIN`].
    #[must_use]
    pub fn supports_the_package(&self) -> bool {
        let mean = |n: usize| self.choices.get(n).map_or(0.0, |c| c.mean_dice);
        mean(0) - mean(self.own) <= MARGIN
    }
}

/// Runs a model in every in-plane orientation and compares every order of its structures with a reference.
///
/// `reference` lies on the image's grid; its values are the ids of `meaning`, whose structures are matched with the
/// model's by name. Up to six structures, all their orders are compared; of more, only the package's own and the
/// one with the sides exchanged. Slices without any label are left out: they may not have been drawn.
///
/// # Errors
/// Another grid, a reference without any of the model's structures, and what [`Segmenter::segment`] refuses.
pub fn compare_with_reference(
    segmenter: &mut Segmenter,
    image: &Volume<f32>,
    reference: &LabelMap,
    meaning: &LabelScheme,
    request: &SegmentRequest,
    control: &Control<'_>,
) -> Result<ReferenceCheck, EngineError> {
    let other_grid = |_| {
        EngineError::Request(
            "the reference labels are not on the image's grid: resample them to it first".into(),
        )
    };
    check_grid(image.geometry(), reference.geometry(), 2).map_err(other_grid)?;
    let scheme = segmenter.scheme().clone();
    let (image, reference) = slices::labelled(image, reference)?;
    let positions = positions(&scheme, meaning);
    let drawn = counts::drawn(&reference, &positions);
    if !drawn.iter().any(|count| *count > 0) {
        let names: Vec<&str> = scheme.structures.iter().map(|s| s.name.as_str()).collect();
        return Err(EngineError::Request(format!(
            "the reference has none of the model's structures ({}): say with --reference-labels what its values mean",
            names.join(", ")
        )));
    }
    let own_orientation = segmenter.manifest().input.orientation;
    let result = all_choices(segmenter, &image, &reference, &positions, request, control);
    segmenter.set_orientation(own_orientation);
    let mut choices = result?;
    choices.sort_by(|a, b| b.mean_dice.total_cmp(&a.mean_dice));
    let own = choices.iter().position(|c| {
        c.orientation == own_orientation && c.order.iter().copied().eq(0..scheme.len())
    });
    Ok(ReferenceCheck {
        own: own.ok_or_else(|| {
            EngineError::Internal("the package's own choice was not compared".into())
        })?,
        choices,
        slices: reference.data().len_of(ndarray::Axis(0)),
        warnings: warnings(&scheme, &drawn),
    })
}

fn all_choices(
    segmenter: &mut Segmenter,
    image: &Volume<f32>,
    reference: &LabelMap,
    positions: &[Option<usize>],
    request: &SegmentRequest,
    control: &Control<'_>,
) -> Result<Vec<Choice>, EngineError> {
    let scheme = segmenter.scheme().clone();
    let orders = orders(&scheme);
    let mut choices = Vec::new();
    for (n, orientation) in SliceOrientation::ALL.into_iter().enumerate() {
        control.step(n as f32 / 8.0, "Trying orientations")?;
        segmenter.set_orientation(orientation);
        let quiet = Control {
            progress: None,
            cancel: control.cancel.clone(),
        };
        let found = segmenter.segment(image, request, &quiet)?;
        let counts = Counts::new(&found.labels, &scheme, reference, positions);
        choices.extend(orders.iter().map(|order| {
            let dice: Vec<_> = order
                .iter()
                .enumerate()
                .map(|(class, structure)| counts.dice(class, *structure))
                .collect();
            let drawn: Vec<f64> = dice.iter().flatten().copied().collect();
            Choice {
                orientation,
                order: order.clone(),
                mean_dice: drawn.iter().sum::<f64>() / drawn.len().max(1) as f64,
                dice,
            }
        }));
    }
    Ok(choices)
}

/// For each value of the reference, the position in the model's scheme of the structure it means.
fn positions(scheme: &LabelScheme, meaning: &LabelScheme) -> Vec<Option<usize>> {
    let mut out = vec![None; usize::from(u16::MAX) + 1];
    for structure in &meaning.structures {
        let position = scheme
            .structures
            .iter()
            .position(|s| s.name == structure.name);
        if let Some(slot) = out.get_mut(usize::from(structure.id)) {
            *slot = position;
        }
    }
    out
}

fn warnings(scheme: &LabelScheme, drawn: &[u64]) -> Vec<String> {
    let mut out = Vec::new();
    let missing = scheme
        .structures
        .iter()
        .zip(drawn)
        .filter(|(_, count)| **count == 0);
    let missing: Vec<&str> = missing.map(|(s, _)| s.title.as_str()).collect();
    if !missing.is_empty() {
        out.push(format!(
            "The reference does not show {}: orders that differ only there cannot be told apart.",
            missing.join(", ")
        ));
    }
    if scheme.len() > orders::MOST_STRUCTURES {
        out.push(format!(
            "With more than {} structures only the package's own order and the one with the sides exchanged are compared.",
            orders::MOST_STRUCTURES
        ));
    }
    out
}
