//! Finds the surface voxels of all structures in one pass.

use ndarray::ArrayView3;
use rayon::prelude::*;

use super::rows::{PlacedRun, Run, Surface};
use crate::fusion::LabelValue;
use crate::metrics::classes::LabelClasses;
use crate::metrics::runs::run_end;

/// The surfaces of the structures `ids` in labels `[k, j, i]`, in the order of `ids`.
///
/// The module says what a surface voxel is. A structure without voxels has an empty surface. Arrays that are not contiguous
/// are copied. Cost: about five vectorised passes over the rows that have labels, on all threads.
///
/// ```
/// use ndarray::Array3;
/// use raterlens_core::metrics::surfaces;
/// // A cube of 3 x 3 x 3 voxels in a larger image: only its centre is no surface.
/// let labels = Array3::from_shape_fn((5, 5, 5), |(k, j, i)| {
///     u16::from([k, j, i].iter().all(|n| (1..4).contains(n)))
/// });
/// assert_eq!(surfaces(&labels.view(), &[1])[0].len(), 3 * 3 * 3 - 1);
/// ```
#[must_use]
pub fn surfaces<T: LabelValue>(labels: &ArrayView3<'_, T>, ids: &[u16]) -> Vec<Surface> {
    let classes = LabelClasses::new(ids);
    let shape = labels.dim();
    let labels = labels.as_standard_layout();
    let image = Image {
        labels: labels.as_slice().unwrap_or_default(), // always there in the standard layout
        shape: shape.into(),
    };
    let planes: Vec<_> = (0..shape.0)
        .into_par_iter()
        .map(|plane| plane_runs(&image, plane, &classes))
        .collect();
    let mut by_class = vec![Vec::new(); classes.count()];
    for (class, run) in planes.into_iter().flatten() {
        if let Some(runs) = by_class.get_mut(class) {
            runs.push(run);
        }
    }
    let of_class: Vec<_> = by_class.iter().map(|runs| Surface::new(runs)).collect();
    let of = |&id: &u16| of_class.get(classes.of(id)).cloned().unwrap_or_default();
    ids.iter().map(of).collect()
}

/// Contiguous labels and their shape `[k, j, i]`.
struct Image<'a, T> {
    labels: &'a [T],
    shape: [usize; 3],
}

impl<T> Image<'_, T> {
    fn row(&self, plane: usize, row: usize) -> &[T] {
        let [_, rows, length] = self.shape;
        let from = (plane * rows + row) * length;
        self.labels.get(from..from + length).unwrap_or_default()
    }

    /// The four neighbouring rows; along an axis with a single voxel the row itself. `None` where the image ends.
    fn neighbours(&self, plane: usize, row: usize) -> Option<[&[T]; 4]> {
        let [planes, rows, _] = self.shape;
        let pair = |at: usize, length: usize| match length {
            1 => Some((at, at)),
            _ => Some((at.checked_sub(1)?, at + 1)).filter(|&(_, next)| next < length),
        };
        let ((below, above), (before, after)) = (pair(plane, planes)?, pair(row, rows)?);
        Some([
            self.row(below, row),
            self.row(above, row),
            self.row(plane, before),
            self.row(plane, after),
        ])
    }
}

/// Surface runs of one plane with their class, row by row.
fn plane_runs<T: LabelValue>(
    image: &Image<'_, T>,
    plane: usize,
    classes: &LabelClasses,
) -> Vec<(usize, PlacedRun)> {
    let [_, rows, length] = image.shape;
    let one_voxel = image.shape == [1, 1, 1];
    let mut found = Vec::new();
    let mut edges = vec![0; length];
    for row in 0..rows {
        let labels = image.row(plane, row);
        let neighbours = image.neighbours(plane, row).filter(|_| !one_voxel);
        let mut from = 0;
        while from < length {
            let to = run_end(labels, from);
            let class = labels
                .get(from)
                .map_or(0, |&label| classes.of(label.into()));
            if class > 0 {
                mark_edges(labels, neighbours, from, to, &mut edges);
                push_runs(&edges, from..to, |run| {
                    found.push((class, PlacedRun { plane, row, run }));
                });
            }
            from = to;
        }
    }
    found
}

