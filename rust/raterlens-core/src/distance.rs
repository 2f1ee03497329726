//! Exact Euclidean distances within a slice and within a volume.
//!
//! Two passes: distances along each row are counted, then the lower envelope of parabolas joins the
//! rows (Felzenszwalb and Huttenlocher 2012, doi:10.4086/toc.2012.v008a019). Cost: linear in the number
//! of pixels.

use ndarray::{Array2, Array3, ArrayView2, ArrayView3, Axis};

/// Squared distance from every pixel to the nearest pixel centre where `mask` is true.
///
/// `mask` is `[rows, columns]`; `spacing` is the distance between (rows, columns), in any unit, and
/// the result is in that unit squared. Pixels of the mask get 0; with an empty mask all get infinity.
///
/// ```
/// use ndarray::array;
/// // Rows are 2 mm apart, columns 1 mm.
/// let mask = array![[true, false, false], [false, false, false]];
/// let squared = raterlens_core::distance::squared_edt_2d(mask.view(), [2.0, 1.0]);
/// assert_eq!(squared, array![[0.0, 1.0, 4.0], [4.0, 4.0 + 1.0, 4.0 + 4.0]]);
/// ```
#[must_use]
pub fn squared_edt_2d(mask: ArrayView2<'_, bool>, spacing: [f64; 2]) -> Array2<f64> {
    let mut squared = squared_along_rows(mask, spacing[1]);
    let mut envelope = Envelope::with_capacity(squared.nrows());
    let mut column_in = vec![0.0; squared.nrows()];
    for mut column in squared.axis_iter_mut(Axis(1)) {
        for (copy, value) in column_in.iter_mut().zip(column.iter()) {
            *copy = *value;
        }
        envelope.build(&column_in, spacing[0] * spacing[0]);
        envelope.sample(column.iter_mut());
    }
    squared
}

/// Squared distance from every voxel to the nearest voxel centre where `mask` is true.
///
/// `mask` is `[slices, rows, columns]`; `spacing` is the distance between them along these axes, otherwise as
/// [`squared_edt_2d`].
///
/// ```
/// use ndarray::{array, Array3};
/// let mut mask = Array3::from_elem((2, 1, 3), false);
/// mask[[0, 0, 0]] = true;
/// // Slices are 4 mm apart, columns 1 mm.
/// let squared = raterlens_core::distance::squared_edt_3d(mask.view(), [4.0, 2.0, 1.0]);
/// assert_eq!(squared, array![[[0.0, 1.0, 4.0]], [[16.0, 16.0 + 1.0, 16.0 + 4.0]]]);
/// ```
#[must_use]
pub fn squared_edt_3d(mask: ArrayView3<'_, bool>, spacing: [f64; 3]) -> Array3<f64> {
    let mut squared = Array3::from_elem(mask.raw_dim(), f64::INFINITY);
    let slices = squared.axis_iter_mut(Axis(0)).zip(mask.axis_iter(Axis(0)));
    for (mut out, slice) in slices {
        out.assign(&squared_edt_2d(slice, [spacing[1], spacing[2]]));
    }
    let mut envelope = Envelope::with_capacity(squared.len_of(Axis(0)));
    let mut line_in = vec![0.0; squared.len_of(Axis(0))];
    for mut line in squared.lanes_mut(Axis(0)) {
        for (copy, value) in line_in.iter_mut().zip(line.iter()) {
            *copy = *value;
        }
        envelope.build(&line_in, spacing[0] * spacing[0]);
        envelope.sample(line.iter_mut());
    }
    squared
}

/// Signed distance of SPEC section 4: inside the mask, plus the distance to the nearest pixel
/// centre outside; outside, minus the distance to the nearest pixel centre inside.
///
/// It jumps from +1 to -1 across an edge of unit pixels. An empty mask gives minus infinity
/// everywhere, a full one plus infinity.
///
/// ```
/// use ndarray::array;
/// let mask = array![[false, true, true, false]];
/// let d = raterlens_core::distance::signed_distance_2d(mask.view(), [1.0, 1.0]);
/// assert_eq!(d, array![[-1.0, 1.0, 1.0, -1.0]]);
/// ```
#[must_use]
pub fn signed_distance_2d(mask: ArrayView2<'_, bool>, spacing: [f64; 2]) -> Array2<f64> {
    let mut signed = squared_edt_2d(mask.map(|inside| !inside).view(), spacing);
    let to_inside = squared_edt_2d(mask, spacing);
    ndarray::Zip::from(&mut signed)
        .and(&to_inside)
        .and(mask)
        .for_each(|value, &outer, &inside| {
            *value = if inside { value.sqrt() } else { -outer.sqrt() };
        });
    signed
}

/// Squared distance to the nearest true pixel of the same row.
fn squared_along_rows(mask: ArrayView2<'_, bool>, spacing: f64) -> Array2<f64> {
    let mut out = Array2::from_elem(mask.raw_dim(), f64::INFINITY);
    for (mut out_row, row) in out.rows_mut().into_iter().zip(mask.rows()) {
        let mut steps = f64::INFINITY;
        for (value, &inside) in out_row.iter_mut().zip(row.iter()) {
            steps = if inside { 0.0 } else { steps + 1.0 };
            *value = steps;
        }
        steps = f64::INFINITY;
        for (value, &inside) in out_row.iter_mut().zip(row.iter()).rev() {
            steps = if inside { 0.0 } else { steps + 1.0 };
            let distance = value.min(steps) * spacing;
            *value = distance * distance;
        }
    }
    out
}

/// One parabola `height + scale * (x - position)^2`, lowest from `from` on.
#[derive(Debug, Clone, Copy)]
struct Parabola {
    position: f64,
    height: f64,
    from: f64,
}

