//! One image with its drawings, cut into slices for the network.

use half::f16;
use ndarray::{Array2, Array3, Axis};
use raterlens_core::normalise::normalise_slice;
use raterlens_core::{CanonicalAxial, LabelMap, LabelScheme, ResampleError, SliceFrame, Volume};
use raterlens_raters::study::OpenedCase;
use raterlens_raters::Method;

use super::classes::{argmax, probabilities, stored};
use super::dataset::DataSettings;
use super::drawings::{first_drawings, fused, reference_maps};
use crate::error::TrainError;
use crate::ground_truth::GroundTruth;
use crate::recipe::Recipe;

/// One slice, ready for the network except for augmentation.
#[derive(Debug, Clone, PartialEq)]
pub struct PreparedSlice {
    /// Name of the image it comes from.
    pub case: String,
    /// Slice in canonical order (from the patient's feet).
    pub slice: usize,
    /// Resized and normalised, `[H, W]`.
    pub image: Array2<f32>,
    /// What the network may be told to be right, `[structures + 1, H, W]` each: one, or one for each rater.
    pub targets: Vec<Array3<f16>>,
    /// Whose each target is, where they are raters'.
    pub raters: Vec<String>,
    /// Reference variance maps, `[structures, H, W]`; `[0, H, W]` for single-task training.
    pub variance: Array3<f16>,
    /// The majority vote as classes, `[H, W]`: what predictions are held against whatever they were trained with.
    pub majority: Array2<u16>,
    /// The raters' mean, `[structures + 1, H, W]`.
    pub mean: Array3<f16>,
}

/// Cuts an image into slices. No slice comes from an image without the rater that the ground truth names.
///
/// # Errors
/// Fusion or resampling that fails, or a case of one rater in multi-task training, whose variance cannot be learnt.
pub(super) fn prepare(
    name: &str,
    opened: &OpenedCase,
    settings: &DataSettings,
) -> Result<Vec<PreparedSlice>, TrainError> {
    let maps = first_drawings(opened);
    let (scheme, recipe) = (&settings.scheme, &settings.recipe);
    if recipe.multi_task && maps.len() < 2 {
        return Err(TrainError::Recipe(format!(
            "case '{name}' was drawn by one rater, from whom variance cannot be learnt: leave the case out, or train with multi_task=false"
        )));
    }
    let Some((targets, raters)) = targets(&maps, settings)? else {
        return Ok(Vec::new());
    };
    let variance = match recipe.multi_task {
        true => reference_maps(&maps, scheme, &recipe.variance)?,
        false => Vec::new(),
    };
    let canonical = CanonicalAxial::for_geometry(opened.image.geometry());
    let image = turned(&canonical, &opened.image)?;
    let drawn: Vec<LabelMap> = maps.into_iter().map(|(_, map)| map).collect();
    let cut = Cut {
        scheme,
        frame: slice_frame(&image, recipe)?,
        majority: turned(
            &canonical,
            &fused(Method::Majority, &named(&drawn), scheme)?,
        )?,
        drawn: all_turned(&canonical, &drawn)?,
        targets: all_turned(&canonical, &targets)?,
        variance: all_turned(&canonical, &variance)?,
    };
    let one = |k: usize| {
        let mut pixels = cut.frame.to_input(image.data().index_axis(Axis(0), k))?;
        normalise_slice(pixels.view_mut(), recipe.normalisation);
        Ok(PreparedSlice {
            case: name.to_owned(),
            slice: k,
            image: pixels,
            targets: cut.targets(k, &settings.truth)?,
            raters: raters.clone(),
            variance: cut.variance(k)?,
            majority: argmax(cut.classes(&cut.majority, k)?.view()),
            mean: stored(&cut.mean(k)?),
        })
    };
    let slices = 0..image.data().len_of(Axis(0));
    slices
        .map(one)
        .collect::<Resampled<_>>()
        .map_err(TrainError::internal)
}

