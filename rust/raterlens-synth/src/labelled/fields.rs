//! The structures on the image's grid, with distances to their borders.

use ndarray::{s, Array2};
use raterlens_core::distance::signed_distance_2d;

use super::place::{Frame, LevelChange, Placement};
use super::shape::Shape;

/// Distance kept around the structures, mm.
const MARGIN_MM: f64 = 12.0;
/// Distance of what is nowhere, mm.
const FAR: f32 = -1e3;

/// The structures on the image's grid.
pub(crate) struct Fields {
    /// Rows and columns of the part that holds the structures: first, and one after the last.
    pub rows: [usize; 2],
    pub columns: [usize; 2],
    /// On the part: the position of the structure from 1, 0 outside.
    pub classes: Array2<u16>,
    /// On the part: distance to each structure's border, positive inside, mm.
    pub distance: Vec<Array2<f32>>,
}

impl Fields {
    /// The structures of a shape in an image; none if none of them is in it.
    pub fn new(
        shape: &Shape,
        placement: &Placement,
        change: &LevelChange,
        frame: Frame,
        structures: usize,
    ) -> Option<Self> {
        let side = frame.side;
        let whole = Array2::from_shape_fn((side, side), |(row, column)| {
            let p = placement.at(row as f64, column as f64);
            let found = shape.at(change.to_map(p), change.mirrored());
            found.map_or(0, |n| n as u16 + 1)
        });
        let mut seen: Option<[usize; 4]> = None;
        for ((row, column), class) in whole.indexed_iter() {
            if *class > 0 {
                let b = seen.get_or_insert([row, row, column, column]);
                *b = [
                    b[0].min(row),
                    b[1].max(row),
                    b[2].min(column),
                    b[3].max(column),
                ];
            }
        }
        let [top, bottom, left, right] = seen?;
        let margin = (MARGIN_MM / frame.pixel_mm).ceil() as usize;
        let rows = [top.saturating_sub(margin), (bottom + margin + 1).min(side)];
        let columns = [left.saturating_sub(margin), (right + margin + 1).min(side)];
        let part = whole.slice(s![rows[0]..rows[1], columns[0]..columns[1]]);
        let classes = part.to_owned();
        let half = 0.5 * frame.pixel_mm;
        let distance = (1..=structures as u16)
            .map(|class| {
                let mask = classes.mapv(|c| c == class);
                let d = signed_distance_2d(mask.view(), [frame.pixel_mm; 2]);
                d.mapv(|d| (d - half * d.signum()).clamp(f64::from(FAR), 1e3) as f32)
            })
            .collect();
        Some(Self {
            rows,
            columns,
            classes,
            distance,
        })
    }

    /// Row and column on the part of a pixel of the image, if it lies in it.
    pub fn local(&self, row: usize, column: usize) -> Option<(usize, usize)> {
        let inside = (self.rows[0]..self.rows[1]).contains(&row)
            && (self.columns[0]..self.columns[1]).contains(&column);
        inside.then(|| (row - self.rows[0], column - self.columns[0]))
    }

    /// Distance of a pixel of the part to the border of a structure, mm.
    pub fn of(&self, structure: usize, at: (usize, usize)) -> f32 {
        let field = self.distance.get(structure);
        field.and_then(|f| f.get(at)).copied().unwrap_or(FAR)
    }
}
