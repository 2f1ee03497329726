//! `raterlens workspace`: ITK-SNAP workspaces, to make, look into and add to.

use std::path::{Path, PathBuf};

use anyhow::{bail, Context, Result};
use clap::{Args, Subcommand};
use raterlens_core::atomic::write_atomic;
use raterlens_core::LabelScheme;
use raterlens_itksnap::assemble::{add_layer, new_project, Kind};
use raterlens_itksnap::label_file::LabelRow;
use raterlens_itksnap::{write_label_rows, LabelClash, Project, Role};
use raterlens_raters::files::read_label_names;
use raterlens_raters::scheme_of_labels;
use serde_json::json;

/// The copy of a workspace with added layers, in a result's folder.
pub const WORKSPACE_FILE: &str = "workspace.itksnap";

/// What to do with a workspace.
#[derive(Debug, Subcommand)]
pub enum WorkspaceCommand {
    /// Make a workspace of an image and layers
    Create(CreateArgs),
    /// Add layers to a workspace; everything else in it stays as it is
    Add(AddArgs),
    /// List the layers and labels of a workspace
    Show(ShowArgs),
    /// Write the label table of a workspace as a label description file
    Labels(LabelsArgs),
}

/// Layers to show.
#[derive(Debug, Args)]
pub struct LayerArgs {
    /// A label map (NIfTI), for example a consensus or a rater's: NAME=FILE; may be repeated
    #[arg(long, value_name = "NAME=FILE", value_parser = named)]
    segmentation: Vec<(String, PathBuf)>,
    /// A map of inter-rater variance, coloured from 0 to 0.1
    #[arg(long, value_name = "NAME=FILE", value_parser = named)]
    variance: Vec<(String, PathBuf)>,
    /// A map of uncertainty, coloured from 0 to its largest value
    #[arg(long, value_name = "NAME=FILE", value_parser = named)]
    uncertainty: Vec<(String, PathBuf)>,
    /// Names of the labels: an ITK-SNAP label description file, or JSON such as a package's model.json
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
}

/// Options of `raterlens workspace create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// The image (NIfTI)
    image: PathBuf,
    /// The workspace to write, NAME.itksnap
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    layers: LayerArgs,
}

/// Options of `raterlens workspace add`.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// The workspace
    workspace: PathBuf,
    /// Write the result here instead of replacing the workspace
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    layers: LayerArgs,
}

/// Options of `raterlens workspace show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The workspace
    workspace: PathBuf,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Options of `raterlens workspace labels`.
#[derive(Debug, Args)]
pub struct LabelsArgs {
    /// The workspace
    workspace: PathBuf,
    /// The label description file to write
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
}

fn named(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.trim().is_empty() && !file.is_empty() => {
            Ok((name.trim().to_owned(), PathBuf::from(file)))
        }
        _ => Err("write NAME=FILE, as in Ann=ann.nii.gz".to_owned()),
    }
}

impl LayerArgs {
    fn add_to(&self, project: &mut Project) -> Result<()> {
        let (mut used, mut clashes) = (Vec::new(), Vec::new());
        if let Some(path) = &self.labels {
            clashes = project.add_labels(&rows(&read_label_names(path)?));
        }
        let kinds = [
            (Kind::Variance, &self.variance),
            (Kind::Uncertainty, &self.uncertainty),
            (Kind::Segmentation, &self.segmentation),
        ];
        for (kind, layers) in kinds {
            for (title, path) in layers {
                used.extend(add_layer(project, kind, title, path)?);
            }
        }
        // What has no name gets one, or ITK-SNAP would show it without.
        clashes.extend(project.add_labels(&rows(&scheme_of_labels(used))));
        warn(&clashes);
        Ok(())
    }
}

fn rows(scheme: &LabelScheme) -> Vec<LabelRow> {
    let row = |s: &raterlens_core::Structure| LabelRow {
        id: s.id,
        color: s.color,
        title: s.title.clone(),
    };
    scheme.structures.iter().map(row).collect()
}

/// Refuses an output folder where the copy of a workspace would replace something: the workspace itself in any case, another
/// file unless `force`.
pub fn check_copy(workspace: &Path, out: &Path, force: bool) -> Result<()> {
    let copy = out.join(WORKSPACE_FILE);
    let (Ok(there), from) = (copy.canonicalize(), workspace.canonicalize()?) else {
        return Ok(());
    };
    if there == from {
        bail!("the workspace lies in the output folder under the name that the result needs: choose another output folder");
    }
    if !force {
        bail!("the output folder already has '{WORKSPACE_FILE}': choose another folder, or replace it with --force");
    }
    Ok(())
}

fn warn(clashes: &[LabelClash]) {
    for clash in clashes {
        eprintln!("note: {clash}");
    }
}

