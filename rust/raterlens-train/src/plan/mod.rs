//! Several runs on one study: networks x ground truths x seeds.

mod checksums;
mod names;
mod summary;

use std::collections::BTreeMap;
use std::path::Path;

use raterlens_core::control::CancelFlag;
use raterlens_core::LabelScheme;
use raterlens_nn::{Architecture, Device, ModelPackage};
use raterlens_raters::study::{
    open_case, open_shapes, write_split, Part, Split, StudyCase, StudyFile,
};

use crate::data::{load_part, DataSettings, Dataset};
use crate::error::TrainError;
use crate::ground_truth::GroundTruth;
use crate::recipe::{ImageSource, Recipe};
use crate::run::{train_run, RunConfig, RunData, RunReport, Watch};
pub use checksums::data_checksums;
use checksums::of_file;
pub use names::{network_of_name, slug};

pub use summary::RunSummary;

/// Several runs on one study: every network on every ground truth, each from `members` seeds.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The study, read for training.
    pub study: StudyFile,
    /// Its structures.
    pub scheme: LabelScheme,
    /// Which images train, validate and test.
    pub split: Split,
    /// How models are trained.
    pub recipe: Recipe,
    /// The networks, with their names.
    pub networks: Vec<(String, Architecture)>,
    /// The ground truths.
    pub ground_truths: Vec<GroundTruth>,
    /// Runs of each combination, with seeds that count up: an ensemble.
    pub members: u64,
    /// The first seed.
    pub seed: u64,
    /// The model whose weights every run begins with; none: weights drawn by chance.
    pub start: Option<ModelPackage>,
    /// Begins the models' names.
    pub name: String,
    /// The command that repeats the plan, without paths of a machine.
    pub command: String,
}

/// One run of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedRun {
    /// Name of the model and of the run's folder.
    pub name: String,
    /// Name of the network.
    pub network: String,
    /// The network.
    pub architecture: Architecture,
    /// The ground truth.
    pub ground_truth: GroundTruth,
    /// The seed.
    pub seed: u64,
}

/// What a plan gave.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanReport {
    /// Every run, in order.
    pub runs: Vec<(PlannedRun, RunReport)>,
    /// Means and deviations over the seeds of each combination.
    pub summary: Vec<RunSummary>,
    /// What a user should know, as sentences.
    pub warnings: Vec<String>,
}

impl Plan {
    /// The runs, in the order in which they are made.
    #[must_use]
    pub fn runs(&self) -> Vec<PlannedRun> {
        let mut runs = Vec::new();
        for (network, architecture) in &self.networks {
            for ground_truth in &self.ground_truths {
                for member in 0..self.members {
                    let seed = self.seed.wrapping_add(member);
                    let truth = file_name(&ground_truth.to_string());
                    runs.push(PlannedRun {
                        name: format!("{}-{network}-{truth}-seed{seed}", self.name),
                        network: network.clone(),
                        architecture: architecture.clone(),
                        ground_truth: ground_truth.clone(),
                        seed,
                    });
                }
            }
        }
        runs
    }

    /// The images of a part.
    fn cases(&self, part: Part) -> Vec<&StudyCase> {
        self.split.cases(&self.study, part).collect()
    }

    /// Reads and checks every file of the study, without training.
    ///
    /// # Errors
    /// Every fault of every image.
    pub fn check(&self, cancel: &CancelFlag) -> Result<Vec<String>, TrainError> {
        self.recipe.check()?;
        let mut warnings = self.study.warnings.clone();
        let mut problems = Vec::new();
        for case in &self.study.cases {
            cancel.check()?;
            let found = match self.recipe.images {
                ImageSource::Study => open_case(case, &self.scheme).map(|opened| opened.warnings),
                ImageSource::Synth => open_shapes(case, &self.scheme).map(|(_, found)| found),
            };
            match found {
                Ok(found) => warnings.extend(found),
                Err(found) => problems.extend(found),
            }
        }
        if problems.is_empty() {
            return Ok(warnings);
        }
        Err(raterlens_raters::RatersError::Study { problems }.into())
    }

    /// Makes every run that is not finished, each in `out/NAME`, and writes `split.csv`, `summary.csv` and `summary.json`.
    ///
    /// # Errors
    /// As [`train_run`]; faults of the study are listed before anything is trained.
    pub fn train(
        &self,
        out: &Path,
        device: &Device,
        force: bool,
        cancel: &CancelFlag,
        watch: &mut dyn FnMut(&PlannedRun) -> Box<dyn Watch>,
    ) -> Result<PlanReport, TrainError> {
        let warnings = self.check(cancel)?;
        std::fs::create_dir_all(out).map_err(|e| TrainError::Output {
            source: raterlens_core::atomic::AtomicError::Folder(e),
            path: out.to_path_buf(),
        })?;
        write_split(&self.split, &self.study, &out.join("split.csv"))?;
        let checksums = data_checksums(&self.study)?;
        let mut loaded: Option<(GroundTruth, Parts)> = None;
        let mut runs: Vec<(PlannedRun, RunReport)> = Vec::new();
        let test = self.cases(Part::Test);
        for run in self.runs() {
            if loaded.as_ref().is_none_or(|(t, _)| *t != run.ground_truth) {
                let parts = self.load(&run.ground_truth, cancel)?;
                loaded = Some((run.ground_truth.clone(), parts));
            }
            let Some((_, parts)) = &loaded else { continue };
            let data = RunData {
                train: &parts.train,
                validation: &parts.validation,
                test: &test,
                start: self.start.as_ref(),
            };
            let config = self.config(&run, checksums.clone())?;
            let mut watch = watch(&run);
            let dir = out.join(&run.name);
            let report = train_run(&dir, &config, data, device, force, cancel, watch.as_mut())?;
            runs.push((run, report));
            summary::write(out, &runs)?;
        }
        Ok(PlanReport {
            summary: summary::summarise(&runs),
            runs,
            warnings,
        })
    }
}

impl Plan {
    fn load(&self, truth: &GroundTruth, cancel: &CancelFlag) -> Result<Parts, TrainError> {
        let settings = DataSettings {
            recipe: self.recipe.clone(),
            truth: truth.clone(),
            scheme: self.scheme.clone(),
        };
        let part = |part| load_part(&self.cases(part), &settings, part, cancel);
        Ok(Parts {
            train: part(Part::Train)?,
            validation: part(Part::Validation)?,
        })
    }

    fn config(
        &self,
        run: &PlannedRun,
        data: BTreeMap<String, String>,
    ) -> Result<RunConfig, TrainError> {
        let part = |c: &StudyCase| Some((c.name.clone(), self.split.part_of(&c.name)?));
        let start = self.start.as_ref().map(|m| of_file(&m.weights_path()));
        Ok(RunConfig {
            name: run.name.clone(),
            study: self.study.name.clone(),
            architecture: run.architecture.clone(),
            recipe: self.recipe.clone(),
            ground_truth: run.ground_truth.clone(),
            seed: run.seed,
            scheme: self.scheme.clone(),
            parts: self.study.cases.iter().filter_map(part).collect(),
            data,
            start: start.transpose()?,
            command: self.command.clone(),
            software: concat!("RaterLens ", env!("CARGO_PKG_VERSION")).to_owned(),
        })
    }
}

/// Letters, digits and dashes of a name.
fn file_name(text: &str) -> String {
    let keep = |c: char| if c.is_alphanumeric() { c } else { '-' };
    text.chars().map(keep).collect()
}

struct Parts {
    train: Dataset,
    validation: Dataset,
}
