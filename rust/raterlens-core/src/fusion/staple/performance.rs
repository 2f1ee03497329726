//! What STAPLE says about a rater.

use ndarray::Array2;
use serde::Serialize;

use super::em::Model;

/// What STAPLE says about one rater.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RaterPerformance {
    /// Name of the rater.
    pub rater: String,
    /// `[given, truth]`, classes in the order of [`Staple::labels`](super::Staple::labels): the probability that the
    /// rater gives the row's label where the truth is the column's. Columns add up to 1; the column of a label that the
    /// consensus does not have is NaN.
    #[serde(skip)]
    pub confusion: Array2<f64>,
    /// Per structure, in the order of the labels, without background.
    pub structures: Vec<StructurePerformance>,
}

/// What STAPLE says about one rater and one structure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StructurePerformance {
    /// The structure's label.
    pub label: u16,
    /// Probability that the rater finds a voxel of the structure; `None` when the consensus has none.
    pub sensitivity: Option<f64>,
    /// Probability that the rater leaves out a voxel that is none; `None` when there is no other voxel.
    pub specificity: Option<f64>,
}

/// The performance of rater number `rater` among the present.
pub(super) fn performance(
    model: &Model,
    labels: &[u16],
    rater: usize,
    name: &str,
) -> RaterPerformance {
    let classes = labels.len();
    let confusion = Array2::from_shape_fn((classes, classes), |(given, truth)| {
        let known = model.weights.get(truth).is_some_and(|w| *w > 0.0);
        let row = model.given(rater, given as u32);
        row.get(truth)
            .copied()
            .filter(|_| known)
            .unwrap_or(f64::NAN)
    });
    let structures = labels.iter().enumerate().skip(1);
    let structures = structures
        .map(|(class, &label)| StructurePerformance {
            label,
            sensitivity: known(confusion.get((class, class)).copied()),
            specificity: specificity(model, &confusion, class),
        })
        .collect();
    RaterPerformance {
        rater: name.to_owned(),
        confusion,
        structures,
    }
}

fn known(value: Option<f64>) -> Option<f64> {
    value.filter(|v| !v.is_nan())
}

/// `P(rater does not give c | truth is not c)`: the mean over the other true classes, weighted by their voxels.
fn specificity(model: &Model, confusion: &Array2<f64>, class: usize) -> Option<f64> {
    let (mut left_out, mut voxels) = (0.0, 0.0);
    for (truth, &weight) in model.weights.iter().enumerate() {
        let wrongly_given = confusion.get((class, truth)).copied();
        if truth == class || weight <= 0.0 {
            continue;
        }
        left_out += weight * (1.0 - wrongly_given.unwrap_or(f64::NAN));
        voxels += weight;
    }
    (voxels > 0.0).then(|| left_out / voxels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_classes_by_hand() {
        // Columns (truth): 10, 6 and 0 voxels.
        let theta = vec![
            0.8, 0.1, 0.3, // gives background
            0.1, 0.7, 0.3, // gives 4
            0.1, 0.2, 0.4, // gives 9
        ];
        let model = Model {
            prior: vec![0.6, 0.4, 0.0],
            theta,
            weights: vec![10.0, 6.0, 0.0],
        };
        let found = performance(&model, &[0, 4, 9], 0, "A");
        assert_eq!(found.confusion[[2, 1]], 0.2);
        assert!(found.confusion.column(2).iter().all(|v| v.is_nan()));
        let [four, nine] = &found.structures[..] else {
            panic!("two structures");
        };
        assert_eq!((four.label, four.sensitivity), (4, Some(0.7)));
        assert_eq!(four.specificity, Some(10.0 * (1.0 - 0.1) / 10.0));
        assert_eq!((nine.label, nine.sensitivity), (9, None));
        let expected = (10.0 * (1.0 - 0.1) + 6.0 * (1.0 - 0.2)) / 16.0;
        assert!((nine.specificity.unwrap() - expected).abs() < 1e-15);
    }
}
