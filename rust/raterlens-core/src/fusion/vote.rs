//! Majority vote.

use rayon::prelude::*;

use super::blocks::{self, Block, BLOCK, CHUNK};
use super::classes::{labels_used, Classes};
use super::error::FusionError;
use super::label_value::LabelValue;
use super::patterns::{volume, Patterns};
use super::raters::{column, RaterSet};
use super::staple::{staple_of, StapleOptions};
use super::tally::{Tally, TieRule};
use super::ties::{draw, TiePolicy};
use crate::grid::{common_grid, GridError};
use crate::volume::{LabelMap, Volume, VolumeError};

/// Per voxel, the label that most present raters gave (SPEC section 3).
///
/// # Result
/// A label map of the raters' type on their grid. Every label counts, named by a scheme or not.
///
/// # Ties
/// As `ties` says; a tie is two or more labels, background included, with the most votes. The order of the raters
/// matters to [`TiePolicy::FirstRater`] only.
///
/// # Errors
/// [`TiePolicy::Undecided`] with a label that raters use, or that does not fit the type; the errors of
/// [`staple()`](super::staple()) for [`TiePolicy::Staple`].
///
/// # Cost
/// One pass over the voxels without extra memory, in parallel; areas in which the raters agree go at the speed of
/// memory. `Undecided` reads the voxels twice; `Staple` costs a multi-label STAPLE.
///
/// ```
/// use ndarray::Array3;
/// use raterlens_core::{fusion::{vote, RaterSet, TiePolicy}, Geometry, Volume};
/// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let grid = Geometry::new([3, 1, 1], [0.5, 0.5, 4.0], [0.0; 3], identity)?;
/// let rater = |labels: [u8; 3]| {
///     Volume::new(Array3::from_shape_vec((1, 1, 3), labels.to_vec()).unwrap(), grid).unwrap()
/// };
/// let maps = [rater([1, 1, 3]), rater([1, 0, 2]), rater([2, 0, 1])];
/// let set = RaterSet::from_volumes(&maps)?;
/// let fused = |ties| vote(&set, &ties).map(|v| v.into_parts().0.into_raw_vec_and_offset().0);
/// assert_eq!(fused(TiePolicy::Background)?, [1, 0, 0]); // the last voxel is a three-way tie
/// assert_eq!(fused(TiePolicy::LowestLabel)?, [1, 0, 1]);
/// assert_eq!(fused(TiePolicy::FirstRater)?, [1, 0, 3]);
/// assert_eq!(fused(TiePolicy::Undecided(255))?, [1, 0, 255]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn vote<T: LabelValue>(
    set: &RaterSet<'_, T>,
    ties: &TiePolicy,
) -> Result<Volume<T>, FusionError> {
    let rule = match ties {
        TiePolicy::Background => TieRule::Label(T::default()),
        TiePolicy::LowestLabel => TieRule::Lowest,
        TiePolicy::FirstRater => TieRule::First,
        TiePolicy::Undecided(label) => TieRule::Label(unused_label(set, *label)?),
        TiePolicy::Random(seed) => TieRule::Random(*seed),
        TiePolicy::Staple(options) => return vote_then_staple(set, options),
    };
    let owned = set.columns();
    let columns: Vec<&[T]> = owned.iter().map(AsRef::as_ref).collect();
    let ballot = Ballot {
        columns: &columns,
        rule,
    };
    Ok(volume(ballot.count(set.grid().voxel_count()), set.grid())?)
}

/// [`vote`] of maps of one grid with ties to background: the reference label of training and evaluation.
///
/// # Errors
/// No rater, or raters on different grids.
///
/// ```
/// use ndarray::Array3;
/// use raterlens_core::{fusion::majority_vote, Geometry, Volume};
/// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let grid = Geometry::new([3, 1, 1], [0.5, 0.5, 4.0], [0.0; 3], identity)?;
/// let rater = |labels: [u16; 3]| {
///     Volume::new(Array3::from_shape_vec((1, 1, 3), labels.to_vec()).unwrap(), grid).unwrap()
/// };
/// let fused = majority_vote(&[rater([1, 1, 1]), rater([1, 0, 2]), rater([2, 0, 3])])?;
/// assert_eq!(fused.data().as_slice(), Some(&[1, 0, 0][..])); // the last is a three-way tie
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn majority_vote(raters: &[LabelMap]) -> Result<LabelMap, GridError> {
    let grid = *common_grid(raters)?;
    let owned: Vec<_> = raters.iter().map(column).collect();
    let columns: Vec<&[u16]> = owned.iter().map(AsRef::as_ref).collect();
    let ballot = Ballot {
        columns: &columns,
        rule: TieRule::Label(0),
    };
    volume(ballot.count(grid.voxel_count()), &grid).map_err(|error| match error {
        VolumeError::ShapeMismatch { expected, found } => GridError::ShapeMismatch {
            expected: expected.to_vec(),
            found: found.to_vec(),
        },
    })
}

