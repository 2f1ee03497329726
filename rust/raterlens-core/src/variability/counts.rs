//! The first pass of the distance: steps along one axis.

use ndarray::{s, ArrayView3};

use super::crop::Box3;
use crate::fusion::LabelValue;

/// The mask of a label within a box, in the box's array order.
pub(super) fn mask<T: LabelValue>(
    view: &ArrayView3<'_, T>,
    within: &Box3,
    label: T,
    out: &mut Vec<bool>,
) {
    let [a, b, c] = within.clone();
    let part = view.slice(s![a, b, c]);
    out.clear();
    for row in part.rows() {
        match row.as_slice() {
            Some(row) => out.extend(row.iter().map(|&v| v == label)),
            None => out.extend(row.iter().map(|&v| v == label)),
        }
    }
}

/// For every element of `[length, inner]`, the number of steps along the first axis to the nearest element of the other
/// side, infinite without any; positive inside, negative outside.
pub(super) fn signed_steps(inside: &[bool], inner: usize, out: &mut Vec<f32>) {
    out.clear();
    out.resize(inside.len(), f32::INFINITY);
    count_up(inside, inner, out);
    count_down(inside, inner, out);
    for (steps, &is_inside) in out.iter_mut().zip(inside) {
        *steps = if is_inside { *steps } else { -*steps };
    }
}

fn count_up(inside: &[bool], inner: usize, out: &mut [f32]) {
    let mut lines = out.chunks_exact_mut(inner).zip(inside.chunks_exact(inner));
    let Some((mut before, mut mask_before)) = lines.next() else {
        return;
    };
    for (line, mask) in lines {
        let masks = mask.iter().zip(mask_before);
        for ((steps, last), (here, there)) in line.iter_mut().zip(before.iter()).zip(masks) {
            *steps = if here == there { last + 1.0 } else { 1.0 };
        }
        (before, mask_before) = (line, mask);
    }
}

fn count_down(inside: &[bool], inner: usize, out: &mut [f32]) {
    let mut after = vec![f32::INFINITY; inner];
    let mut lines = out
        .chunks_exact_mut(inner)
        .zip(inside.chunks_exact(inner))
        .rev();
    let Some((_, mut mask_after)) = lines.next() else {
        return;
    };
    for (line, mask) in lines {
        let masks = mask.iter().zip(mask_after);
        for ((steps, next), (here, there)) in line.iter_mut().zip(&mut after).zip(masks) {
            *next = if here == there { *next + 1.0 } else { 1.0 };
            *steps = steps.min(*next);
        }
        mask_after = mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_by_hand() {
        // Two columns of four rows: the first 0 1 1 0, the second all outside.
        let inside = [false, false, true, false, true, false, false, false];
        let mut out = Vec::new();
        signed_steps(&inside, 2, &mut out);
        let far = f32::NEG_INFINITY;
        assert_eq!(out, [-1.0, far, 1.0, far, 1.0, far, -1.0, far]);
        signed_steps(&[true, true, true, false], 1, &mut out);
        assert_eq!(out, [3.0, 2.0, 1.0, -1.0]);
    }
}
