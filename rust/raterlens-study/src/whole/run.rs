//! The whole study: training, judging, tables, figures.

use std::path::{Path, PathBuf};

use raterlens_core::agreement::BootstrapOptions;
use raterlens_core::LabelScheme;
use raterlens_engine::{
    Aleatoric, Control, DeviceRequest, Epistemic, SegmentRequest, Segmenter, UncertaintyRequest,
};
use raterlens_nn::open_device;
use raterlens_raters::study::{Part, StudyCase, StudyFile};
use raterlens_train::{data_checksums, slug, GroundTruth, Plan, PlannedRun, Watch};

use super::error::WholeError;
use super::findings::findings;
use super::judged::{Judge, Judged};
use super::noise::{self, Denoise, NoiseResult};
use super::output::{self, Report};
use super::pictures::{figures_of_case, Shown};
use super::plan::StudyPlan;
use super::results::Results;
use super::row::{gt_entropy, Row, RowKey};
use super::samples::{self, SampleCount};
use super::tables::tables;

/// What a whole study is made of.
pub struct WholeStudy<'a> {
    /// The study file.
    pub path: &'a Path,
    /// The study, read for training.
    pub study: &'a StudyFile,
    /// Its structures.
    pub scheme: &'a LabelScheme,
    /// What is trained and measured.
    pub plan: &'a StudyPlan,
    /// Where everything goes.
    pub out: &'a Path,
    /// The command that repeats it, without paths of a machine.
    pub command: &'a str,
    /// Where models train and run.
    pub device: DeviceRequest,
    /// Whether runs of other settings in `out` are begun anew.
    pub force: bool,
    /// Takes noise out of images, for the experiment with noise; without it, that experiment has no denoised images.
    pub denoise: Option<Denoise<'a>>,
}

/// Follows a study.
pub trait Progress {
    /// A step begins, in words.
    fn step(&mut self, words: &str);
    /// A run begins.
    fn run(&mut self, run: &PlannedRun) -> Box<dyn Watch>;
}

/// The models of a combination, in the order of their seeds.
struct Combination {
    /// Whether it takes part in the experiments.
    is_main: bool,
    key: RowKey,
    models: Vec<PathBuf>,
}

/// Trains what is not trained, judges what is not judged, and writes `report.html`, `tables.csv`, `images.csv`, `findings.csv` and
/// `study.json` into `out`: all of them or none.
///
/// Runs lie in `out/runs/GROUP`, judgements in `out/judged`; both are taken up again, so that a study that was interrupted goes on.
///
/// # Errors
/// As training and judging; cancelled.
pub fn run_study(
    study: &WholeStudy<'_>,
    control: &Control<'_>,
    progress: &mut dyn Progress,
) -> Result<Report, WholeError> {
    let trainings = study
        .plan
        .trainings(study.study, study.path, study.scheme, study.command)?;
    let cases: Vec<&StudyCase> = match trainings.first() {
        Some((_, plan)) => plan.split.cases(study.study, Part::Test).collect(),
        None => Vec::new(),
    };
    if cases.is_empty() {
        return Err(WholeError::Plan(
            "the study has no test part: raise test_share".into(),
        ));
    }
    let mut combinations = Vec::new();
    for (group, plan) in &trainings {
        progress.step(&format!("Models of group '{group}'"));
        combinations.extend(train(study, group, plan, control, progress)?);
    }
    let data = data_checksums(study.study)?;
    let judge = Judge {
        dir: study.out.join("judged"),
        cases: &cases,
        data: &data,
        device: study.device,
        seed: study.plan.seed,
    };
    std::fs::create_dir_all(&judge.dir).map_err(|e| WholeError::Output {
        source: raterlens_core::atomic::AtomicError::Folder(e),
        path: judge.dir.clone(),
    })?;
    let results = results(study, &judge, &combinations, control, progress)?;
    let counts = sample_counts(study, &judge, &combinations, &results, control, progress)?;
    let noise = noise_experiment(study, &combinations, &results, control, progress)?;
    progress.step("Pictures");
    let pictures = pictures(study, &cases, &combinations, &results, control)?;
    progress.step("Tables and figures");
    let report = Report {
        tables: tables(&results)?,
        findings: findings(&results)?,
        results,
        counts,
        noise,
        pictures,
    };
    output::write(study, &report)?;
    Ok(report)
}

