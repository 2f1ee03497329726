//! Rotation, translation and mirroring of a slice.

use ndarray::{Array2, ArrayView2};

/// Mirroring of the columns, then a rotation about the slice's centre, then a translation; pixels are square.
///
/// ```
/// use ndarray::array;
/// use raterlens_core::augment::SpatialChange;
/// let mirror = SpatialChange { mirrored: true, ..SpatialChange::default() };
/// let slice = array![[1.0_f32, 2.0, 3.0]];
/// assert_eq!(mirror.apply(slice.view(), 0.0), array![[3.0, 2.0, 1.0]]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SpatialChange {
    /// Columns in opposite order.
    pub mirrored: bool,
    /// Rotation about the centre, radians, from the direction of columns towards that of rows.
    pub rotation_rad: f64,
    /// Translation along rows and columns, pixels.
    pub shift_px: [f64; 2],
}

impl SpatialChange {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// The changed slice, linear between pixels; `outside` is the value beyond the borders.
    ///
    /// A mirroring alone moves pixels without resampling them.
    #[must_use]
    pub fn apply(&self, slice: ArrayView2<'_, f32>, outside: f32) -> Array2<f32> {
        let (rows, columns) = slice.dim();
        self.resample(slice, outside, |at| self.source_of(at, [rows, columns]))
    }

    /// Takes a changed slice back: the inverse of [`apply`](Self::apply), but for what left the slice and for the blur of
    /// two resamplings.
    #[must_use]
    pub fn undo(&self, slice: ArrayView2<'_, f32>, outside: f32) -> Array2<f32> {
        let (rows, columns) = slice.dim();
        self.resample(slice, outside, |at| self.target_of(at, [rows, columns]))
    }

    fn resample(
        &self,
        slice: ArrayView2<'_, f32>,
        outside: f32,
        source_of: impl Fn([f64; 2]) -> [f64; 2],
    ) -> Array2<f32> {
        if self.is_nothing() {
            return slice.to_owned();
        }
        Array2::from_shape_fn(slice.dim(), |(row, column)| {
            sample(slice, source_of([row as f64, column as f64]), outside)
        })
    }

    /// Where the pixel at `at` of the changed slice comes from.
    fn source_of(&self, at: [f64; 2], size: [usize; 2]) -> [f64; 2] {
        let centre = size.map(|n| (n as f64 - 1.0) / 2.0);
        let (sin, cos) = self.rotation_rad.sin_cos();
        let y = at[0] - self.shift_px[0] - centre[0];
        let x = at[1] - self.shift_px[1] - centre[1];
        let (y, x) = (-sin * x + cos * y, cos * x + sin * y);
        let x = if self.mirrored { -x } else { x };
        [y + centre[0], x + centre[1]]
    }

    /// Where the pixel at `at` of the original slice goes.
    fn target_of(&self, at: [f64; 2], size: [usize; 2]) -> [f64; 2] {
        let centre = size.map(|n| (n as f64 - 1.0) / 2.0);
        let (sin, cos) = self.rotation_rad.sin_cos();
        let (y, x) = (at[0] - centre[0], at[1] - centre[1]);
        let x = if self.mirrored { -x } else { x };
        let (y, x) = (sin * x + cos * y, cos * x - sin * y);
        [
            y + centre[0] + self.shift_px[0],
            x + centre[1] + self.shift_px[1],
        ]
    }
}

/// The value at a position between pixels.
fn sample(slice: ArrayView2<'_, f32>, at: [f64; 2], outside: f32) -> f32 {
    let [y0, x0] = at.map(f64::floor);
    let (fy, fx) = ((at[0] - y0) as f32, (at[1] - x0) as f32);
    let value = |dy: i64, dx: i64| {
        let (y, x) = (y0 as i64 + dy, x0 as i64 + dx);
        let inside = usize::try_from(y).ok().zip(usize::try_from(x).ok());
        inside.and_then(|at| slice.get(at)).copied()
    };
    let mut sum = 0.0;
    for (dy, wy) in [(0, 1.0 - fy), (1, fy)] {
        for (dx, wx) in [(0, 1.0 - fx), (1, fx)] {
            if wy * wx > 0.0 {
                sum += wy * wx * value(dy, dx).unwrap_or(outside);
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_quarter_turn_by_hand() {
        // Columns turn towards rows: what was at the right end of a row is at the bottom of a column.
        let slice = array![[1.0_f32, 2.0, 3.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]];
        let turn = SpatialChange {
            rotation_rad: std::f64::consts::FRAC_PI_2,
            ..SpatialChange::default()
        };
        let turned = turn.apply(slice.view(), 0.0);
        let expected = array![[0.0, 0.0, 1.0], [0.0, 0.0, 2.0], [0.0, 0.0, 3.0]];
        for (a, b) in turned.iter().zip(&expected) {
            assert!((a - b).abs() < 1e-6, "{turned}");
        }
    }

    #[test]
    fn a_shift_of_half_a_pixel_by_hand() {
        let shift = SpatialChange {
            shift_px: [0.0, 0.5],
            ..SpatialChange::default()
        };
        let moved = shift.apply(array![[2.0_f32, 4.0]].view(), 10.0);
        assert_eq!(moved, array![[6.0, 3.0]]);
    }

    #[test]
    fn undo_is_the_inverse_for_every_point() {
        let change = SpatialChange {
            mirrored: true,
            rotation_rad: 0.7,
            shift_px: [3.0, -5.0],
        };
        for at in [[0.0, 0.0], [10.0, 3.0], [31.0, 40.0]] {
            let there = change.target_of(at, [32, 48]);
            let back = change.source_of(there, [32, 48]);
            assert!((back[0] - at[0]).abs() < 1e-9 && (back[1] - at[1]).abs() < 1e-9);
        }
        // A smooth slice comes back, away from the borders.
        let slice = Array2::from_shape_fn((48, 48), |(y, x)| ((y + 2 * x) as f32 / 20.0).sin());
        let back = change.undo(change.apply(slice.view(), 0.0).view(), 0.0);
        for y in 18..30 {
            for x in 18..30 {
                assert!((back[[y, x]] - slice[[y, x]]).abs() < 0.01);
            }
        }
    }
}
