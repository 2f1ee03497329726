//! Runs the estimation and keeps its results.

use super::decide::most_probable;
use super::em::{self, Cells, Model};
use super::options::{fixed_prior, Prior, Region, StapleOptions, Start};
use super::performance::{performance, RaterPerformance};
use super::Iteration;
use crate::fusion::classes::Classes;
use crate::fusion::error::FusionError;
use crate::fusion::label_value::LabelValue;
use crate::fusion::patterns::Patterns;
use crate::fusion::raters::RaterSet;
use crate::volume::{LabelMap, Volume};

/// The most entries of all confusion matrices together: 128 MiB.
const MAX_THETA: usize = 1 << 24;

/// What STAPLE found. Volumes are made when they are asked for.
#[derive(Debug, Clone)]
pub struct Staple {
    /// Per rater in the order of the set; `None` for raters who were missing. Empty matrices of NaN when no voxel took
    /// part (agreement everywhere, with [`Region::Disagreement`]).
    pub performance: Vec<Option<RaterPerformance>>,
    /// Prior of each label, in the order of [`Staple::labels`], as last used.
    pub prior: Vec<f64>,
    /// One entry per iteration.
    pub trace: Vec<Iteration>,
    /// Whether the tolerance was reached before the iteration cap.
    pub converged: bool,
    patterns: Patterns,
    posterior: Vec<f64>,
}

/// Multi-label STAPLE: posteriors, consensus and a confusion matrix per rater (SPEC section 3; the [module](super)
/// has the formulas and papers).
///
/// # Inputs
/// Labels outside `classes` count as background or are refused, as `classes` says. Missing raters take no part.
///
/// # Result
/// Posteriors add up to 1 over the labels. Of labels that are equally probable (within 1e-9), the consensus takes the
/// lowest. With one rater the result is that rater's map; raters who agree everywhere have performance 1. A label that
/// nobody used has posterior 0 and no sensitivity, unless a fixed prior says otherwise.
///
/// # Errors
/// Options that cannot work, labels that are refused, and more labels than confusion matrices have room for.
///
/// # Cost
/// One pass over the voxels; an iteration costs the number of different patterns times labels times raters, not the
/// number of voxels. Double precision, 64-bit counts.
///
/// # Not done
/// No spatial prior and no Markov random field.
///
/// ```
/// use ndarray::Array3;
/// use raterlens_core::{fusion::{staple, Classes, RaterSet, StapleOptions}, Geometry, Volume};
/// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let grid = Geometry::new([4, 1, 1], [0.5, 0.5, 4.0], [0.0; 3], identity)?;
/// let rater = |labels: [u8; 4]| {
///     Volume::new(Array3::from_shape_vec((1, 1, 4), labels.to_vec()).unwrap(), grid).unwrap()
/// };
/// let maps = [rater([0, 1, 2, 2]), rater([0, 1, 2, 2]), rater([0, 1, 1, 2])];
/// let set = RaterSet::from_volumes(&maps)?;
/// let fused = staple(&set, &Classes::found_in(&set), &StapleOptions::default())?;
/// assert!(fused.converged);
/// assert_eq!(fused.consensus()?.data().as_slice(), Some(&[0, 1, 2, 2][..]));
/// let third = fused.performance[2].as_ref().unwrap();
/// assert!((third.structures[1].sensitivity.unwrap() - 0.5).abs() < 1e-6); // found one of two voxels of label 2
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn staple<T: LabelValue>(
    set: &RaterSet<'_, T>,
    classes: &Classes,
    options: &StapleOptions,
) -> Result<Staple, FusionError> {
    options.check()?;
    staple_of(set, Patterns::of(set, classes)?, options)
}

/// Binary STAPLE of one structure against everything else (Warfield 2004).
///
/// As [`staple()`] with the labels 0 and `label`: `posterior(label)` is the probability of the structure, `consensus` has
/// it where that exceeds 0.5, and each rater has one sensitivity and one specificity.
///
/// # Errors
/// As [`staple()`]; label 0.
pub fn staple_structure<T: LabelValue>(
    set: &RaterSet<'_, T>,
    label: u16,
    options: &StapleOptions,
) -> Result<Staple, FusionError> {
    staple(set, &Classes::one_structure(label)?, options)
}

