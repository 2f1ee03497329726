//! The workspace of one case.

use std::path::{Path, PathBuf};

use raterlens_core::{Geometry, LabelScheme};
use thiserror::Error;

use crate::display::{ColorMap, RelativeWindow};
use crate::label_file::{one_line, LabelRow};
use crate::label_table::write_row;
use crate::landmark::{self, Landmark};
use crate::orientation::orientation_code;
use crate::project::Role;
use crate::registry::Registry;

/// The release of ITK-SNAP whose workspaces these are; only its presence matters to the reader.
const FORMAT_VERSION: &str = "20250909";

/// Why a workspace could not be described.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WorkspaceError {
    /// ITK-SNAP stores paths as text.
    #[error("the folder's name is not valid Unicode, which an ITK-SNAP workspace needs: choose another output folder")]
    FolderNotUnicode,
    /// A relative folder means something else in every program.
    #[error("the folder of a workspace must be an absolute path")]
    FolderNotAbsolute,
    /// A layer that would not move with the workspace.
    #[error("layer file '{file}' must be a plain file name: all layers lie in the workspace's own folder")]
    NotPlainFileName {
        /// The name given.
        file: String,
    },
}

/// An image file of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageLayer {
    /// Name of the file, which lies in the workspace's folder.
    pub file: String,
    /// What ITK-SNAP shows as the layer's name; empty for the file's own name.
    pub nickname: String,
    /// Free words by which services find a layer; no commas.
    pub tags: Vec<String>,
}

/// A colour layer drawn over the main image.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlay {
    /// The file.
    pub layer: ImageLayer,
    /// Opacity, 0 to 1.
    pub opacity: f64,
    /// Which part of the layer's range the colours span.
    pub window: RelativeWindow,
    /// The colours.
    pub colors: ColorMap,
}

/// Everything one `.itksnap` file says. All files lie beside it, so the folder may be moved.
#[derive(Debug, Clone, PartialEq)]
pub struct Workspace {
    /// Where the workspace will lie: an absolute path.
    pub folder: PathBuf,
    /// Grid of the main image.
    pub geometry: Geometry,
    /// The image.
    pub main: ImageLayer,
    /// Label maps, for example a consensus and each rater's; at least one.
    pub segmentations: Vec<ImageLayer>,
    /// Colour layers, in the order in which they are listed.
    pub overlays: Vec<Overlay>,
    /// Names and colours of the labels.
    pub labels: LabelScheme,
    /// Where to look.
    pub landmarks: Vec<Landmark>,
}

impl Workspace {
    /// The workspace as a registry; write its [`Registry::to_xml`] to `NAME.itksnap`.
    ///
    /// # Errors
    /// See [`WorkspaceError`].
    pub fn to_registry(&self) -> Result<Registry, WorkspaceError> {
        let folder = folder_text(&self.folder)?;
        let mut root = Registry::default();
        root.set("Version", FORMAT_VERSION);
        root.set("SaveLocation", folder);
        let layers = root.folder_mut("Layers");

        let main = layer_folder(layers, 0, folder, &self.main, Role::Main)?;
        write_project(
            main.folder_mut("ProjectMetaData"),
            &self.geometry,
            &self.labels,
        );
        for (n, overlay) in self.overlays.iter().enumerate() {
            let out = layer_folder(layers, n + 1, folder, &overlay.layer, Role::Overlay)?;
            out.set("ImageTransform.IsIdentity", "1");
            let meta = out.folder_mut("LayerMetaData");
            meta.set("Alpha", overlay.opacity.clamp(0.0, 1.0).to_string());
            meta.set("Sticky", "1");
            let display = meta.folder_mut("DisplayMapping");
            overlay.window.write(display);
            overlay.colors.write(display);
        }
        let first = self.overlays.len() + 1;
        for (n, segmentation) in self.segmentations.iter().enumerate() {
            layer_folder(layers, first + n, folder, segmentation, Role::Segmentation)?;
        }
        landmark::append(&mut root, &self.landmarks);
        Ok(root)
    }
}

fn folder_text(folder: &Path) -> Result<&str, WorkspaceError> {
    if !folder.is_absolute() {
        return Err(WorkspaceError::FolderNotAbsolute);
    }
    folder.to_str().ok_or(WorkspaceError::FolderNotUnicode)
}

/// Writes what every layer has and returns its folder.
fn layer_folder<'a>(
    layers: &'a mut Registry,
    number: usize,
    folder: &str,
    layer: &ImageLayer,
    role: Role,
) -> Result<&'a mut Registry, WorkspaceError> {
    let plain = Path::new(&layer.file).file_name().and_then(|n| n.to_str());
    if plain != Some(layer.file.as_str()) || layer.file.contains('\\') {
        return Err(WorkspaceError::NotPlainFileName {
            file: layer.file.clone(),
        });
    }
    let path = Path::new(folder).join(&layer.file);
    let out = layers.folder_mut(&format!("Layer[{number:03}]"));
    out.set("AbsolutePath", path.to_string_lossy());
    out.set("Role", role.name());
    // Readers do not trim: a space after the comma would become part of the next tag.
    let tags: Vec<String> = layer.tags.iter().map(|t| t.replace(',', " ")).collect();
    out.set("Tags", tags.join(","));
    out.set("LayerMetaData.CustomNickName", one_line(&layer.nickname));
    out.set("LayerMetaData.Tags", tags.join(","));
    Ok(out)
}

/// Writes what only the main image carries: its grid, the label table and the label opacity.
fn write_project(project: &mut Registry, geometry: &Geometry, labels: &LabelScheme) {
    let [x, y, z] = geometry.dims;
    project.set("Files.Grey.Dimensions", format!("{x} {y} {z}"));
    project.set("Files.Grey.Orientation", orientation_code(geometry));
    let iris = project.folder_mut("IRIS");
    iris.set("SliceViewLayerLayout", "Stacked");
    iris.set("LabelState.CoverageMode", "OverAll");
    let first = labels.structures.first().map_or(1, |s| s.id);
    iris.set("LabelState.DrawingLabel", first.to_string());
    iris.set("LabelState.OverwriteLabel", "0");
    iris.set("LabelState.SegmentationAlpha", "0.5");
    let table = iris.folder_mut("LabelTable");
    table.set("NumberOfElements", labels.len().to_string());
    for (n, s) in labels.structures.iter().enumerate() {
        let row = LabelRow {
            id: s.id,
            color: s.color,
            title: s.title.clone(),
        };
        write_row(table.folder_mut(&format!("Element[{n}]")), &row);
    }
}
