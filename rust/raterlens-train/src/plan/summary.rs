//! Figures over the seeds of each combination of network and ground truth.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::PlannedRun;
use crate::error::{write_file, TrainError};
use crate::figures::{mean_sd, Figures};
use crate::run::RunReport;

/// Mean and standard deviation over seeds of the test figures; deviations are 0 for one seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Name of the network.
    pub network: String,
    /// Ground truth.
    pub ground_truth: String,
    /// Number of seeds.
    pub seeds: usize,
    /// Test images.
    pub images: usize,
    /// Mean Dice over structures and images.
    pub dice: f64,
    /// Its standard deviation over seeds.
    pub dice_sd: f64,
    /// Smallest and largest mean Dice of a seed.
    pub dice_range: [f64; 2],
    /// Error of the variance maps; none without.
    pub variance_mse: Option<f64>,
    /// Its standard deviation over seeds.
    pub variance_mse_sd: Option<f64>,
    /// Brier score.
    pub brier: f64,
    /// Its standard deviation over seeds.
    pub brier_sd: f64,
    /// Expected calibration error.
    pub ece: f64,
    /// Its standard deviation over seeds.
    pub ece_sd: f64,
}

/// One summary per combination, in order; runs without a test part are passed over.
pub(super) fn summarise(runs: &[(PlannedRun, RunReport)]) -> Vec<RunSummary> {
    let mut keys: Vec<(&str, String)> = Vec::new();
    for (run, _) in runs {
        let key = (run.network.as_str(), run.ground_truth.to_string());
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let one = |(network, truth): (&str, String)| {
        let of_key = runs
            .iter()
            .filter(|(run, _)| run.network == network && run.ground_truth.to_string() == truth);
        let figures: Vec<&Figures> = of_key
            .filter_map(|(_, report)| Some(&report.test.as_ref()?.figures))
            .collect();
        let images = figures.first()?.images;
        let over = |f: fn(&Figures) -> f64| mean_sd(figures.iter().map(|x| f(x)));
        let variance: Option<Vec<f64>> = figures.iter().map(|f| f.variance_mse).collect();
        let variance = variance.map(|v| mean_sd(v.into_iter()));
        let (dice, dice_sd) = over(|f| f.dice);
        let (brier, brier_sd) = over(|f| f.brier);
        let (ece, ece_sd) = over(|f| f.ece);
        let all = figures.iter().map(|f| f.dice);
        Some(RunSummary {
            network: network.to_owned(),
            ground_truth: truth,
            seeds: figures.len(),
            images,
            dice,
            dice_sd,
            dice_range: [
                all.clone().fold(f64::INFINITY, f64::min),
                all.fold(f64::NEG_INFINITY, f64::max),
            ],
            variance_mse: variance.map(|v| v.0),
            variance_mse_sd: variance.map(|v| v.1),
            brier,
            brier_sd,
            ece,
            ece_sd,
        })
    };
    keys.into_iter().filter_map(one).collect()
}

/// Writes `summary.csv` and `summary.json`.
pub(super) fn write(out: &Path, runs: &[(PlannedRun, RunReport)]) -> Result<(), TrainError> {
    let all = summarise(runs);
    let json = serde_json::to_vec_pretty(&all).map_err(TrainError::internal)?;
    write_file(&out.join("summary.json"), &json)?;
    let mut csv = csv::Writer::from_writer(Vec::new());
    let header = "network,ground_truth,seeds,images,dice,dice_sd,dice_min,dice_max,variance_mse,variance_mse_sd,brier,brier_sd,ece,ece_sd";
    csv.write_record(header.split(','))
        .map_err(TrainError::internal)?;
    let optional = |v: Option<f64>| v.map_or(String::new(), |v| v.to_string());
    for s in &all {
        let record = [
            s.network.clone(),
            s.ground_truth.clone(),
            s.seeds.to_string(),
            s.images.to_string(),
            s.dice.to_string(),
            s.dice_sd.to_string(),
            s.dice_range[0].to_string(),
            s.dice_range[1].to_string(),
            optional(s.variance_mse),
            optional(s.variance_mse_sd),
            s.brier.to_string(),
            s.brier_sd.to_string(),
            s.ece.to_string(),
            s.ece_sd.to_string(),
        ];
        csv.write_record(record).map_err(TrainError::internal)?;
    }
    let bytes = csv.into_inner().map_err(TrainError::internal)?;
    write_file(&out.join("summary.csv"), &bytes)
}
