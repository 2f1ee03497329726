//! A whole study as files.

use raterlens_core::agreement::Estimate;
use raterlens_core::atomic::{AtomicError, StagedDir};
use raterlens_report::plots::{figures_html, DataRow, DataTable, Figure, FigureGroup, FiguresPage};
use serde::Serialize;

use super::error::WholeError;
use super::figures::{reliability, scatters};
use super::findings::Finding;
use super::noise::{self, NoiseResult};
use super::results::Results;
use super::run::WholeStudy;
use super::samples::{self, SampleCount};
use super::table::{Table, CSV_HEADER};

/// Everything that a whole study found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The tables.
    pub tables: Vec<Table>,
    /// The dissertation's findings.
    pub findings: Vec<Finding>,
    /// How correlations depend on the number of samples.
    pub counts: Vec<SampleCount>,
    /// The experiment with noise.
    pub noise: Vec<NoiseResult>,
    /// Numbers of each image.
    pub results: Results,
    /// Slices to look at.
    #[serde(skip)]
    pub pictures: Vec<Figure>,
}

/// The page; everything a reader needs is in it.
pub const WHOLE_REPORT_FILE: &str = "report.html";
/// All tables, a row for each cell.
pub const TABLES_FILE: &str = "tables.csv";
/// Numbers of each image.
pub const NUMBERS_FILE: &str = "images.csv";
/// The findings.
pub const FINDINGS_FILE: &str = "findings.csv";
/// Everything; written last.
pub const STUDY_FILE: &str = "study.json";

/// Which data and command made a figure.
pub(super) fn data_note(study: &WholeStudy<'_>) -> String {
    format!(
        "Data: study '{}'. Made by: {}",
        study.study.name, study.command
    )
}

/// What `study.json` holds.
#[derive(Serialize)]
struct Whole<'a> {
    software: &'static str,
    command: &'a str,
    plan: &'a super::plan::StudyPlan,
    #[serde(flatten)]
    report: &'a Report,
}

/// Writes all files, or none.
pub(super) fn write(study: &WholeStudy<'_>, report: &Report) -> Result<(), WholeError> {
    let output = |source| WholeError::Output {
        path: study.out.to_path_buf(),
        source,
    };
    let staged = StagedDir::new(study.out).map_err(output)?;
    let whole = Whole {
        software: concat!("RaterLens ", env!("CARGO_PKG_VERSION")),
        command: study.command,
        plan: study.plan,
        report,
    };
    let json = serde_json::to_vec_pretty(&whole).map_err(WholeError::internal)?;
    let files = [
        (WHOLE_REPORT_FILE, page(study, report)?.into_bytes()),
        (
            TABLES_FILE,
            csv(&CSV_HEADER, report.tables.iter().flat_map(Table::csv_rows))?,
        ),
        (
            NUMBERS_FILE,
            csv(&NUMBERS_HEADER, numbers(&report.results).into_iter())?,
        ),
        (
            FINDINGS_FILE,
            csv(&FINDINGS_HEADER, report.findings.iter().map(finding_row))?,
        ),
        (STUDY_FILE, json),
    ];
    for (name, bytes) in files {
        std::fs::write(staged.path().join(name), bytes)
            .map_err(|e| output(AtomicError::Write(e)))?;
    }
    staged.commit(STUDY_FILE).map_err(output)
}

fn csv(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Result<Vec<u8>, WholeError> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(header).map_err(WholeError::internal)?;
    for row in rows {
        csv.write_record(&row).map_err(WholeError::internal)?;
    }
    csv.into_inner().map_err(WholeError::internal)
}

const NUMBERS_HEADER: [&str; 14] = [
    "case",
    "group",
    "network",
    "ground_truth",
    "multi_task",
    "ensemble",
    "way",
    "structure",
    "dice",
    "brier",
    "ece",
    "entropy",
    "auc_pr",
    "gt_entropy",
];

fn optional(value: Option<f64>) -> String {
    value.map(|v| v.to_string()).unwrap_or_default()
}

fn numbers(results: &Results) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for row in &results.rows {
        for way in &row.ways {
            for (n, case) in results.images.iter().enumerate() {
                for (s, structure) in results.structures.iter().enumerate() {
                    let cell =
                        |lists: &[Vec<f64>]| optional(lists.get(s).and_then(|l| l.get(n).copied()));
                    rows.push(vec![
                        case.clone(),
                        row.key.group.clone(),
                        row.key.network.clone(),
                        row.key.ground_truth.clone(),
                        row.key.is_multi_task.to_string(),
                        row.key.is_ensemble.to_string(),
                        way.way.to_string(),
                        structure.clone(),
                        cell(&way.dice),
                        cell(&way.brier),
                        optional(way.calibration.get(n).map(|c| c.ece)),
                        optional(way.entropy.get(n).copied()),
                        optional(way.auc_pr.get(n).copied().flatten()),
                        optional(results.gt_entropy.get(n).copied().flatten()),
                    ]);
                }
            }
        }
    }
    rows
}

