//! Slices to look at: raters, consensus, predictions, variance and entropies (figures 3.4, 3.5, and a qualitative page).

use ndarray::{s, Array2, Axis};
use raterlens_core::fusion::{vote, Classes, Rater, RaterSet, TiePolicy};
use raterlens_core::variability::{gt_entropy, variance_maps};
use raterlens_core::{CanonicalAxial, LabelMap, LabelScheme, Volume};
use raterlens_engine::{Control, SegmentRequest, SegmentResult, Segmenter};
use raterlens_raters::study::{open_case, StudyCase};
use raterlens_raters::RatersError;
use raterlens_report::plots::{Figure, MapPanel, Panels};

use super::error::WholeError;
use crate::error::StudyError;
use crate::study::variance_options;

/// Entropy that is brightest, nats: two labels equally likely.
const TOP_ENTROPY: f64 = std::f64::consts::LN_2;
/// Margin about what the raters drew, in parts of its larger side.
const MARGIN: f64 = 0.25;

/// A model whose predictions are shown.
pub(super) struct Shown<'a> {
    pub name: String,
    pub segmenter: &'a Segmenter,
}

/// The slice of one image that is shown: the raters and then each model.
pub(super) fn figures_of_case(
    case: &StudyCase,
    scheme: &LabelScheme,
    models: &[Shown<'_>],
    request: &SegmentRequest,
    note: &str,
    control: &Control<'_>,
) -> Result<Vec<Figure>, WholeError> {
    let drawn = Drawn::open(case, scheme)?;
    let mut figures = vec![drawn.raters(models.first(), note)?];
    for model in models {
        let result = model.segmenter.segment(&drawn.image, request, control)?;
        figures.push(drawn.prediction(model, &result, note)?);
    }
    Ok(figures)
}

/// An image with its raters, and which part of which slice is shown.
struct Drawn<'a> {
    case: &'a str,
    scheme: &'a LabelScheme,
    image: Volume<f32>,
    raters: Vec<(String, LabelMap)>,
    majority: LabelMap,
    entropy: Volume<f32>,
    view: View,
}

/// Which part of which slice is shown, in the axial orientation of the page.
struct View {
    canonical: CanonicalAxial,
    k: usize,
    rows: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
}

impl View {
    fn of<T: Clone>(&self, volume: &Volume<T>) -> Result<Array2<T>, WholeError> {
        let turned = self
            .canonical
            .to_canonical(volume)
            .map_err(WholeError::internal)?;
        let slice = turned.data().index_axis(Axis(0), self.k);
        Ok(slice
            .slice(s![self.rows.clone(), self.columns.clone()])
            .to_owned())
    }
}

impl<'a> Drawn<'a> {
    fn open(case: &'a StudyCase, scheme: &'a LabelScheme) -> Result<Self, WholeError> {
        let opened = open_case(case, scheme).map_err(|problems| StudyError::Images { problems })?;
        let first = opened
            .drawings
            .into_iter()
            .filter(|(_, repeat, _)| *repeat == 0);
        let raters: Vec<(String, LabelMap)> = first.map(|(name, _, map)| (name, map)).collect();
        let named = raters.iter().map(|(name, map)| Rater::new(name, map));
        let set = RaterSet::new(named.collect()).map_err(RatersError::from)?;
        let majority = vote(&set, &TiePolicy::Background).map_err(RatersError::from)?;
        let entropy = gt_entropy(&set, &Classes::found_in(&set)).map_err(WholeError::internal)?;
        let view = view(&opened.image, &raters, &entropy)?;
        Ok(Self {
            case: &case.name,
            scheme,
            image: opened.image,
            raters,
            majority,
            entropy,
            view,
        })
    }

    /// A mask for each structure of a label map.
    fn masks(&self, labels: &LabelMap) -> Result<Vec<Array2<bool>>, WholeError> {
        let slice = self.view.of(labels)?;
        let ids = self.scheme.structures.iter().map(|s| s.id);
        Ok(ids.map(|id| slice.mapv(|l| l == id)).collect())
    }

    fn note(&self, note: &str) -> String {
        format!(
            "{}, slice {} from the feet. Entropies from 0 (dark) to {TOP_ENTROPY:.2} nat (bright), variances from 0 to 0.25, the largest of all structures. {note}",
            self.case,
            self.view.k + 1
        )
    }

    fn raters(&self, model: Option<&Shown<'_>>, note: &str) -> Result<Figure, WholeError> {
        let mut outlines = Vec::new();
        for (name, labels) in &self.raters {
            outlines.push((name.clone(), self.masks(labels)?));
        }
        let mut maps = vec![entropy_panel(
            "Entropy of the raters",
            self.view.of(&self.entropy)?,
        )];
        if let Some(model) = model {
            let reference = self.reference(model.segmenter)?;
            maps.push(MapPanel::variance("Variance of the raters", reference));
        }
        self.figure("raters", outlines, maps, note)
    }

