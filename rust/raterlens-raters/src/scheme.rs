//! Names for labels.

use std::collections::BTreeSet;

use raterlens_core::fusion::{Classes, RaterSet};
use raterlens_core::labels::DISTINCT_COLORS;
use raterlens_core::{LabelScheme, Structure};

use crate::error::RatersError;

/// A scheme that calls label 7 "label_7" and "Label 7": what is known without a list of names. Label 0 is left out.
///
/// ```
/// let scheme = raterlens_raters::scheme_of_labels([7, 0, 2]);
/// let names: Vec<_> = scheme.structures.iter().map(|s| s.name.as_str()).collect();
/// assert_eq!(names, ["label_2", "label_7"]);
/// ```
#[must_use]
pub fn scheme_of_labels(labels: impl IntoIterator<Item = u16>) -> LabelScheme {
    let labels: BTreeSet<u16> = labels.into_iter().filter(|&l| l > 0).collect();
    let structure = |(n, id): (usize, u16)| Structure {
        id,
        name: format!("label_{id}"),
        title: format!("Label {id}"),
        color: color(n),
        mirror: None,
        terminology: None,
    };
    LabelScheme {
        structures: labels.into_iter().enumerate().map(structure).collect(),
    }
}

/// The `n`th colour; after seven they are repeated, a third darker each time.
pub(crate) fn color(n: usize) -> [u8; 3] {
    let round = (n / DISTINCT_COLORS.len()) as i32;
    let shade = (2.0_f64 / 3.0).powi(round);
    let base = DISTINCT_COLORS
        .get(n % DISTINCT_COLORS.len())
        .copied()
        .unwrap_or_default();
    base.map(|c| (f64::from(c) * shade).round() as u8)
}

/// The labels that any present rater used, ascending, without background.
#[must_use]
pub fn labels_used(set: &RaterSet<'_>) -> Vec<u16> {
    let found = Classes::found_in(set);
    found.labels().iter().copied().filter(|&l| l > 0).collect()
}

/// The structures of `names` that the raters used, in the order of `names`.
///
/// # Errors
/// A label that has no name, with the first rater who uses it, or nothing drawn at all.
pub fn check_named(set: &RaterSet<'_>, names: &LabelScheme) -> Result<LabelScheme, RatersError> {
    let used = labels_used(set);
    if used.is_empty() {
        return Err(RatersError::NothingDrawn);
    }
    if let Some(&label) = used.iter().find(|&&l| names.by_id(l).is_none()) {
        let uses = |labels: &raterlens_core::LabelMap| labels.data().iter().any(|&l| l == label);
        let rater = set.present().find(|(_, labels)| uses(labels));
        let rater = rater.and_then(|(n, _)| set.raters().get(n));
        let rater = rater.map(|r| r.id.clone()).unwrap_or_default();
        return Err(RatersError::UnnamedLabel { rater, label });
    }
    let kept = names.structures.iter().filter(|s| used.contains(&s.id));
    let mut structures: Vec<Structure> = kept.cloned().collect();
    for structure in &mut structures {
        // A partner that nobody drew is not in the list.
        structure.mirror = structure.mirror.filter(|m| used.contains(m));
    }
    Ok(LabelScheme { structures })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_of_forty_structures_differ() {
        let all: BTreeSet<_> = (0..40).map(color).collect();
        assert_eq!(all.len(), 40);
    }
}
