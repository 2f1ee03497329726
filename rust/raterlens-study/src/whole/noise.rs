//! Noise and bias fields in images whose raters they disturb: does aleatoric uncertainty then follow the raters?
//!
//! The dissertation found hardly any correlation and supposed that its images, denoised before the raters drew them, were too much alike
//! (chapter 4.4, future work). Here every image of a set has its own amount of noise and of bias field, up to the set's level, and raters
//! whose hand is the less sure the more there is.

use std::collections::BTreeMap;

use raterlens_core::agreement::Estimate;
use raterlens_core::random::Stream;
use raterlens_core::Volume;
use raterlens_engine::{Control, SegmentRequest, Segmenter};
use raterlens_report::plots::{Axis, Curves, Figure, Series};
use raterlens_synth::{generate_case, RaterStyle, SynthOptions};
use serde::{Deserialize, Serialize};

use super::error::WholeError;
use super::results::Results;
use super::row::RowKey;
use crate::image::{judge_image, ImageJudgement};
use crate::study::variance_options;
use crate::way::Way;

/// Takes noise out of an image.
pub type Denoise<'a> = &'a (dyn Fn(&Volume<f32>) -> Result<Volume<f32>, String> + Sync);

/// Random numbers of this experiment.
const PURPOSE: u32 = 0x6e6f_6973;

/// The `[plan.noise]` of a study file. Only for models of the four lumbar muscles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NoisePlan {
    /// Images of each set.
    pub cases: u64,
    /// Seed of the first subject: choose one that the study's own images do not have.
    pub seed: u64,
    /// Rows and columns of the images.
    pub size: usize,
    /// Largest standard deviation of the Rician noise in a set, relative to the mean signal of the body.
    pub noise: Vec<f64>,
    /// Largest bias field in a set: (brightest - darkest) / mean.
    pub bias: Vec<f64>,
    /// How much less sure the raters' hands are: standard deviation in mm for each unit of noise.
    pub wobble_mm_of_noise: f64,
    /// The same for each unit of bias field.
    pub wobble_mm_of_bias: f64,
}

impl Default for NoisePlan {
    fn default() -> Self {
        Self {
            cases: 40,
            seed: 900_000,
            size: 256,
            noise: vec![0.02, 0.1, 0.2, 0.3],
            bias: vec![0.0, 0.4, 0.8],
            wobble_mm_of_noise: 6.0,
            wobble_mm_of_bias: 2.0,
        }
    }
}

impl NoisePlan {
    /// Checks every setting.
    pub(super) fn check(&self) -> Result<(), WholeError> {
        let refuse = |text: &str| Err(WholeError::Plan(format!("noise: {text}")));
        if !(3..=10_000).contains(&self.cases) {
            return refuse("use 3 to 10000 cases");
        }
        let within = |values: &[f64], top: f64| values.iter().all(|v| (0.0..=top).contains(v));
        if !within(&self.noise, 0.5) || !within(&self.bias, 0.8) {
            return refuse("use noise from 0 to 0.5 and bias from 0 to 0.8");
        }
        let wobble = [self.wobble_mm_of_noise, self.wobble_mm_of_bias];
        if !within(&wobble, 20.0) {
            return refuse("use 0 to 20 mm of wobble for each unit");
        }
        Ok(())
    }

    /// The sets: noise alone at each level, then bias fields alone.
    fn sets(&self) -> Vec<Set> {
        let set = |what, level| Set { what, level };
        let noise = self.noise.iter().map(|l| set(Disturbance::Noise, *l));
        let bias = self.bias.iter().map(|l| set(Disturbance::Bias, *l));
        noise.chain(bias).collect()
    }
}

/// What disturbs the images of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disturbance {
    /// Rician noise.
    Noise,
    /// A bias field.
    Bias,
}

#[derive(Debug, Clone, Copy)]
struct Set {
    what: Disturbance,
    level: f64,
}

/// What one set gave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NoiseResult {
    /// The model.
    pub key: RowKey,
    /// What disturbs.
    pub what: Disturbance,
    /// The largest level in the set.
    pub level: f64,
    /// Whether the images were denoised before raters and model saw them.
    pub denoised: bool,
    /// Uncertainty.
    pub way: Way,
    /// r over images of its entropy with the raters', with its interval.
    pub r: Estimate,
    /// Mean entropy of the raters, nats.
    pub gt_entropy: f64,
    /// Mean entropy of the model, nats.
    pub entropy: f64,
    /// Mean Dice over structures and images.
    pub dice: f64,
}

/// One model on all sets.
pub(super) fn of_model(
    plan: &NoisePlan,
    key: &RowKey,
    segmenter: &Segmenter,
    request: &SegmentRequest,
    results: &Results,
    denoise: Option<Denoise<'_>>,
    control: &Control<'_>,
) -> Result<Vec<NoiseResult>, WholeError> {
    let mut found = Vec::new();
    for set in plan.sets() {
        let with_denoising = denoise.filter(|_| set.what == Disturbance::Noise).map(Some);
        for denoise in std::iter::once(None).chain(with_denoising) {
            let mut images = Vec::new();
            for n in 0..plan.cases {
                control.cancel.check()?;
                images.push(image(plan, set, n, segmenter, request, denoise, control)?);
            }
            found.extend(summed(key, set, denoise.is_some(), &images, results)?);
        }
    }
    Ok(found)
}

