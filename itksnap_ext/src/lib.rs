//! Hands RaterLens results to ITK-SNAP, which has no plug-in interface: a workspace file
//! (`.itksnap`) opens the image, the label map and the variance overlays as they are meant to be
//! seen, and a label description file carries names and colours on their own.
//!
//! - [`workspace`]: the workspace of one case.
//! - [`project`]: an existing workspace: its layers and labels, and adding to it.
//! - [`assemble`]: workspaces of image files that lie anywhere.
//! - [`landmark`]: places that a workspace points at.
//! - [`display`]: colour maps and display windows of overlays.
//! - [`label_file`]: the label description text file.
//! - [`label_table`]: the label table of an existing workspace.
//! - [`orientation`]: ITK-SNAP's three-letter orientation codes.
//! - [`registry`]: the keyed tree that workspaces are made of, and its XML form.
//!
//! This crate reads and writes descriptions only; the images they name are read and written by others.

pub mod assemble;
pub mod display;
pub mod label_file;
pub mod label_table;
pub mod landmark;
pub mod orientation;
pub mod project;
pub mod registry;
mod registry_xml;
pub mod workspace;

pub use display::{ColorMap, ColorStop, RelativeWindow};
pub use label_file::{write_label_file, write_label_rows};
pub use label_table::LabelClash;
pub use landmark::Landmark;
pub use orientation::orientation_code;
pub use project::{LayerInfo, Project, ProjectError, Role};
pub use registry::{Registry, RegistryError};
pub use workspace::{ImageLayer, Overlay, Workspace, WorkspaceError};