/// Writes a copy of a workspace with added layers into a result's folder. Returns its file name.
pub fn add_to_copy(
    workspace: &Path,
    layers: &[(Kind, String, PathBuf)],
    labels: &LabelScheme,
    out: &Path,
) -> Result<String> {
    let mut project = Project::open(workspace)?;
    warn(&project.add_labels(&rows(labels)));
    for (kind, title, path) in layers {
        add_layer(&mut project, *kind, title, path)?;
    }
    project.save(&out.join(WORKSPACE_FILE))?;
    Ok(WORKSPACE_FILE.to_owned())
}

/// Writes a copy of a workspace with the layers of a finished case into the case's folder. A copy of an earlier run is
/// replaced, and with `force` any file.
pub fn add_case(workspace: &Path, case_dir: &Path, force: bool) -> Result<()> {
    check_case(workspace, case_dir, force)?;
    let mut project = Project::open(workspace)?;
    let case = case_dir.join(raterlens_engine::case::WORKSPACE_FILE);
    warn(&project.add(&Project::open(&case)?)?);
    Ok(project.save(&case_dir.join(WORKSPACE_FILE))?)
}

/// As [`check_copy`], but a copy of an earlier run may be replaced.
pub fn check_case(workspace: &Path, case_dir: &Path, force: bool) -> Result<()> {
    let is_ours = is_copy(&case_dir.join(WORKSPACE_FILE), workspace, case_dir)?;
    check_copy(workspace, case_dir, force || is_ours)
}

/// Whether a file is a workspace with the layers of another one, and after them only layers of a case.
fn is_copy(path: &Path, workspace: &Path, case_dir: &Path) -> Result<bool> {
    let Ok(there) = Project::open(path) else {
        return Ok(false);
    };
    let (there, given) = (there.layers(), Project::open(workspace)?.layers());
    let dir = std::path::absolute(case_dir)?;
    let added = there.get(given.len()..).unwrap_or_default();
    let is_of_case = added.iter().all(|l| l.path.parent() == Some(&dir));
    Ok(there.starts_with(&given) && !added.is_empty() && is_of_case)
}

/// The main image of a workspace.
pub fn main_image(workspace: &Path) -> Result<PathBuf> {
    Ok(Project::open(workspace)?.main_image())
}

fn check_free(path: &Path, force: bool) -> Result<()> {
    if path.exists() && !force {
        bail!(
            "there is a file already: choose another, or replace it with --force ({})",
            path.display()
        );
    }
    Ok(())
}

/// Runs the command.
///
/// # Errors
/// Whatever stops it; nothing was written then.
pub fn run(command: &WorkspaceCommand) -> Result<()> {
    match command {
        WorkspaceCommand::Create(args) => {
            check_free(&args.out, args.force)?;
            let none = scheme_of_labels([]);
            let mut project = new_project(&args.image, &none)?;
            args.layers.add_to(&mut project)?;
            Ok(project.save(&args.out)?)
        }
        WorkspaceCommand::Add(args) => {
            let mut project = Project::open(&args.workspace)?;
            args.layers.add_to(&mut project)?;
            Ok(project.save(args.out.as_ref().unwrap_or(&args.workspace))?)
        }
        WorkspaceCommand::Show(args) => show(args),
        WorkspaceCommand::Labels(args) => {
            check_free(&args.out, args.force)?;
            let rows = Project::open(&args.workspace)?.labels();
            write_atomic(&args.out, |out| write_label_rows(out, &rows))
                .with_context(|| args.out.display().to_string())
        }
    }
}

fn show(args: &ShowArgs) -> Result<()> {
    let project = Project::open(&args.workspace)?;
    let (layers, labels) = (project.layers(), project.labels());
    if args.json {
        let layers = layers.iter().map(|l| {
            json!({
                "role": l.role.name(), "title": l.title(), "path": l.path, "tags": l.tags, "exists": l.path.is_file(),
            })
        });
        let labels = labels
            .iter()
            .map(|l| json!({"id": l.id, "title": l.title, "color": l.color}));
        let all =
            json!({"layers": layers.collect::<Vec<_>>(), "labels": labels.collect::<Vec<_>>()});
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    for layer in layers {
        let kind = match layer.role {
            Role::Main => "image",
            Role::Overlay => "overlay",
            Role::Segmentation => "segmentation",
        };
        let missing = if layer.path.is_file() {
            ""
        } else {
            "  (missing)"
        };
        println!(
            "{kind:<13} {}  {}{missing}",
            layer.title(),
            layer.path.display()
        );
    }
    for label in labels {
        println!("label {:<7} {}", label.id, label.title);
    }
    Ok(())
}
