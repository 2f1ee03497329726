//! Takes slices to the size a network works at, and its answers back to the image's own pixels.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::weights::AxisWeights;

/// Pixel aspect ratios are rounded to this, so that the noise of 32-bit headers changes nothing.
const RATIO_STEPS: f64 = 1e5;

/// How a slice of any shape fits the network's input; stored in the model package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResizeRule {
    /// Height and width are scaled independently.
    #[serde(rename = "stretch")]
    Stretch,
    /// The physically shorter side is padded on both ends to a square in millimetres, which is then
    /// scaled. With an input size that is not square, that square is stretched to it.
    #[serde(rename = "pad-to-square")]
    PadToSquare,
}

/// Why a slice cannot be resampled.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ResampleError {
    /// A size is zero.
    #[error("a slice of {native:?} pixels cannot be resampled to {input:?}: every size must be at least 1")]
    EmptySize {
        /// Rows and columns of the image's slice.
        native: [usize; 2],
        /// Rows and columns of the network's input.
        input: [usize; 2],
    },
    /// A pixel size that is not a positive number.
    #[error("the pixel size {pixel_mm:?} mm (rows, columns) must be positive numbers")]
    BadPixelSize {
        /// Distance between rows and between columns.
        pixel_mm: [f64; 2],
    },
    /// An array of another shape than the frame was made for.
    #[error("a slice of {found:?} pixels does not fit this frame, which expects {expected:?}")]
    ShapeMismatch {
        /// Rows and columns expected.
        expected: [usize; 2],
        /// Rows and columns found.
        found: [usize; 2],
    },
}

/// The correspondence between a slice's own pixels (`native`, `[rows, columns]`) and the network's
/// input, computed once and used for every slice and channel.
///
/// Pixel centres are at half-integer positions of the area a slice covers, so the corners of the areas
/// coincide (not those of the centres). Beyond the border the nearest pixel repeats.
///
/// # Filters
/// - [`Self::to_input`], for images: linear; where the slice is made smaller, the triangle is widened by
///   the ratio of sizes, so that every native pixel counts (no aliasing of fat streaks or noise).
/// - [`Self::map_to_input`], for variance maps and soft labels: plain linear (SPEC section 4).
/// - [`Self::labels_to_input`], for labels: nearest.
/// - [`Self::to_native`], for probabilities and maps of the network: plain linear. Weights are not
///   negative and sum to 1, so probabilities stay probabilities.
///
/// Weights and sums are 64-bit and in a fixed order: results do not depend on threads.
///
/// ```
/// use ndarray::array;
/// use raterlens_core::resample::{ResizeRule, SliceFrame};
/// // Two rows, 1 mm apart; four columns, 0.5 mm apart: a square of 2 mm, so nothing is padded.
/// let frame = SliceFrame::new(ResizeRule::PadToSquare, [2, 4], [1.0, 0.5], [2, 2])?;
/// let image = array![[0.0_f32, 2.0, 4.0, 6.0], [8.0, 8.0, 8.0, 8.0]];
/// let small = frame.to_input(image.view())?;
/// // By hand: the triangle around column 0.5, two pixels to each side, weighs columns -1, 0, 1, 2
/// // (the first repeats column 0) with 1, 3, 3, 1 eighths.
/// assert_eq!(small[[0, 0]], (1.0 * 0.0 + 3.0 * 0.0 + 3.0 * 2.0 + 1.0 * 4.0) / 8.0);
/// assert_eq!(frame.to_native(small.view())?.dim(), (2, 4));
/// # Ok::<(), raterlens_core::ResampleError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SliceFrame {
    native: [usize; 2],
    input: [usize; 2],
    image: [AxisWeights; 2],
    linear: [AxisWeights; 2],
    back: [AxisWeights; 2],
}

/// One axis of the correspondence: the input covers `extent` native pixels, starting `pad` before the first.
#[derive(Debug, Clone, Copy)]
struct AxisSpan {
    native: usize,
    input: usize,
    extent: f64,
    pad: f64,
}

impl AxisSpan {
    /// Native position of each input pixel's centre.
    fn native_from_input(&self) -> Vec<f64> {
        let step = self.extent / self.input as f64;
        (0..self.input)
            .map(|n| (n as f64 + 0.5) * step - self.pad - 0.5)
            .collect()
    }

    /// Input position of each native pixel's centre.
    fn input_from_native(&self) -> Vec<f64> {
        let step = self.input as f64 / self.extent;
        (0..self.native)
            .map(|n| (n as f64 + 0.5 + self.pad) * step - 0.5)
            .collect()
    }
}

