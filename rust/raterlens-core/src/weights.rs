//! Weights of separable linear interpolation along one axis.

use ndarray::{Array2, ArrayView2};

/// For every target pixel, the source pixels it is made of.
#[derive(Debug, Clone)]
pub(crate) struct AxisWeights {
    targets: Vec<Taps>,
    weights: Vec<f64>,
}

/// A run of source pixels `first..first + count` whose weights start at `offset`.
#[derive(Debug, Clone, Copy)]
struct Taps {
    first: usize,
    count: usize,
    offset: usize,
    /// The source pixel whose area holds the centre, if any does.
    nearest: Option<usize>,
}

impl AxisWeights {
    /// Triangle filter of half-width `reach` (at least 1) source pixels around each centre.
    ///
    /// `reach` 1 is linear interpolation. Pixels beyond the border count as copies of the border pixel.
    /// Weights of one target are not negative and sum to 1 within rounding.
    pub(crate) fn triangle(centres: &[f64], source_len: usize, reach: f64) -> Self {
        let mut out = Self {
            targets: Vec::with_capacity(centres.len()),
            weights: Vec::new(),
        };
        let last = source_len.saturating_sub(1);
        for &centre in centres {
            let clamped = centre.clamp(0.0, last as f64);
            // Far outside, every tap is a copy of the border pixel: same result, fewer taps.
            let centre_used = centre.clamp(-reach, last as f64 + reach);
            let from = (centre_used - reach).floor() as i64;
            let to = (centre_used + reach).ceil() as i64;
            let clamp = |tap: i64| tap.clamp(0, last as i64) as usize;
            let weight = |tap: i64| (1.0 - (tap as f64 - centre_used).abs() / reach).max(0.0);
            let total: f64 = (from..=to).map(weight).sum();
            let used = || (from..=to).filter(|&tap| weight(tap) > 0.0);
            let first = used().next().map_or(clamped as usize, clamp);
            let end = used().next_back().map_or(first, clamp);
            let offset = out.weights.len();
            out.weights.resize(offset + end - first + 1, 0.0);
            for tap in used() {
                if let Some(w) = out.weights.get_mut(offset + clamp(tap) - first) {
                    *w += weight(tap) / total;
                }
            }
            out.targets.push(Taps {
                first,
                count: end - first + 1,
                offset,
                nearest: nearest(centre, source_len),
            });
        }
        out
    }

    /// The source pixel whose area holds the centre of target `n`; `None` in the padding.
    pub(crate) fn nearest(&self, n: usize) -> Option<usize> {
        self.targets.get(n).and_then(|t| t.nearest)
    }

    /// Source range and weights of every target.
    fn iter(&self) -> impl Iterator<Item = (usize, &[f64])> {
        self.targets.iter().map(|t| {
            let weights = self.weights.get(t.offset..t.offset + t.count);
            (t.first, weights.unwrap_or(&[]))
        })
    }
}

/// Rounding must not decide whether a centre on the border belongs to the image, or sides would differ.
const BORDER: f64 = 1e-6;

/// Index of the pixel that covers `centre`; both outer borders belong to the image.
fn nearest(centre: f64, source_len: usize) -> Option<usize> {
    let inside = centre >= -0.5 - BORDER && centre <= source_len as f64 - 0.5 + BORDER;
    inside.then(|| ((centre + 0.5) as usize).min(source_len.saturating_sub(1)))
}

/// Resamples `source` with `[rows, columns]` weights: first down the rows, then along the columns.
pub(crate) fn apply(source: ArrayView2<'_, f32>, weights: &[AxisWeights; 2]) -> Array2<f32> {
    let [rows, columns] = weights;
    let width = source.ncols();
    let source = source.as_standard_layout();
    let mut line = vec![0.0_f64; width];
    let mut out = Array2::zeros((rows.targets.len(), columns.targets.len()));
    for ((first, row_weights), mut out_row) in rows.iter().zip(out.rows_mut()) {
        line.fill(0.0);
        for (source_row, &w) in source.rows().into_iter().skip(first).zip(row_weights) {
            for (sum, &value) in line.iter_mut().zip(source_row) {
                *sum += w * f64::from(value);
            }
        }
        for ((first, column_weights), pixel) in columns.iter().zip(out_row.iter_mut()) {
            let values = line.iter().skip(first);
            let sum: f64 = values.zip(column_weights).map(|(v, w)| v * w).sum();
            *pixel = sum as f32;
        }
    }
    out
}
