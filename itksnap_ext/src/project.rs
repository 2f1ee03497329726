//! An existing workspace: what it shows, and adding to it without losing what is not understood.

use std::fs;
use std::path::{Path, PathBuf};

use raterlens_core::atomic::{write_atomic, AtomicError};
use thiserror::Error;

use crate::label_file::LabelRow;
use crate::label_table::{self, LabelClash};
use crate::registry::{Registry, RegistryError};
use crate::workspace::{Workspace, WorkspaceError};

/// A workspace is some hundred kilobytes; anything far beyond is not one.
const MOST_BYTES: u64 = 64 << 20;

/// Why a workspace cannot be read, added to or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// The file cannot be read.
    #[error("cannot read the workspace: {source} ({})", path.display())]
    Read {
        /// The system's reason.
        source: std::io::Error,
        /// The file.
        path: PathBuf,
    },
    /// The file is no workspace.
    #[error("this is no ITK-SNAP workspace: {reason} ({})", path.display())]
    NotAWorkspace {
        /// What is wrong.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// ITK-SNAP stores paths as text.
    #[error("a folder's name is not valid Unicode, which an ITK-SNAP workspace needs: choose another folder")]
    NotUnicode,
    /// Two workspaces about different images.
    #[error("the layers have {found} voxels, the workspace's main image has {expected}")]
    OtherGrid {
        /// Voxels of the main image.
        expected: String,
        /// Voxels of the other's.
        found: String,
    },
    /// The file cannot be written.
    #[error("{source} ({})", path.display())]
    Write {
        /// The reason.
        source: AtomicError,
        /// The file.
        path: PathBuf,
    },
}

/// What a layer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The image.
    Main,
    /// An image drawn over it, or beside it.
    Overlay,
    /// A label map.
    Segmentation,
}

impl Role {
    const NAMES: [(&'static str, Self); 3] = [
        ("MainRole", Self::Main),
        ("OverlayRole", Self::Overlay),
        ("SegmentationRole", Self::Segmentation),
    ];

    /// The word for it in a workspace.
    #[must_use]
    pub fn name(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(_, role)| *role == self);
        found.map_or("", |(name, _)| name)
    }
}

/// A layer of an existing workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerInfo {
    /// What it is.
    pub role: Role,
    /// Its file, where it is now.
    pub path: PathBuf,
    /// What ITK-SNAP shows as its name; empty for the file's own name.
    pub nickname: String,
    /// Free words by which services find a layer.
    pub tags: Vec<String>,
}

impl LayerInfo {
    /// The nickname, or else the file's name without `.nii` or `.nii.gz`.
    #[must_use]
    pub fn title(&self) -> String {
        if !self.nickname.trim().is_empty() {
            return self.nickname.trim().to_owned();
        }
        let name = self.path.file_name().map(|n| n.to_string_lossy());
        let name = name.unwrap_or_default().into_owned();
        let bare = name.strip_suffix(".gz").unwrap_or(&name);
        bare.strip_suffix(".nii").unwrap_or(bare).to_owned()
    }
}

/// A workspace that was read from a file. Entries that RaterLens does not know are kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    registry: Registry,
    folder: PathBuf,
}

impl Project {
    /// Reads a workspace.
    ///
    /// # Errors
    /// A file that cannot be read or is no workspace.
    pub fn open(path: &Path) -> Result<Self, ProjectError> {
        let read = |source| ProjectError::Read {
            source,
            path: path.to_path_buf(),
        };
        let fail = |reason: String| ProjectError::NotAWorkspace {
            reason,
            path: path.to_path_buf(),
        };
        let length = fs::metadata(path).map_err(read)?.len();
        if length > MOST_BYTES {
            return Err(fail(format!("it is {length} bytes long")));
        }
        let bytes = fs::read(path).map_err(read)?;
        let text = String::from_utf8(bytes).map_err(|_| fail("it is not text in UTF-8".into()))?;
        let registry = Registry::from_xml(&text).map_err(|e: RegistryError| fail(e.to_string()))?;
        if registry.get("SaveLocation").is_none() || registry.get("Version").is_none() {
            return Err(fail("it has no SaveLocation and Version".into()));
        }
        let path = std::path::absolute(path).map_err(read)?;
        let folder = path.parent().unwrap_or(Path::new("/")).to_path_buf();
        let project = Self { registry, folder };
        match project.layers().first() {
            Some(layer) if layer.role == Role::Main => Ok(project),
            _ => Err(fail("its first layer is not a main image".into())),
        }
    }

