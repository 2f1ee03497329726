//! Options that several verbs share.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, ValueEnum};
use raterlens_core::control::Control;
use raterlens_core::variability::{DistanceExtent, DistanceUnit, SoftLabelOptions};
use raterlens_core::LabelScheme;
use raterlens_raters::files::{
    is_workspace, load_raters, rater_files, raters_of_workspace, read_label_names, LoadedRaters,
};
use raterlens_raters::output::Target;
use raterlens_raters::{check_named, labels_used, scheme_of_labels, RatersError};

use crate::interrupt;
use crate::workspace::check_copy;

/// The label maps of one image, and where results go.
#[derive(Debug, Args)]
pub struct RaterArgs {
    /// Label maps (NIfTI, .seg.nrrd, NRRD, MetaImage, ...) of one image, one per rater: FILE, or NAME=FILE to name the rater. Or one ITK-SNAP workspace, whose segmentation layers are the raters
    #[arg(value_name = "RATER", required = true)]
    raters: Vec<String>,
    #[command(flatten)]
    pub names: NameArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What the labels are called.
#[derive(Debug, Args)]
pub struct NameArgs {
    /// Names of the labels: an ITK-SNAP label description file, JSON such as a package's model.json, or a .seg.nrrd
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Look at these label values only, in this order (1,2,3); other labels count as background
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    structures: Vec<u16>,
    /// Bring label maps on other grids onto the first one's, by the nearest voxel
    #[arg(long)]
    pub resample: bool,
}

/// Where results go.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// Folder for the results
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// Replace the files of an earlier result
    #[arg(long)]
    force: bool,
    /// Print a summary as JSON to stdout instead of a table
    #[arg(long)]
    pub json: bool,
}

