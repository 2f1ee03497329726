//! Joins the images of a study, structure by structure.

use std::collections::BTreeMap;

use super::bootstrap::Resamples;
use super::case::{CaseAgreement, CasePair, CaseStructure};
use super::metric::{Comparison, Metric};
use super::nominal::NominalAgreement;
use super::options::AgreementOptions;
use super::pairs::PairAgreement;
use super::quantity::{QuantityAgreement, QuantityRow};
use super::rater_bias::RaterBias;
use super::report::StructureAgreement;
use super::summary::{Observation, Summary};

/// The images of a study with raters numbered over all of them.
pub(super) struct Pooling<'a> {
    cases: &'a [CaseAgreement],
    raters: Vec<String>,
    /// For each image, the study's number of each of its raters.
    numbers: Vec<Vec<usize>>,
    resamples: Resamples,
}

impl<'a> Pooling<'a> {
    pub(super) fn new(cases: &'a [CaseAgreement], options: &AgreementOptions) -> Self {
        let mut raters: Vec<String> = Vec::new();
        let mut number = |name: &String| {
            raters.iter().position(|r| r == name).unwrap_or_else(|| {
                raters.push(name.clone());
                raters.len() - 1
            })
        };
        let numbers = cases
            .iter()
            .map(|case| case.raters.iter().map(&mut number).collect())
            .collect();
        Self {
            cases,
            numbers,
            raters,
            resamples: Resamples::new(cases.len(), &options.bootstrap),
        }
    }

    /// Names of the raters, in the order in which they first appear.
    pub(super) fn raters(&self) -> &[String] {
        &self.raters
    }

    /// All structures at once.
    pub(super) fn nominal(&self) -> NominalAgreement {
        let nominal: Vec<_> = self.cases.iter().map(|c| &c.nominal).collect();
        NominalAgreement::pool(&nominal, &self.resamples)
    }

    /// Everything about the structure at position `n`.
    pub(super) fn structure(&self, n: usize) -> Option<StructureAgreement> {
        let images: Vec<_> = self
            .cases
            .iter()
            .filter_map(|case| case.structures.get(n))
            .collect();
        let pairs = self.by_pair(&images, |structure| &structure.pairs);
        let repeats = self.by_pair(&images, |structure| &structure.repeats);
        let keys: Vec<_> = pairs.keys().copied().collect();
        let quantity = |rows| QuantityAgreement::new(rows, &self.raters, &keys, &self.resamples);
        let nominal: Vec<_> = images.iter().map(|i| &i.nominal).collect();
        let drawn = |i: &&&CaseStructure| i.volume_ml.iter().any(|&v| v > 0.0);
        let partly = |i: &&&CaseStructure| drawn(i) && i.volume_ml.contains(&0.0);
        let with_structure = images.iter().filter(drawn).count();
        Some(StructureAgreement {
            structure: images.first().map(|i| i.structure)?,
            images: with_structure,
            partly_empty: images.iter().filter(partly).count(),
            empty: images.len() - with_structure,
            nominal: NominalAgreement::pool(&nominal, &self.resamples),
            mean_over_pairs: self.mean_over_pairs(&images),
            pairs: self.pool_pairs(&pairs),
            repeats: self.pool_pairs(&repeats),
            volume_ml: quantity(self.volumes(&images)),
            area_mm2: quantity(self.areas(&images)),
            raters: self.biases(&images),
        })
    }

    /// Comparisons by pair of raters, the lower number first, in the order of images.
    fn by_pair(
        &self,
        images: &[&CaseStructure],
        pairs: fn(&CaseStructure) -> &Vec<CasePair>,
    ) -> BTreeMap<(usize, usize), Vec<(usize, Comparison)>> {
        let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (image, structure) in images.iter().enumerate() {
            for pair in pairs(structure) {
                let number = |rater| self.number(image, rater);
                let (Some(a), Some(b)) = (number(pair.a), number(pair.b)) else {
                    continue;
                };
                let (key, comparison) = if a <= b {
                    ((a, b), pair.comparison)
                } else {
                    ((b, a), pair.comparison.swapped())
                };
                found.entry(key).or_default().push((image, comparison));
            }
        }
        found
    }

    fn pool_pairs(
        &self,
        pairs: &BTreeMap<(usize, usize), Vec<(usize, Comparison)>>,
    ) -> Vec<PairAgreement> {
        let pool = |(&(a, b), comparisons): (&(usize, usize), &Vec<_>)| {
            let (a, b) = (self.raters.get(a)?, self.raters.get(b)?);
            Some(PairAgreement::pool(a, b, comparisons, &self.resamples))
        };
        pairs.iter().filter_map(pool).collect()
    }

    fn mean_over_pairs(&self, images: &[&CaseStructure]) -> BTreeMap<Metric, Summary> {
        let summary = |metric: Metric| {
            let with_pairs = images
                .iter()
                .enumerate()
                .filter(|(_, i)| !i.pairs.is_empty());
            let observations: Vec<_> = with_pairs
                .map(|(image, structure)| Observation {
                    image,
                    value: structure.mean_over_pairs(metric),
                })
                .collect();
            (metric, Summary::of(&observations, &self.resamples))
        };
        Metric::SYMMETRIC.map(summary).into()
    }

    fn volumes(&self, images: &[&CaseStructure]) -> Vec<QuantityRow> {
        let row = |(image, structure): (usize, &&CaseStructure)| {
            self.row(image, None, &structure.volume_ml)
        };
        images.iter().enumerate().map(row).collect()
    }

    fn areas(&self, images: &[&CaseStructure]) -> Vec<QuantityRow> {
        let rows = images.iter().enumerate().flat_map(|(image, structure)| {
            let slices = structure.slices.iter();
            slices.map(move |s| self.row(image, Some(s.slice), &s.area_mm2))
        });
        rows.collect()
    }

    /// Values by the image's raters, put in the order of the study's.
    fn row(&self, image: usize, slice: Option<usize>, by_rater: &[f64]) -> QuantityRow {
        let mut values = vec![None; self.raters.len()];
        for (rater, &value) in by_rater.iter().enumerate() {
            let number = self.number(image, rater);
            if let Some(slot) = number.and_then(|n| values.get_mut(n)) {
                *slot = Some(value);
            }
        }
        QuantityRow {
            image,
            slice,
            values,
        }
    }

    fn biases(&self, images: &[&CaseStructure]) -> Vec<RaterBias> {
        let bias = |(number, name): (usize, &String)| {
            let drawn: Vec<_> = images
                .iter()
                .enumerate()
                .filter_map(|(image, structure)| {
                    let numbers = self.numbers.get(image)?;
                    let rater = numbers.iter().position(|&n| n == number)?;
                    Some((image, rater, *structure))
                })
                .collect();
            RaterBias::pool(name, &drawn, &self.resamples)
        };
        self.raters.iter().enumerate().map(bias).collect()
    }

    fn number(&self, image: usize, rater: usize) -> Option<usize> {
        self.numbers.get(image)?.get(rater).copied()
    }
}
