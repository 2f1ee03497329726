//! What the other raters agree on.

use ndarray::Axis;
use rayon::prelude::*;

use crate::metrics::for_each_joint_run;
use crate::volume::LabelMap;

/// Majority vote of all raters but one; `None` without another rater.
///
/// Per voxel the label that most of the others gave; a tie, background included, gives background. The drawings have one shape. With an
/// even number of other raters ties are common and the consensus is small: with two it is what both drew, so
/// that everybody seems to draw too much. [`super::RaterBias::others`] has no such bias.
///
/// ```
/// use ndarray::Array3;
/// use raterlens_core::{agreement::leave_one_out_consensus, Geometry, Volume};
/// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let grid = Geometry::new([3, 1, 1], [1.0; 3], [0.0; 3], identity)?;
/// let map = |labels: [u16; 3]| Volume::new(Array3::from_shape_vec((1, 1, 3), labels.to_vec()).unwrap(), grid);
/// let (a, b, c) = (map([1, 1, 0])?, map([1, 0, 2])?, map([7, 7, 7])?);
/// let consensus = leave_one_out_consensus(&[&a, &b, &c], 2).unwrap();
/// assert_eq!(consensus.data().as_slice(), Some(&[1, 0, 0][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn leave_one_out_consensus(raters: &[&LabelMap], left_out: usize) -> Option<LabelMap> {
    let others = raters.iter().enumerate().filter(|(n, _)| *n != left_out);
    let others: Vec<_> = others.map(|(_, labels)| *labels).collect();
    let mut consensus = others.first()?.map(|_| 0);
    let planes: Vec<_> = consensus.data_mut().axis_iter_mut(Axis(0)).collect();
    planes
        .into_par_iter()
        .enumerate()
        .for_each(|(k, mut plane)| {
            let copies: Vec<_> = others
                .iter()
                .map(|o| o.data().index_axis(Axis(0), k).to_owned())
                .collect();
            let copies: Vec<_> = copies.iter().map(|c| c.as_standard_layout()).collect();
            let rows: Vec<_> = copies.iter().filter_map(|c| c.as_slice()).collect();
            let mut votes = Vec::with_capacity(rows.len());
            let mut voxels = plane.iter_mut();
            for_each_joint_run(&rows, |labels, range| {
                votes.clear();
                votes.extend_from_slice(labels);
                let label = plurality(&mut votes);
                voxels.by_ref().take(range.len()).for_each(|v| *v = label);
            });
        });
    Some(consensus)
}

/// The most frequent label, 0 when several are; sorts `votes`.
fn plurality(votes: &mut [u16]) -> u16 {
    votes.sort_unstable();
    let most = votes.chunk_by(|a, b| a == b).map(<[u16]>::len).max();
    let mut winners = votes
        .chunk_by(|a, b| a == b)
        .filter(|group| Some(group.len()) == most);
    match (winners.next(), winners.next()) {
        (Some([label, ..]), None) => *label,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Geometry;
    use ndarray::{Array3, ShapeBuilder};

    #[test]
    fn plurality_by_hand() {
        let table: [(&[u16], u16); 6] = [
            (&[5], 5),
            (&[0, 5], 0),
            (&[5, 0, 5], 5),
            (&[1, 2, 3], 0),
            (&[3, 3, 2, 3, 2], 3),
            (&[65535, 65535, 0], 65535),
        ];
        for (votes, expected) in table {
            assert_eq!(plurality(&mut votes.to_vec()), expected, "{votes:?}");
        }
    }

    #[test]
    fn drawings_in_another_memory_order_vote_alike() {
        let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let grid = Geometry::new([4, 3, 2], [1.0; 3], [0.0; 3], identity).unwrap();
        let label = |at: (usize, usize, usize)| u16::from((at.0 + at.1 * at.2) % 3 == 1);
        let c = LabelMap::new(Array3::from_shape_fn((2, 3, 4), label), grid).unwrap();
        let f = LabelMap::new(Array3::from_shape_fn((2, 3, 4).f(), label), grid).unwrap();
        let consensus = leave_one_out_consensus(&[&c, &f, &c], 0).unwrap();
        assert_eq!(consensus, c);
        assert!(leave_one_out_consensus(&[&c], 0).is_none());
    }
}