fn named(maps: &[LabelMap]) -> Vec<(String, LabelMap)> {
    let numbered = maps.iter().enumerate();
    numbered.map(|(n, m)| (n.to_string(), m.clone())).collect()
}

fn turned<T: Clone>(canonical: &CanonicalAxial, v: &Volume<T>) -> Result<Volume<T>, TrainError> {
    canonical.to_canonical(v).map_err(TrainError::internal)
}

fn all_turned<T: Clone>(
    canonical: &CanonicalAxial,
    volumes: &[Volume<T>],
) -> Result<Vec<Volume<T>>, TrainError> {
    volumes.iter().map(|v| turned(canonical, v)).collect()
}

/// How slices of a canonical image become the network's input.
pub(crate) fn slice_frame(image: &Volume<f32>, recipe: &Recipe) -> Result<SliceFrame, TrainError> {
    let [columns, rows, _] = image.geometry().dims;
    let [across, down, _] = image.geometry().spacing_mm;
    let (native, pixel_mm) = ([rows, columns], [down, across]);
    SliceFrame::new(recipe.resize, native, pixel_mm, recipe.input_size)
        .map_err(TrainError::internal)
}

type Targets = Option<(Vec<LabelMap>, Vec<String>)>;

/// The label maps that become targets, and whose they are; none when the rater asked for did not draw this case.
fn targets(maps: &[(String, LabelMap)], settings: &DataSettings) -> Result<Targets, TrainError> {
    let consensus = |method| -> Result<Targets, TrainError> {
        let map = fused(method, maps, &settings.scheme)?;
        Ok(Some((vec![map], Vec::new())))
    };
    match &settings.truth {
        GroundTruth::Majority => consensus(Method::Majority),
        GroundTruth::Staple => consensus(Method::Staple),
        // The mean is made at the network's size.
        GroundTruth::Soft => Ok(Some((Vec::new(), Vec::new()))),
        GroundTruth::RandomSampling => {
            let (names, maps) = maps.iter().cloned().unzip();
            Ok(Some((maps, names)))
        }
        GroundTruth::Rater(name) => {
            let own = maps.iter().find(|(n, _)| n == name);
            Ok(own.map(|(n, m)| (vec![m.clone()], vec![n.clone()])))
        }
    }
}

/// A case in canonical order.
struct Cut<'a> {
    scheme: &'a LabelScheme,
    frame: SliceFrame,
    drawn: Vec<LabelMap>,
    targets: Vec<LabelMap>,
    majority: LabelMap,
    variance: Vec<Volume<f32>>,
}

type Resampled<T> = Result<T, ResampleError>;

impl Cut<'_> {
    fn classes(&self, map: &LabelMap, k: usize) -> Resampled<Array3<f32>> {
        probabilities(map.data().index_axis(Axis(0), k), self.scheme, &self.frame)
    }

    fn targets(&self, k: usize, truth: &GroundTruth) -> Resampled<Vec<Array3<f16>>> {
        if *truth == GroundTruth::Soft {
            return Ok(vec![stored(&self.mean(k)?)]);
        }
        let one = |map| Ok(stored(&self.classes(map, k)?));
        self.targets.iter().map(one).collect()
    }

    fn mean(&self, k: usize) -> Resampled<Array3<f32>> {
        let [height, width] = self.frame.input_size();
        let mut sum = Array3::zeros((self.scheme.len() + 1, height, width));
        for map in &self.drawn {
            sum += &self.classes(map, k)?;
        }
        Ok(sum / self.drawn.len().max(1) as f32)
    }

    fn variance(&self, k: usize) -> Resampled<Array3<f16>> {
        let [height, width] = self.frame.input_size();
        let mut out = Array3::zeros((self.variance.len(), height, width));
        for (map, mut channel) in self.variance.iter().zip(out.axis_iter_mut(Axis(0))) {
            let slice = map.data().index_axis(Axis(0), k);
            channel.assign(&self.frame.map_to_input(slice, 0.0)?);
        }
        Ok(stored(&out))
    }
}
