//! Images made from the label maps of a study.

use ndarray::{Array2, Axis};
use raterlens_core::random::philox;
use raterlens_core::{CanonicalAxial, Geometry, LabelScheme, Volume};
use raterlens_raters::study::{open_shapes, OpenedCase, StudyCase};
use raterlens_synth::{generate_from_labels, LabelImageOptions, LabelledImage, SynthError};

use super::dataset::{DataSettings, Problem};
use super::prepare::{prepare, PreparedSlice};
use crate::error::TrainError;

const AXIAL: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// Separates the images by which models are judged from those that train them.
const JUDGED: u32 = 0x4a55_4447;
const TRAINED: u32 = 0x5452_4149;

/// One slice of a label map, from which images are made.
#[derive(Debug, Clone, PartialEq)]
pub struct ShapeSlice {
    /// Name of the case it comes from.
    pub case: String,
    /// Slice in canonical order (from the patient's feet).
    pub slice: usize,
    /// Labels: rows to the patient's back, columns to the patient's left.
    pub labels: Array2<u16>,
    /// Mean side of a pixel, mm.
    pub pixel_mm: f64,
}

impl ShapeSlice {
    /// The image of a seed.
    fn image(&self, settings: &DataSettings, seed: u64) -> Result<LabelledImage, SynthError> {
        let options: &LabelImageOptions = &settings.recipe.synth;
        generate_from_labels(
            self.labels.view(),
            self.pixel_mm,
            &settings.scheme,
            options,
            seed,
        )
    }

    /// An image for training, ready for the network: the same for the same seed and place (turn, number of the slice).
    pub(super) fn for_training(
        &self,
        settings: &DataSettings,
        seed: u64,
        place: [u32; 2],
    ) -> Result<PreparedSlice, TrainError> {
        let key = [seed as u32, (seed >> 32) as u32];
        let words = philox([place[0], place[1], TRAINED, 0], key);
        let made = self.image(settings, seed_of(words))?;
        self.prepared(made, settings)
    }

    /// The image by which models are judged: the same in every run.
    pub(crate) fn for_judging(&self, settings: &DataSettings) -> Result<OpenedCase, TrainError> {
        // FNV-1a of the case's name.
        let hash = self.case.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
            (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
        });
        let key = [hash as u32, (hash >> 32) as u32];
        let words = philox([self.slice as u32, 0, JUDGED, 0], key);
        opened(self.image(settings, seed_of(words))?)
    }

    fn prepared(
        &self,
        made: LabelledImage,
        settings: &DataSettings,
    ) -> Result<PreparedSlice, TrainError> {
        let slices = prepare(&self.case, &opened(made)?, settings)?;
        let first = slices.into_iter().next();
        first.ok_or_else(|| TrainError::internal("an image without a slice"))
    }
}

fn seed_of(words: [u32; 4]) -> u64 {
    u64::from(words[0]) << 32 | u64::from(words[1])
}

/// A made image as a case of a study, its raters called "Rater 1", "Rater 2", ...
fn opened(made: LabelledImage) -> Result<OpenedCase, TrainError> {
    let (rows, columns) = made.image.dim();
    let [down, across] = made.pixel_mm;
    let geometry = Geometry::new([columns, rows, 1], [across, down, 1.0], [0.0; 3], AXIAL)
        .map_err(TrainError::internal)?;
    let image = Volume::new(made.image.insert_axis(Axis(0)), geometry);
    let mut drawings = Vec::with_capacity(made.raters.len());
    for (n, labels) in made.raters.into_iter().enumerate() {
        let labels = Volume::new(labels.insert_axis(Axis(0)), geometry);
        let labels = labels.map_err(TrainError::internal)?;
        drawings.push((format!("Rater {}", n + 1), 0, labels));
    }
    Ok(OpenedCase {
        image: image.map_err(TrainError::internal)?,
        drawings,
        warnings: Vec::new(),
    })
}

/// The slices of every drawing of a case that hold a structure, and what a user should know.
pub(super) fn load_shapes(
    case: &StudyCase,
    scheme: &LabelScheme,
) -> Result<(Vec<ShapeSlice>, Vec<String>), Problem> {
    let (drawings, warnings) = open_shapes(case, scheme).map_err(Problem::Files)?;
    let mut slices = Vec::new();
    for (_, _, labels) in &drawings {
        let canonical = CanonicalAxial::for_geometry(labels.geometry());
        let turned = canonical
            .to_canonical(labels)
            .map_err(TrainError::internal)?;
        let [across, down, _] = turned.geometry().spacing_mm;
        for (slice, labels) in turned.data().axis_iter(Axis(0)).enumerate() {
            if labels.iter().any(|l| *l > 0) {
                slices.push(ShapeSlice {
                    case: case.name.clone(),
                    slice,
                    labels: labels.to_owned(),
                    pixel_mm: 0.5 * (across + down),
                });
            }
        }
    }
    Ok((slices, warnings))
}

/// The images by which models are judged: one of each slice of a case that holds a structure, the same whenever it is asked for.
///
/// # Errors
/// Every fault of the case's label maps, or options out of range.
pub fn judged_images(
    case: &StudyCase,
    settings: &DataSettings,
) -> Result<Vec<OpenedCase>, TrainError> {
    let (shapes, _) = load_shapes(case, &settings.scheme).map_err(|problem| match problem {
        Problem::Files(problems) => raterlens_raters::RatersError::Study { problems }.into(),
        Problem::Other(error) => *error,
    })?;
    shapes.iter().map(|s| s.for_judging(settings)).collect()
}
