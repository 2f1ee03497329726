//! Agreement over a whole study.

use std::collections::{BTreeMap, BTreeSet};

use ndarray::Array2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::case::CaseAgreement;
use super::error::AgreementError;
use super::metric::Metric;
use super::nominal::NominalAgreement;
use super::notes::notes;
use super::options::AgreementOptions;
use super::pairs::PairAgreement;
use super::pooling::Pooling;
use super::quantity::QuantityAgreement;
use super::rater_bias::RaterBias;
use super::summary::Summary;

/// Agreement of all raters over all images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgreementReport {
    /// How it was made.
    pub options: AgreementOptions,
    /// Names of the images; other parts refer to them by position.
    pub cases: Vec<String>,
    /// Names of the raters, in the order in which they first appear; other parts refer to them by position or name.
    pub raters: Vec<String>,
    /// All structures at once: each voxel has one of them, or background.
    pub nominal: NominalAgreement,
    /// Structure by structure, in the order of the options.
    pub structures: Vec<StructureAgreement>,
    /// Labels that belong to no structure and counted as background.
    pub unlisted_labels: Vec<u16>,
    /// What a reader has to know about these images, as sentences.
    pub notes: Vec<String>,
}

/// Agreement about one structure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StructureAgreement {
    /// Label value.
    pub structure: u16,
    /// Images in which at least one rater drew it.
    pub images: usize,
    /// Images in which some raters drew it and others left it empty.
    pub partly_empty: usize,
    /// Images in which nobody drew it.
    pub empty: usize,
    /// Kappa and alpha of this structure against the rest.
    pub nominal: NominalAgreement,
    /// Symmetric metrics: per image the mean over all pairs of raters, then over images.
    pub mean_over_pairs: BTreeMap<Metric, Summary>,
    /// Every pair of raters who drew at least one image together.
    pub pairs: Vec<PairAgreement>,
    /// Every rater who drew an image more than once: agreement with oneself.
    pub repeats: Vec<PairAgreement>,
    /// Volumes, by image, in millilitres.
    pub volume_ml: QuantityAgreement,
    /// Cross-sectional areas, by slice, in square millimetres.
    pub area_mm2: QuantityAgreement,
    /// Bias and spread of each rater.
    pub raters: Vec<RaterBias>,
}

impl StructureAgreement {
    /// The mean of a metric for every two of `raters`, row against column; `None` for raters without a common image
    /// or value. The diagonal is a rater's own agreement with itself.
    ///
    /// Precision is of the row's drawings in the column's; differences are row minus column.
    #[must_use]
    pub fn matrix(&self, metric: Metric, raters: &[String]) -> Array2<Option<f64>> {
        let mean = |pair: &PairAgreement, metric| pair.metrics.get(&metric)?.mean.value;
        Array2::from_shape_fn((raters.len(), raters.len()), |(row, column)| {
            if row == column {
                return Some(metric.of_itself());
            }
            let (row, column) = (raters.get(row)?, raters.get(column)?);
            self.pairs.iter().find_map(|pair| {
                if (&pair.a, &pair.b) == (row, column) {
                    return mean(pair, metric);
                }
                let (other, sign) = metric.exchanged();
                let exchanged = (&pair.b, &pair.a) == (row, column);
                mean(pair, other).filter(|_| exchanged).map(|v| sign * v)
            })
        })
    }
}

impl AgreementReport {
    /// Joins images that were measured with the structures of `options`.
    ///
    /// Raters are the same person when they have the same name, and may be missing on some images. Cost: the number of replicates times the number of
    /// images, for every number in the report; on all threads.
    ///
    /// # Errors
    /// Options that cannot be used, cases of other structures, or two cases of one name.
    pub fn pool(
        cases: &[CaseAgreement],
        options: &AgreementOptions,
    ) -> Result<Self, AgreementError> {
        options.check()?;
        check_cases(cases, options)?;
        let study = Pooling::new(cases, options);
        let structures: Vec<_> = (0..options.structures.len())
            .into_par_iter()
            .filter_map(|n| study.structure(n))
            .collect();
        let unlisted = cases.iter().flat_map(|c| &c.unlisted_labels).copied();
        let unlisted = unlisted.collect::<BTreeSet<u16>>();
        let unlisted_labels: Vec<_> = unlisted.into_iter().collect();
        Ok(Self {
            options: options.clone(),
            cases: cases.iter().map(|c| c.case.clone()).collect(),
            nominal: study.nominal(),
            notes: notes(cases, study.raters().len(), &unlisted_labels),
            raters: study.raters().to_vec(),
            structures,
            unlisted_labels,
        })
    }
}

fn check_cases(cases: &[CaseAgreement], options: &AgreementOptions) -> Result<(), AgreementError> {
    let mut names = BTreeSet::new();
    for case in cases {
        let ids = case.structures.iter().map(|s| s.structure);
        if !ids.eq(options.structures.iter().copied()) {
            let case = case.case.clone();
            return Err(AgreementError::OtherStructures { case });
        }
        if !names.insert(&case.case) {
            let case = case.case.clone();
            return Err(AgreementError::RepeatedCase { case });
        }
    }
    Ok(())
}
