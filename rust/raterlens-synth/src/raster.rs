//! Filling polygons on a grid.

use ndarray::Array2;

use crate::outline::Point;

/// A grid of square cells over the image plane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid {
    /// Rows and columns.
    pub size: [usize; 2],
    /// Side of a cell, mm.
    pub cell_mm: f64,
    /// Centre of the first cell (x, y), mm.
    pub first_mm: Point,
}

impl Grid {
    /// The same area with cells of half the side.
    pub fn halved(&self) -> Self {
        let cell_mm = self.cell_mm / 2.0;
        Self {
            size: self.size.map(|n| n * 2),
            cell_mm,
            first_mm: self.first_mm.map(|v| v - cell_mm / 2.0),
        }
    }

    /// Centre of a cell, mm.
    pub fn centre(&self, row: usize, column: usize) -> Point {
        [
            self.first_mm[0] + column as f64 * self.cell_mm,
            self.first_mm[1] + row as f64 * self.cell_mm,
        ]
    }
}

/// A map of small numbers (tissues or structures) on a grid.
pub(crate) struct Canvas<T> {
    grid: Grid,
    cells: Array2<T>,
    crossings: Vec<(usize, f64)>,
}

impl<T: Copy + PartialEq> Canvas<T> {
    pub fn new(grid: Grid, value: T) -> Self {
        Self {
            grid,
            cells: Array2::from_elem(grid.size, value),
            crossings: Vec::new(),
        }
    }

    pub fn cells(&self) -> &Array2<T> {
        &self.cells
    }

    pub fn into_cells(self) -> Array2<T> {
        self.cells
    }

    /// Sets every cell to what `value` says for its row and column.
    pub fn paint(&mut self, value: impl Fn(usize, usize) -> T) {
        for ((row, column), cell) in self.cells.indexed_iter_mut() {
            *cell = value(row, column);
        }
    }

    /// Sets every cell whose centre lies inside the closed polygon (even-odd rule).
    pub fn fill(&mut self, polygon: &[Point], value: T) {
        self.fill_where(polygon, value, |_| true);
    }

    /// As `fill`, but only over cells whose present value passes `over`.
    pub fn fill_where(&mut self, polygon: &[Point], value: T, over: impl Fn(T) -> bool) {
        self.find_crossings(polygon);
        let columns = self.grid.size[1];
        for pair in self.crossings.chunks_exact(2) {
            let &[(row, enter), (_, leave)] = pair else {
                continue;
            };
            let (from, to) = (
                first_at_or_after(enter),
                first_at_or_after(leave).min(columns),
            );
            let mut line = self.cells.row_mut(row);
            for cell in line.iter_mut().take(to).skip(from) {
                if over(*cell) {
                    *cell = value;
                }
            }
        }
    }

    /// Where the polygon's edges cross the rows, sorted by row, then column; always an even number per row.
    fn find_crossings(&mut self, polygon: &[Point]) {
        self.crossings.clear();
        let rows = self.grid.size[0];
        let to_cell = |p: &Point| {
            [
                (p[0] - self.grid.first_mm[0]) / self.grid.cell_mm,
                (p[1] - self.grid.first_mm[1]) / self.grid.cell_mm,
            ]
        };
        for (p, q) in polygon.iter().zip(polygon.iter().cycle().skip(1)) {
            let (p, q) = (to_cell(p), to_cell(q));
            let (top, bottom) = if p[1] <= q[1] { (p, q) } else { (q, p) };
            let rows_of_edge = first_at_or_after(top[1])..first_at_or_after(bottom[1]).min(rows);
            for row in rows_of_edge {
                let t = (row as f64 - top[1]) / (bottom[1] - top[1]);
                self.crossings
                    .push((row, top[0] + t * (bottom[0] - top[0])));
            }
        }
        self.crossings
            .sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    }
}

/// The first whole number at or after a position; negative positions give 0.
fn first_at_or_after(position: f64) -> usize {
    position.ceil().max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid {
        size: [4, 6],
        cell_mm: 2.0,
        first_mm: [10.0, 20.0],
    };

    #[test]
    fn a_box_covers_the_centres_inside_it() {
        // Columns 1..=3 (x = 12, 14, 16) and rows 1..=2 (y = 22, 24).
        let polygon = [[11.5, 21.5], [16.5, 21.5], [16.5, 24.5], [11.5, 24.5]];
        let mut canvas = Canvas::new(GRID, 0u16);
        canvas.fill(&polygon, 7);
        for ((row, column), value) in canvas.cells().indexed_iter() {
            let inside = (1..=2).contains(&row) && (1..=3).contains(&column);
            assert_eq!(
                *value,
                if inside { 7 } else { 0 },
                "row {row}, column {column}"
            );
        }
    }

    #[test]
    fn what_leaves_the_grid_is_cut() {
        let mut canvas = Canvas::new(GRID, 0u16);
        canvas.fill(
            &[
                [-100.0, -100.0],
                [100.0, -100.0],
                [100.0, 100.0],
                [-100.0, 100.0],
            ],
            1,
        );
        assert!(canvas.cells().iter().all(|v| *v == 1));
        canvas.fill_where(
            &[
                [-100.0, -100.0],
                [13.0, -100.0],
                [13.0, 100.0],
                [-100.0, 100.0],
            ],
            2,
            |v| v == 0,
        );
        assert!(canvas.cells().iter().all(|v| *v == 1));
    }

    #[test]
    fn a_halved_grid_covers_the_same_area() {
        let fine = GRID.halved();
        let edge = |g: &Grid| g.first_mm.map(|v| v - g.cell_mm / 2.0);
        assert_eq!(edge(&fine), edge(&GRID));
        assert_eq!(
            fine.size[0] as f64 * fine.cell_mm,
            GRID.size[0] as f64 * GRID.cell_mm
        );
    }
}
