//! Runs of voxels that can be treated together.
//!
//! Label maps are mostly large areas of one label. Sixty-four voxels at a time are therefore looked at with a few
//! vector instructions: where all raters gave one label, or two labels occur in all, no voxel needs a loop of its own.

use super::label_value::LabelValue;

/// Voxels that are looked at together.
pub(super) const BLOCK: usize = 64;

/// Voxels that one task treats; a multiple of [`BLOCK`].
pub(super) const CHUNK: usize = 1 << 16;

/// What a block of voxels holds in all raters together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block<T> {
    /// One label.
    Constant(T),
    /// Two labels, the first voxel's first.
    Pair(T, T),
    /// More than two, or fewer than [`BLOCK`] voxels.
    Mixed,
}

/// The voxels `start .. start + BLOCK` of one rater; `None` at the end of the image.
pub(super) fn at<T>(column: &[T], start: usize) -> Option<&[T; BLOCK]> {
    column.get(start..)?.first_chunk()
}

/// What the block that begins at `start` holds.
pub(super) fn kind<T: LabelValue>(columns: &[&[T]], start: usize) -> Block<T> {
    let Some(&a) = columns.first().and_then(|c| c.get(start)) else {
        return Block::Mixed;
    };
    for column in columns {
        let Some(block) = at(column, start) else {
            return Block::Mixed;
        };
        if differs(block, a) {
            return match block.iter().find(|&&v| v != a) {
                Some(&b) if columns.iter().all(|c| holds_only(c, start, a, b)) => Block::Pair(a, b),
                _ => Block::Mixed,
            };
        }
    }
    Block::Constant(a)
}

/// Whether any of the labels is not `label`; without branches, so that it compiles to vector instructions.
fn differs<T: LabelValue>(block: &[T; BLOCK], label: T) -> bool {
    let bits = block
        .iter()
        .fold(T::default(), |bits, &v| bits | (v ^ label));
    bits != T::default()
}

fn holds_only<T: LabelValue>(column: &[T], start: usize, a: T, b: T) -> bool {
    at(column, start).is_some_and(|block| {
        block
            .iter()
            .fold(true, |only, &v| only & ((v == a) | (v == b)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_told_apart() {
        let same = [7_u8; BLOCK];
        let mut two = same;
        two[63] = 9;
        let mut three = two;
        three[5] = 255;
        assert_eq!(kind(&[&same[..], &same[..]], 0), Block::Constant(7));
        assert_eq!(kind(&[&same[..], &two[..]], 0), Block::Pair(7, 9));
        assert_eq!(kind(&[&two[..], &three[..]], 0), Block::Mixed);
        assert_eq!(kind(&[&same[..63]], 0), Block::Mixed); // not a whole block
        assert_eq!(kind(&[&same[..], &same[..]], 1), Block::Mixed);
        assert_eq!(kind::<u8>(&[], 0), Block::Mixed);
    }
}
