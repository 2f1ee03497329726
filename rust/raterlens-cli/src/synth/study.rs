//! The cases of a folder as a study, so that `raterlens agree --study` can read them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use raterlens_core::atomic::write_atomic;
use raterlens_core::LabelScheme;
use raterlens_itksnap::write_label_file;

use super::MARKER;

const STUDY: &str = "\
name = \"Synthetic lumbar cases with simulated raters\"
table = \"cases.csv\"
labels = \"labels.txt\"
";

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
        if case.join(MARKER).is_file() {
            cases.extend(case.file_name().map(|n| n.to_string_lossy().into_owned()));
        }
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
