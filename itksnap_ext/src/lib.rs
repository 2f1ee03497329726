//! Hands RaterLens results to ITK-SNAP, which has no plug-in interface: a workspace file
//! (`.itksnap`) opens the image, the label map and the variance overlays as they are meant to be
//! seen, and a label description file carries names and colours on their own.
//!
//! - [`workspace`]: the workspace of one case.
//! - [`display`]: colour maps and display windows of overlays.
//! - [`label_file`]: the label description text file.
//! - [`orientation`]: ITK-SNAP's three-letter orientation codes.
//! - [`registry`]: the keyed tree that workspaces are made of, and its XML form.
//!
//! This crate writes descriptions only; the images they name are written by others.

pub mod display;
pub mod label_file;
pub mod orientation;
pub mod registry;
mod registry_xml;
pub mod workspace;

pub use display::{ColorMap, ColorStop, RelativeWindow};
pub use label_file::write_label_file;
pub use orientation::orientation_code;
pub use registry::{Registry, RegistryError};
pub use workspace::{ImageLayer, Overlay, Workspace, WorkspaceError};