impl SliceFrame {
    /// The frame for slices of `native` pixels (rows, columns) that are `pixel_mm` apart (rows, columns).
    ///
    /// Of the pixel size only the ratio matters, rounded to 1e-5.
    ///
    /// # Errors
    /// A size of zero, or a pixel size that is not a positive number.
    pub fn new(
        rule: ResizeRule,
        native: [usize; 2],
        pixel_mm: [f64; 2],
        input: [usize; 2],
    ) -> Result<Self, ResampleError> {
        if native.contains(&0) || input.contains(&0) {
            return Err(ResampleError::EmptySize { native, input });
        }
        if !pixel_mm.iter().all(|s| s.is_finite() && *s > 0.0) {
            return Err(ResampleError::BadPixelSize { pixel_mm });
        }
        let extents = covered_pixels(rule, native, pixel_mm);
        let spans: [AxisSpan; 2] = std::array::from_fn(|a| AxisSpan {
            native: native[a],
            input: input[a],
            extent: extents[a],
            pad: 0.5 * (extents[a] - native[a] as f64),
        });
        Ok(Self {
            native,
            input,
            image: spans.map(|s| {
                let reach = (s.extent / s.input as f64).max(1.0);
                AxisWeights::triangle(&s.native_from_input(), s.native, reach)
            }),
            linear: spans.map(|s| AxisWeights::triangle(&s.native_from_input(), s.native, 1.0)),
            back: spans.map(|s| AxisWeights::triangle(&s.input_from_native(), s.input, 1.0)),
        })
    }

    /// Rows and columns of the image's slices.
    #[must_use]
    pub fn native_size(&self) -> [usize; 2] {
        self.native
    }

    /// Rows and columns of the network's input.
    #[must_use]
    pub fn input_size(&self) -> [usize; 2] {
        self.input
    }

    /// An image's slice at the network's size; padding gets the slice's minimum.
    ///
    /// # Errors
    /// A slice of another shape than the frame's.
    pub fn to_input(&self, slice: ArrayView2<'_, f32>) -> Result<Array2<f32>, ResampleError> {
        check_shape(self.native, slice.dim())?;
        let minimum = slice.iter().copied().fold(f32::INFINITY, f32::min);
        let mut out = crate::weights::apply(slice, &self.image);
        self.fill_padding(&mut out, minimum);
        Ok(out)
    }

    /// A variance map or soft label at the network's size; padding gets `pad_value`.
    ///
    /// # Errors
    /// A slice of another shape than the frame's.
    pub fn map_to_input(
        &self,
        slice: ArrayView2<'_, f32>,
        pad_value: f32,
    ) -> Result<Array2<f32>, ResampleError> {
        check_shape(self.native, slice.dim())?;
        let mut out = crate::weights::apply(slice, &self.linear);
        self.fill_padding(&mut out, pad_value);
        Ok(out)
    }

    /// Labels at the network's size, by nearest pixel; padding is background (0).
    ///
    /// # Errors
    /// A slice of another shape than the frame's.
    pub fn labels_to_input(
        &self,
        slice: ArrayView2<'_, u16>,
    ) -> Result<Array2<u16>, ResampleError> {
        check_shape(self.native, slice.dim())?;
        let [rows, columns] = &self.linear;
        let label = |(y, x): (usize, usize)| -> Option<u16> {
            slice.get((rows.nearest(y)?, columns.nearest(x)?)).copied()
        };
        Ok(Array2::from_shape_fn(self.input, |at| {
            label(at).unwrap_or(0)
        }))
    }

    /// A probability or map of the network on the image's own pixels; what lies in the padding is dropped.
    ///
    /// # Errors
    /// An array of another shape than the network's input.
    pub fn to_native(&self, slice: ArrayView2<'_, f32>) -> Result<Array2<f32>, ResampleError> {
        check_shape(self.input, slice.dim())?;
        Ok(crate::weights::apply(slice, &self.back))
    }

    fn fill_padding(&self, out: &mut Array2<f32>, value: f32) {
        let [rows, columns] = &self.linear;
        for (y, mut row) in out.rows_mut().into_iter().enumerate() {
            if rows.nearest(y).is_none() {
                row.fill(value);
                continue;
            }
            for (x, pixel) in row.iter_mut().enumerate() {
                if columns.nearest(x).is_none() {
                    *pixel = value;
                }
            }
        }
    }
}

