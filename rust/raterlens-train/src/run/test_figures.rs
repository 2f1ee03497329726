//! A finished model on images it has never seen, through its package and on the images' own grids.

use ndarray::{Array3, Array4, ArrayView3, Axis};
use raterlens_core::control::CancelFlag;
use raterlens_core::normalise::normalise_slice;
use raterlens_core::{CanonicalAxial, LabelMap, LabelScheme, SliceFrame, Volume};
use raterlens_nn::{Device, ModelPackage, Predictor};
use raterlens_raters::study::{open_case, OpenedCase, StudyCase};
use raterlens_raters::{Method, RatersError};
use serde::{Deserialize, Serialize};

use crate::data::{
    first_drawings, fused, judged_images, reference_maps, slice_frame, DataSettings,
};
use crate::error::TrainError;
use crate::figures::{Figures, ImageTally, JudgedSlice};
use crate::ground_truth::GroundTruth;
use crate::recipe::{ImageSource, Recipe};

/// Figures of one image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageResult {
    /// Name of the image.
    pub case: String,
    /// Dice of each structure.
    pub dice: Vec<f64>,
    /// Variance error of each structure.
    pub variance_mse: Option<Vec<f64>>,
    /// Brier score of each structure.
    pub brier: Vec<f64>,
    /// Expected calibration error.
    pub ece: f64,
}

/// Figures on the test part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestFigures {
    /// Over all images.
    pub figures: Figures,
    /// Of each.
    pub images: Vec<ImageResult>,
}

/// Judges a model package on images: each is read, segmented slice by slice, taken back to its own pixels and held against the
/// majority vote of its raters, their mean and their variance maps.
///
/// # Errors
/// Images that cannot be used, all named; a model of other structures; cancelled.
pub fn test_model(
    package: &ModelPackage,
    cases: &[&StudyCase],
    recipe: &Recipe,
    device: &Device,
    cancel: &CancelFlag,
) -> Result<TestFigures, TrainError> {
    let predictor = Predictor::load(package, device)?;
    let scheme = &package.manifest().label_scheme;
    let with_variance = package.manifest().predicts_variance();
    let mut tallies = Vec::new();
    let mut images = Vec::new();
    for case in cases {
        cancel.check()?;
        let mut tally = ImageTally::new(scheme.len());
        for opened in opened_case(case, scheme, recipe)? {
            judge_image(
                &predictor,
                &opened,
                &mut tally,
                scheme,
                recipe,
                with_variance,
            )?;
        }
        let of =
            |f: fn(&ImageTally, usize) -> f64| (0..scheme.len()).map(|n| f(&tally, n)).collect();
        images.push(ImageResult {
            case: case.name.clone(),
            dice: of(ImageTally::dice),
            variance_mse: with_variance.then(|| of(ImageTally::variance_mse)),
            brier: of(ImageTally::brier),
            ece: tally.ece(),
        });
        tallies.push(tally);
    }
    Ok(TestFigures {
        figures: Figures::of(&tallies, scheme, with_variance),
        images,
    })
}

/// The image of a case, or those that are made of its label maps.
fn opened_case(
    case: &StudyCase,
    scheme: &LabelScheme,
    recipe: &Recipe,
) -> Result<Vec<OpenedCase>, TrainError> {
    if recipe.images == ImageSource::Synth {
        let settings = DataSettings {
            recipe: recipe.clone(),
            truth: GroundTruth::Majority,
            scheme: scheme.clone(),
        };
        return judged_images(case, &settings);
    }
    let opened = open_case(case, scheme).map_err(|problems| RatersError::Study { problems })?;
    Ok(vec![opened])
}

fn judge_image(
    predictor: &Predictor,
    opened: &OpenedCase,
    tally: &mut ImageTally,
    scheme: &LabelScheme,
    recipe: &Recipe,
    with_variance: bool,
) -> Result<(), TrainError> {
    let maps = first_drawings(opened);
    let canonical = CanonicalAxial::for_geometry(opened.image.geometry());
    let turn = |map: &LabelMap| canonical.to_canonical(map).map_err(TrainError::internal);
    let image = canonical.to_canonical(&opened.image);
    let image = image.map_err(TrainError::internal)?;
    let majority = turn(&fused(Method::Majority, &maps, scheme)?)?;
    let drawn = maps
        .iter()
        .map(|(_, m)| turn(m))
        .collect::<Result<Vec<_>, _>>()?;
    // One rater has no variance to be held against.
    let reference = match with_variance && maps.len() > 1 {
        true => reference_maps(&maps, scheme, &recipe.variance)?,
        false => Vec::new(),
    };
    let turned = reference.iter().map(|v| canonical.to_canonical(v));
    let reference: Vec<Volume<f32>> = turned
        .collect::<Result<_, _>>()
        .map_err(TrainError::internal)?;
    let frame = slice_frame(&image, recipe)?;
    for k in 0..image.data().len_of(Axis(0)) {
        let mut pixels = frame
            .to_input(image.data().index_axis(Axis(0), k))
            .map_err(TrainError::internal)?;
        normalise_slice(pixels.view_mut(), recipe.normalisation);
        let batch: Array4<f32> = pixels.insert_axis(Axis(0)).insert_axis(Axis(0));
        let prediction = predictor.predict(batch.view())?;
        let probabilities = native(&frame, prediction.probabilities.index_axis(Axis(0), 0))?;
        let variance = native(&frame, prediction.variance.index_axis(Axis(0), 0))?;
        tally.add(&JudgedSlice {
            probabilities: probabilities.view(),
            variance: variance.view(),
            majority: as_classes(&majority, k, scheme).view(),
            mean: mean(&drawn, k, scheme).view(),
            reference: stack(&reference, k)?.view(),
        });
    }
    Ok(())
}

/// Channels at the network's size on the image's own pixels.
fn native(frame: &SliceFrame, channels: ArrayView3<'_, f32>) -> Result<Array3<f32>, TrainError> {
    let [height, width] = frame.native_size();
    let mut out = Array3::zeros((channels.len_of(Axis(0)), height, width));
    for (from, mut to) in channels.axis_iter(Axis(0)).zip(out.axis_iter_mut(Axis(0))) {
        to.assign(&frame.to_native(from).map_err(TrainError::internal)?);
    }
    Ok(out)
}

fn as_classes(map: &LabelMap, k: usize, scheme: &LabelScheme) -> ndarray::Array2<u16> {
    let class = |label: &u16| {
        let at = scheme.structures.iter().position(|s| s.id == *label);
        at.map_or(0, |at| at as u16 + 1)
    };
    map.data().index_axis(Axis(0), k).map(class)
}

fn mean(drawn: &[LabelMap], k: usize, scheme: &LabelScheme) -> Array3<f32> {
    let shape = drawn.first().map_or((0, 0, 0), |m| m.data().dim());
    let mut out = Array3::zeros((scheme.len() + 1, shape.1, shape.2));
    let share = 1.0 / drawn.len().max(1) as f32;
    for map in drawn {
        for ((y, x), class) in as_classes(map, k, scheme).indexed_iter() {
            if let Some(value) = out.get_mut((usize::from(*class), y, x)) {
                *value += share;
            }
        }
    }
    out
}

fn stack(maps: &[Volume<f32>], k: usize) -> Result<Array3<f32>, TrainError> {
    let slices: Vec<_> = maps
        .iter()
        .map(|m| m.data().index_axis(Axis(0), k))
        .collect();
    if slices.is_empty() {
        return Ok(Array3::zeros((0, 0, 0)));
    }
    ndarray::stack(Axis(0), &slices).map_err(TrainError::internal)
}
