//! The part of a slice around its structure.

use std::ops::Range;

use ndarray::{s, Array2};

use crate::page::SliceView;

/// Margin on each side, in parts of the structure's larger extent.
const MARGIN: f64 = 0.15;
/// Smallest margin in pixels.
const MIN_MARGIN: f64 = 3.0;

/// Rows and columns to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Crop {
    pub(crate) rows: Range<usize>,
    pub(crate) columns: Range<usize>,
}

impl Crop {
    /// Around everything that any rater drew, with a margin, as square (in millimetres) as the slice allows; the whole slice when
    /// nothing was drawn.
    pub(crate) fn of(view: &SliceView) -> Self {
        let (height, width) = view.variance.dim();
        let Some((rows, columns)) = bounds(view) else {
            return Self {
                rows: 0..height,
                columns: 0..width,
            };
        };
        let [row_mm, column_mm] = view.pixel_mm;
        let extent_mm = (rows.len() as f64 * row_mm).max(columns.len() as f64 * column_mm);
        let margin_mm = (extent_mm * MARGIN).max(MIN_MARGIN * row_mm.max(column_mm));
        let side_mm = extent_mm + 2.0 * margin_mm;
        Self {
            rows: widened(&rows, (side_mm / row_mm).ceil() as usize, height),
            columns: widened(&columns, (side_mm / column_mm).ceil() as usize, width),
        }
    }

    /// That part of an array.
    pub(crate) fn cut<T: Clone>(&self, array: &Array2<T>) -> Array2<T> {
        let part = array.slice(s![self.rows.clone(), self.columns.clone()]);
        part.to_owned()
    }
}

fn bounds(view: &SliceView) -> Option<(Range<usize>, Range<usize>)> {
    let drawn = || {
        let masks = view.drawings.iter().map(|d| &d.mask);
        masks.flat_map(|m| m.indexed_iter().filter(|(_, set)| **set).map(|(at, _)| at))
    };
    let rows = drawn().map(|(row, _)| row);
    let columns = drawn().map(|(_, column)| column);
    Some((span(rows)?, span(columns)?))
}

fn span(values: impl Iterator<Item = usize> + Clone) -> Option<Range<usize>> {
    Some(values.clone().min()?..values.max()? + 1)
}

/// A range of `length` around the middle of `range`, moved into and cut to `0..size`.
fn widened(range: &Range<usize>, length: usize, size: usize) -> Range<usize> {
    let length = length.max(range.len()).min(size);
    let before = (length - range.len()) / 2;
    let start = range.start.saturating_sub(before).min(size - length);
    start..start + length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_grow_around_their_middle_and_stay_inside() {
        assert_eq!(widened(&(4..6), 6, 20), 2..8);
        assert_eq!(widened(&(0..2), 6, 20), 0..6);
        assert_eq!(widened(&(18..20), 6, 20), 14..20);
        assert_eq!(widened(&(3..5), 60, 20), 0..20);
    }
}
