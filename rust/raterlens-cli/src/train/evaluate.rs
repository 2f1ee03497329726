//! How good a model is on synthetic subjects that it has never seen, through the whole engine.

use std::fmt::Write;
use std::path::Path;

use anyhow::{anyhow, Result};
use raterlens_core::fusion::majority_vote;
use raterlens_core::metrics::dice;
use raterlens_core::variability::{variance_maps, VarianceOptions};
use raterlens_engine::{Control, DeviceRequest, SegmentRequest, Segmenter};
use raterlens_nn::Device;
use raterlens_synth::{generate_case, SynthOptions};
use serde::Serialize;

use super::synth_data::test_subject_seed;

/// Figures of one structure over all test subjects.
#[derive(Debug, Clone, Serialize)]
pub struct StructureScore {
    /// The structure, for people.
    pub title: String,
    /// Mean Dice against the raters' majority vote, one value a subject.
    pub dice: f64,
    /// Standard deviation of the Dice over subjects.
    pub dice_sd: f64,
    /// Mean squared error of the predicted variance map, over all voxels.
    pub variance_mse: f64,
    /// The same for the constant map that does best on these subjects.
    pub constant_mse: f64,
}

/// Figures of a model.
#[derive(Debug, Clone, Serialize)]
pub struct Evaluation {
    /// Number of subjects.
    pub subjects: u64,
    /// One score a structure.
    pub structures: Vec<StructureScore>,
}

/// Sums over voxels of the reference map and of the error.
#[derive(Debug, Default, Clone)]
struct Sums {
    dice: Vec<f64>,
    voxels: f64,
    squared_error: f64,
    reference: f64,
    reference_squared: f64,
}

impl Sums {
    fn add_maps<'a>(
        &mut self,
        predicted: impl Iterator<Item = &'a f32>,
        truth: impl Iterator<Item = &'a f32>,
    ) {
        for (p, t) in predicted.zip(truth) {
            let (p, t) = (f64::from(*p), f64::from(*t));
            self.voxels += 1.0;
            self.squared_error += (p - t) * (p - t);
            self.reference += t;
            self.reference_squared += t * t;
        }
    }

    fn score(&self, title: &str) -> StructureScore {
        let n = self.dice.len().max(1) as f64;
        let mean = self.dice.iter().sum::<f64>() / n;
        let squares = self.dice.iter().map(|d| (d - mean).powi(2)).sum::<f64>();
        let mean_reference = self.reference / self.voxels;
        StructureScore {
            title: title.into(),
            dice: mean,
            dice_sd: (squares / (n - 1.0).max(1.0)).sqrt(),
            variance_mse: self.squared_error / self.voxels,
            constant_mse: self.reference_squared / self.voxels - mean_reference * mean_reference,
        }
    }
}

/// Segments `subjects` unseen subjects and compares with their simulated raters.
pub fn evaluate(
    model: &Path,
    device: &Device,
    synth: &SynthOptions,
    subjects: u64,
) -> Result<Evaluation> {
    let request: DeviceRequest = device
        .report()
        .name
        .parse()
        .map_err(|e: String| anyhow!(e))?;
    let segmenter = Segmenter::load(model, request)?;
    let scheme = segmenter.scheme().clone();
    let spec = &segmenter.manifest().variance;
    let options = VarianceOptions {
        tau: spec.tau,
        unit: spec.unit,
    };
    let mut sums = vec![Sums::default(); scheme.len()];
    for n in 0..subjects {
        let case = generate_case(test_subject_seed(n), synth)?;
        let result =
            segmenter.segment(&case.image, &SegmentRequest::default(), &Control::default())?;
        let truth = majority_vote(&case.raters)?;
        let maps = variance_maps(&case.raters, &scheme, &options)?;
        for (i, (s, sum)) in scheme.structures.iter().zip(&mut sums).enumerate() {
            sum.dice.push(dice(
                &result.labels.data().view(),
                &truth.data().view(),
                s.id,
            )?);
            if let (Some(p), Some(t)) = (result.variance.get(i), maps.get(i)) {
                sum.add_maps(p.data().iter(), t.data().iter());
            }
        }
    }
    let structures = scheme
        .structures
        .iter()
        .zip(&sums)
        .map(|(s, sum)| sum.score(&s.title));
    Ok(Evaluation {
        subjects,
        structures: structures.collect(),
    })
}

impl Evaluation {
    /// The figures as a Markdown table.
    pub fn table(&self) -> String {
        let mut text = String::from(
            "| Structure | Dice (SD over subjects) | Variance MSE x 1e5 | Best constant map x 1e5 |\n| --- | --- | --- | --- |\n",
        );
        for s in &self.structures {
            let _ = writeln!(
                text,
                "| {} | {:.3} ({:.3}) | {:.2} | {:.2} |",
                s.title,
                s.dice,
                s.dice_sd,
                s.variance_mse * 1e5,
                s.constant_mse * 1e5
            );
        }
        text
    }
}
