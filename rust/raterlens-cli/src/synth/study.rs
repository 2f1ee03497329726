//! The cases of a folder as a study, so that `raterlens agree --study` can read them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{bail, Context, Result};
use raterlens_core::atomic::write_atomic;
use raterlens_core::LabelScheme;
use raterlens_itksnap::write_label_file;
use raterlens_synth::{Level, Person};
use serde::Deserialize;

use super::raters::Raters;
use super::MARKER;

/// How a study file of this program begins.
const MARK: &str = "# Written by raterlens synth";

const STUDY: &str = "\
# Written by raterlens synth
name = \"Synthetic lumbar cases with simulated raters\"
table = \"cases.csv\"
labels = \"labels.txt\"
";

/// Refuses a folder that has a study of somebody else, which writing would replace.
///
/// # Errors
/// There is a `study.toml`, `cases.csv` or `labels.txt` that this program did not write, or a study of other raters.
pub(super) fn check_folder(dir: &Path, raters: &Raters) -> Result<()> {
    let study = fs::read_to_string(dir.join("study.toml")).unwrap_or_default();
    let ours = study.starts_with(MARK);
    if ours && Raters::of_study(&study).is_some_and(|others| others != *raters) {
        bail!(
            "the folder has a study with other raters or other habits: choose another folder ({})",
            dir.display()
        );
    }
    for name in ["study.toml", "cases.csv", "labels.txt"] {
        if !ours && dir.join(name).exists() {
            bail!(
                "the folder has a '{name}' that was not written by this command: choose another folder ({})",
                dir.display()
            );
        }
    }
    Ok(())
}

/// Writes `study.toml`, `cases.csv` with every complete case of `dir`, and `labels.txt`.
///
/// # Errors
/// A folder that cannot be read or written.
pub(super) fn write_study(dir: &Path, raters: &Raters) -> Result<()> {
    let table = table(dir, raters).context("cannot list the cases")?;
    let study = format!("{STUDY}\n{}", raters.to_toml()?);
    let mut labels = Vec::new();
    write_label_file(&mut labels, &LabelScheme::lumbar_paraspinal())?;
    for (name, content) in [
        ("labels.txt", labels.as_slice()),
        ("cases.csv", table.as_bytes()),
        ("study.toml", study.as_bytes()),
    ] {
        write_atomic(&dir.join(name), |out| out.write_all(content))
            .with_context(|| format!("cannot write {name}"))?;
    }
    Ok(())
}

/// What the table needs of a case's `synth.json`.
#[derive(Deserialize)]
struct Described {
    subject: String,
    person: Person,
    levels: Vec<Level>,
}

fn table(dir: &Path, raters: &Raters) -> Result<String> {
    let mut cases = Vec::new();
    for entry in fs::read_dir(dir)? {
        let case = entry?.path();
        let name = case.file_name().map(|n| n.to_string_lossy().into_owned());
        let name = name.filter(|n| n.starts_with("synth-") && case.join(MARKER).is_file());
        cases.extend(name);
    }
    cases.sort();
    let mut table = String::from("case,subject,sex,age_group,level,image,truth");
    for name in raters.names() {
        write!(table, ",rater:{name}")?;
    }
    table.push('\n');
    for case in &cases {
        let text = fs::read_to_string(dir.join(case).join(MARKER))?;
        let d: Described = serde_json::from_str(&text).with_context(|| {
            format!("the case '{case}' is of another version: choose another folder")
        })?;
        let (sex, age) = (d.person.sex.name(), d.person.age_group.name());
        let level = one_level(&d.levels);
        write!(
            table,
            "{case},{},{sex},{age},{level},{case}/image.nii.gz,{case}/truth.nii.gz",
            d.subject
        )?;
        for n in 1..=raters.len() {
            write!(table, ",{case}/rater{n}.nii.gz")?;
        }
        table.push('\n');
    }
    Ok(table)
}

/// The level that all slices have; nothing for an image of several.
fn one_level(levels: &[Level]) -> &'static str {
    match levels {
        [first, rest @ ..] if rest.iter().all(|l| l == first) => first.name(),
        _ => "",
    }
}
