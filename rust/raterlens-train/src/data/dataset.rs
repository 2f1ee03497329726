//! All slices of one part of a study.

use raterlens_core::control::CancelFlag;
use raterlens_core::{CanonicalAxial, LabelScheme};
use raterlens_raters::study::{open_case, StudyCase};
use raterlens_raters::RatersError;
use rayon::prelude::*;

use super::prepare::{prepare, PreparedSlice};
use crate::error::TrainError;
use crate::ground_truth::GroundTruth;
use crate::recipe::Recipe;

/// What decides how slices are made.
#[derive(Debug, Clone)]
pub struct DataSettings {
    /// Sizes, normalisation, variance maps.
    pub recipe: Recipe,
    /// What is right.
    pub truth: GroundTruth,
    /// The structures.
    pub scheme: LabelScheme,
}

/// Slices in memory, in the order of the study.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// The slices.
    pub slices: Vec<PreparedSlice>,
    /// What a user should know, as sentences.
    pub warnings: Vec<String>,
    /// Smallest and largest pixel size of the images, mm.
    pub pixel_mm: [f64; 2],
}

/// Reads, checks and cuts all images of a part, several at a time.
///
/// # Errors
/// [`RatersError::Study`] with every fault of every image; a policy or recipe that an image does not allow; no slices; cancelled.
pub fn load_part(
    cases: &[&StudyCase],
    settings: &DataSettings,
    cancel: &CancelFlag,
) -> Result<Dataset, TrainError> {
    let loaded: Vec<Result<Dataset, Problem>> = cases
        .par_iter()
        .map(|case| load(case, settings, cancel))
        .collect();
    cancel.check()?;
    let mut data = Dataset {
        slices: Vec::new(),
        warnings: Vec::new(),
        pixel_mm: [f64::INFINITY, 0.0],
    };
    let mut problems = Vec::new();
    for result in loaded {
        match result {
            Ok(one) => data.join(one),
            Err(Problem::Files(found)) => problems.extend(found),
            Err(Problem::Other(error)) => return Err(*error),
        }
    }
    if !problems.is_empty() {
        return Err(RatersError::Study { problems }.into());
    }
    if data.slices.is_empty() {
        return Err(TrainError::Recipe(format!(
            "no image of a part was drawn by what the ground truth '{}' asks for",
            settings.truth
        )));
    }
    Ok(data)
}

impl Dataset {
    fn join(&mut self, other: Self) {
        self.slices.extend(other.slices);
        self.warnings.extend(other.warnings);
        let ([low, high], [other_low, other_high]) = (self.pixel_mm, other.pixel_mm);
        self.pixel_mm = [low.min(other_low), high.max(other_high)];
    }
}

enum Problem {
    Files(Vec<String>),
    Other(Box<TrainError>),
}

impl From<TrainError> for Problem {
    fn from(error: TrainError) -> Self {
        Self::Other(Box::new(error))
    }
}

fn load(
    case: &StudyCase,
    settings: &DataSettings,
    cancel: &CancelFlag,
) -> Result<Dataset, Problem> {
    cancel.check().map_err(TrainError::from)?;
    let opened = open_case(case, &settings.scheme).map_err(Problem::Files)?;
    let slices = prepare(&case.name, &opened, settings)?;
    let canonical = CanonicalAxial::for_geometry(opened.image.geometry());
    let [across, down, _] = canonical.output_geometry().spacing_mm;
    Ok(Dataset {
        slices,
        warnings: opened.warnings,
        pixel_mm: [across.min(down), across.max(down)],
    })
}