/// The label as the maps' type, if no rater uses it.
fn unused_label<T: LabelValue>(set: &RaterSet<'_, T>, label: u16) -> Result<T, FusionError> {
    let value = T::try_from(label).map_err(|_| FusionError::LabelTooWide { label })?;
    if label == 0 || labels_used(set).contains(&label) {
        return Err(FusionError::UndecidedInUse { label });
    }
    Ok(value)
}

/// Ties by the STAPLE posterior; everything is decided per pattern.
fn vote_then_staple<T: LabelValue>(
    set: &RaterSet<'_, T>,
    options: &StapleOptions,
) -> Result<Volume<T>, FusionError> {
    let fit = staple_of(set, Patterns::of(set, &Classes::found_in(set))?, options)?;
    let mut tally = Tally::default();
    let winners = fit.patterns().iter().enumerate().map(|(n, (votes, _))| {
        // Ascending, so that of equal posteriors the lowest label wins.
        let mut tied = tally.most_votes(votes).to_vec();
        tied.sort_unstable();
        fit.most_probable(n, tied.into_iter())
    });
    let labels = winners.map(|class| fit.label_of(class));
    let values: Vec<T> = labels
        .map(|label| T::try_from(label).map_err(|_| FusionError::LabelTooWide { label }))
        .collect::<Result<_, _>>()?;
    Ok(fit.patterns().paint(&values)?)
}

/// The votes of an image.
struct Ballot<'a, T> {
    columns: &'a [&'a [T]],
    rule: TieRule<T>,
}

impl<T: LabelValue> Ballot<'_, T> {
    fn count(&self, voxels: usize) -> Vec<T> {
        let mut fused = vec![T::default(); voxels];
        raterlens_os::prefer_huge_pages(&mut fused);
        let chunks = fused.par_chunks_mut(CHUNK).enumerate();
        chunks.for_each(|(n, out)| self.chunk(n * CHUNK, out));
        fused
    }

    fn chunk(&self, begin: usize, out: &mut [T]) {
        let mut voter = Voter {
            votes: Vec::with_capacity(self.columns.len()),
            tally: Tally::default(),
        };
        for (n, out) in out.chunks_mut(BLOCK).enumerate() {
            let start = begin + n * BLOCK;
            match blocks::kind(self.columns, start) {
                // Background is there already: memory that is not touched costs nothing.
                Block::Constant(label) if label == T::default() => {}
                Block::Constant(label) => out.fill(label),
                Block::Pair(a, b) if self.columns.len() <= MAX_PAIR_RATERS => {
                    self.pair(start, [a, b], out);
                }
                _ => self.voxels(start, out, &mut voter),
            }
        }
    }

    /// Two labels: the raters who gave b are counted for all voxels of the block side by side.
    fn pair(&self, start: usize, [a, b]: [T; 2], out: &mut [T]) {
        let mut for_b = [0_u8; BLOCK];
        for column in self.columns {
            let Some(block) = blocks::at(column, start) else {
                return; // never: `kind` saw a whole block
            };
            for (count, &label) in for_b.iter_mut().zip(block) {
                *count += u8::from(label == b);
            }
        }
        let half = (self.columns.len() / 2) as u8;
        for (out, &count) in out.iter_mut().zip(&for_b) {
            *out = if count > half { b } else { a };
        }
        if self.columns.len().is_multiple_of(2) {
            self.untie(start, [a, b], &for_b, out);
        }
    }

    fn untie(&self, start: usize, pair: [T; 2], for_b: &[u8; BLOCK], out: &mut [T]) {
        let half = (self.columns.len() / 2) as u8;
        let first = self.columns.first().and_then(|c| blocks::at(c, start));
        let (low, high) = (pair[0].min(pair[1]), pair[0].max(pair[1]));
        for (n, (out, &count)) in out.iter_mut().zip(for_b).enumerate() {
            if count != half {
                continue;
            }
            *out = match self.rule {
                TieRule::Label(label) => label,
                TieRule::Lowest => low,
                TieRule::First => first.map_or(low, |block| block[n]),
                TieRule::Random(seed) => match draw(seed, (start + n) as u64, 2) {
                    0 => low,
                    _ => high,
                },
            };
        }
    }

    fn voxels(&self, start: usize, out: &mut [T], voter: &mut Voter<T>) {
        for (voxel, out) in (start..).zip(out) {
            voter.votes.clear();
            let given = self.columns.iter().filter_map(|c| c.get(voxel).copied());
            voter.votes.extend(given);
            *out = voter
                .tally
                .decide(&voter.votes, self.rule, voxel, T::default());
        }
    }
}

/// With more raters, 8-bit counters of a two-valued block would overflow.
const MAX_PAIR_RATERS: usize = u8::MAX as usize;

struct Voter<T> {
    votes: Vec<T>,
    tally: Tally<T>,
}
