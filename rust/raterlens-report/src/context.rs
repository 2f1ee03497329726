//! What all parts of one page share.

use raterlens_core::agreement::{CaseStructure, Metric, StructureAgreement};
use raterlens_core::labels::Structure;

use crate::number;
use crate::page::AgreementPage;
use crate::palette::{css, rater_style, RaterStyle};
use crate::scale::{agreement_domain, distance_domain};

/// The page's data, with scales that are the same for all structures so that their charts can be compared.
#[derive(Debug, Clone)]
pub(crate) struct Context<'a> {
    pub(crate) page: AgreementPage<'a>,
    /// Dice of pairs.
    pub(crate) pair_dice: [f64; 2],
    /// HD95 of pairs.
    pub(crate) pair_hd95_mm: [f64; 2],
    /// Mean Dice of images.
    pub(crate) image_dice: [f64; 2],
}

impl<'a> Context<'a> {
    pub(crate) fn new(page: AgreementPage<'a>) -> Self {
        let of_pairs = |metric: Metric| {
            let pairs = page.report.structures.iter();
            let pairs = pairs.flat_map(|s| s.pairs.iter().chain(&s.repeats));
            pairs.filter_map(move |p| p.metrics.get(&metric)?.mean.value)
        };
        let images = page.cases.iter().flat_map(|c| &c.structures);
        let images = images.filter_map(image_dice);
        Self {
            page,
            pair_dice: agreement_domain(of_pairs(Metric::Dice)),
            pair_hd95_mm: distance_domain(of_pairs(Metric::Hd95Mm)),
            image_dice: agreement_domain(images),
        }
    }

    /// A structure's name and colour.
    pub(crate) fn structure(&self, id: u16) -> Option<&'a Structure> {
        self.page.structures.iter().find(|s| s.id == id)
    }

    /// A structure's name for people.
    pub(crate) fn title(&self, id: u16) -> &'a str {
        self.structure(id).map_or("", |s| s.title.as_str())
    }

    /// A structure's colour in the program.
    pub(crate) fn color(&self, id: u16) -> String {
        css(self.structure(id).map_or([128; 3], |s| s.color))
    }

    /// The style of a rater by name; names that are not in the report come after all others.
    pub(crate) fn rater_style(&self, name: &str) -> RaterStyle {
        let raters = &self.page.report.raters;
        let position = raters.iter().position(|r| r == name);
        rater_style(position.unwrap_or(raters.len()))
    }

    /// The confidence level, for example "95 %".
    pub(crate) fn level(&self) -> String {
        number::level(self.page.report.options.bootstrap.level)
    }

    /// Number of images of the study.
    pub(crate) fn images(&self) -> usize {
        self.page.report.cases.len()
    }

    /// A structure in every image, with the image's name.
    pub(crate) fn in_cases(
        &self,
        structure: &StructureAgreement,
    ) -> impl Iterator<Item = (&'a str, &'a CaseStructure)> {
        let id = structure.structure;
        self.page.cases.iter().filter_map(move |case| {
            let found = case.structures.iter().find(|s| s.structure == id)?;
            Some((case.case.as_str(), found))
        })
    }
}

/// Mean Dice of an image over its pairs; `None` where nobody drew the structure, since agreeing on nothing says little.
pub(crate) fn image_dice(structure: &CaseStructure) -> Option<f64> {
    let was_drawn = structure.volume_ml.iter().any(|&v| v > 0.0);
    structure
        .mean_over_pairs(Metric::Dice)
        .filter(|_| was_drawn)
}
