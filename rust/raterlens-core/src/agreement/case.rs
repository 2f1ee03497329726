//! One image, reduced to the numbers that agreement is made of.

use serde::{Deserialize, Serialize};

use super::error::AgreementError;
use super::image_drawings::ImageDrawings;
use super::measured::Measured;
use super::metric::{Comparison, Metric};
use super::nominal::NominalPair;
use super::options::AgreementOptions;

/// What one image contributes; small, and made without the other images. Raters are numbers: positions in `raters`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseAgreement {
    /// Name of the image.
    pub case: String,
    /// The raters who drew it.
    pub raters: Vec<String>,
    /// In the order of the options.
    pub structures: Vec<CaseStructure>,
    /// Labels in the drawings that belong to no structure and counted as background.
    pub unlisted_labels: Vec<u16>,
    pub(super) nominal: NominalPair,
}

/// One structure of one image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseStructure {
    /// Label value.
    pub structure: u16,
    /// By rater.
    pub volume_ml: Vec<f64>,
    /// Slices in which at least one rater drew it, in ascending order.
    pub slices: Vec<CaseSlice>,
    /// Every pair of raters.
    pub pairs: Vec<CasePair>,
    /// Every pair of drawings by the same rater (`a` equals `b`), the earlier first.
    pub repeats: Vec<CasePair>,
    /// By rater: against the majority of the others ("second" in each comparison); `None` without others.
    pub consensus: Vec<Option<Comparison>>,
    pub(super) nominal: NominalPair,
}

/// One structure in one slice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseSlice {
    /// Index along the image's own slice axis (that of the canonical axial orientation).
    pub slice: usize,
    /// By rater.
    pub area_mm2: Vec<f64>,
    /// Mean Dice over the pairs of raters in this slice; `None` for a single rater.
    pub mean_dice: Option<f64>,
}

/// Two drawings of one structure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CasePair {
    /// Rater of the first.
    pub a: usize,
    /// Rater of the second.
    pub b: usize,
    /// The two compared.
    #[serde(flatten)]
    pub comparison: Comparison,
}

impl CaseStructure {
    /// Mean of a metric over the pairs of raters that have a value.
    #[must_use]
    pub fn mean_over_pairs(&self, metric: Metric) -> Option<f64> {
        let values = self.pairs.iter().filter_map(|p| p.comparison.value(metric));
        mean(values)
    }
}

/// Mean; `None` without values.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (n, sum) = values.fold((0_u32, 0.0), |(n, sum), v| (n + 1, sum + v));
    (n > 0).then(|| sum / f64::from(n))
}

impl CaseAgreement {
    /// Measures one image.
    ///
    /// Cost: one pass over all drawings for everything that counts voxels, one per drawing for surfaces, and one more of each for the
    /// consensus of the others; distances by surface. Memory: one label map besides the drawings.
    ///
    /// # Errors
    /// Options without structures or with a tolerance or level that cannot be used.
    pub fn measure(
        set: &ImageDrawings<'_>,
        options: &AgreementOptions,
    ) -> Result<Self, AgreementError> {
        options.check()?;
        let measured = Measured::new(set, options);
        let pairs = measured.comparisons(measured.rater_pairs());
        let repeats = measured.comparisons(measured.repeat_pairs());
        let consensus = measured.against_consensus().map_err(|source| {
            let case = set.case().to_owned();
            AgreementError::Metric { case, source }
        })?;
        let slices = measured.slices();
        let structures = options.structures.iter().enumerate();
        let structures = structures.map(|(n, &structure)| CaseStructure {
            structure,
            volume_ml: measured.volumes_ml(n),
            slices: slices.iter().filter_map(|s| s.structure(n)).collect(),
            pairs: pairs.iter().filter_map(|p| p.structure(n)).collect(),
            repeats: repeats.iter().filter_map(|p| p.structure(n)).collect(),
            consensus: consensus.iter().map(|c| c.get(n).copied()).collect(),
            nominal: measured.nominal(Some(n)),
        });
        Ok(Self {
            case: set.case().to_owned(),
            raters: measured.raters().to_vec(),
            structures: structures.collect(),
            unlisted_labels: measured.unlisted_labels(),
            nominal: measured.nominal(None),
        })
    }
}