/// Sets `edges` to 1 where the voxels `from..to`, all of one label, have a neighbour of another.
fn mark_edges<T: LabelValue>(
    labels: &[T],
    neighbours: Option<[&[T]; 4]>,
    from: usize,
    to: usize,
    edges: &mut [u8],
) {
    let length = edges.len();
    let (Some(edges), Some(own)) = (edges.get_mut(from..to), labels.get(from..to)) else {
        return;
    };
    let Some(neighbours) = neighbours else {
        edges.fill(1);
        return;
    };
    edges.fill(0);
    for row in neighbours {
        for ((edge, label), neighbour) in edges.iter_mut().zip(own).zip(row.iter().skip(from)) {
            *edge |= u8::from(label != neighbour);
        }
    }
    if length > 1 {
        // The run ends where the label changes, or with the image.
        for end in [0, own.len() - 1] {
            if let Some(edge) = edges.get_mut(end) {
                *edge = 1;
            }
        }
    }
}

/// Calls `push` for each run of ones within `range`.
fn push_runs(edges: &[u8], range: std::ops::Range<usize>, mut push: impl FnMut(Run)) {
    let edges = edges.get(..range.end).unwrap_or_default();
    let mut from = range.start;
    while from < edges.len() {
        let to = run_end(edges, from);
        if edges.get(from) == Some(&1) {
            push(Run {
                first: from as u32,
                last: to as u32 - 1,
            });
        }
        from = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{array, Array3};
    use proptest::prelude::*;

    /// The definition, voxel by voxel.
    fn by_definition(labels: &Array3<u16>, id: u16) -> Vec<[usize; 3]> {
        let shape = labels.shape();
        let inside = |at: [Option<usize>; 3]| {
            let [Some(k), Some(j), Some(i)] = at else {
                return false;
            };
            labels.get([k, j, i]) == Some(&id)
        };
        let is_surface = |at: [usize; 3]| {
            let mut axes = (0..3).filter(|&axis| shape[axis] > 1).peekable();
            let all_single = axes.peek().is_none();
            let mut neighbours = axes.flat_map(|axis| {
                [at[axis].checked_sub(1), Some(at[axis] + 1)].map(|moved| {
                    let mut neighbour = at.map(Some);
                    neighbour[axis] = moved;
                    neighbour
                })
            });
            all_single || neighbours.any(|n| !inside(n))
        };
        let of_structure = labels.indexed_iter().filter(|(_, &label)| label == id);
        of_structure
            .map(|((k, j, i), _)| [k, j, i])
            .filter(|&at| is_surface(at))
            .collect()
    }

    fn found(labels: &Array3<u16>, id: u16) -> Vec<[usize; 3]> {
        surfaces(&labels.view(), &[id])[0].voxels().collect()
    }

    #[test]
    fn a_structure_that_fills_the_slice_has_its_border_as_surface() {
        let full = Array3::from_elem((1, 4, 5), 1);
        let inside = [
            [0, 1, 1],
            [0, 1, 2],
            [0, 1, 3],
            [0, 2, 1],
            [0, 2, 2],
            [0, 2, 3],
        ];
        let surface = found(&full, 1);
        assert_eq!(surface.len(), 4 * 5 - inside.len());
        assert!(inside.iter().all(|at| !surface.contains(at)));
    }

    #[test]
    fn one_voxel_is_its_own_surface_in_every_number_of_dimensions() {
        assert_eq!(found(&array![[[1]]], 1), [[0, 0, 0]]);
        assert_eq!(found(&array![[[0, 1, 0]]], 1), [[0, 0, 1]]);
        assert_eq!(found(&array![[[1], [1], [1]]], 1), [[0, 0, 0], [0, 2, 0]]);
    }

    #[test]
    fn structures_that_touch_are_surface_to_each_other() {
        let labels = array![[[1, 1, 1, 2, 2, 2]]];
        assert_eq!(found(&labels, 1), [[0, 0, 0], [0, 0, 2]]);
        let both = surfaces(&labels.view(), &[2, 9, 1, 2]);
        assert_eq!(
            both.iter().map(Surface::len).collect::<Vec<_>>(),
            [2, 0, 2, 2]
        );
    }

    proptest! {
        #[test]
        fn equals_the_definition(
            shape in [1_usize..5, 1_usize..6, 1_usize..40],
            values in prop::collection::vec(prop_oneof![5 => Just(1_u16), 1 => 0_u16..4], 4 * 5 * 39),
            swapped in any::<bool>(),
        ) {
            let size = shape.iter().product::<usize>();
            let mut labels = Array3::from_shape_vec(shape, values[..size].to_vec()).unwrap();
            if swapped {
                labels.swap_axes(0, 2); // no longer contiguous
            }
            for id in 1..4 {
                prop_assert_eq!(found(&labels, id), by_definition(&labels, id));
            }
        }
    }
}
