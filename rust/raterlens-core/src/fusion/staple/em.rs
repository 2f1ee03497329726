//! The steps of the estimation, on the histogram of patterns.

use super::Iteration;

/// A scale at which products of many small probabilities are brought back into range.
const TINY: f64 = 1e-200;

/// What the raters gave: `rows` has one class per rater for each pattern, `counts` its number of voxels.
#[derive(Debug, Clone)]
pub(super) struct Cells<'a> {
    pub rows: Vec<&'a [u32]>,
    pub counts: Vec<f64>,
    pub raters: usize,
    pub classes: usize,
}

/// What is estimated.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Model {
    /// Prior of each class.
    pub prior: Vec<f64>,
    /// `theta[(rater * classes + given) * classes + truth]`.
    pub theta: Vec<f64>,
    /// Voxels of each true class, as the posterior of the last M step has them.
    pub weights: Vec<f64>,
}

impl Cells<'_> {
    fn with_posterior<'p>(
        &'p self,
        posterior: &'p [f64],
    ) -> impl Iterator<Item = (&'p [u32], f64, &'p [f64])> {
        let values = self.rows.iter().zip(&self.counts);
        values
            .zip(posterior.chunks_exact(self.classes))
            .map(|((row, count), w)| (*row, *count, w))
    }
}

impl Model {
    /// Every rater right with this probability, and wrong labels equally likely.
    pub(super) fn of_performance(cells: &Cells<'_>, prior: Vec<f64>, right: f64) -> Self {
        let wrong = (1.0 - right) / (cells.classes.saturating_sub(1).max(1)) as f64;
        let entry = |n: usize| {
            let (given, truth) = ((n / cells.classes) % cells.classes, n % cells.classes);
            if given == truth {
                right
            } else {
                wrong
            }
        };
        let size = cells.raters * cells.classes * cells.classes;
        Self {
            prior,
            theta: (0..size).map(entry).collect(),
            weights: vec![0.0; cells.classes],
        }
    }

    /// `theta[rater][given]`: one probability per true class.
    pub(super) fn given(&self, rater: usize, given: u32) -> &[f64] {
        let classes = self.prior.len();
        let start = (rater * classes + given as usize) * classes;
        self.theta.get(start..start + classes).unwrap_or(&[])
    }

    /// Largest difference of a probability.
    pub(super) fn largest_change(&self, earlier: &Self) -> f64 {
        let pairs = self.theta.iter().zip(&earlier.theta);
        let priors = self.prior.iter().zip(&earlier.prior);
        pairs
            .chain(priors)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max)
    }
}

/// The mean label as posterior: per pattern, the share of raters who gave each class.
pub(super) fn seed_mean_label(cells: &Cells<'_>) -> Vec<f64> {
    let mut posterior = vec![0.0; cells.rows.len() * cells.classes];
    let shares = posterior.chunks_exact_mut(cells.classes.max(1));
    for (row, share) in cells.rows.iter().zip(shares) {
        mean_label_of(row, share);
    }
    posterior
}

fn mean_label_of(row: &[u32], share: &mut [f64]) {
    share.fill(0.0);
    for &class in row {
        if let Some(value) = share.get_mut(class as usize) {
            *value += 1.0;
        }
    }
    let raters = row.len().max(1) as f64;
    share.iter_mut().for_each(|value| *value /= raters);
}

/// Mean of the posterior over voxels: each class's share.
pub(super) fn mean_posterior(cells: &Cells<'_>, posterior: &[f64]) -> Vec<f64> {
    let mut mean = vec![0.0; cells.classes];
    for (_, count, w) in cells.with_posterior(posterior) {
        for (sum, w) in mean.iter_mut().zip(w) {
            *sum += count * w;
        }
    }
    let voxels: f64 = cells.counts.iter().sum();
    if voxels > 0.0 {
        mean.iter_mut().for_each(|sum| *sum /= voxels);
    }
    mean
}

/// The confusion matrices that fit a posterior best.
///
/// A class that no voxel has keeps its column: nothing is known about it.
pub(super) fn m_step(cells: &Cells<'_>, posterior: &[f64], model: &mut Model) {
    let classes = cells.classes;
    let mut sums = vec![0.0; model.theta.len()];
    let mut weights = vec![0.0; classes];
    for (row, count, w) in cells.with_posterior(posterior) {
        for (weight, w) in weights.iter_mut().zip(w) {
            *weight += count * w;
        }
        for (matrix, &given) in sums.chunks_exact_mut(classes * classes).zip(row) {
            let start = given as usize * classes;
            let line = matrix.get_mut(start..start + classes).unwrap_or(&mut []);
            for (sum, w) in line.iter_mut().zip(w) {
                *sum += count * w;
            }
        }
    }
    for (line, sums) in model
        .theta
        .chunks_exact_mut(classes)
        .zip(sums.chunks_exact(classes))
    {
        for ((theta, sum), weight) in line.iter_mut().zip(sums).zip(&weights) {
            if *weight > 0.0 {
                *theta = sum / weight;
            }
        }
    }
    model.weights = weights;
}

/// The posterior under a model; returns the log-likelihood of what the raters gave.
///
/// A pattern that no class explains (a fixed prior may forbid it) gets the mean label and does not count towards the
/// likelihood.
pub(super) fn e_step(cells: &Cells<'_>, model: &Model, posterior: &mut [f64]) -> f64 {
    let mut log_likelihood = 0.0;
    let patterns = cells.rows.iter().zip(&cells.counts);
    for ((row, count), w) in patterns.zip(posterior.chunks_exact_mut(cells.classes)) {
        match explain(row, model, w) {
            Some(log_probability) => log_likelihood += count * log_probability,
            None => mean_label_of(row, w),
        }
    }
    log_likelihood
}

