//! What is timed.

use ndarray::Array5;
use raterlens_core::evaluation::average_precision;
use raterlens_core::fusion::{
    staple, staple_structure, vote, Classes, RaterSet, Staple, StapleOptions, TiePolicy,
};
use raterlens_core::metrics::{
    overlap_counts, surface_metrics, surfaces, OverlapCounts, SurfaceMetrics,
};
use raterlens_core::uncertainty::{reduce_samples, UncertaintyMaps};
use raterlens_core::variability::{variance_map, SoftLabelOptions};
use raterlens_core::Volume;
use serde_json::{json, Value};

use crate::inputs::probabilities::{samples, scores};
use crate::inputs::{Case, A, B, C};

/// One job on one input.
pub struct Job {
    pub name: &'static str,
    pub work: Work,
}

/// What is done with which input.
pub enum Work {
    /// The first so many raters of a case.
    Raters(&'static Case, usize, fn(&Case, &[Volume<u8>]) -> Outcome),
    /// Samples of probabilities.
    Samples(fn(&Array5<f32>) -> Outcome),
    /// Scores and whether each is of a positive.
    Scores(fn(&[f32], &[bool]) -> Outcome),
}

/// An input in memory.
pub enum Input {
    Raters(Vec<Volume<u8>>),
    Samples(Array5<f32>),
    Scores(Vec<f32>, Vec<bool>),
}

impl Input {
    pub fn bytes(&self) -> usize {
        match self {
            Self::Raters(raters) => raters.iter().map(|r| r.data().len()).sum(),
            Self::Samples(samples) => 4 * samples.len(),
            Self::Scores(scores, positive) => 4 * scores.len() + positive.len(),
        }
    }
}

impl Job {
    /// The job's input, before the clock starts.
    pub fn load(&self) -> Input {
        match self.work {
            Work::Raters(case, number, _) => {
                let mut raters = case.load();
                raters.truncate(number);
                Input::Raters(raters)
            }
            Work::Samples(_) => Input::Samples(samples()),
            Work::Scores(_) => {
                let (scores, positive) = scores();
                Input::Scores(scores, positive)
            }
        }
    }