    /// The raters' variance, the largest of all structures.
    fn reference(&self, segmenter: &Segmenter) -> Result<Array2<f32>, WholeError> {
        let labels: Vec<LabelMap> = self.raters.iter().map(|(_, map)| map.clone()).collect();
        let maps = variance_maps(&labels, self.scheme, &variance_options(segmenter));
        self.largest(&maps.map_err(WholeError::internal)?)
    }

    fn largest(&self, maps: &[Volume<f32>]) -> Result<Array2<f32>, WholeError> {
        let mut largest = Array2::zeros((self.view.rows.len(), self.view.columns.len()));
        for map in maps {
            let slice = self.view.of(map)?;
            largest.zip_mut_with(&slice, |a, b| *a = f32::max(*a, *b));
        }
        Ok(largest)
    }

    fn prediction(
        &self,
        model: &Shown<'_>,
        result: &SegmentResult,
        note: &str,
    ) -> Result<Figure, WholeError> {
        let outlines = vec![
            ("majority vote".to_owned(), self.masks(&self.majority)?),
            ("prediction".to_owned(), self.masks(&result.labels)?),
        ];
        let mut maps = Vec::new();
        if result.variance.is_empty() {
            let plain = self.prediction_entropy(&result.probabilities)?;
            maps.push(entropy_panel("Prediction entropy", plain));
        } else {
            let predicted = self.largest(&result.variance)?;
            let error = (&predicted - &self.reference(model.segmenter)?).mapv(f32::abs);
            maps.push(MapPanel::variance("Predicted variance", predicted));
            maps.push(MapPanel::variance("Its error", error));
        }
        for layers in &result.uncertainty {
            let title = match layers.source.kind() {
                "epistemic" => "Epistemic entropy",
                _ => "Aleatoric entropy",
            };
            maps.push(entropy_panel(
                title,
                self.view.of(&layers.predictive_entropy)?,
            ));
        }
        if let Some(own) = &result.evidential {
            maps.push(MapPanel {
                title: "Evidential uncertainty".into(),
                values: self.view.of(own)?,
                top: 1.0,
            });
        }
        self.figure(&model.name, outlines, maps, note)
    }

    /// Entropy of the probabilities, nats.
    fn prediction_entropy(&self, classes: &[Volume<f32>]) -> Result<Array2<f32>, WholeError> {
        let mut entropy = Array2::zeros((self.view.rows.len(), self.view.columns.len()));
        for class in classes {
            let slice = self.view.of(class)?;
            entropy.zip_mut_with(&slice, |sum: &mut f32, p| {
                if *p > 0.0 {
                    *sum -= p * p.ln();
                }
            });
        }
        Ok(entropy)
    }

    fn figure(
        &self,
        who: &str,
        outlines: Vec<(String, Vec<Array2<bool>>)>,
        maps: Vec<MapPanel>,
        note: &str,
    ) -> Result<Figure, WholeError> {
        let panels = Panels {
            title: format!("{}: {who}", self.case),
            image: self.view.of(&self.image)?,
            outlines,
            maps,
        };
        Ok(Figure {
            plot: panels.draw()?,
            note: format!("{who}. {}", self.note(note)),
        })
    }
}

fn entropy_panel(title: &str, values: Array2<f32>) -> MapPanel {
    MapPanel {
        title: title.into(),
        values,
        top: TOP_ENTROPY,
    }
}

/// The slice on which the raters differ most, cut to what they drew and a margin.
fn view(
    image: &Volume<f32>,
    raters: &[(String, LabelMap)],
    entropy: &Volume<f32>,
) -> Result<View, WholeError> {
    let canonical = CanonicalAxial::for_geometry(image.geometry());
    let turned = canonical
        .to_canonical(entropy)
        .map_err(WholeError::internal)?;
    let sums = turned.data().axis_iter(Axis(0)).map(|slice| slice.sum());
    let best = sums.enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
    let k = best.map_or(0, |(k, _)| k);
    let (_, height, width) = turned.data().dim();
    let mut bounds: Option<[usize; 4]> = None;
    for (_, labels) in raters {
        let turned = canonical
            .to_canonical(labels)
            .map_err(WholeError::internal)?;
        for ((y, x), label) in turned.data().index_axis(Axis(0), k).indexed_iter() {
            if *label > 0 {
                let [top, bottom, left, right] = bounds.unwrap_or([y, y, x, x]);
                bounds = Some([top.min(y), bottom.max(y), left.min(x), right.max(x)]);
            }
        }
    }
    let [top, bottom, left, right] =
        bounds.unwrap_or([0, height.saturating_sub(1), 0, width.saturating_sub(1)]);
    let margin = (MARGIN * (bottom - top).max(right - left) as f64).ceil() as usize;
    Ok(View {
        canonical,
        k,
        rows: top.saturating_sub(margin)..(bottom + margin + 1).min(height),
        columns: left.saturating_sub(margin)..(right + margin + 1).min(width),
    })
}