/// Posterior of one pattern and the logarithm of its probability; `None` when that is 0.
fn explain(row: &[u32], model: &Model, w: &mut [f64]) -> Option<f64> {
    w.copy_from_slice(&model.prior);
    let mut log_scale = 0.0;
    for (rater, &given) in row.iter().enumerate() {
        for (w, theta) in w.iter_mut().zip(model.given(rater, given)) {
            *w *= theta;
        }
        let largest = w.iter().copied().fold(0.0, f64::max);
        if largest > 0.0 && largest < TINY {
            w.iter_mut().for_each(|w| *w /= largest);
            log_scale += largest.ln();
        }
    }
    let total: f64 = w.iter().sum();
    if total <= 0.0 {
        return None;
    }
    w.iter_mut().for_each(|w| *w /= total);
    Some(total.ln() + log_scale)
}

/// Whether the last iteration changed nothing that matters.
pub(super) fn is_converged(trace: &[Iteration], tolerance: f64) -> bool {
    let change = trace.last().and_then(|i| i.largest_change);
    change.is_some_and(|change| change <= tolerance)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two raters, two classes; four voxels: both 1, both 1, only the first 1, both 0.
    fn cells() -> Cells<'static> {
        Cells {
            rows: vec![&[1, 1], &[1, 0], &[0, 0]],
            counts: vec![2.0, 1.0, 1.0],
            raters: 2,
            classes: 2,
        }
    }

    #[test]
    fn one_iteration_by_hand() {
        let cells = cells();
        let mut posterior = seed_mean_label(&cells);
        assert_eq!(posterior, [0.0, 1.0, 0.5, 0.5, 1.0, 0.0]);
        let prior = mean_posterior(&cells, &posterior);
        assert_eq!(prior, [1.5 / 4.0, 2.5 / 4.0]);

        let mut model = Model::of_performance(&cells, prior, 0.9);
        m_step(&cells, &posterior, &mut model);
        assert_eq!(model.weights, [1.5, 2.5]);
        // Rater 1: of the 2.5 true voxels, all 2.5 found; of the 1.5 false ones, 1 left out.
        assert_eq!(model.given(0, 1), [0.5 / 1.5, 2.5 / 2.5]);
        assert_eq!(model.given(0, 0), [1.0 / 1.5, 0.0]);
        // Rater 2: of 2.5, 2 found; of 1.5, all left out.
        assert_eq!(model.given(1, 1), [0.0, 2.0 / 2.5]);
        assert_eq!(model.given(1, 0), [1.5 / 1.5, 0.5 / 2.5]);

        let log_likelihood = e_step(&cells, &model, &mut posterior);
        let (yes, no) = (2.5 / 4.0, 1.5 / 4.0);
        let both = yes * 1.0 * 0.8;
        let split = [no * (0.5 / 1.5) * 1.0, yes * 1.0 * 0.2];
        let none = no * (1.0 / 1.5) * 1.0;
        let sum = split[0] + split[1];
        let expected = [0.0, 1.0, split[0] / sum, split[1] / sum, 1.0, 0.0];
        for (found, expected) in posterior.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15);
        }
        let by_hand = 2.0 * both.ln() + sum.ln() + none.ln();
        assert!((log_likelihood - by_hand).abs() < 1e-14);
    }

    #[test]
    fn a_class_that_nobody_gave_keeps_its_column() {
        let cells = Cells {
            classes: 3,
            ..cells()
        };
        let posterior = seed_mean_label(&cells);
        let mut model = Model::of_performance(&cells, vec![0.5, 0.3, 0.2], 0.9);
        m_step(&cells, &posterior, &mut model);
        let column = |given| model.given(0, given)[2];
        assert_eq!(
            [column(0), column(1), column(2)],
            [(1.0 - 0.9) / 2.0, (1.0 - 0.9) / 2.0, 0.9]
        );
        assert_eq!(model.weights[2], 0.0);
    }

    #[test]
    fn a_thousand_raters_do_not_underflow() {
        // 0.001^1000 is far below the smallest double; both classes are equally likely by symmetry.
        let row: Vec<u32> = (0..1000).map(|r| r % 2).collect();
        let cells = Cells {
            rows: vec![&row],
            counts: vec![1.0],
            raters: 1000,
            classes: 2,
        };
        let model = Model::of_performance(&cells, vec![0.5, 0.5], 0.999);
        let mut posterior = vec![0.0; 2];
        let log_likelihood = e_step(&cells, &model, &mut posterior);
        let expected = 500.0 * (0.999_f64.ln() + (1.0 - 0.999_f64).ln());
        assert!((log_likelihood / expected - 1.0).abs() < 1e-12);
        assert!((posterior[0] - 0.5).abs() < 1e-9);
    }

    #[test]
    fn what_no_class_explains_gets_the_mean_label() {
        let cells = cells();
        let mut model = Model::of_performance(&cells, vec![1.0, 0.0], 0.9);
        m_step(&cells, &[1.0, 0.0, 1.0, 0.0, 1.0, 0.0], &mut model);
        model.theta.iter_mut().for_each(|t| *t = 0.0);
        let mut posterior = vec![0.25; 6];
        assert_eq!(e_step(&cells, &model, &mut posterior), 0.0);
        assert_eq!(posterior, seed_mean_label(&cells));
    }
}