/// How many native pixels the network's input covers, (rows, columns), padding included.
fn covered_pixels(rule: ResizeRule, native: [usize; 2], pixel_mm: [f64; 2]) -> [f64; 2] {
    let [rows, columns] = native.map(|n| n as f64);
    match rule {
        ResizeRule::Stretch => [rows, columns],
        ResizeRule::PadToSquare => {
            // In units of the row distance.
            let rounded = (pixel_mm[1] / pixel_mm[0] * RATIO_STEPS).round() / RATIO_STEPS;
            let column_width = rounded.max(1.0 / RATIO_STEPS);
            let side = rows.max(columns * column_width);
            // Not side / column_width for the wider axis: that would not give `columns` back exactly.
            if side == rows {
                [rows, rows / column_width]
            } else {
                [side, columns]
            }
        }
    }
}

fn check_shape(expected: [usize; 2], found: (usize, usize)) -> Result<(), ResampleError> {
    let found = [found.0, found.1];
    if found == expected {
        return Ok(());
    }
    Err(ResampleError::ShapeMismatch { expected, found })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{array, Array2};

    fn frame(rule: ResizeRule, native: [usize; 2], mm: [f64; 2], input: [usize; 2]) -> SliceFrame {
        SliceFrame::new(rule, native, mm, input).unwrap()
    }

    #[test]
    fn equal_sizes_change_nothing() {
        let image = Array2::from_shape_fn((5, 7), |(y, x)| (y * 10 + x) as f32);
        let f = frame(ResizeRule::Stretch, [5, 7], [1.0, 1.0], [5, 7]);
        assert_eq!(f.to_input(image.view()).unwrap(), image);
        assert_eq!(f.to_native(image.view()).unwrap(), image);
    }

    #[test]
    fn doubling_by_hand() {
        // Centres of four pixels over two: -0.25, 0.25, 0.75, 1.25; the outer ones repeat the border.
        let f = frame(ResizeRule::Stretch, [1, 2], [1.0, 1.0], [1, 4]);
        let big = f.to_input(array![[0.0_f32, 8.0]].view()).unwrap();
        assert_eq!(big, array![[0.0, 0.25 * 8.0, 0.75 * 8.0, 8.0]]);
        // Back: centres 0.5 and 2.5 of the four.
        let back = f.to_native(big.view()).unwrap();
        assert_eq!(back, array![[(0.0 + 2.0) / 2.0, (6.0 + 8.0) / 2.0]]);
    }

    #[test]
    fn halving_averages_images_but_samples_maps() {
        let line = array![[8.0_f32, 0.0, 0.0, 0.0, 0.0, 0.0]];
        let f = frame(ResizeRule::Stretch, [1, 6], [1.0, 1.0], [1, 3]);
        // Triangle two pixels wide around 0.5: weights 1, 3, 3, 1 eighths of columns -1, 0, 1, 2; -1 repeats 0.
        let image = f.to_input(line.view()).unwrap();
        assert_eq!(image, array![[8.0 * (1.0 + 3.0) / 8.0, 0.0, 0.0]]);
        // Plain linear at 0.5: half of column 0, half of column 1.
        let map = f.map_to_input(line.view(), 0.0).unwrap();
        assert_eq!(map, array![[4.0, 0.0, 0.0]]);
        // At a ratio of 4 they part: plain linear at column 1.5 does not see column 0.
        let line = array![[8.0_f32, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]];
        let f = frame(ResizeRule::Stretch, [1, 8], [1.0, 1.0], [1, 2]);
        assert_eq!(
            f.map_to_input(line.view(), 0.0).unwrap(),
            array![[0.0, 0.0]]
        );
        // Taps -2..=5 with weights 1, 3, 5, 7, 7, 5, 3, 1 of 32: columns -2, -1 and 0 are column 0.
        let weight = (1.0 + 3.0 + 5.0) / 32.0;
        assert_eq!(
            f.to_input(line.view()).unwrap(),
            array![[8.0 * weight, 0.0]]
        );
    }

    #[test]
    fn padding_is_symmetric_and_square_in_millimetres() {
        // Two rows of 1 mm, four columns of 1 mm: 1 mm of padding above and below.
        let image = array![[5.0_f32, 6.0, 7.0, 8.0], [5.0, 6.0, 7.0, 8.0]];
        let f = frame(ResizeRule::PadToSquare, [2, 4], [1.0, 1.0], [4, 4]);
        let row = [5.0, 6.0, 7.0, 8.0];
        assert_eq!(
            f.to_input(image.view()).unwrap(),
            array![[5.0, 5.0, 5.0, 5.0], row, row, [5.0, 5.0, 5.0, 5.0]]
        );
        let padded = f.map_to_input(image.view(), -1.0).unwrap();
        assert_eq!(padded.row(0).to_vec(), [-1.0; 4]);
        assert_eq!(f.to_native(padded.view()).unwrap(), image);
        // Rows of 2 mm: already square, and scaled from 2 rows to 4.
        let f = frame(ResizeRule::PadToSquare, [2, 4], [2.0, 1.0], [4, 4]);
        assert_eq!(
            f.map_to_input(image.view(), -1.0).unwrap().row(0).to_vec(),
            row
        );
        // Columns of 0.25 mm: 1 mm wide, 2 mm high: padded left and right.
        let f = frame(ResizeRule::PadToSquare, [2, 4], [1.0, 0.25], [4, 4]);
        let padded = f.map_to_input(image.view(), -1.0).unwrap();
        assert_eq!(padded.column(0).to_vec(), [-1.0; 4]);
        assert_eq!(padded.column(3).to_vec(), [-1.0; 4]);
        assert_eq!(padded.row(0).to_vec(), [-1.0, 5.5, 7.5, -1.0]);
    }

    #[test]
    fn header_noise_changes_no_bit() {
        let image = Array2::from_shape_fn((11, 9), |(y, x)| (y * x) as f32);
        let run = |mm: [f64; 2]| {
            let f = frame(ResizeRule::PadToSquare, [11, 9], mm, [16, 16]);
            f.to_input(image.view()).unwrap()
        };
        assert_eq!(run([0.7, 0.7]), run([f64::from(0.7_f32), 0.699_999_9]));
        assert_eq!(run([0.7, 0.7]), run([1.4, 1.4]));
        assert_ne!(run([0.7, 0.7]), run([0.7, 0.71]));
    }

    #[test]
    fn labels_take_the_nearest_pixel_and_background_as_padding() {
        let labels = array![[1_u16, 2], [3, 4]];
        let f = frame(ResizeRule::PadToSquare, [2, 2], [1.0, 0.5], [4, 4]);
        let expected = array![[0, 1, 2, 0], [0, 1, 2, 0], [0, 3, 4, 0], [0, 3, 4, 0]];
        assert_eq!(f.labels_to_input(labels.view()).unwrap(), expected);
    }

    #[test]
    fn mirrored_slices_give_mirrored_results() {
        let image = Array2::from_shape_fn((31, 23), |(y, x)| ((y * 37 + x * 101) % 53) as f32);
        let f = frame(ResizeRule::PadToSquare, [31, 23], [0.5, 0.6], [17, 17]);
        let mirror = |a: &Array2<f32>| a.slice(ndarray::s![.., ..;-1]).to_owned();
        let direct = mirror(&f.to_input(image.view()).unwrap());
        let mirrored = f.to_input(mirror(&image).view()).unwrap();
        for (a, b) in direct.iter().zip(&mirrored) {
            assert!((a - b).abs() < 1e-4, "{a} {b}"); // sums run in the other order
        }
    }

    #[test]
    fn probabilities_stay_probabilities() {
        let f = frame(ResizeRule::PadToSquare, [37, 53], [0.8, 0.7], [16, 16]);
        let first = Array2::from_shape_fn((16, 16), |(y, x)| ((y * 5 + x * 3) % 11) as f32 / 10.0);
        let second = first.mapv(|p| 1.0 - p);
        let (a, b) = (
            f.to_native(first.view()).unwrap(),
            f.to_native(second.view()).unwrap(),
        );
        for (a, b) in a.iter().zip(&b) {
            assert!((0.0..=1.0).contains(a) && (a + b - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn one_pixel_fills_any_size() {
        let f = frame(ResizeRule::Stretch, [1, 1], [1.0, 1.0], [3, 2]);
        let out = f.to_input(array![[4.0_f32]].view()).unwrap();
        assert_eq!(out, Array2::from_elem((3, 2), 4.0));
        assert_eq!(f.to_native(out.view()).unwrap(), array![[4.0]]);
    }

    #[test]
    fn damaged_requests_are_refused() {
        let new = |native, mm| SliceFrame::new(ResizeRule::PadToSquare, native, mm, [4, 4]);
        assert!(matches!(
            new([0, 2], [1.0; 2]),
            Err(ResampleError::EmptySize { .. })
        ));
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let refused = new([2, 2], [1.0, bad]);
            assert!(matches!(refused, Err(ResampleError::BadPixelSize { .. })));
        }
        let f = new([2, 2], [1.0; 2]).unwrap();
        let wrong = Array2::<f32>::zeros((3, 2));
        assert!(f.to_input(wrong.view()).is_err());
        assert!(f.map_to_input(wrong.view(), 0.0).is_err());
        assert!(f.to_native(wrong.view()).is_err());
    }
}