    /// A described workspace as if it had been read.
    ///
    /// # Errors
    /// See [`WorkspaceError`].
    pub fn of(workspace: &Workspace) -> Result<Self, WorkspaceError> {
        Ok(Self {
            registry: workspace.to_registry()?,
            folder: workspace.folder.clone(),
        })
    }

    /// The layers, in the file's order; those of unknown roles are left out.
    #[must_use]
    pub fn layers(&self) -> Vec<LayerInfo> {
        let numbers = 0..self.layer_count();
        numbers.filter_map(|n| self.layer(n)).collect()
    }

    /// The layers of one role.
    pub fn of_role(&self, role: Role) -> impl Iterator<Item = LayerInfo> {
        self.layers().into_iter().filter(move |l| l.role == role)
    }

    /// The main image's file.
    #[must_use]
    pub fn main_image(&self) -> PathBuf {
        let main = self.of_role(Role::Main).next();
        main.map(|l| l.path).unwrap_or_default()
    }

    /// Voxels of the main image along i, j, k, as the workspace says.
    #[must_use]
    pub fn dimensions(&self) -> Option<&str> {
        self.registry
            .get("Layers.Layer[000].ProjectMetaData.Files.Grey.Dimensions")
    }

    /// The label table.
    #[must_use]
    pub fn labels(&self) -> Vec<LabelRow> {
        let table = "Layers.Layer[000].ProjectMetaData.IRIS.LabelTable";
        let rows = self.registry.folder(table).map(label_table::rows);
        let rows = rows.unwrap_or_default().into_iter();
        rows.map(|(_, row)| row).collect()
    }

    /// Adds labels. A label that is there already stays as it is, and the clash is told; but one that only has the name ITK-SNAP
    /// gives to labels that nobody has named is renamed, as long as there is no segmentation that it could belong to.
    pub fn add_labels(&mut self, rows: &[LabelRow]) -> Vec<LabelClash> {
        let may_rename = self.of_role(Role::Segmentation).next().is_none();
        let project = self.layer_mut(0).folder_mut("ProjectMetaData");
        let table = project.folder_mut("IRIS").folder_mut("LabelTable");
        label_table::add(table, rows, may_rename)
    }

    /// Adds the overlays, segmentations, labels and landmarks of another workspace on the same grid, behind those that are here.
    /// Returns the labels that the two call differently.
    ///
    /// # Errors
    /// Another number of voxels.
    pub fn add(&mut self, other: &Self) -> Result<Vec<LabelClash>, ProjectError> {
        if let (Some(expected), Some(found)) = (self.dimensions(), other.dimensions()) {
            if expected != found {
                return Err(ProjectError::OtherGrid {
                    expected: expected.into(),
                    found: found.into(),
                });
            }
        }
        let clashes = self.add_labels(&other.labels());
        for n in 0..other.layer_count() {
            let Some(info) = other.layer(n).filter(|l| l.role != Role::Main) else {
                continue;
            };
            let Some(layer) = other.registry.folder(&layer_key(n)) else {
                continue;
            };
            let mut layer = layer.clone();
            layer.set("AbsolutePath", text(&info.path)?);
            let number = self.layer_count();
            *self.layer_mut(number) = layer;
        }
        self.add_landmarks(other);
        Ok(clashes)
    }

    fn add_landmarks(&mut self, other: &Self) {
        let Some(theirs) = other.registry.folder("Annotations.Annotations") else {
            return;
        };
        let count_of = |list: &Registry| list.get("ArraySize").and_then(|n| n.parse().ok());
        let outer = self.registry.folder_mut("Annotations");
        outer.set("Format", "ITK-SNAP Annotation File");
        outer.set("FormatDate", "20150624");
        let ours = outer.folder_mut("Annotations");
        let mut count: usize = count_of(ours).unwrap_or(0);
        for n in 0..count_of(theirs).unwrap_or(0_usize) {
            if let Some(landmark) = theirs.folder(&format!("Element[{n}]")) {
                *ours.folder_mut(&format!("Element[{count}]")) = landmark.clone();
                count += 1;
            }
        }
        ours.set("ArraySize", count.to_string());
    }

