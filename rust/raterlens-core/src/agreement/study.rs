//! A study, image by image: only one image's label maps need to be in memory.

use super::case::CaseAgreement;
use super::error::AgreementError;
use super::image_drawings::ImageDrawings;
use super::options::AgreementOptions;
use super::report::AgreementReport;

/// Collects images and reports on all of them.
///
/// ```
/// use ndarray::Array3;
/// use raterlens_core::agreement::{AgreementOptions, Metric, ImageDrawings, Study};
/// use raterlens_core::{Geometry, Volume};
/// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let grid = Geometry::new([4, 1, 1], [0.5, 1.0, 4.0], [0.0; 3], identity)?;
/// let map = |labels: [u16; 4]| Volume::new(Array3::from_shape_vec((1, 1, 4), labels.to_vec()).unwrap(), grid);
/// let mut study = Study::new(AgreementOptions::new(vec![1]))?;
/// for (case, ann, ben) in [("1", [1, 1, 0, 0], [1, 1, 1, 0]), ("2", [0, 1, 1, 0], [0, 1, 1, 0])] {
///     let (ann, ben) = (map(ann)?, map(ben)?);
///     study.add(&ImageDrawings::of_raters(case, [("Ann", &ann), ("Ben", &ben)])?)?;
/// }
/// let report = study.report()?;
/// let dice = report.structures[0].matrix(Metric::Dice, &report.raters);
/// assert_eq!(dice[[0, 1]], Some((2.0 * 2.0 / 5.0 + 1.0) / 2.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Study {
    options: AgreementOptions,
    cases: Vec<CaseAgreement>,
}

impl Study {
    /// An empty study.
    ///
    /// # Errors
    /// Options without structures, or with a tolerance, level or number of replicates that cannot be used.
    pub fn new(options: AgreementOptions) -> Result<Self, AgreementError> {
        options.check()?;
        Ok(Self {
            options,
            cases: Vec::new(),
        })
    }

    /// Measures an image; returns what was found in it.
    ///
    /// # Errors
    /// An image whose name was already added; the study is then unchanged.
    pub fn add(&mut self, set: &ImageDrawings<'_>) -> Result<&CaseAgreement, AgreementError> {
        if self.cases.iter().any(|c| c.case == set.case()) {
            let case = set.case().to_owned();
            return Err(AgreementError::RepeatedCase { case });
        }
        let case = CaseAgreement::measure(set, &self.options)?;
        self.cases.push(case);
        let added = self.cases.last();
        added.ok_or(AgreementError::NoStructures) // never: it was pushed
    }

    /// The images so far, in the order in which they were added.
    #[must_use]
    pub fn cases(&self) -> &[CaseAgreement] {
        &self.cases
    }

    /// Agreement over all images so far.
    ///
    /// # Errors
    /// As [`AgreementReport::pool`].
    pub fn report(&self) -> Result<AgreementReport, AgreementError> {
        AgreementReport::pool(&self.cases, &self.options)
    }
}