/// How soft edges are made.
#[derive(Debug, Args)]
pub struct SoftArgs {
    /// Width of the soft edge, in the unit of distances
    #[arg(long, default_value_t = 1.0)]
    tau: f64,
    /// Unit of distances
    #[arg(long, value_enum, default_value_t = Unit::Pixel)]
    unit: Unit,
    /// Which voxels a distance may reach
    #[arg(long, value_enum, default_value_t = Extent::InPlane)]
    extent: Extent,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Unit {
    Pixel,
    Mm,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Extent {
    /// Those of the same axial slice
    InPlane,
    /// Those of the whole volume
    Volume,
}

impl SoftArgs {
    /// The options of the library.
    pub fn options(&self) -> SoftLabelOptions {
        SoftLabelOptions {
            tau: self.tau,
            unit: match self.unit {
                Unit::Pixel => DistanceUnit::Pixel,
                Unit::Mm => DistanceUnit::Millimetre,
            },
            extent: match self.extent {
                Extent::InPlane => DistanceExtent::InPlane,
                Extent::Volume => DistanceExtent::Volume,
            },
            ..SoftLabelOptions::default()
        }
    }
}

impl NameArgs {
    /// The file of names.
    pub fn file(&self) -> Option<&PathBuf> {
        self.labels.as_ref()
    }

    /// Whether labels without a name count as background.
    pub fn ignore_unnamed(&self) -> bool {
        !self.structures.is_empty()
    }

    /// The names that were given: those of `--labels`, else `fallback`.
    pub fn given(&self, fallback: Option<LabelScheme>) -> Result<Option<LabelScheme>, RatersError> {
        match &self.labels {
            Some(path) => read_label_names(path).map(Some),
            None => Ok(fallback),
        }
    }

    /// The structures of `--structures` with their names; `None` without that option.
    pub fn chosen(&self, names: Option<&LabelScheme>) -> Result<Option<LabelScheme>, RatersError> {
        if self.structures.is_empty() {
            return Ok(None);
        }
        if self.structures.contains(&0) {
            return Err(RatersError::BackgroundAsStructure);
        }
        let unnamed = scheme_of_labels(self.structures.iter().copied());
        let named = |&id: &u16| {
            let given = names.and_then(|n| n.by_id(id));
            let mut structure = given.or_else(|| unnamed.by_id(id)).cloned()?;
            structure.mirror = structure.mirror.filter(|m| self.structures.contains(m));
            Some(structure)
        };
        Ok(Some(LabelScheme::new(
            self.structures.iter().filter_map(named).collect(),
        )?))
    }

    /// The structures that these raters are looked at for; adds a warning for those that nobody drew.
    /// Without `--labels`, they are called as in `fallback`.
    pub fn scheme(
        &self,
        loaded: &mut LoadedRaters,
        fallback: Option<LabelScheme>,
    ) -> Result<LabelScheme, RatersError> {
        let names = self.given(fallback)?;
        if let Some(chosen) = self.chosen(names.as_ref())? {
            let undrawn = undrawn(&chosen, &labels_used(&loaded.set()?));
            loaded.warnings.extend(undrawn);
            return Ok(chosen);
        }
        let set = loaded.set()?;
        let names = names.unwrap_or_else(|| scheme_of_labels(labels_used(&set)));
        check_named(&set, &names)
    }
}

/// A sentence for each structure that nobody drew.
pub fn undrawn(chosen: &LabelScheme, used: &[u16]) -> Vec<String> {
    let undrawn = chosen.structures.iter().filter(|s| !used.contains(&s.id));
    let sentence = |s: &raterlens_core::Structure| {
        format!(
            "Nobody drew structure {} ({}): raters agree on nothing there, which counts as a Dice of 1.",
            s.id, s.title
        )
    };
    undrawn.map(sentence).collect()
}

/// The workspace that stands for raters, if that is what was given.
pub fn workspace(raters: &[String]) -> Option<PathBuf> {
    match raters {
        [one] if is_workspace(Path::new(one)) => Some(PathBuf::from(one)),
        _ => None,
    }
}

impl RaterArgs {
    /// The workspace that was given instead of label maps.
    pub fn workspace(&self) -> Option<PathBuf> {
        workspace(&self.raters)
    }

    /// Refuses an output folder where the copy of the workspace would replace something.
    pub fn check_copy(&self) -> Result<()> {
        match self.workspace() {
            Some(path) => check_copy(&path, &self.output.out, self.output.force),
            None => Ok(()),
        }
    }

    /// Reads the label maps. Also returns the files.
    pub fn load(&self, control: &Control<'_>) -> Result<(LoadedRaters, Vec<PathBuf>), RatersError> {
        let workspace = self.workspace();
        let (files, warnings) = match &workspace {
            Some(path) => {
                let found = raters_of_workspace(path)?;
                (found.raters, found.warnings)
            }
            None => (rater_files(&self.raters)?, Vec::new()),
        };
        let mut loaded = load_raters(&files, self.names.resample, control)?;
        loaded.warnings.splice(0..0, warnings);
        let inputs = files.into_iter().map(|f| f.path).chain(workspace);
        Ok((loaded, inputs.chain(self.names.labels.clone()).collect()))
    }

    /// The structures that these raters are looked at for.
    pub fn scheme(&self, loaded: &mut LoadedRaters) -> Result<LabelScheme, RatersError> {
        let names = self.workspace().map(|path| raters_of_workspace(&path));
        let names = names.transpose()?.and_then(|found| found.labels);
        self.names.scheme(loaded, names)
    }
}

impl OutputArgs {
    /// Where results go, given the files that were read.
    pub fn target<'a>(&'a self, inputs: &'a [PathBuf]) -> Target<'a> {
        Target {
            dir: &self.out,
            force: self.force,
            inputs,
        }
    }
}

/// What long calls listen to: Ctrl-C.
pub fn control() -> Result<Control<'static>> {
    Ok(Control {
        progress: None,
        cancel: interrupt::cancel_on_interrupt()?,
    })
}

/// A sentence about maps in `dir` that begin with `prefix` and were not written now, if there are any.
pub fn leftovers(dir: &Path, prefix: &str, written: &[String]) -> Option<String> {
    let entries = std::fs::read_dir(dir).ok()?;
    let names = entries.filter_map(|e| Some(e.ok()?.file_name().to_string_lossy().into_owned()));
    let old: Vec<_> = names
        .filter(|n| n.starts_with(prefix) && !written.contains(n))
        .collect();
    let first = old.first()?;
    Some(format!(
        "The output folder also has {} of an earlier run, for example {first}: they do not belong to this result.",
        if old.len() == 1 { "a map".to_owned() } else { format!("{} maps", old.len()) }
    ))
}

/// Prints warnings to stderr.
pub fn warn(warnings: &[String]) {
    for warning in warnings {
        eprintln!("note: {warning}");
    }
}