/// STAPLE of patterns that are already counted.
pub(in crate::fusion) fn staple_of<T: LabelValue>(
    set: &RaterSet<'_, T>,
    patterns: Patterns,
    options: &StapleOptions,
) -> Result<Staple, FusionError> {
    options.check()?;
    let (labels, raters) = (patterns.classes().labels(), patterns.raters());
    let size = labels.len().checked_mul(labels.len());
    if size
        .and_then(|n| n.checked_mul(raters))
        .is_none_or(|n| n > MAX_THETA)
    {
        return Err(FusionError::TooManyClasses {
            raters,
            classes: labels.len(),
        });
    }
    let chosen = region(&patterns, options.region);
    let cells = cells(&patterns, &chosen);
    let estimate = estimate(&cells, labels, options)?;
    let mut present = 0..;
    let performance = set.raters().iter().map(|rater| {
        let number = rater.labels.and_then(|_| present.next())?;
        Some(performance(&estimate.model, labels, number, &rater.id))
    });
    Ok(Staple {
        performance: performance.collect(),
        posterior: spread(&patterns, &chosen, &estimate.posterior),
        prior: estimate.model.prior,
        converged: estimate.converged,
        trace: estimate.trace,
        patterns,
    })
}

/// The patterns that take part, by number.
fn region(patterns: &Patterns, region: Region) -> Vec<usize> {
    let differ = |row: &[u32]| row.windows(2).any(|pair| pair.first() != pair.last());
    let numbered = patterns.iter().enumerate();
    numbered
        .filter(|(_, (row, _))| region == Region::Whole || differ(row))
        .map(|(n, _)| n)
        .collect()
}

fn cells<'a>(patterns: &'a Patterns, chosen: &[usize]) -> Cells<'a> {
    let all: Vec<(&[u32], u64)> = patterns.iter().collect();
    let (rows, counts) = chosen
        .iter()
        .filter_map(|&n| all.get(n))
        .map(|&(row, count)| (row, count as f64))
        .unzip();
    Cells {
        rows,
        counts,
        raters: patterns.raters(),
        classes: patterns.classes().count(),
    }
}

struct Estimate {
    model: Model,
    posterior: Vec<f64>,
    trace: Vec<Iteration>,
    converged: bool,
}

/// Seed, then M and E steps in turn until converged.
fn estimate(
    cells: &Cells<'_>,
    labels: &[u16],
    options: &StapleOptions,
) -> Result<Estimate, FusionError> {
    let mut posterior = em::seed_mean_label(cells);
    let prior = match &options.prior {
        Prior::Fixed(given) => fixed_prior(given, labels)?,
        Prior::MeanLabel | Prior::Estimated => em::mean_posterior(cells, &posterior),
    };
    let right = match options.start {
        Start::Performance(value) => value,
        Start::MeanLabel => 1.0, // all replaced by the first M step, but for labels nobody used
    };
    let mut model = Model::of_performance(cells, prior, right);
    let mut trace = Vec::new();
    if cells.rows.is_empty() {
        let converged = true;
        return Ok(Estimate {
            model,
            posterior,
            trace,
            converged,
        });
    }
    if let Start::Performance(_) = options.start {
        em::e_step(cells, &model, &mut posterior);
    }
    let mut converged = false;
    while !converged && trace.len() < options.max_iterations {
        let earlier = model.clone();
        if options.prior == Prior::Estimated {
            model.prior = em::mean_posterior(cells, &posterior);
        }
        em::m_step(cells, &posterior, &mut model);
        let log_likelihood = em::e_step(cells, &model, &mut posterior);
        trace.push(Iteration {
            log_likelihood,
            largest_change: (!trace.is_empty()).then(|| model.largest_change(&earlier)),
        });
        converged = em::is_converged(&trace, options.tolerance);
    }
    Ok(Estimate {
        model,
        posterior,
        trace,
        converged,
    })
}

