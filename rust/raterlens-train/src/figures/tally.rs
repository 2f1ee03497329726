//! Counts of one image, added up slice by slice.

use ndarray::{ArrayView2, ArrayView3, Axis};

use crate::data::argmax;

/// Confidence bins of the calibration error.
const BINS: usize = 10;

/// A slice's prediction beside what it is held against; all on one grid.
#[derive(Debug, Clone, Copy)]
pub struct JudgedSlice<'a> {
    /// Predicted probabilities `[structures + 1, H, W]`, background first.
    pub probabilities: ArrayView3<'a, f32>,
    /// Predicted variance `[structures, H, W]`, or none (`[0, H, W]`).
    pub variance: ArrayView3<'a, f32>,
    /// The majority vote as classes, 0 for background.
    pub majority: ArrayView2<'a, u16>,
    /// The raters' mean `[structures + 1, H, W]`.
    pub mean: ArrayView3<'a, f32>,
    /// Reference variance `[structures, H, W]`, or none.
    pub reference: ArrayView3<'a, f32>,
}

/// Counts of one image.
#[derive(Debug, Clone, Default)]
pub struct ImageTally {
    pixels: f64,
    /// Per structure: pixels of both, of the prediction, of the majority vote.
    overlap: Vec<[f64; 3]>,
    /// Per structure: sum of squared errors of the variance map.
    variance: Vec<f64>,
    /// Per structure: sum of squared differences between probability and mean label.
    brier: Vec<f64>,
    /// Per bin of confidence: pixels, sum of confidence, pixels that are right.
    bins: [[f64; 3]; BINS],
}

impl ImageTally {
    /// Nothing counted yet, for so many structures.
    #[must_use]
    pub fn new(structures: usize) -> Self {
        Self {
            overlap: vec![[0.0; 3]; structures],
            variance: vec![0.0; structures],
            brier: vec![0.0; structures],
            ..Self::default()
        }
    }

    /// Adds a slice.
    pub fn add(&mut self, slice: &JudgedSlice<'_>) {
        let predicted = argmax(slice.probabilities);
        self.pixels += predicted.len() as f64;
        for (n, counts) in self.overlap.iter_mut().enumerate() {
            let class = n as u16 + 1;
            for (p, m) in predicted.iter().zip(slice.majority) {
                let (p, m) = (*p == class, *m == class);
                counts[0] += f64::from(u8::from(p && m));
                counts[1] += f64::from(u8::from(p));
                counts[2] += f64::from(u8::from(m));
            }
        }
        let squares = |a: ArrayView3<'_, f32>, b: ArrayView3<'_, f32>, first: usize| {
            let channels = a.axis_iter(Axis(0)).zip(b.axis_iter(Axis(0))).skip(first);
            let one = |(a, b): (ArrayView2<'_, f32>, ArrayView2<'_, f32>)| {
                let pairs = a.into_iter().zip(b);
                pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>()
            };
            channels.map(one).collect::<Vec<_>>()
        };
        let errors = squares(slice.variance, slice.reference, 0);
        self.variance
            .iter_mut()
            .zip(errors)
            .for_each(|(s, e)| *s += e);
        let errors = squares(slice.probabilities, slice.mean, 1);
        self.brier.iter_mut().zip(errors).for_each(|(s, e)| *s += e);
        self.calibrate(slice, &predicted.view());
    }

    fn calibrate(&mut self, slice: &JudgedSlice<'_>, predicted: &ArrayView2<'_, u16>) {
        for ((at, class), truth) in predicted.indexed_iter().zip(slice.majority) {
            let place = (usize::from(*class), at.0, at.1);
            let confidence = slice.probabilities.get(place).copied();
            let confidence = f64::from(confidence.unwrap_or_default());
            let bin = ((confidence * BINS as f64) as usize).min(BINS - 1);
            if let Some(counts) = self.bins.get_mut(bin) {
                counts[0] += 1.0;
                counts[1] += confidence;
                counts[2] += f64::from(u8::from(class == truth));
            }
        }
    }

    /// Dice of structure number `n` against the majority vote: 1 where neither has it.
    #[must_use]
    pub fn dice(&self, n: usize) -> f64 {
        match self.overlap.get(n) {
            Some([both, a, b]) if a + b > 0.0 => 2.0 * both / (a + b),
            _ => 1.0,
        }
    }

    /// Whether neither the prediction nor the majority vote has structure number `n`.
    #[must_use]
    pub fn is_empty(&self, n: usize) -> bool {
        self.overlap.get(n).is_none_or(|[_, a, b]| a + b == 0.0)
    }

    /// Mean squared error of the variance map of structure number `n`.
    #[must_use]
    pub fn variance_mse(&self, n: usize) -> f64 {
        self.variance.get(n).copied().unwrap_or_default() / self.pixels
    }

    /// Brier score of structure number `n`.
    #[must_use]
    pub fn brier(&self, n: usize) -> f64 {
        self.brier.get(n).copied().unwrap_or_default() / self.pixels
    }

    /// Expected calibration error over ten bins of confidence.
    #[must_use]
    pub fn ece(&self) -> f64 {
        let gap = |[_, confidence, right]: &[f64; 3]| (confidence - right).abs();
        self.bins.iter().map(gap).sum::<f64>() / self.pixels
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{array, Array3};

    #[test]
    fn four_pixels_by_hand() {
        // Background and one structure; probabilities of the structure.
        let p = array![[0.9_f32, 0.8], [0.6, 0.2]];
        let probabilities = ndarray::stack(Axis(0), &[(1.0 - &p).view(), p.view()]).unwrap();
        let mean_of_one = array![[1.0_f32, 0.5], [0.0, 0.0]];
        let mean = ndarray::stack(Axis(0), &[(1.0 - &mean_of_one).view(), mean_of_one.view()]);
        let majority = array![[1_u16, 1], [0, 0]];
        let variance = Array3::from_elem((1, 2, 2), 0.1);
        let reference = array![[[0.1_f32, 0.2], [0.1, 0.1]]];
        let mut tally = ImageTally::new(1);
        tally.add(&JudgedSlice {
            probabilities: probabilities.view(),
            variance: variance.view(),
            majority: majority.view(),
            mean: mean.unwrap().view(),
            reference: reference.view(),
        });
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} {b}");
        close(tally.dice(0), 2.0 * 2.0 / (3.0 + 2.0));
        close(tally.variance_mse(0), 0.01 / 4.0);
        close(tally.brier(0), (0.01 + 0.09 + 0.36 + 0.04) / 4.0);
        // Confidence 0.9 right, 0.8 right, 0.6 wrong, 0.8 right (background). Bins: 0.9: 0.1; 0.8: |1.6 - 2|; 0.6: 0.6.
        close(tally.ece(), (0.1 + 0.4 + 0.6) / 4.0);
    }

    #[test]
    fn neither_having_the_structure_is_dice_one() {
        let tally = ImageTally::new(2);
        assert_eq!(tally.dice(1), 1.0);
        assert!(tally.is_empty(1));
    }
}
