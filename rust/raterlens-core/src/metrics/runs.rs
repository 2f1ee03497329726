//! Runs of equal labels: drawings are mostly large areas of one value, so that whole runs are counted at once.

use std::ops::Range;

use crate::fusion::LabelValue;

/// Voxels compared at once; the comparison of one block is a few vector instructions.
const BLOCK: usize = 32;

/// One past the end of the run of equal values that begins at `from`; the length of `row` when `from` is beyond it.
pub(crate) fn run_end<T: LabelValue>(row: &[T], from: usize) -> usize {
    let rest = row.get(from..).unwrap_or_default();
    let Some(&value) = rest.first() else {
        return row.len();
    };
    let (blocks, tail) = rest.as_chunks::<BLOCK>();
    let mut equal = 0;
    for block in blocks {
        let bits = block
            .iter()
            .fold(T::default(), |bits, &v| bits | (v ^ value));
        if bits != T::default() {
            return from + equal + leading(block, value);
        }
        equal += BLOCK;
    }
    from + equal + leading(tail, value)
}

/// How many values at the beginning equal `value`.
fn leading<T: LabelValue>(values: &[T], value: T) -> usize {
    let four = |v: [T; 4]| {
        v.iter()
            .rev()
            .fold(0, |bits, &v| bits << 16 | u64::from(v.into()))
    };
    let expected = four([value; 4]);
    let (words, tail) = values.as_chunks::<4>();
    for (n, word) in words.iter().enumerate() {
        let differing = four(*word) ^ expected;
        if differing != 0 {
            return 4 * n + differing.trailing_zeros() as usize / 16;
        }
    }
    let in_tail = tail.iter().position(|&v| v != value);
    4 * words.len() + in_tail.unwrap_or(tail.len())
}

/// Visits the longest ranges in which no row changes its label, in order; `visit` gets one label per row.
///
/// The ranges end with the shortest row. Cost: one vectorised pass over each row, plus the number of ranges
/// times the number of rows.
pub(crate) fn for_each_joint_run<T: LabelValue>(
    rows: &[&[T]],
    mut visit: impl FnMut(&[T], Range<usize>),
) {
    let length = rows.iter().map(|row| row.len()).min().unwrap_or(0);
    let mut ends = vec![0; rows.len()];
    let mut labels = vec![T::default(); rows.len()];
    let mut from = 0;
    while from < length {
        let mut to = length;
        for ((end, label), row) in ends.iter_mut().zip(&mut labels).zip(rows) {
            if *end <= from {
                *end = run_end(row, from);
                *label = row.get(from).copied().unwrap_or_default();
            }
            to = to.min(*end);
        }
        visit(&labels, from..to);
        from = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn joint_runs_by_hand() {
        let (a, b) = ([1_u16, 1, 1, 0, 0, 2], [5_u16, 5, 6, 6, 6, 6]);
        let mut seen = Vec::new();
        for_each_joint_run(&[&a, &b], |labels, range| {
            seen.push((labels.to_vec(), range))
        });
        let expected = [
            (vec![1, 5], 0..2),
            (vec![1, 6], 2..3),
            (vec![0, 6], 3..5),
            (vec![2, 6], 5..6),
        ];
        assert_eq!(seen, expected);
        for_each_joint_run::<u16>(&[], |_, _| panic!("no rows have no runs"));
    }

    proptest! {
        #[test]
        fn a_run_ends_where_the_value_first_changes(
            lengths in prop::collection::vec(1_usize..90, 1..6),
            from in 0_usize..300,
        ) {
            let mut row = Vec::new();
            for (value, length) in lengths.iter().enumerate() {
                row.resize(row.len() + length, value as u16 % 3);
            }
            let expected = (from..row.len()).find(|&n| row[n] != row[from]).unwrap_or(row.len());
            prop_assert_eq!(run_end(&row, from), expected);
        }
    }
}
