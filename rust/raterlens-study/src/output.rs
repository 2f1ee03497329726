//! A judgement as files.

use std::path::Path;

use raterlens_core::agreement::Estimate;
use raterlens_core::atomic::{AtomicError, StagedDir};

use crate::error::StudyError;
use crate::image::ImageJudgement;
use crate::page::page;
use crate::study::StudyJudgement;

/// A row for each image, way and structure.
pub const IMAGES_FILE: &str = "images.csv";
/// A row for each way and structure, over all images.
pub const OVERALL_FILE: &str = "overall.csv";
/// Figures, to look at.
pub const REPORT_FILE: &str = "report.html";
/// All numbers; written last.
pub const JUDGEMENT_FILE: &str = "judgement.json";

const IMAGES_HEADER: [&str; 12] = [
    "case",
    "way",
    "structure",
    "dice",
    "brier",
    "ece",
    "entropy",
    "mutual_information",
    "auc_pr",
    "auroc",
    "aurc",
    "gt_entropy",
];
const OVERALL_HEADER: [&str; 21] = [
    "way",
    "structure",
    "images",
    "dice",
    "dice_low",
    "dice_high",
    "brier",
    "brier_low",
    "brier_high",
    "ece",
    "ece_low",
    "ece_high",
    "entropy",
    "auc_pr",
    "auroc",
    "aurc",
    "auc_pr_of_images",
    "r",
    "r_low",
    "r_high",
    "r_p",
];

/// Writes `report.html`, `images.csv`, `overall.csv` and `judgement.json` into `dir`: all or none. `study` is the study's name and `command` what
/// repeats the result, for the page.
///
/// Cells are empty where a number is undefined. Entropies are in nats; `r` is the correlation over images of the way's mean entropy with the
/// raters'; `auc_pr`, `auroc` and `aurc` of `overall.csv` are over the voxels of all images.
///
/// # Errors
/// A folder that cannot be written.
pub fn write_judgement(
    dir: &Path,
    found: &StudyJudgement,
    study: &str,
    command: &str,
) -> Result<(), StudyError> {
    let output = |source| StudyError::Output {
        path: dir.to_path_buf(),
        source,
    };
    let internal = |text: String| StudyError::Internal(text);
    let staged = StagedDir::new(dir).map_err(output)?;
    let json = serde_json::to_string_pretty(found).map_err(|e| internal(e.to_string()))?;
    let images = table(&IMAGES_HEADER, image_rows(found))?;
    let overall = table(&OVERALL_HEADER, overall_rows(found))?;
    let page = page(found, study, command)?;
    for (name, bytes) in [
        (REPORT_FILE, page.into_bytes()),
        (IMAGES_FILE, images),
        (OVERALL_FILE, overall),
        (JUDGEMENT_FILE, (json + "\n").into_bytes()),
    ] {
        let path = staged.path().join(name);
        std::fs::write(&path, bytes).map_err(|e| output(AtomicError::Write(e)))?;
    }
    staged.commit(JUDGEMENT_FILE).map_err(output)
}

fn table(
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<Vec<u8>, StudyError> {
    let internal = |text: String| StudyError::Internal(text);
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(header)
        .map_err(|e| internal(e.to_string()))?;
    for row in rows {
        csv.write_record(&row)
            .map_err(|e| internal(e.to_string()))?;
    }
    csv.into_inner().map_err(|e| internal(e.to_string()))
}

fn number(value: Option<f64>) -> String {
    value.map(|v| v.to_string()).unwrap_or_default()
}

fn image_rows(found: &StudyJudgement) -> Vec<Vec<String>> {
    let of_image = |image: &ImageJudgement| {
        let mut rows = Vec::new();
        for way in &image.ways {
            for (n, structure) in found.structures.iter().enumerate() {
                rows.push(vec![
                    image.case.clone(),
                    way.way.to_string(),
                    structure.clone(),
                    number(way.dice.get(n).copied()),
                    number(way.brier.get(n).copied()),
                    number(Some(way.calibration.ece)),
                    number(Some(way.entropy)),
                    number(way.mutual_information),
                    number(way.ranking.average_precision),
                    number(way.ranking.auroc),
                    number(way.ranking.aurc),
                    number(image.gt_entropy),
                ]);
            }
        }
        rows
    };
    found.images.iter().flat_map(of_image).collect()
}

fn overall_rows(found: &StudyJudgement) -> Vec<Vec<String>> {
    let three = |e: &Estimate| {
        let ends = e.interval.map(|i| (i.low, i.high));
        [e.value, ends.map(|e| e.0), ends.map(|e| e.1)].map(number)
    };
    let nothing = || [String::new(), String::new(), String::new()];
    let mut rows = Vec::new();
    for way in &found.overall.ways {
        for s in &way.structures {
            let mut row = vec![
                way.way.to_string(),
                s.structure.clone(),
                found.overall.images.to_string(),
            ];
            row.extend(three(&s.dice));
            row.extend(three(&s.brier));
            row.extend(three(&way.calibration.ece));
            row.push(number(way.entropy.value));
            row.push(number(way.pooled.average_precision));
            row.push(number(way.pooled.auroc));
            row.push(number(way.pooled.aurc));
            row.push(number(way.auc_pr_of_images.value));
            row.extend(
                way.correlation_estimate
                    .as_ref()
                    .map_or_else(nothing, three),
            );
            row.push(number(way.correlation.and_then(|c| c.p)));
            rows.push(row);
        }
    }
    rows
}
