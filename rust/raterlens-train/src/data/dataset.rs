//! All slices of one part of a study.

use raterlens_core::control::CancelFlag;
use raterlens_core::{CanonicalAxial, LabelScheme};
use raterlens_raters::study::{open_case, Part, StudyCase};
use raterlens_raters::RatersError;
use rayon::prelude::*;

use super::prepare::{prepare, PreparedSlice};
use super::synth::{load_shapes, ShapeSlice};
use crate::error::TrainError;
use crate::ground_truth::GroundTruth;
use crate::recipe::{ImageSource, Recipe};

/// What decides how slices are made.
#[derive(Debug, Clone, PartialEq)]
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
    /// Label maps from which the images of the training part are made; else empty.
    pub shapes: Vec<ShapeSlice>,
    /// How those images are made.
    pub made_as: Option<DataSettings>,
    /// What a user should know, as sentences.
    pub warnings: Vec<String>,
    /// Smallest and largest pixel size of the images, mm.
    pub pixel_mm: [f64; 2],
}

/// Reads, checks and cuts all images of a part, several at a time.
///
/// Where images are made from label maps ([`ImageSource::Synth`]), a part that trains keeps the maps and one that is judged one image
/// of each, which is the same in every run.
///
/// # Errors
/// [`RatersError::Study`] with every fault of every image; a policy or recipe that an image does not allow; no slices; cancelled.
pub fn load_part(
    cases: &[&StudyCase],
    settings: &DataSettings,
    part: Part,
    cancel: &CancelFlag,
) -> Result<Dataset, TrainError> {
    let loaded: Vec<Result<Dataset, Problem>> = cases
        .par_iter()
        .map(|case| match settings.recipe.images {
            ImageSource::Study => load(case, settings, cancel),
            ImageSource::Synth => make(case, settings, part, cancel),
        })
        .collect();
    cancel.check()?;
    let mut data = Dataset {
        slices: Vec::new(),
        shapes: Vec::new(),
        made_as: None,
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
    if data.slices.is_empty() && data.shapes.is_empty() {
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
        self.shapes.extend(other.shapes);
        self.made_as = self.made_as.take().or(other.made_as);
        self.warnings.extend(other.warnings);
        let ([low, high], [other_low, other_high]) = (self.pixel_mm, other.pixel_mm);
        self.pixel_mm = [low.min(other_low), high.max(other_high)];
    }
}

pub(super) enum Problem {
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
        shapes: Vec::new(),
        made_as: None,
        warnings: opened.warnings,
        pixel_mm: [across.min(down), across.max(down)],
    })
}

/// The label maps of a case, or the images by which models are judged.
fn make(
    case: &StudyCase,
    settings: &DataSettings,
    part: Part,
    cancel: &CancelFlag,
) -> Result<Dataset, Problem> {
    cancel.check().map_err(TrainError::from)?;
    let synth = &settings.recipe.synth;
    let (shapes, warnings) = load_shapes(case, &settings.scheme)?;
    let mut data = Dataset {
        slices: Vec::new(),
        shapes: Vec::new(),
        made_as: None,
        warnings,
        pixel_mm: [
            synth.pixel_mm.0,
            synth.pixel_mm.1.max(synth.fov_mm.1 / synth.max_side as f64),
        ],
    };
    if part == Part::Train {
        data.shapes = shapes;
        data.made_as = Some(settings.clone());
        return Ok(data);
    }
    for shape in &shapes {
        let opened = shape.for_judging(settings)?;
        let prepared = prepare(&case.name, &opened, settings)?;
        data.slices
            .extend(prepared.into_iter().map(|p| PreparedSlice {
                slice: shape.slice,
                ..p
            }));
    }
    Ok(data)
}
