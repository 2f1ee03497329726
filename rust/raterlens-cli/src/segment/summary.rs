//! What was done, as a table for people or JSON for programs.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result};
use raterlens_engine::batch::{CaseOutcome, CaseStatus};
use raterlens_engine::case::{read_measures, MEASURES_FILE};
use raterlens_engine::run_record::UncertaintyRecord;
use raterlens_engine::{DeviceReport, ModelIdentity, Segmenter};
use serde::Serialize;

use super::status_word;
use crate::failure::sentence;

/// Batches of more cases than this are summed up without a table for each.
const MOST_TABLES: usize = 8;

/// The outcome of one `segment` command.
#[derive(Debug, Serialize)]
pub struct Summary {
    version: &'static str,
    out: String,
    model: ModelIdentity,
    device: DeviceReport,
    notes: Vec<String>,
    cases: Vec<CaseSummary>,
}

#[derive(Debug, Serialize)]
struct CaseSummary {
    case: String,
    status: &'static str,
    dir: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    warnings: Vec<String>,
    structures: Vec<StructureSummary>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    uncertainty: Vec<UncertaintyRecord>,
}

#[derive(Debug, Serialize)]
struct StructureSummary {
    structure: String,
    title: String,
    volume_ml: f64,
    mean_variance: Option<f64>,
    voxels: u64,
}

impl Summary {
    /// Collects what the outcomes say and the case folders hold.
    ///
    /// # Errors
    /// A `measures.csv` that cannot be read back.
    pub fn new(
        out: &Path,
        segmenter: &Segmenter,
        notes: &[String],
        outcomes: &[CaseOutcome],
    ) -> Result<Self> {
        Ok(Self {
            version: env!("CARGO_PKG_VERSION"),
            out: out.display().to_string(),
            model: segmenter.identity(),
            device: segmenter.device().clone(),
            notes: notes.to_vec(),
            cases: outcomes.iter().map(case_summary).collect::<Result<_>>()?,
        })
    }

    /// Number of cases that failed.
    pub fn failed(&self) -> usize {
        self.count("failed")
    }

    fn count(&self, status: &str) -> usize {
        self.cases.iter().filter(|c| c.status == status).count()
    }

    /// The table.
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "Model   {} version {}",
            self.model.name, self.model.version
        );
        let _ = writeln!(out, "Device  {} ({})", self.device.name, self.device.reason);
        if self.cases.len() <= MOST_TABLES {
            for case in self.cases.iter().filter(|c| c.status != "failed") {
                out.push_str(&case.text());
            }
        }
        if let [case] = self.cases.as_slice() {
            let _ = writeln!(out, "\nResults in {}", case.dir);
            out.push_str("  labels and variance maps (NIfTI), measures.csv, run.json;\n");
            out.push_str("  open case.itksnap in ITK-SNAP to see all layers\n");
        } else {
            let _ = writeln!(
                out,
                "\n{} cases: {} done, {} complete before, {} failed",
                self.cases.len(),
                self.count("done"),
                self.count("skipped"),
                self.failed()
            );
            let _ = writeln!(out, "Results in {} (measures.csv has all cases)", self.out);
        }
        out
    }
}

impl CaseSummary {
    fn text(&self) -> String {
        let state = match self.status {
            "skipped" => " (complete before; --force computes it again)",
            _ => "",
        };
        let mut out = format!("\n{}{state}\n", self.case);
        let _ = writeln!(
            out,
            "  {:<26} {:>11} {:>14} {:>10}",
            "Structure", "Volume (ml)", "Mean variance", "Voxels"
        );
        for s in &self.structures {
            let variance = s.mean_variance.map_or("-".into(), |v| format!("{v:.4}"));
            let _ = writeln!(
                out,
                "  {:<26} {:>11.2} {variance:>14} {:>10}",
                s.title, s.volume_ml, s.voxels
            );
        }
        for u in &self.uncertainty {
            let number = |value: Option<f64>| value.map_or("-".into(), |v| format!("{v:.5}"));
            let _ = writeln!(
                out,
                "  {}: mean entropy {} nats, mutual information {} nats ({} samples)",
                u.source,
                number(u.image.predictive_entropy),
                number(u.image.mutual_information),
                u.samples
            );
        }
        out
    }
}

fn case_summary(outcome: &CaseOutcome) -> Result<CaseSummary> {
    let error = match &outcome.status {
        CaseStatus::Failed(error) => Some(sentence(anyhow::Chain::new(error))),
        _ => None,
    };
    let record = outcome.record.as_ref();
    let structures = match record {
        Some(_) => structures(&outcome.dir)?,
        None => Vec::new(),
    };
    Ok(CaseSummary {
        case: outcome.name.clone(),
        status: status_word(&outcome.status),
        dir: outcome.dir.display().to_string(),
        error,
        warnings: record.map(|r| r.warnings.clone()).unwrap_or_default(),
        structures,
        uncertainty: record.map(|r| r.uncertainty.clone()).unwrap_or_default(),
    })
}

/// The whole-volume rows of a case.
fn structures(dir: &Path) -> Result<Vec<StructureSummary>> {
    let path = dir.join(MEASURES_FILE);
    let rows = read_measures(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let whole = rows
        .into_iter()
        .filter(|[_, _, _, slice, ..]| slice.is_empty());
    let summary = |[_, structure, title, _, _, volume, variance, voxels]: [String; 8]| {
        Ok(StructureSummary {
            structure,
            title,
            volume_ml: volume.parse()?,
            mean_variance: match variance.as_str() {
                "" => None,
                text => Some(text.parse()?),
            },
            voxels: voxels.parse()?,
        })
    };
    whole
        .map(summary)
        .collect::<Result<_>>()
        .with_context(|| format!("{} was changed and cannot be read", path.display()))
}
