//! Outlines of a mask along the edges of its pixels.

use std::collections::BTreeMap;

use ndarray::Array2;

/// Directions along pixel edges, clockwise with y pointing down: right, down, left, up.
const STEPS: [[i32; 2]; 4] = [[1, 0], [0, 1], [-1, 0], [0, -1]];

/// A closed outline: its corners as `[x, y]` in pixel edges (pixel `[row, column]` spans x from column to column + 1), in order.
///
/// The mask lies to the right of the way, so that outer borders run clockwise and holes the other way round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Loop(pub(crate) Vec<[i32; 2]>);

/// All outlines of a mask `[row, column]`; pixels that touch at a corner only are outlined apart.
pub(crate) fn outlines(mask: &Array2<bool>) -> Vec<Loop> {
    let mut edges = edges(mask);
    let mut loops = Vec::new();
    while let Some((start, direction)) = first(&edges) {
        loops.push(follow(&mut edges, start, direction));
    }
    loops
}

/// Directions that edges take from each grid point; keys are `[y, x]`.
type Edges = BTreeMap<[i32; 2], [bool; 4]>;

fn edges(mask: &Array2<bool>) -> Edges {
    let is_set = |row: i32, column: i32| {
        let (row, column) = (usize::try_from(row).ok()?, usize::try_from(column).ok()?);
        mask.get([row, column]).copied()
    };
    let mut edges = Edges::new();
    for ((row, column), _) in mask.indexed_iter().filter(|(_, set)| **set) {
        let (y, x) = (row as i32, column as i32);
        let sides = [
            ([y - 1, x], [y, x], 0),
            ([y, x + 1], [y, x + 1], 1),
            ([y + 1, x], [y + 1, x + 1], 2),
            ([y, x - 1], [y + 1, x], 3),
        ];
        for (neighbour, from, direction) in sides {
            if is_set(neighbour[0], neighbour[1]) != Some(true) {
                mark(&mut edges, from, direction, true);
            }
        }
    }
    edges
}

fn mark(edges: &mut Edges, point: [i32; 2], direction: usize, value: bool) {
    let out = edges.entry(point).or_default();
    if let Some(slot) = out.get_mut(direction) {
        *slot = value;
    }
    if *out == [false; 4] {
        edges.remove(&point);
    }
}

fn first(edges: &Edges) -> Option<([i32; 2], usize)> {
    let (point, out) = edges.first_key_value()?;
    Some((*point, out.iter().position(|&is_out| is_out)?))
}

/// Walks one outline and removes its edges. Right turns come first: they keep to the same pixel where two touch at a corner.
fn follow(edges: &mut Edges, start: [i32; 2], first: usize) -> Loop {
    let (mut point, mut direction) = (start, first);
    let mut corners = Vec::new();
    loop {
        mark(edges, point, direction, false);
        let [dx, dy] = STEPS.get(direction).copied().unwrap_or_default();
        point = [point[0] + dy, point[1] + dx];
        let turns = [1, 0, 3].map(|turn| (direction + turn) % 4);
        let out = edges.get(&point).copied().unwrap_or_default();
        let is_out = |d: &usize| out.get(*d) == Some(&true);
        let next = turns.into_iter().find(is_out);
        if next != Some(direction) {
            corners.push([point[1], point[0]]);
        }
        match next {
            Some(next) => direction = next,
            None => return Loop(corners),
        }
    }
}

impl Loop {
    /// The corners in display units, moved towards the mask by `inset` (away from it when negative).
    pub(crate) fn inset(&self, pixel: [f64; 2], inset: f64) -> Vec<[f64; 2]> {
        let corners = &self.0;
        let before = corners.iter().cycle().skip(corners.len().saturating_sub(1));
        let after = corners.iter().cycle().skip(1);
        let corner = |((here, before), after): ((&[i32; 2], &[i32; 2]), &[i32; 2])| {
            let (a, b) = (inward(before, here), inward(here, after));
            std::array::from_fn(|axis| {
                f64::from(here[axis]) * pixel[axis] + inset * f64::from(a[axis] + b[axis])
            })
        };
        corners.iter().zip(before).zip(after).map(corner).collect()
    }
}

/// The direction to the right of the way from `a` to `b`.
fn inward(a: &[i32; 2], b: &[i32; 2]) -> [i32; 2] {
    [-(b[1] - a[1]).signum(), (b[0] - a[0]).signum()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn two_pixels_have_one_rectangle() {
        let mask = array![[false, false, false], [false, true, true]];
        // Pixels span x 1 to 3, y 1 to 2; the walk starts at its first point to the right.
        assert_eq!(
            outlines(&mask),
            [Loop(vec![[3, 1], [3, 2], [1, 2], [1, 1]])]
        );
    }

    #[test]
    fn a_hole_is_an_outline_that_runs_the_other_way() {
        let mut mask = Array2::from_elem((3, 3), true);
        mask[[1, 1]] = false;
        let outer = Loop(vec![[3, 0], [3, 3], [0, 3], [0, 0]]);
        let hole = Loop(vec![[1, 2], [2, 2], [2, 1], [1, 1]]);
        assert_eq!(outlines(&mask), [outer, hole]);
    }

    #[test]
    fn pixels_that_touch_at_a_corner_are_apart() {
        for mask in [
            array![[true, false], [false, true]],
            array![[false, true], [true, false]],
        ] {
            let found = outlines(&mask);
            assert_eq!(found.len(), 2);
            assert!(found.iter().all(|l| l.0.len() == 4));
        }
    }

    #[test]
    fn nothing_has_no_outline() {
        assert_eq!(outlines(&Array2::from_elem((2, 2), false)), []);
        assert_eq!(outlines(&Array2::from_elem((0, 2), true)), []);
    }

    #[test]
    fn inset_moves_towards_the_mask() {
        let outer = outlines(&array![[true]]).remove(0);
        // One pixel of 10 x 20, a border of 1: x 1 to 9, y 1 to 19.
        let inner = [[9.0, 1.0], [9.0, 19.0], [1.0, 19.0], [1.0, 1.0]];
        assert_eq!(outer.inset([10.0, 20.0], 1.0), inner);
        let mut ring = Array2::from_elem((3, 3), true);
        ring[[1, 1]] = false;
        let hole = outlines(&ring).remove(1);
        // Inside the mask is outside the hole: it grows.
        let grown = [[0.75, 2.25], [2.25, 2.25], [2.25, 0.75], [0.75, 0.75]];
        assert_eq!(hole.inset([1.0, 1.0], 0.25), grown);
    }
}