fn train(
    study: &WholeStudy<'_>,
    group: &str,
    plan: &Plan,
    control: &Control<'_>,
    progress: &mut dyn Progress,
) -> Result<Vec<Combination>, WholeError> {
    let dir = study.out.join("runs").join(group);
    let device = open_device(study.device);
    let report = plan.train(&dir, &device, study.force, &control.cancel, &mut |run| {
        progress.run(run)
    })?;
    let mut of_plan = study.plan.models.iter();
    let is_main = of_plan.any(|g| g.main && slug(&g.name) == group);
    let mut found: Vec<Combination> = Vec::new();
    for (run, report) in report.runs {
        let key = key(group, plan, &run);
        match found.iter_mut().find(|c| c.key == key) {
            Some(combination) => combination.models.push(report.model),
            None => found.push(Combination {
                is_main,
                key,
                models: vec![report.model],
            }),
        }
    }
    Ok(found)
}

fn key(group: &str, plan: &Plan, run: &PlannedRun) -> RowKey {
    RowKey {
        group: group.to_owned(),
        network: run.network.clone(),
        ground_truth: run.ground_truth.to_string(),
        is_multi_task: plan.recipe.multi_task,
        is_ensemble: false,
    }
}

fn request(study: &WholeStudy<'_>, epistemic: Epistemic, samples: u32) -> SegmentRequest {
    SegmentRequest {
        seed: study.plan.seed,
        uncertainty: UncertaintyRequest {
            epistemic,
            aleatoric: Aleatoric::Augment,
            samples,
            keep_mean: true,
        },
        keep_probabilities: true,
        ..SegmentRequest::default()
    }
}

/// What a model of one pass can be asked for.
fn single_request(
    study: &WholeStudy<'_>,
    model: &Path,
    samples: u32,
) -> Result<SegmentRequest, WholeError> {
    let has_dropout = Segmenter::load(model, study.device)?.has_dropout();
    let epistemic = if has_dropout {
        Epistemic::Dropout
    } else {
        Epistemic::None
    };
    Ok(request(study, epistemic, samples))
}

fn results(
    study: &WholeStudy<'_>,
    judge: &Judge<'_>,
    combinations: &[Combination],
    control: &Control<'_>,
    progress: &mut dyn Progress,
) -> Result<Results, WholeError> {
    let (mut rows, mut images, mut entropy) = (Vec::new(), Vec::new(), Vec::new());
    for combination in combinations {
        let mut seeds: Vec<Judged> = Vec::new();
        for model in &combination.models {
            let name = file_name(&combination.key.group, model);
            progress.step(&format!("Judging {name}"));
            let request = single_request(study, model, study.plan.samples)?;
            seeds.push(judge.judged(&name, &[model], &request, control)?);
        }
        if let Some(first) = seeds.first().filter(|_| images.is_empty()) {
            images = first.images.iter().map(|i| i.case.clone()).collect();
            entropy = gt_entropy(&first.images);
        }
        rows.extend(Row::of(combination.key.clone(), &seeds));
        if combination.models.len() > 1 {
            let models: Vec<&Path> = combination.models.iter().map(PathBuf::as_path).collect();
            let key = RowKey {
                is_ensemble: true,
                ..combination.key.clone()
            };
            let name = format!(
                "{}-{}-{}-ensemble",
                key.group, key.network, key.ground_truth
            );
            let name = slug(&name);
            progress.step(&format!("Judging {name}"));
            let request = request(study, Epistemic::Ensemble, study.plan.samples);
            let judged = judge.judged(&name, &models, &request, control)?;
            rows.extend(Row::of(key, &[judged]).map(|row| Row {
                models: models.len(),
                ..row
            }));
        }
    }
    let baseline = combinations.first().map(|c| c.key.network.clone());
    Ok(Results {
        study: study.study.name.clone(),
        structures: study
            .scheme
            .structures
            .iter()
            .map(|s| s.title.clone())
            .collect(),
        images,
        gt_entropy: entropy,
        rows,
        baseline: baseline.unwrap_or_default(),
        options: BootstrapOptions {
            seed: study.plan.seed,
            ..BootstrapOptions::default()
        },
    })
}

fn file_name(group: &str, model: &Path) -> String {
    let stem = model.file_stem().unwrap_or_default().to_string_lossy();
    format!("{group}-{stem}")
}

/// The first seed of each combination of the main groups, with each number of samples.
fn sample_counts(
    study: &WholeStudy<'_>,
    judge: &Judge<'_>,
    combinations: &[Combination],
    results: &Results,
    control: &Control<'_>,
    progress: &mut dyn Progress,
) -> Result<Vec<SampleCount>, WholeError> {
    let mut found = Vec::new();
    for samples in &study.plan.sample_counts {
        for combination in main_ones(combinations) {
            let Some(model) = combination.models.first() else {
                continue;
            };
            let name = file_name(&combination.key.group, model);
            progress.step(&format!("Judging {name} with {samples} samples"));
            let request = single_request(study, model, *samples)?;
            // With the plan's own number it is judged already.
            let kept = match *samples == study.plan.samples {
                true => name,
                false => format!("{name}-{samples}-samples"),
            };
            let judged = judge.judged(&kept, &[model], &request, control)?;
            let rows: Vec<Row> = Row::of(combination.key.clone(), &[judged])
                .into_iter()
                .collect();
            found.extend(samples::of_rows(results, &rows, *samples)?);
        }
    }
    Ok(found)
}

