//! Dice, IoU, precision and recall from counts of voxels.

use ndarray::{ArrayView, CowArray, Dimension};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::counting::Structures;
use crate::fusion::LabelValue;
use crate::grid::{check_shapes, GridError};

/// Voxels that one task counts.
const PIECE: usize = 1 << 16;

/// Which of two masks are empty; the module's table says what each metric then gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Emptiness {
    /// Both masks have voxels.
    Neither,
    /// Only the prediction (the first mask) is empty.
    Prediction,
    /// Only the truth (the second mask) is empty.
    Truth,
    /// Both are empty.
    Both,
}

/// How many voxels two masks have, alone and in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OverlapCounts {
    /// Voxels of the prediction (the first mask).
    pub prediction: u64,
    /// Voxels of the truth (the second mask).
    pub truth: u64,
    /// Voxels of both.
    pub both: u64,
}

impl OverlapCounts {
    /// Which mask is empty.
    #[must_use]
    pub fn emptiness(&self) -> Emptiness {
        match (self.prediction, self.truth) {
            (0, 0) => Emptiness::Both,
            (0, _) => Emptiness::Prediction,
            (_, 0) => Emptiness::Truth,
            _ => Emptiness::Neither,
        }
    }

    /// Dice overlap, `2 |P and T| / (|P| + |T|)`; 0 to 1, and 1 when both are empty.
    #[must_use]
    pub fn dice(&self) -> f64 {
        ratio(2 * self.both, self.prediction + self.truth).unwrap_or(1.0)
    }

    /// Intersection over union (Jaccard index); 0 to 1, and 1 when both are empty.
    #[must_use]
    pub fn iou(&self) -> f64 {
        ratio(self.both, self.prediction + self.truth - self.both).unwrap_or(1.0)
    }

