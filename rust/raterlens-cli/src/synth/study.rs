//! The cases of a folder as a study, so that `raterlens agree --study` can read them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{bail, Context, Result};
use raterlens_core::atomic::write_atomic;
use raterlens_core::LabelScheme;
use raterlens_itksnap::write_label_file;

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
/// There is a `study.toml`, `cases.csv` or `labels.txt` that this program did not write.
pub(super) fn check_folder(dir: &Path) -> Result<()> {
    let ours = fs::read_to_string(dir.join("study.toml")).is_ok_and(|t| t.starts_with(MARK));
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
pub(super) fn write_study(dir: &Path) -> Result<()> {
    let table = table(dir).context("cannot list the cases")?;
    let mut labels = Vec::new();
    write_label_file(&mut labels, &LabelScheme::lumbar_paraspinal())?;
    for (name, content) in [
        ("labels.txt", labels.as_slice()),
        ("cases.csv", table.as_bytes()),
        ("study.toml", STUDY.as_bytes()),
    ] {
        write_atomic(&dir.join(name), |out| out.write_all(content))
            .with_context(|| format!("cannot write {name}"))?;
    }
    Ok(())
}

fn table(dir: &Path) -> Result<String> {
    let mut cases = Vec::new();
    for entry in fs::read_dir(dir)? {
        let case = entry?.path();
        let name = case.file_name().map(|n| n.to_string_lossy().into_owned());
        let name = name.filter(|n| n.starts_with("synth-") && case.join(MARKER).is_file());
        cases.extend(name);
    }
    cases.sort();
    let raters = |case: &str| {
        let file = |n: &usize| dir.join(case).join(format!("rater{n}.nii.gz")).is_file();
        (1..).take_while(file).count()
    };
    let most = cases.iter().map(|case| raters(case)).max().unwrap_or(0);
    let mut table = String::from("case,image");
    for n in 1..=most {
        write!(table, ",rater:rater{n}")?;
    }
    table.push('\n');
    for case in &cases {
        write!(table, "{case},{case}/image.nii.gz")?;
        let drawn = raters(case);
        for n in 1..=most {
            table.push(',');
            if n <= drawn {
                write!(table, "{case}/rater{n}.nii.gz")?;
            }
        }
        table.push('\n');
    }
    Ok(table)
}
