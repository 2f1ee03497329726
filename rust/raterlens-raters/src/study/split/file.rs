//! Splits as files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use raterlens_core::atomic::write_atomic;
use serde::Deserialize;

use super::super::StudyFile;
use super::{Part, Split};
use crate::error::RatersError;

/// Writes a split as CSV: `case,subject,part`.
///
/// # Errors
/// A file that cannot be written; nothing is left of it then.
pub fn write_split(split: &Split, study: &StudyFile, path: &Path) -> Result<(), RatersError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let internal = |e: csv::Error| RatersError::Internal(e.to_string());
    writer
        .write_record(["case", "subject", "part"])
        .map_err(internal)?;
    for case in &study.cases {
        let Some(part) = split.part_of(&case.name) else {
            continue;
        };
        writer
            .write_record([&case.name, case.subject(), &part.to_string()])
            .map_err(internal)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|e| RatersError::Internal(e.to_string()))?;
    write_atomic(path, |out| out.write_all(&bytes)).map_err(|e| RatersError::output(path, e))
}

/// Reads a split that [`write_split`] wrote, or one made by hand with columns `case` and `part`.
///
/// # Errors
/// [`RatersError::Study`] with every fault: an image of the study that is not listed, an unknown one, a word that is no part, a
/// subject in two parts.
pub fn read_split(path: &Path, study: &StudyFile) -> Result<Split, RatersError> {
    #[derive(Deserialize)]
    struct Row {
        case: String,
        part: String,
    }
    let bytes = std::fs::read(path).map_err(|source| RatersError::Input {
        source,
        path: path.to_path_buf(),
    })?;
    let mut problems = Vec::new();
    let mut parts = BTreeMap::new();
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(bytes.as_slice());
    for row in reader.deserialize::<Row>() {
        match row.map_err(|e| e.to_string()).and_then(|row| {
            let part: Part = row.part.parse()?;
            Ok((row.case, part))
        }) {
            Ok((case, _)) if !study.cases.iter().any(|c| c.name == case) => {
                problems.push(format!("the study has no case '{case}'"));
            }
            Ok((case, part)) => {
                parts.insert(case, part);
            }
            Err(error) => problems.push(error),
        }
    }
    let missing = study.cases.iter().filter(|c| !parts.contains_key(&c.name));
    problems.extend(missing.map(|c| format!("case '{}' is in no part", c.name)));
    problems.extend(divided_subjects(study, &parts));
    if problems.is_empty() {
        return Ok(Split { parts });
    }
    let named = |p: String| format!("split: {p}");
    Err(RatersError::Study {
        problems: problems.into_iter().map(named).collect(),
    })
}

/// Subjects that are in more than one part, a sentence each.
pub(super) fn divided_subjects(study: &StudyFile, parts: &BTreeMap<String, Part>) -> Vec<String> {
    let mut of_subject: BTreeMap<&str, BTreeSet<Part>> = BTreeMap::new();
    for case in &study.cases {
        let part = parts.get(&case.name);
        of_subject
            .entry(case.subject())
            .or_default()
            .extend(part.copied());
    }
    let divided = of_subject.into_iter().filter(|(_, parts)| parts.len() > 1);
    divided
        .map(|(subject, _)| format!("subject '{subject}' is in more than one part"))
        .collect()
}