    /// Part of the prediction that is right; `None` when nothing was predicted.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        ratio(self.both, self.prediction)
    }

    /// Part of the truth that was found (sensitivity); `None` when there was nothing to find.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        ratio(self.both, self.truth)
    }

    /// The counts with prediction and truth exchanged.
    #[must_use]
    pub fn swapped(&self) -> Self {
        Self {
            prediction: self.truth,
            truth: self.prediction,
            both: self.both,
        }
    }

    /// Adds the counts of another part of the image.
    pub(crate) fn add(&mut self, other: &Self) {
        self.prediction += other.prediction;
        self.truth += other.truth;
        self.both += other.both;
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Counts the voxels of every structure in one pass over two label arrays of equal shape.
///
/// `ids` are the structures; the result has one entry for each, in the same order, repeated ids included. Arrays that are
/// not contiguous are copied. Cost: one pass over both arrays, on all threads, whatever the number of structures.
///
/// # Errors
/// Arrays of different shape.
///
/// ```
/// use ndarray::array;
/// use raterlens_core::metrics::overlap_counts;
/// let (prediction, truth) = (array![1_u16, 1, 1, 2, 0], array![0_u16, 1, 1, 0, 0]);
/// let counts = overlap_counts(&prediction.view(), &truth.view(), &[1, 2])?;
/// assert_eq!(counts[0].dice(), 2.0 * 2.0 / (3.0 + 2.0));
/// assert_eq!(counts[0].precision(), Some(2.0 / 3.0));
/// assert_eq!(counts[1].recall(), None); // the truth has no structure 2
/// # Ok::<(), raterlens_core::GridError>(())
/// ```
pub fn overlap_counts<T: LabelValue, D: Dimension>(
    prediction: &ArrayView<'_, T, D>,
    truth: &ArrayView<'_, T, D>,
    ids: &[u16],
) -> Result<Vec<OverlapCounts>, GridError> {
    check_shapes(prediction.shape(), truth.shape())?;
    let structures = Structures::<T>::new(ids);
    let classes = structures.classes();
    let (prediction, truth) = (prediction.as_standard_layout(), truth.as_standard_layout());
    let none = || vec![OverlapCounts::default(); classes.count()];
    let counts = flat(&prediction)
        .par_chunks(PIECE)
        .zip(flat(&truth).par_chunks(PIECE))
        .fold(none, |mut counts, (p, t)| {
            structures.count(p, t, &mut counts);
            counts
        })
        .reduce(none, |mut counts, other| {
            counts.iter_mut().zip(&other).for_each(|(c, o)| c.add(o));
            counts
        });
    let of = |&id: &u16| counts.get(classes.of(id)).copied().unwrap_or_default();
    Ok(ids.iter().map(of).collect())
}

fn flat<'a, T: LabelValue, D: Dimension>(array: &'a CowArray<'_, T, D>) -> &'a [T] {
    array.as_slice().unwrap_or_default() // always there in the standard layout
}

/// Dice overlap of structure `id` in two label arrays of equal shape: `2 |A and B| / (|A| + |B|)`.
///
/// Range 0 to 1. When neither array has the structure the value is 1 (SPEC section 8); when only
/// one has it, 0. For several structures use [`overlap_counts`], which takes one pass.
///
/// # Errors
/// Arrays of different shape.
///
/// ```
/// use ndarray::array;
/// use raterlens_core::metrics::dice;
/// let (a, b) = (array![[[1_u16, 1, 0, 0]]], array![[[0_u16, 1, 1, 1]]]);
/// assert_eq!(dice(&a.view(), &b.view(), 1)?, 2.0 * 1.0 / (2.0 + 3.0));
/// assert_eq!(dice(&a.view(), &b.view(), 7)?, 1.0); // neither has it
/// # Ok::<(), raterlens_core::GridError>(())
/// ```
pub fn dice<T: LabelValue, D: Dimension>(
    a: &ArrayView<'_, T, D>,
    b: &ArrayView<'_, T, D>,
    id: u16,
) -> Result<f64, GridError> {
    let counts = overlap_counts(a, b, &[id])?;
    Ok(counts.first().map_or(1.0, OverlapCounts::dice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{array, Array1};
    use proptest::prelude::*;

    fn counts(a: &Array1<u16>, b: &Array1<u16>, id: u16) -> OverlapCounts {
        overlap_counts(&a.view(), &b.view(), &[id]).unwrap()[0]
    }

    #[test]
    fn every_value_of_the_empty_table() {
        let (some, none) = (array![3_u16, 3, 0], array![0_u16, 0, 0]);
        type Row = (Emptiness, f64, f64, Option<f64>, Option<f64>);
        let row = |a, b| -> Row {
            let c = counts(a, b, 3);
            (c.emptiness(), c.dice(), c.iou(), c.precision(), c.recall())
        };
        let one = Some(1.0);
        assert_eq!(row(&some, &some), (Emptiness::Neither, 1.0, 1.0, one, one));
        let missed = (Emptiness::Prediction, 0.0, 0.0, None, Some(0.0));
        assert_eq!(row(&none, &some), missed);
        let invented = (Emptiness::Truth, 0.0, 0.0, Some(0.0), None);
        assert_eq!(row(&some, &none), invented);
        assert_eq!(row(&none, &none), (Emptiness::Both, 1.0, 1.0, None, None));
    }

    #[test]
    fn labels_0_255_and_65535_and_repeated_ids_are_ordinary() {
        let (a, b) = (
            array![0_u16, 255, 65535, 65535],
            array![0_u16, 0, 65535, 255],
        );
        let all = overlap_counts(&a.view(), &b.view(), &[65535, 0, 255, 65535]).unwrap();
        let count = |prediction, truth, both| OverlapCounts {
            prediction,
            truth,
            both,
        };
        let top = count(2, 1, 1);
        assert_eq!(all, [top, count(1, 2, 1), count(1, 1, 0), top]);
    }

    #[test]
    fn arrays_that_are_not_contiguous_count_alike() {
        let (a, b) = (array![[1_u16, 1], [0, 1]], array![[1_u16, 0], [0, 1]]);
        let expected = 2.0 * 2.0 / (3.0 + 2.0);
        assert_eq!(dice(&a.t(), &b.t(), 1).unwrap(), expected);
    }

    #[test]
    fn different_shapes_are_refused() {
        let (a, b) = (array![0_u16, 1], array![0_u16]);
        let refused = overlap_counts(&a.view(), &b.view(), &[1]);
        assert!(matches!(refused, Err(GridError::ShapeMismatch { .. })));
    }

    #[test]
    fn counts_beyond_24_bits_are_exact() {
        let voxels = (1 << 24) + 3;
        let (a, mut b) = (
            Array1::from_elem(voxels, 1_u16),
            Array1::from_elem(voxels, 1_u16),
        );
        b[voxels - 1] = 0;
        let c = counts(&a, &b, 1);
        assert_eq!(
            (c.prediction, c.truth, c.both),
            (16_777_219, 16_777_218, 16_777_218)
        );
    }

    proptest! {
        #[test]
        fn equals_counting_voxel_by_voxel(
            values in prop::collection::vec((0_u16..4, 0_u16..4, 1_usize..70), 0..40),
            reversed in any::<bool>(),
        ) {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            for (x, y, length) in values {
                a.resize(a.len() + length, x);
                b.resize(b.len() + length, y);
            }
            if reversed {
                a.reverse();
                b.reverse();
            }
            for id in 0..4 {
                let number = |f: &dyn Fn(u16, u16) -> bool| a.iter().zip(&b).filter(|(&x, &y)| f(x, y)).count() as u64;
                let expected = OverlapCounts {
                    prediction: number(&|x, _| x == id),
                    truth: number(&|_, y| y == id),
                    both: number(&|x, y| x == id && y == id),
                };
                let found = counts(&Array1::from(a.clone()), &Array1::from(b.clone()), id);
                prop_assert_eq!(found, expected);
                prop_assert_eq!(counts(&Array1::from(b.clone()), &Array1::from(a.clone()), id), expected.swapped());
                prop_assert_eq!(found.dice(), found.swapped().dice());
                prop_assert_eq!(found.precision(), found.swapped().recall());
                // With many structures voxels are counted in another way.
                let mut many: Vec<u16> = (100..120).collect();
                many.push(id);
                let (a, b) = (Array1::from(a.clone()), Array1::from(b.clone()));
                let among_many = overlap_counts(&a.view(), &b.view(), &many).unwrap();
                prop_assert_eq!(among_many.last(), Some(&found));
            }
        }
    }
}
