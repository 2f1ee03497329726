//! Counts the voxels of all structures in two rows of labels.

use super::classes::LabelClasses;
use super::overlap::OverlapCounts;
use super::runs::for_each_joint_run;
use crate::fusion::LabelValue;

/// Voxels counted together.
const BLOCK: usize = 64;

/// Voxels counted side by side: the bytes of a vector register.
const LANES: usize = 16;

/// Up to so many structures, counting each by itself with vector instructions is faster than following the runs of a block.
const FEW: usize = 8;

/// The structures as labels of the maps' type.
#[derive(Debug, Clone)]
pub(super) struct Structures<T> {
    classes: LabelClasses,
    /// Class and label of each structure that the type can hold, once.
    labels: Vec<(usize, T)>,
}

impl<T: LabelValue> Structures<T> {
    pub(super) fn new(ids: &[u16]) -> Self {
        let classes = LabelClasses::new(ids);
        let numbered = ids.iter().enumerate().map(|(n, &id)| (n + 1, id));
        let first = numbered.filter(|&(class, id)| classes.of(id) == class);
        Self {
            labels: first
                .filter_map(|(class, id)| Some((class, T::try_from(id).ok()?)))
                .collect(),
            classes,
        }
    }

    /// The classes of the structures.
    pub(super) fn classes(&self) -> &LabelClasses {
        &self.classes
    }

    /// Adds the voxels of two rows of one length to the counts of the classes; what else is there goes to no class of a structure.
    pub(super) fn count(&self, prediction: &[T], truth: &[T], counts: &mut [OverlapCounts]) {
        if self.labels.len() > FEW {
            return self.count_runs(prediction, truth, counts);
        }
        let (p_blocks, p_rest) = prediction.as_chunks::<BLOCK>();
        let (t_blocks, t_rest) = truth.as_chunks::<BLOCK>();
        for (p, t) in p_blocks.iter().zip(t_blocks) {
            if is_all(p, p[0]) && is_all(t, p[0]) {
                self.add([p[0]; 2], BLOCK as u64, counts);
                continue;
            }
            for &(class, label) in &self.labels {
                if let Some(count) = counts.get_mut(class) {
                    count.add(&count_block(p, t, label));
                }
            }
        }
        self.count_runs(p_rest, t_rest, counts);
    }

    fn count_runs(&self, prediction: &[T], truth: &[T], counts: &mut [OverlapCounts]) {
        for_each_joint_run(&[prediction, truth], |labels, range| {
            if let &[p, t] = labels {
                self.add([p, t], range.len() as u64, counts);
            }
        });
    }

    fn add(&self, [p, t]: [T; 2], voxels: u64, counts: &mut [OverlapCounts]) {
        let (p_class, t_class) = (self.classes.of(p.into()), self.classes.of(t.into()));
        if let Some(count) = counts.get_mut(p_class) {
            count.prediction += voxels;
            count.both += if p_class == t_class { voxels } else { 0 };
        }
        if let Some(count) = counts.get_mut(t_class) {
            count.truth += voxels;
        }
    }
}

/// Without branches, so that it compiles to vector instructions.
#[inline]
fn is_all<T: LabelValue>(block: &[T; BLOCK], label: T) -> bool {
    let bits = |bits: T, &v: &T| bits | (v ^ label);
    block.iter().fold(T::default(), bits) == T::default()
}

fn count_block<T: LabelValue>(p: &[T; BLOCK], t: &[T; BLOCK], label: T) -> OverlapCounts {
    let mut lanes = [[0_u8; LANES]; 3];
    let [in_p, in_t, in_both] = &mut lanes;
    for (p, t) in p
        .as_chunks::<LANES>()
        .0
        .iter()
        .zip(t.as_chunks::<LANES>().0)
    {
        for n in 0..LANES {
            let (p, t) = (u8::from(p[n] == label), u8::from(t[n] == label));
            in_p[n] += p;
            in_t[n] += t;
            in_both[n] += p & t;
        }
    }
    let [prediction, truth, both] = lanes.map(sum);
    OverlapCounts {
        prediction,
        truth,
        both,
    }
}

/// The sum of small numbers: at most [`BLOCK`] together.
fn sum(lanes: [u8; LANES]) -> u64 {
    let both = u128::from_le_bytes(lanes);
    let halves = (both as u64).wrapping_add((both >> 64) as u64);
    // The highest byte of the product is the sum of all bytes.
    halves.wrapping_mul(0x0101_0101_0101_0101) >> 56
}