    pub fn run(&self, input: &Input) -> Outcome {
        match (&self.work, input) {
            (Work::Raters(case, _, run), Input::Raters(raters)) => run(case, raters),
            (Work::Samples(run), Input::Samples(samples)) => run(samples),
            (Work::Scores(run), Input::Scores(scores, positive)) => run(scores, positive),
            _ => unreachable!("a job gets its own input"),
        }
    }
}

/// What a job gave.
pub enum Outcome {
    Posterior(Box<Staple>, Volume<f32>),
    Labels(Volume<u8>),
    Maps(Vec<Volume<f32>>),
    Distances(Vec<Option<SurfaceMetrics>>),
    Overlaps(Vec<OverlapCounts>),
    Uncertainty(Box<UncertaintyMaps>),
    Number(f64),
}

const fn job(
    name: &'static str,
    case: &'static Case,
    raters: usize,
    run: fn(&Case, &[Volume<u8>]) -> Outcome,
) -> Job {
    Job {
        name,
        work: Work::Raters(case, raters, run),
    }
}

pub const JOBS: [Job; 9] = [
    job("staple-binary", &B, 5, binary_staple),
    job("staple-multi", &B, 5, multi_staple),
    job("staple-binary-large", &C, 5, binary_staple),
    job("vote-large", &C, 5, majority),
    job("variance", &A, 3, variance),
    job("distances", &B, 2, distances),
    job("overlap", &B, 2, overlaps),
    Job {
        name: "uncertainty-maps",
        work: Work::Samples(uncertainty),
    },
    Job {
        name: "average-precision",
        work: Work::Scores(precision),
    },
];

fn binary_staple(_: &Case, raters: &[Volume<u8>]) -> Outcome {
    let set = RaterSet::from_volumes(raters).unwrap();
    let fused = staple_structure(&set, 1, &StapleOptions::default()).unwrap();
    let posterior = fused.posterior(1).unwrap();
    Outcome::Posterior(Box::new(fused), posterior)
}

fn multi_staple(_: &Case, raters: &[Volume<u8>]) -> Outcome {
    let set = RaterSet::from_volumes(raters).unwrap();
    let classes = Classes::found_in(&set);
    let fused = staple(&set, &classes, &StapleOptions::default()).unwrap();
    Outcome::Labels(fused.consensus_in().unwrap())
}

fn majority(_: &Case, raters: &[Volume<u8>]) -> Outcome {
    let set = RaterSet::from_volumes(raters).unwrap();
    Outcome::Labels(vote(&set, &TiePolicy::Background).unwrap())
}

fn variance(case: &Case, raters: &[Volume<u8>]) -> Outcome {
    let set = RaterSet::from_volumes(raters).unwrap();
    let options = SoftLabelOptions::default();
    let maps = case.ids().into_iter();
    let maps = maps.map(|label| variance_map(&set, label, &options).unwrap());
    Outcome::Maps(maps.collect())
}

fn distances(case: &Case, raters: &[Volume<u8>]) -> Outcome {
    let [a, b] = [0, 1].map(|n| raters[n].data().view());
    let ids = case.ids();
    let (a, b) = rayon::join(|| surfaces(&a, &ids), || surfaces(&b, &ids));
    let pairs = a.iter().zip(&b);
    let metrics = pairs.map(|(a, b)| surface_metrics(a, b, case.spacing_kji_mm, 1.0));
    Outcome::Distances(metrics.collect())
}

fn overlaps(case: &Case, raters: &[Volume<u8>]) -> Outcome {
    let [a, b] = [0, 1].map(|n| raters[n].data().view());
    Outcome::Overlaps(overlap_counts(&a, &b, &case.ids()).unwrap())
}

fn uncertainty(samples: &Array5<f32>) -> Outcome {
    Outcome::Uncertainty(Box::new(reduce_samples(&samples.view()).unwrap()))
}

fn precision(scores: &[f32], positive: &[bool]) -> Outcome {
    Outcome::Number(average_precision(scores, positive).unwrap().unwrap())
}

impl Outcome {
    /// The numbers that other programs give, too.
    pub fn values(&self) -> Value {
        match self {
            Self::Posterior(fused, _) => {
                let raters = fused.performance.iter().flatten();
                let structures: Vec<_> = raters.map(|rater| &rater.structures[0]).collect();
                json!({
                    "iterations": fused.trace.len(),
                    "sensitivity": structures.iter().map(|s| s.sensitivity).collect::<Vec<_>>(),
                    "specificity": structures.iter().map(|s| s.specificity).collect::<Vec<_>>(),
                })
            }
            Self::Labels(_) => json!({}),
            Self::Maps(maps) => {
                let all = || maps.iter().flat_map(|map| map.data().iter().copied());
                let sum: f64 = all().map(f64::from).sum();
                json!({
                    "mean": sum / all().count() as f64,
                    "largest": all().fold(0.0, f32::max),
                })
            }
            Self::Distances(found) => {
                let found = found.iter().flatten();
                let row = |m: &SurfaceMetrics| json!({"hd": m.hausdorff_mm, "hd95_max": m.hd95_mm, "assd": m.assd_mm});
                json!({ "structures": found.map(row).collect::<Vec<_>>() })
            }
            Self::Overlaps(found) => {
                let row = |c: &OverlapCounts| json!({"dice": c.dice(), "iou": c.iou()});
                json!({ "structures": found.iter().map(row).collect::<Vec<_>>() })
            }
            Self::Uncertainty(maps) => {
                let all = [
                    &maps.predictive_entropy,
                    &maps.mutual_information,
                    &maps.variance,
                ];
                let sum: f64 = all
                    .iter()
                    .flat_map(|m| m.iter())
                    .copied()
                    .map(f64::from)
                    .sum();
                json!({ "mean": sum / (3 * maps.variance.len()) as f64 })
            }
            Self::Number(value) => json!({ "value": value }),
        }
    }

    /// The label map, byte by byte in the order of the input; of a posterior, where it is at least one half.
    pub fn labels(&self) -> Option<Vec<u8>> {
        match self {
            Self::Posterior(_, posterior) => Some(
                posterior
                    .data()
                    .iter()
                    .map(|&p| u8::from(p >= 0.5))
                    .collect(),
            ),
            Self::Labels(labels) => Some(labels.data().iter().copied().collect()),
            _ => None,
        }
    }
}