fn main_ones(combinations: &[Combination]) -> impl Iterator<Item = &Combination> {
    combinations.iter().filter(|c| c.is_main)
}

/// The first seed of each network of the main groups that was trained on the majority vote (or the first ground truth there is).
fn noise_experiment(
    study: &WholeStudy<'_>,
    combinations: &[Combination],
    results: &Results,
    control: &Control<'_>,
    progress: &mut dyn Progress,
) -> Result<Vec<NoiseResult>, WholeError> {
    let Some(plan) = &study.plan.noise else {
        return Ok(Vec::new());
    };
    let names = |scheme: &LabelScheme| -> Vec<(u16, String)> {
        let all = scheme.structures.iter();
        all.map(|s| (s.id, s.title.to_lowercase())).collect()
    };
    if names(study.scheme) != names(&LabelScheme::lumbar_paraspinal()) {
        return Err(WholeError::Plan(
            "the experiment with noise draws the four lumbar muscles; the study has other structures: take [plan.noise] out".into(),
        ));
    }
    let mut found = Vec::new();
    for combination in one_truth(combinations) {
        let Some(model) = combination.models.first() else {
            continue;
        };
        progress.step(&format!(
            "Noise and bias fields: {}",
            combination.key.network
        ));
        let segmenter = Segmenter::load(model, study.device)?;
        let request = single_request(study, model, study.plan.samples)?;
        found.extend(noise::of_model(
            plan,
            &combination.key,
            &segmenter,
            &request,
            results,
            study.denoise,
            control,
        )?);
    }
    Ok(found)
}

/// The combinations of the main groups with the majority vote, or else the first ground truth.
fn one_truth(combinations: &[Combination]) -> impl Iterator<Item = &Combination> {
    let majority = GroundTruth::Majority.to_string();
    let has_majority = main_ones(combinations).any(|c| c.key.ground_truth == majority);
    let first = combinations.first().map(|c| c.key.ground_truth.clone());
    let wanted = if has_majority { Some(majority) } else { first };
    main_ones(combinations).filter(move |c| Some(&c.key.ground_truth) == wanted.as_ref())
}

/// The images with the most, the least and medium disagreement, by the first seed of each network.
fn pictures(
    study: &WholeStudy<'_>,
    cases: &[&StudyCase],
    combinations: &[Combination],
    results: &Results,
    control: &Control<'_>,
) -> Result<Vec<raterlens_report::plots::Figure>, WholeError> {
    let mut order: Vec<usize> = (0..cases.len()).collect();
    let entropy = |n: &usize| results.gt_entropy.get(*n).copied().flatten().unwrap_or(0.0);
    order.sort_by(|a, b| entropy(b).total_cmp(&entropy(a)));
    let count = study.plan.shown.min(order.len());
    let place = |n: usize| match count {
        1 => 0,
        _ => n * (order.len() - 1) / (count - 1),
    };
    let multi = combinations
        .iter()
        .filter(|c| c.key.is_multi_task && c.key.ground_truth == "majority");
    let single = one_truth(combinations).filter(|c| !c.key.is_multi_task);
    let mut loaded = Vec::new();
    for combination in single.chain(multi) {
        let Some(model) = combination.models.first() else {
            continue;
        };
        let row = Row {
            key: combination.key.clone(),
            models: 1,
            ways: Vec::new(),
            variance: None,
        };
        loaded.push((row.name(), Segmenter::load(model, study.device)?));
    }
    let shown: Vec<Shown<'_>> = loaded
        .iter()
        .map(|(name, segmenter)| Shown {
            name: name.clone(),
            segmenter,
        })
        .collect();
    let has_dropout = shown.iter().all(|s| s.segmenter.has_dropout());
    let epistemic = if has_dropout {
        Epistemic::Dropout
    } else {
        Epistemic::None
    };
    let request = request(study, epistemic, study.plan.samples);
    let mut figures = Vec::new();
    for n in (0..count).map(place) {
        let case = order.get(n).and_then(|n| cases.get(*n));
        if let Some(case) = case {
            let note = output::data_note(study);
            figures.extend(figures_of_case(
                case,
                study.scheme,
                &shown,
                &request,
                &note,
                control,
            )?);
        }
    }
    Ok(figures)
}