/// Lower envelope of the parabolas over the pixels of one line.
struct Envelope {
    parabolas: Vec<Parabola>,
    scale: f64,
}

impl Envelope {
    fn with_capacity(length: usize) -> Self {
        Self {
            parabolas: Vec::with_capacity(length),
            scale: 1.0,
        }
    }

    fn build(&mut self, heights: &[f64], scale: f64) {
        self.parabolas.clear();
        self.scale = scale;
        for (x, &height) in heights.iter().enumerate() {
            if height.is_finite() {
                self.push(x as f64, height);
            }
        }
    }

    fn push(&mut self, position: f64, height: f64) {
        let mut from = f64::NEG_INFINITY;
        while let Some(last) = self.parabolas.last() {
            let gap = position - last.position;
            let middle = 0.5 * (position + last.position);
            from = middle + (height - last.height) / (2.0 * self.scale * gap);
            if from > last.from {
                break;
            }
            self.parabolas.pop();
            from = f64::NEG_INFINITY;
        }
        self.parabolas.push(Parabola {
            position,
            height,
            from,
        });
    }

    fn sample<'a>(&self, line: impl Iterator<Item = &'a mut f64>) {
        let mut rest = self.parabolas.iter().peekable();
        let Some(mut lowest) = rest.next() else {
            return; // no pixel of the mask in any row of this line: all stay infinite
        };
        for (x, value) in line.enumerate() {
            let x = x as f64;
            while let Some(next) = rest.next_if(|next| next.from <= x) {
                lowest = next;
            }
            let gap = x - lowest.position;
            *value = lowest.height + self.scale * gap * gap;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    /// The definition: look at every pixel of the mask.
    fn by_definition(mask: &Array2<bool>, spacing: [f64; 2]) -> Array2<f64> {
        Array2::from_shape_fn(mask.raw_dim(), |(y, x)| {
            let distance = |(my, mx): (usize, usize)| {
                let dy = (y as f64 - my as f64) * spacing[0];
                let dx = (x as f64 - mx as f64) * spacing[1];
                dy * dy + dx * dx
            };
            let inside = mask.indexed_iter().filter(|(_, &m)| m);
            inside
                .map(|(at, _)| distance(at))
                .fold(f64::INFINITY, f64::min)
        })
    }

    proptest! {
        #[test]
        fn in_space_equals_the_definition(
            dim in [1_usize..6, 1_usize..6, 1_usize..6],
            bits in prop::collection::vec(prop::bool::weighted(0.1), 125),
            spacing in [0.2_f64..4.0, 0.2_f64..4.0, 0.2_f64..4.0],
        ) {
            let count = dim.iter().product();
            let mask = Array3::from_shape_vec(dim, bits[..count].to_vec()).unwrap();
            for (at, value) in squared_edt_3d(mask.view(), spacing).indexed_iter() {
                let at: [usize; 3] = at.into();
                let distance = |to: (usize, usize, usize)| {
                    let to: [usize; 3] = to.into();
                    let along = |n: usize| ((at[n] as f64 - to[n] as f64) * spacing[n]).powi(2);
                    (0..3).map(along).sum::<f64>()
                };
                let inside = mask.indexed_iter().filter(|(_, &m)| m);
                let expected = inside.map(|(to, _)| distance(to)).fold(f64::INFINITY, f64::min);
                prop_assert!(*value == expected || (value - expected).abs() <= 1e-12 * expected);
            }
        }

        #[test]
        fn equals_the_definition(
            rows in 1_usize..14,
            columns in 1_usize..14,
            bits in prop::collection::vec(prop::bool::weighted(0.15), 196),
            spacing in [0.2_f64..4.0, 0.2_f64..4.0],
        ) {
            let mask = Array2::from_shape_vec((rows, columns), bits[..rows * columns].to_vec()).unwrap();
            let expected = by_definition(&mask, spacing);
            for (value, expected) in squared_edt_2d(mask.view(), spacing).iter().zip(&expected) {
                prop_assert!(value == expected || (value - expected).abs() <= 1e-12 * expected);
            }
        }
    }

    #[test]
    fn signed_distance_by_hand_with_anisotropic_pixels() {
        // Rows 2 apart, columns 1 apart; the mask is the middle row's two left pixels.
        let mask = array![
            [false, false, false],
            [true, true, false],
            [false, false, false]
        ];
        let diagonal = (2.0_f64 * 2.0 + 1.0).sqrt();
        let expected = array![
            [-2.0, -2.0, -diagonal],
            [2.0, 1.0, -1.0],
            [-2.0, -2.0, -diagonal]
        ];
        assert_eq!(signed_distance_2d(mask.view(), [2.0, 1.0]), expected);
    }

    #[test]
    fn empty_and_full_masks_are_infinitely_far() {
        let empty = array![[false, false]];
        let full = array![[true, true]];
        let infinite = |sign: f64| Array2::from_elem((1, 2), sign * f64::INFINITY);
        assert_eq!(signed_distance_2d(empty.view(), [1.0; 2]), infinite(-1.0));
        assert_eq!(signed_distance_2d(full.view(), [1.0; 2]), infinite(1.0));
        assert_eq!(
            squared_edt_2d(Array2::from_elem((0, 3), true).view(), [1.0; 2]).len(),
            0
        );
    }

    #[test]
    fn transposed_views_count_alike() {
        let mask = array![[true, false, false, false], [false, false, false, true]];
        let direct = squared_edt_2d(mask.view(), [3.0, 0.5]);
        assert_eq!(squared_edt_2d(mask.t(), [0.5, 3.0]), direct.t());
    }
}
