//! Maps with distances within slices.

use ndarray::{s, ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3, Axis};
use rayon::prelude::*;

use super::counts::{mask, signed_steps};
use super::crop::{common_box, grow, Box3};
use super::edge::Edge;
use super::options::SoftLabelOptions;
use super::rows::{Across, Rows, Wanted};
use crate::fusion::LabelValue;

/// Makes the map of `label`, slice by slice along the first axis; `spacing` is that of (rows, columns) in the options'
/// unit. `out` comes as zeros and keeps them where no rater's soft label reaches.
pub(super) fn fill<T: LabelValue>(
    raters: &[ArrayView3<'_, T>],
    label: T,
    options: &SoftLabelOptions,
    spacing: [f64; 2],
    wanted: Wanted,
    mut out: ArrayViewMut3<'_, f32>,
) {
    let edge = Edge::new(options, &spacing);
    let slices: Vec<_> = out.axis_iter_mut(Axis(0)).collect();
    let work = || Work {
        rows: Rows::new(
            &edge,
            spacing[1],
            Across::Steps(spacing[0] * spacing[0]),
            wanted,
        ),
        mask: Vec::new(),
        steps: vec![Vec::new(); raters.len()],
    };
    slices
        .into_par_iter()
        .enumerate()
        .for_each_init(work, |work, (k, out)| {
            let views: Vec<_> = raters.iter().map(|r| r.index_axis(Axis(0), k)).collect();
            let views: Vec<_> = views.iter().map(as_stack).collect();
            let Some(tight) = common_box(&views, label) else {
                return;
            };
            let (rows, columns) = out.dim();
            let spacing = [1.0, spacing[0], spacing[1]];
            let within = grow(tight, options.reach(), spacing, [1, rows, columns]);
            work.slice(&views, label, &within, out);
        });
}

/// A slice as a stack of one.
fn as_stack<'a, T>(slice: &ArrayView2<'a, T>) -> ArrayView3<'a, T> {
    slice.insert_axis(Axis(0))
}

/// Memory of one thread.
struct Work<'a> {
    rows: Rows<'a>,
    mask: Vec<bool>,
    steps: Vec<Vec<f32>>,
}

impl Work<'_> {
    fn slice<T: LabelValue>(
        &mut self,
        raters: &[ArrayView3<'_, T>],
        label: T,
        within: &Box3,
        mut out: ArrayViewMut2<'_, f32>,
    ) {
        let width = within[2].len();
        for (view, steps) in raters.iter().zip(&mut self.steps) {
            mask(view, within, label, &mut self.mask);
            signed_steps(&self.mask, width, steps);
        }
        let mut part = out.slice_mut(s![within[1].clone(), within[2].clone()]);
        for (n, mut row) in part.rows_mut().into_iter().enumerate() {
            let at = n * width..(n + 1) * width;
            let lines = self.steps.iter().map(|s| s.get(at.clone()).unwrap_or(&[]));
            for (out, value) in row.iter_mut().zip(self.rows.row(lines)) {
                *out = *value as f32;
            }
        }
    }
}