const FINDINGS_HEADER: [&str; 7] = [
    "finding",
    "models",
    "measure",
    "difference",
    "low",
    "high",
    "verdict",
];

fn finding_row(finding: &Finding) -> Vec<String> {
    let interval = finding.difference.interval;
    vec![
        finding.statement.clone(),
        finding.models.clone(),
        finding.measure.clone(),
        optional(finding.difference.value),
        optional(interval.map(|i| i.low)),
        optional(interval.map(|i| i.high)),
        finding.verdict.words().to_owned(),
    ]
}

fn page(study: &WholeStudy<'_>, report: &Report) -> Result<String, WholeError> {
    let note = data_note(study);
    let results = &report.results;
    let mut groups = vec![findings_group(&report.findings)];
    for table in &report.tables {
        groups.push(FigureGroup {
            title: table.title.clone(),
            tables: vec![DataTable {
                title: String::new(),
                note: format!("{} Rows in italics: the dissertation's figures, on its own images (Genodisc), not on these. {note}", table.note),
                ..table.for_page()
            }],
            ..FigureGroup::default()
        });
    }
    let mut add = |title: &str, lead: &str, figures: Vec<Figure>| {
        if !figures.is_empty() {
            groups.push(FigureGroup {
                title: title.into(),
                lead: lead.into(),
                figures,
                tables: Vec::new(),
            });
        }
    };
    add(
        "Figure 4.2: entropies against the raters'",
        "Each point is an image; numbers of single models are means over the seeds. Bands: 95 % confidence of the line.",
        scatters(results, &note)?,
    );
    add(
        "Figure A.1: is confidence what it says?",
        "Accuracy of the most probable label over its probability: 10 bins per image, then averaged; 95 % bootstrap intervals over images.",
        reliability(results, &note)?,
    );
    add(
        "How many samples are needed?",
        "Correlation of uncertainty with the raters, by number of samples.",
        samples::figures(&report.counts, &note)?,
    );
    add(
        "Noise and bias fields",
        "Synthetic images, each with its own amount, and raters whose hands are the less sure the more there is: does uncertainty follow the raters then?",
        noise::figures(&report.noise, &note)?,
    );
    add(
        "Figures 3.4 and 3.5, and a closer look",
        "The images with the most, medium and the least disagreement: raters, then the first seed of each network.",
        report.pictures.clone(),
    );
    Ok(figures_html(&FiguresPage {
        title: format!("{}: raters' variability and model uncertainty", study.study.name),
        lead: vec![format!(
            "{} test images, {} combinations of network, ground truth and way of judging. Intervals are drawn over images; research only.",
            results.images.len(),
            results.rows.len()
        )],
        notes: study.study.warnings.clone(),
        groups,
        made_by: format!("RaterLens {}; {}", env!("CARGO_PKG_VERSION"), study.command),
    }))
}

fn findings_group(findings: &[Finding]) -> FigureGroup {
    let row = |f: &Finding| DataRow {
        name: f.statement.clone(),
        cells: vec![
            f.models.clone(),
            f.verdict.words().to_owned(),
            difference(&f.difference),
            f.measure.clone(),
        ],
        is_apart: false,
    };
    FigureGroup {
        title: "The dissertation's findings on these data".into(),
        lead: "Differences are positive in the finding's direction, with 95 % bootstrap intervals over images. A finding holds where the whole interval is positive.".into(),
        tables: vec![DataTable {
            title: String::new(),
            columns: ["models", "verdict", "difference", "measure"].map(str::to_owned).into(),
            rows: findings.iter().map(row).collect(),
            note: "Intervals are of these test images and these trained models; each finding is looked at by itself, without correction for their number.".into(),
            is_words: true,
        }],
        figures: Vec::new(),
    }
}

/// Three figures that count, with the interval.
fn difference(estimate: &Estimate) -> String {
    let digits = |v: f64| match v.abs() {
        a if a >= 0.01 || a == 0.0 => format!("{v:.3}"),
        _ => format!("{v:.1e}"),
    };
    match (estimate.value, estimate.interval) {
        (Some(v), Some(i)) => format!("{} ({} to {})", digits(v), digits(i.low), digits(i.high)),
        (Some(v), None) => digits(v),
        _ => "undefined".into(),
    }
}