/// One image of a set with its raters, judged.
fn image(
    plan: &NoisePlan,
    set: Set,
    n: u64,
    segmenter: &Segmenter,
    request: &SegmentRequest,
    denoise: Option<Denoise<'_>>,
    control: &Control<'_>,
) -> Result<ImageJudgement, WholeError> {
    let seed = plan.seed.wrapping_add(n);
    let part = Stream::new(seed, [0, 0, PURPOSE]).unit();
    let level = set.level * part;
    let (noise, bias) = match set.what {
        Disturbance::Noise => (level, 0.0),
        Disturbance::Bias => (0.0, level),
    };
    let draw = |noise: f64, wobble_mm: f64| {
        let styles = (0..3).map(|rater| {
            let usual = RaterStyle::built_in(rater);
            RaterStyle {
                wobble_mm: (usual.wobble_mm + wobble_mm).min(5.0),
                ..usual
            }
        });
        generate_case(
            seed,
            &SynthOptions {
                size: [plan.size; 2],
                slices: 4,
                noise: (noise, noise),
                bias: (bias, bias),
                styles: styles.collect(),
                ..SynthOptions::default()
            },
        )
    };
    let wobble = |noise: f64| plan.wobble_mm_of_noise * noise + plan.wobble_mm_of_bias * bias;
    let mut case = draw(noise, wobble(noise))?;
    if let Some(denoise) = denoise {
        let clean = draw(0.0, 0.0)?.image;
        let quiet = denoise(&case.image).map_err(WholeError::internal)?;
        // What noise is left for the raters: the share that denoising did not take out.
        let left = difference(&quiet, &clean) / difference(&case.image, &clean).max(1e-9);
        case = draw(noise, wobble(noise * left.min(1.0)))?;
        case.image = quiet;
    }
    let result = segmenter.segment(&case.image, request, control)?;
    let raters = case.raters.into_iter().enumerate();
    let raters: Vec<_> = raters
        .map(|(n, map)| (format!("rater {}", n + 1), map))
        .collect();
    let name = format!("{seed}");
    Ok(judge_image(
        &name,
        &result,
        &raters,
        segmenter.scheme(),
        &variance_options(segmenter),
    )?)
}

/// Root mean square of the difference of two images.
fn difference(a: &Volume<f32>, b: &Volume<f32>) -> f64 {
    let squares = a.data().iter().zip(b.data());
    let squares: f64 = squares
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
        .sum();
    (squares / a.data().len().max(1) as f64).sqrt()
}

fn summed(
    key: &RowKey,
    set: Set,
    denoised: bool,
    images: &[ImageJudgement],
    results: &Results,
) -> Result<Vec<NoiseResult>, WholeError> {
    let gt: Vec<Option<f64>> = images.iter().map(|i| i.gt_entropy).collect();
    let mut by_way: BTreeMap<Way, Vec<Option<f64>>> = BTreeMap::new();
    let mut dice: BTreeMap<Way, Vec<f64>> = BTreeMap::new();
    for way in images.iter().flat_map(|i| &i.ways) {
        by_way.entry(way.way).or_default().push(Some(way.entropy));
        dice.entry(way.way).or_default().extend(&way.dice);
    }
    let mut found = Vec::new();
    for (way, entropy) in by_way {
        let Some(related) = results.related(&entropy, &gt)? else {
            continue;
        };
        let mean = |values: &[Option<f64>]| super::row::mean(values.iter().flatten().copied());
        found.push(NoiseResult {
            key: key.clone(),
            what: set.what,
            level: set.level,
            denoised,
            way,
            r: related.r,
            gt_entropy: mean(&gt).unwrap_or_default(),
            entropy: mean(&entropy).unwrap_or_default(),
            dice: super::row::mean(dice.remove(&way).unwrap_or_default().into_iter())
                .unwrap_or_default(),
        });
    }
    Ok(found)
}

/// r over the level: a figure for each network, disturbance and kind of uncertainty.
pub(super) fn figures(found: &[NoiseResult], note: &str) -> Result<Vec<Figure>, WholeError> {
    let mut figures = Vec::new();
    for what in [Disturbance::Noise, Disturbance::Bias] {
        for way in [Way::Augmentation, Way::Dropout] {
            let of: Vec<&NoiseResult> = found
                .iter()
                .filter(|r| r.what == what && r.way == way)
                .collect();
            let mut lines: Vec<(&RowKey, bool)> = Vec::new();
            for one in &of {
                if !lines.contains(&(&one.key, one.denoised)) {
                    lines.push((&one.key, one.denoised));
                }
            }
            if lines.is_empty() {
                continue;
            }
            let series = lines.iter().map(|(key, denoised)| {
                let points: Vec<_> = of
                    .iter()
                    .filter(|r| r.key == **key && r.denoised == *denoised)
                    .collect();
                let number = |of: fn(&Estimate) -> Option<f64>| -> Vec<f64> {
                    points
                        .iter()
                        .map(|p| of(&p.r).unwrap_or(f64::NAN))
                        .collect()
                };
                let name = super::row::network_title(&key.network);
                let name = if *denoised {
                    format!("{name}, denoised")
                } else {
                    name
                };
                Series::new(
                    name,
                    points.iter().map(|p| p.level).collect(),
                    number(|r| r.value),
                )
                .with_band(
                    number(|r| r.interval.map(|i| i.low)),
                    number(|r| r.interval.map(|i| i.high)),
                )
            });
            let (title, x) = match what {
                Disturbance::Noise => (
                    "noise",
                    Axis::new("largest noise of the set", "share of the signal"),
                ),
                Disturbance::Bias => (
                    "bias fields",
                    Axis::new("largest bias field of the set", "share of the signal"),
                ),
            };
            let curves = Curves {
                title: format!("{} entropy and raters, by {title}", way.kind()),
                x,
                y: Axis::new("r over images", ""),
                series: series.collect(),
            };
            figures.push(Figure {
                plot: curves.draw()?,
                note: format!("Synthetic images, never clinical. Bands: 95 % bootstrap intervals over images. {note}"),
            });
        }
    }
    Ok(figures)
}