/// Posteriors of all patterns: the estimated ones, and certainty where the raters agreed and took no part.
fn spread(patterns: &Patterns, chosen: &[usize], estimated: &[f64]) -> Vec<f64> {
    let classes = patterns.classes().count();
    let mut posterior = vec![0.0; patterns.len() * classes];
    let mut estimated = estimated.chunks_exact(classes);
    let mut chosen = chosen.iter().peekable();
    let slots = posterior.chunks_exact_mut(classes).enumerate();
    for ((n, slot), (row, _)) in slots.zip(patterns.iter()) {
        if chosen.next_if(|&&c| c == n).is_some() {
            if let Some(values) = estimated.next() {
                slot.copy_from_slice(values);
            }
        } else if let Some(agreed) = row.first().and_then(|&c| slot.get_mut(c as usize)) {
            *agreed = 1.0;
        }
    }
    posterior
}

impl Staple {
    /// The labels of the fusion, ascending; background, 0, first.
    #[must_use]
    pub fn labels(&self) -> &[u16] {
        self.patterns.classes().labels()
    }

    /// What the raters gave together.
    #[must_use]
    pub fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    /// Posterior of each pattern, `[pattern, label]`, in double precision: patterns in the order of
    /// [`Patterns::iter`], labels in that of [`Staple::labels`].
    #[must_use]
    pub fn pattern_posteriors(&self) -> &[f64] {
        &self.posterior
    }

    /// The probability of a label at each voxel, 0 to 1, on the raters' grid.
    ///
    /// Computed in double precision and rounded once; [`Staple::posterior_f64`] is not rounded.
    ///
    /// # Errors
    /// A label that took no part.
    pub fn posterior(&self, label: u16) -> Result<Volume<f32>, FusionError> {
        let values = self.values_of(label)?.map(|p| p as f32);
        Ok(self.patterns.paint(&values.collect::<Vec<_>>())?)
    }

    /// As [`Staple::posterior`] in double precision.
    ///
    /// # Errors
    /// A label that took no part.
    pub fn posterior_f64(&self, label: u16) -> Result<Volume<f64>, FusionError> {
        let values: Vec<f64> = self.values_of(label)?.collect();
        Ok(self.patterns.paint(&values)?)
    }

    fn values_of(&self, label: u16) -> Result<impl Iterator<Item = f64> + '_, FusionError> {
        let class = self.patterns.classes().find(label)?;
        let rows = self.posterior.chunks_exact(self.labels().len());
        Ok(rows.map(move |row| row.get(class).copied().unwrap_or(0.0)))
    }

    /// The most probable label at each voxel; the lowest of equally probable ones.
    ///
    /// # Errors
    /// None in practice.
    pub fn consensus(&self) -> Result<LabelMap, FusionError> {
        self.consensus_in::<u16>()
    }

    /// As [`Staple::consensus`] in a type of choice.
    ///
    /// # Errors
    /// A label of the consensus that does not fit the type.
    pub fn consensus_in<T: LabelValue>(&self) -> Result<Volume<T>, FusionError> {
        let classes = self.labels().len() as u32;
        let winner = |n| self.label_of(self.most_probable(n, 0..classes));
        let values: Vec<T> = (0..self.patterns.len())
            .map(winner)
            .map(|label| T::try_from(label).map_err(|_| FusionError::LabelTooWide { label }))
            .collect::<Result<_, _>>()?;
        Ok(self.patterns.paint(&values)?)
    }

    /// The most probable of some classes at pattern `n`; the first of a tie.
    pub(in crate::fusion) fn most_probable(
        &self,
        n: usize,
        classes: impl Iterator<Item = u32>,
    ) -> u32 {
        let count = self.labels().len();
        let row = self.posterior.get(n * count..(n + 1) * count);
        most_probable(row.unwrap_or(&[]), classes)
    }

    /// The label of a class.
    pub(in crate::fusion) fn label_of(&self, class: u32) -> u16 {
        let label = self.labels().get(class as usize);
        label.copied().unwrap_or(0)
    }
}
