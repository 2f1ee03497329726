//! Which labels take part in a fusion, and what becomes of the others.

use std::collections::BTreeSet;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::blocks::{self, Block};
use super::error::FusionError;
use super::label_value::LabelValue;
use super::raters::RaterSet;
use crate::labels::LabelScheme;

/// What happens to a label that the scheme does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownLabels {
    /// The fusion is refused, naming rater and label. The default: an unknown label is mostly a wrong file.
    #[default]
    Refuse,
    /// It counts as background.
    Background,
    /// It takes part as one more structure.
    Keep,
}

/// The labels of a fusion in ascending order; background, label 0, is always the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classes {
    labels: Vec<u16>,
    refuse_others: bool,
}

impl Classes {
    /// Every label that any rater used, and background.
    #[must_use]
    pub fn found_in<T: LabelValue>(set: &RaterSet<'_, T>) -> Self {
        Self::sorted(labels_used(set))
    }

    /// The structures of a scheme; `unknown` says what becomes of other labels.
    ///
    /// With [`UnknownLabels::Refuse`] the error comes from the fusion itself, so that the voxels are read once.
    #[must_use]
    pub fn of_scheme<T: LabelValue>(
        set: &RaterSet<'_, T>,
        scheme: &LabelScheme,
        unknown: UnknownLabels,
    ) -> Self {
        let mut labels: BTreeSet<u16> = scheme.structures.iter().map(|s| s.id).collect();
        if unknown == UnknownLabels::Keep {
            labels.extend(labels_used(set));
        }
        Self {
            refuse_others: unknown == UnknownLabels::Refuse,
            ..Self::sorted(labels)
        }
    }

    /// One structure against everything else.
    ///
    /// # Errors
    /// Label 0.
    pub fn one_structure(label: u16) -> Result<Self, FusionError> {
        if label == 0 {
            return Err(FusionError::BackgroundAsStructure);
        }
        Ok(Self::sorted([label]))
    }

    fn sorted(labels: impl IntoIterator<Item = u16>) -> Self {
        let mut unique: BTreeSet<u16> = labels.into_iter().collect();
        unique.insert(0);
        Self {
            labels: unique.into_iter().collect(),
            refuse_others: false,
        }
    }

    /// The labels, ascending, 0 first.
    #[must_use]
    pub fn labels(&self) -> &[u16] {
        &self.labels
    }

    /// Number of labels, background included.
    #[must_use]
    pub fn count(&self) -> usize {
        self.labels.len()
    }

    /// Position of a label in [`Classes::labels`].
    #[must_use]
    pub fn position(&self, label: u16) -> Option<usize> {
        self.labels.binary_search(&label).ok()
    }

    /// As [`Classes::position`], with an error that lists what there is.
    pub(crate) fn find(&self, label: u16) -> Result<usize, FusionError> {
        self.position(label)
            .ok_or_else(|| FusionError::NoSuchLabel {
                label,
                known: self.labels.clone(),
            })
    }

    /// Whether a label outside [`Classes::labels`] is an error rather than background.
    pub(super) fn refuses_others(&self) -> bool {
        self.refuse_others
    }

    /// Class of every label of type `T`; labels that are not in the list are background.
    pub(super) fn table<T: LabelValue>(&self) -> Vec<u32> {
        let mut table = vec![0; T::VALUES];
        for (class, label) in (0_u32..).zip(&self.labels) {
            if let Some(entry) = table.get_mut(usize::from(*label)) {
                *entry = class;
            }
        }
        table
    }

    /// Checks that raters only use listed labels, if others are refused. Reads every voxel.
    pub(super) fn check<T: LabelValue>(&self, set: &RaterSet<'_, T>) -> Result<(), FusionError> {
        if !self.refuse_others {
            return Ok(());
        }
        let Some(label) = first_unlisted(self, &labels_used(set)) else {
            return Ok(());
        };
        let voxels_of = |column: &[T]| column.iter().filter(|&&v| v.into() == label).count();
        for ((n, _), column) in set.present().zip(set.columns()) {
            let voxels = voxels_of(&column);
            if voxels > 0 {
                return Err(FusionError::UnknownLabel {
                    rater: set
                        .raters()
                        .get(n)
                        .map_or_else(String::new, |r| r.id.clone()),
                    label,
                    voxels: voxels as u64,
                });
            }
        }
        Ok(())
    }
}

fn first_unlisted(classes: &Classes, used: &BTreeSet<u16>) -> Option<u16> {
    used.iter()
        .copied()
        .find(|&label| classes.position(label).is_none())
}

/// Every label that occurs, 0 only where it does.
pub(super) fn labels_used<T: LabelValue>(set: &RaterSet<'_, T>) -> BTreeSet<u16> {
    let columns = set.columns();
    let none = || vec![false; T::VALUES];
    let seen = columns
        .par_iter()
        .flat_map(|column| column.par_chunks(blocks::CHUNK))
        .fold(none, |mut seen, chunk| {
            mark(&mut seen, chunk);
            seen
        })
        .reduce(none, |mut a, b| {
            for (a, b) in a.iter_mut().zip(b) {
                *a |= b;
            }
            a
        });
    (0..=u16::MAX)
        .zip(seen)
        .filter_map(|(label, seen)| seen.then_some(label))
        .collect()
}

fn mark<T: LabelValue>(seen: &mut [bool], labels: &[T]) {
    let mut set = |label: T| {
        if let Some(entry) = seen.get_mut(label.index()) {
            *entry = true;
        }
    };
    for part in labels.chunks(blocks::BLOCK) {
        match blocks::kind(&[part], 0) {
            Block::Constant(a) => set(a),
            Block::Pair(a, b) => {
                set(a);
                set(b);
            }
            Block::Mixed => part.iter().for_each(|&label| set(label)),
        }
    }
}