    /// The workspace as it would be in `folder`, with its layers as plain files of these names beside it. Entries that tell where
    /// it was before are left out.
    #[must_use]
    pub fn to_xml_in(&self, folder: &str, names: &[String]) -> String {
        let mut registry = self.registry.clone();
        registry.set("SaveLocation", folder);
        let layers = registry.folder_mut("Layers");
        let known = (0..self.layer_count()).filter(|n| self.layer(*n).is_some());
        for (n, name) in known.zip(names) {
            let layer = layers.folder_mut(&format!("Layer[{n:03}]"));
            layer.set("AbsolutePath", format!("{folder}/{name}"));
            layer.remove_folder("IOHints");
        }
        let main = layers.folder_mut("Layer[000]");
        main.folder_mut("ProjectMetaData")
            .remove_folder("IOHistory");
        registry.to_xml()
    }

    /// Writes the workspace, whole or not at all. Paths are made to hold from its new place.
    ///
    /// # Errors
    /// A file that cannot be written, or names that are not text.
    pub fn save(&self, path: &Path) -> Result<(), ProjectError> {
        let fail = |source: AtomicError| ProjectError::Write {
            source,
            path: path.to_path_buf(),
        };
        let absolute = std::path::absolute(path).map_err(|e| fail(AtomicError::Folder(e)))?;
        let folder = absolute.parent().unwrap_or(Path::new("/"));
        let mut registry = self.registry.clone();
        registry.set("SaveLocation", text(folder)?);
        let layers = registry.folder_mut("Layers");
        for n in 0..self.layer_count() {
            if let Some(info) = self.layer(n) {
                let layer = layers.folder_mut(&format!("Layer[{n:03}]"));
                layer.set("AbsolutePath", text(&info.path)?);
            }
        }
        let xml = registry.to_xml();
        write_atomic(&absolute, |out| out.write_all(xml.as_bytes())).map_err(fail)
    }

    fn layer_count(&self) -> usize {
        let is_there = |n: &usize| self.registry.folder(&layer_key(*n)).is_some();
        (0..).take_while(is_there).count()
    }

    fn layer_mut(&mut self, n: usize) -> &mut Registry {
        let layers = self.registry.folder_mut("Layers");
        layers.folder_mut(&format!("Layer[{n:03}]"))
    }

    fn layer(&self, n: usize) -> Option<LayerInfo> {
        let layer = self.registry.folder(&layer_key(n))?;
        let role = layer.get("Role")?;
        let (_, role) = Role::NAMES.into_iter().find(|(name, _)| *name == role)?;
        // ITK-SNAP has tags in two places; some programs only know one of them.
        let mut tags = Vec::new();
        for list in [layer.get("LayerMetaData.Tags"), layer.get("Tags")] {
            let list = list.unwrap_or_default().split(',').map(str::trim);
            for tag in list.filter(|t| !t.is_empty()) {
                if !tags.iter().any(|t| t == tag) {
                    tags.push(tag.to_owned());
                }
            }
        }
        let nickname = layer.get("LayerMetaData.CustomNickName");
        Some(LayerInfo {
            role,
            path: self.place(layer.get("AbsolutePath")?),
            nickname: nickname.unwrap_or_default().to_owned(),
            tags,
        })
    }

    /// Where a file is now: a workspace that was moved takes files along that lay in or near its folder, if they are there.
    fn place(&self, stored: &str) -> PathBuf {
        let saved_in = self.registry.get("SaveLocation").unwrap_or_default();
        if let Some(rest) = relative(stored, saved_in) {
            let mut moved = self.folder.clone();
            for part in rest {
                match part {
                    ".." => drop(moved.pop()),
                    name => moved.push(name),
                }
            }
            if moved.exists() {
                return moved;
            }
        }
        self.folder.join(stored)
    }
}

/// The way from a folder to a file, both absolute; none between two drives. Either kind of slash is one: the workspace may have
/// been saved on another system.
fn relative<'a>(file: &'a str, folder: &'a str) -> Option<Vec<&'a str>> {
    let parts = |path: &'a str| {
        path.split(['/', '\\'])
            .filter(|p| !p.is_empty() && *p != ".")
    };
    let root = |path: &'a str| path.split(['/', '\\']).next();
    if file.is_empty() || folder.is_empty() || root(file) != root(folder) {
        return None;
    }
    let (to, from): (Vec<_>, Vec<_>) = (parts(file).collect(), parts(folder).collect());
    let common = to.iter().zip(&from).take_while(|(a, b)| a == b).count();
    let up = from.iter().skip(common).map(|_| "..");
    Some(up.chain(to.into_iter().skip(common)).collect())
}

fn layer_key(n: usize) -> String {
    format!("Layers.Layer[{n:03}]")
}

fn text(path: &Path) -> Result<&str, ProjectError> {
    path.to_str().ok_or(ProjectError::NotUnicode)
}
