//! Joins the label maps of several raters into one.

use ndarray::Array3;

use crate::grid::{common_grid, GridError};
use crate::volume::LabelMap;

/// Per voxel, the label that most raters gave (SPEC section 3).
///
/// A tie for the most votes, background included, gives background (0). The order of the raters
/// does not matter. The result lies on the grid of the first.
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
    let mut fused = Array3::zeros(grid.shape_kji());
    let mut votes = Vec::with_capacity(raters.len());
    let mut voters: Vec<_> = raters.iter().map(|r| r.data().iter()).collect();
    for value in &mut fused {
        votes.clear();
        votes.extend(voters.iter_mut().filter_map(|v| v.next().copied()));
        *value = plurality(&mut votes);
    }
    let found = fused.shape().to_vec();
    LabelMap::new(fused, grid).map_err(|_| GridError::ShapeMismatch {
        expected: grid.shape_kji().to_vec(),
        found,
    })
}

/// The most frequent label, 0 when several are; sorts `votes`.
fn plurality(votes: &mut [u16]) -> u16 {
    votes.sort_unstable();
    let (mut winner, mut most) = (0, 0);
    for group in votes.chunk_by(|a, b| a == b) {
        let Some(&label) = group.first() else {
            continue;
        };
        match group.len().cmp(&most) {
            std::cmp::Ordering::Greater => (winner, most) = (label, group.len()),
            std::cmp::Ordering::Equal => winner = 0,
            std::cmp::Ordering::Less => {}
        }
    }
    winner
}

#[cfg(test)]
mod tests {
    use super::plurality;

    #[test]
    fn plurality_by_hand() {
        let table: [(&[u16], u16); 8] = [
            (&[5], 5),
            (&[0, 5], 0),
            (&[5, 0, 5], 5),
            (&[1, 2, 3], 0),
            (&[1, 1, 2, 2, 3], 0),
            (&[3, 3, 3, 2, 2], 3),
            (&[65535, 65535, 0], 65535),
            (&[1, 2, 2, 1, 2], 2),
        ];
        for (votes, expected) in table {
            assert_eq!(plurality(&mut votes.to_vec()), expected, "{votes:?}");
        }
    }
}
