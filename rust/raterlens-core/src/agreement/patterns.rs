//! Voxels by what all drawings say about them: everything that counts voxels follows from these few numbers.

use std::collections::{BTreeMap, BTreeSet};

use ndarray::ArrayView3;

use crate::metrics::{for_each_joint_run, LabelClasses, OverlapCounts};

/// How many voxels have each combination of classes, one class per drawing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Patterns {
    voxels: BTreeMap<Vec<u32>, u64>,
    /// Labels above 0 that belong to no structure; they count as background.
    unlisted: BTreeSet<u16>,
}

impl Patterns {
    /// Counts the voxels of arrays of one shape; cost: one pass over each, plus the number of runs.
    pub(super) fn count(drawings: &[ArrayView3<'_, u16>], classes: &LabelClasses) -> Self {
        let copies: Vec<_> = drawings.iter().map(|d| d.as_standard_layout()).collect();
        let rows: Vec<_> = copies
            .iter()
            .map(|c| c.as_slice().unwrap_or_default()) // always there in the standard layout
            .collect();
        let mut found = Self::default();
        let mut pattern = vec![0; rows.len()];
        for_each_joint_run(&rows, |labels, range| {
            for (class, &label) in pattern.iter_mut().zip(labels) {
                *class = classes.of(label) as u32;
                if *class == 0 && label != 0 {
                    found.unlisted.insert(label);
                }
            }
            found.add(&pattern, range.len() as u64);
        });
        found
    }

    /// Adds the voxels of another part of the image.
    pub(super) fn merge(&mut self, other: &Self) {
        for (pattern, &voxels) in &other.voxels {
            self.add(pattern, voxels);
        }
        self.unlisted.extend(&other.unlisted);
    }

    fn add(&mut self, pattern: &[u32], voxels: u64) {
        match self.voxels.get_mut(pattern) {
            Some(count) => *count += voxels,
            None => {
                self.voxels.insert(pattern.to_vec(), voxels);
            }
        }
    }

    /// Labels above 0 that belong to no structure.
    pub(super) fn unlisted(&self) -> impl Iterator<Item = u16> + '_ {
        self.unlisted.iter().copied()
    }

    /// All combinations with their number of voxels, in a fixed order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u32], u64)> {
        self.voxels.iter().map(|(pattern, &n)| (&pattern[..], n))
    }

    /// Voxels of each structure in one drawing.
    pub(super) fn sizes(&self, drawing: usize, structures: usize) -> Vec<u64> {
        let overlaps = self.overlaps(drawing, drawing, structures);
        overlaps.into_iter().map(|counts| counts.both).collect()
    }

    /// Overlap of each structure between two drawings.
    pub(super) fn overlaps(&self, a: usize, b: usize, structures: usize) -> Vec<OverlapCounts> {
        let mut counts = vec![OverlapCounts::default(); structures];
        for (pattern, voxels) in self.iter() {
            let class = |drawing: usize| pattern.get(drawing).map_or(0, |&class| class as usize);
            let (a, b) = (class(a), class(b));
            // Class 0 is no structure; class n is the structure at position n - 1.
            if let Some(count) = a.checked_sub(1).and_then(|n| counts.get_mut(n)) {
                count.prediction += voxels;
                count.both += if a == b { voxels } else { 0 };
            }
            if let Some(count) = b.checked_sub(1).and_then(|n| counts.get_mut(n)) {
                count.truth += voxels;
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::overlap_counts;
    use ndarray::{array, Array3};
    use proptest::prelude::*;

    #[test]
    fn patterns_by_hand() {
        let a = array![[[5_u16, 5, 5, 0, 9, 0]]];
        let b = array![[[5_u16, 5, 0, 0, 0, 7]]];
        let found = Patterns::count(&[a.view(), b.view()], &LabelClasses::new(&[5, 7]));
        let listed: Vec<_> = found.iter().collect();
        let expected: [(&[u32], u64); 4] = [(&[0, 0], 2), (&[0, 2], 1), (&[1, 0], 1), (&[1, 1], 2)];
        assert_eq!(listed, expected);
        assert_eq!(found.unlisted().collect::<Vec<_>>(), [9]);
        assert_eq!(found.sizes(0, 2), [3, 0]);
        assert_eq!(found.sizes(1, 2), [2, 1]);
    }

    proptest! {
        #[test]
        fn overlaps_and_merging_equal_counting_the_arrays(
            values in prop::collection::vec([0_u16..4, 0_u16..4, 0_u16..4], 1..60),
            cut in 0_usize..60,
        ) {
            let drawing = |n: usize| {
                let labels: Vec<_> = values.iter().map(|v| v[n]).collect();
                Array3::from_shape_vec((1, labels.len(), 1), labels).unwrap()
            };
            let all = [drawing(0), drawing(1), drawing(2)];
            let (ids, cut) = ([3, 1], cut.min(values.len()));
            let classes = LabelClasses::new(&ids);
            let part = |from: usize, to: usize| {
                let views: Vec<_> = all.iter().map(|d| d.slice(ndarray::s![.., from..to, ..])).collect();
                Patterns::count(&views, &classes)
            };
            let mut merged = part(0, cut);
            merged.merge(&part(cut, values.len()));
            prop_assert_eq!(&merged, &part(0, values.len()));
            for (a, b) in [(0, 1), (2, 0), (1, 1)] {
                let expected = overlap_counts(&all[a].view(), &all[b].view(), &ids).unwrap();
                prop_assert_eq!(merged.overlaps(a, b, 2), expected);
            }
        }
    }
}
