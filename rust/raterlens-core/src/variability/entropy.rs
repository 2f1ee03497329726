//! GT entropy: how much the raters differ at a voxel, over all structures.

use super::error::VariabilityError;
use crate::fusion::{mean_label, Classes, LabelValue, Patterns, RaterSet};
use crate::volume::Volume;

/// Entropy of the mean label, `H(i) = - sum over c of y[c, i] ln y[c, i]`, with `0 ln 0 = 0` (SPEC section 4).
///
/// # Inputs
/// `classes` decides what counts as different: with [`Classes::one_structure`] it is one structure against the rest.
///
/// # Result
/// In nats, on the raters' grid: 0 where the present raters agree, at most `ln(min(raters, labels))`.
///
/// # Errors
/// A label that `classes` refuses.
///
/// # Cost
/// One pass over the voxels; logarithms are taken once per pattern.
///
/// ```
/// use ndarray::Array3;
/// use raterlens_core::{fusion::{Classes, RaterSet}, variability::gt_entropy, Geometry, Volume};
/// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let grid = Geometry::new([2, 1, 1], [0.5, 0.5, 4.0], [0.0; 3], identity)?;
/// let rater = |labels: [u8; 2]| {
///     Volume::new(Array3::from_shape_vec((1, 1, 2), labels.to_vec()).unwrap(), grid).unwrap()
/// };
/// let maps = [rater([1, 1]), rater([1, 2])];
/// let set = RaterSet::from_volumes(&maps)?;
/// let entropy = gt_entropy(&set, &Classes::found_in(&set))?;
/// assert_eq!(entropy.data().as_slice(), Some(&[0.0, std::f32::consts::LN_2][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn gt_entropy<T: LabelValue>(
    set: &RaterSet<'_, T>,
    classes: &Classes,
) -> Result<Volume<f32>, VariabilityError> {
    Ok(mean_label(set, classes)?.entropy()?)
}

/// Entropy of each pattern's mean label, in nats.
pub(crate) fn pattern_entropies(patterns: &Patterns) -> Vec<f64> {
    patterns.iter().map(|(votes, _)| entropy(votes)).collect()
}

fn entropy(votes: &[u32]) -> f64 {
    let mut sorted = votes.to_vec();
    sorted.sort_unstable(); // one order of summation whatever the order of the raters
    let raters = votes.len().max(1) as f64;
    let shares = sorted
        .chunk_by(|a, b| a == b)
        .map(|same| same.len() as f64 / raters);
    // An equal vote has share 1, whose term is 0; `0 -` turns -0 into 0.
    let mut terms: Vec<f64> = shares.map(|y| y * y.ln()).collect();
    terms.sort_unstable_by(f64::total_cmp); // nor of the names of the labels
    0.0 - terms.iter().sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::entropy;
    use std::f64::consts::LN_2;

    #[test]
    fn entropies_by_hand() {
        let third = 1.0_f64 / 3.0;
        let table: [(&[u32], f64); 5] = [
            (&[4], 0.0),
            (&[4, 4, 4], 0.0),
            (&[4, 0], LN_2),
            (&[1, 2, 3], 3.0_f64.ln()),
            (
                &[1, 2, 1],
                -(2.0 * third * (2.0 * third).ln() + third * third.ln()),
            ),
        ];
        for (votes, expected) in table {
            assert!((entropy(votes) - expected).abs() < 1e-15, "{votes:?}");
        }
        assert!(entropy(&[4, 4]).is_sign_positive());
    }
}
