//! `raterlens synth --from STUDY`: images made from the label maps of a study, with what simulated raters draw on them, as a study.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail, Context, Result};
use clap::Args;
use raterlens_core::atomic::{write_atomic, StagedDir};
use raterlens_core::nifti_io::write_labels;
use raterlens_raters::study::{read_split, read_study_for, OpenedCase, Part, StudyCase, StudyUse};
use raterlens_train::data::{judged_images, DataSettings};
use raterlens_train::{GroundTruth, Recipe};

use super::whole_numbers;

/// Written last into each case's folder.
const MARKER: &str = "image.nii.gz";
const STUDY: &str = "\
# Written by raterlens synth --from
name = \"Images made from label maps\"
table = \"cases.csv\"
labels = \"labels.json\"
";

/// Options of images made from label maps.
#[derive(Debug, Args)]
#[command(next_help_heading = "From the label maps of a study")]
pub struct ShapeArgs {
    /// Study whose label maps become images: one of each slice that holds a structure, by which `train` with augment=synth judges, too
    #[arg(long, value_name = "STUDY", conflicts_with_all = ["cases", "seed", "size", "slices", "raters", "styles", "per_level"])]
    from: Option<PathBuf>,
    /// Only the cases of one part, from a file with columns case and part, as the split.csv of a training
    #[arg(long, value_name = "FILE.csv", requires = "from")]
    split: Option<PathBuf>,
    /// Which part
    #[arg(long, default_value = "test", requires = "split")]
    part: Part,
    /// One setting of how images are made, for example contrasts=[1,0,0,0,0] (T1w-like only); may be repeated
    #[arg(long, value_name = "NAME=VALUE", requires = "from")]
    set: Vec<String>,
}

impl ShapeArgs {
    /// The study, if the command makes images from one.
    pub(super) fn study(&self) -> Option<&Path> {
        self.from.as_deref()
    }
}

/// Writes the images and a study of them into `out`.
pub(super) fn run(args: &ShapeArgs, study: &Path, out: &Path, force: bool) -> Result<()> {
    let table = out.join("cases.csv");
    if table.exists() && !force {
        bail!(
            "the folder has a study already: choose another, or replace it with --force ({})",
            out.display()
        );
    }
    let settings = settings(args, study)?;
    let study = read_study_for(study, StudyUse::Shapes)?;
    let split = args.split.as_deref().map(|file| read_split(file, &study));
    let split = split.transpose()?;
    let cases: Vec<&StudyCase> = match &split {
        Some(split) => split.cases(&study, args.part).collect(),
        None => study.cases.iter().collect(),
    };
    let mut text = String::from("case,subject,level,image");
    for rater in 1..=settings.recipe.synth.raters {
        write!(text, ",rater:Rater {rater}")?;
    }
    text.push('\n');
    for case in cases {
        for (n, image) in judged_images(case, &settings)?.iter().enumerate() {
            let name = match n {
                0 => case.name.clone(),
                n => format!("{}-{n}", case.name),
            };
            write_case(&out.join(&name), image)
                .with_context(|| format!("cannot write the case '{name}'"))?;
            let level = case.attributes.get("level").map_or("", String::as_str);
            write!(text, "{name},{},{level},{name}/{MARKER}", case.subject())?;
            for rater in 1..=image.drawings.len() {
                write!(text, ",{name}/rater{rater}.nii.gz")?;
            }
            text.push('\n');
        }
    }
    let labels = serde_json::to_vec_pretty(&settings.scheme.structures)?;
    for (name, content) in [
        ("labels.json", labels.as_slice()),
        ("study.toml", STUDY.as_bytes()),
        ("cases.csv", text.as_bytes()),
    ] {
        write_atomic(&out.join(name), |to| to.write_all(content))
            .with_context(|| format!("cannot write {name}"))?;
    }
    println!("{}", out.display());
    Ok(())
}

fn settings(args: &ShapeArgs, study: &Path) -> Result<DataSettings> {
    let mut recipe = Recipe::named("default")?.with("augment=synth")?;
    for change in &args.set {
        recipe = recipe.with(&format!("synth.{change}"))?;
    }
    recipe.check()?;
    let study = read_study_for(study, StudyUse::Shapes)?;
    let scheme = study.labels.ok_or_else(|| {
        anyhow!("the study names no labels: add `labels = \"labels.json\"` to its file")
    })?;
    Ok(DataSettings {
        recipe,
        truth: GroundTruth::Majority,
        scheme,
    })
}

fn write_case(dir: &Path, case: &OpenedCase) -> Result<()> {
    let staged = StagedDir::new(dir)?;
    for (n, (_, _, labels)) in case.drawings.iter().enumerate() {
        let file = staged.path().join(format!("rater{}.nii.gz", n + 1));
        write_labels(&file, labels, None)?;
    }
    write_labels(
        &staged.path().join(MARKER),
        &whole_numbers(&case.image),
        None,
    )?;
    Ok(staged.commit(MARKER)?)
}
