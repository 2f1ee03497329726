//! Workspaces of image files that lie anywhere.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use raterlens_core::grid::check_grid;
use raterlens_core::nifti_io::{read_image, read_labels, NiftiError};
use raterlens_core::{Geometry, LabelScheme, Volume};
use thiserror::Error;

use crate::display::{ColorMap, RelativeWindow};
use crate::landmark::Landmark;
use crate::project::{Project, ProjectError};
use crate::workspace::{ImageLayer, Overlay, Workspace, WorkspaceError};

/// Colours of variance maps end here, in every case and host.
const VARIANCE_WINDOW_MAX: f64 = 0.1;
/// Tag of label maps that RaterLens computed.
pub const LABELS_TAG: &str = "RaterLens-labels";
const OVERLAY_OPACITY: f64 = 0.5;

/// Why a layer cannot be shown in a workspace.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AssembleError {
    /// An image that cannot be read.
    #[error("{source} ({})", path.display())]
    Image {
        /// The reason.
        source: NiftiError,
        /// The file.
        path: PathBuf,
    },
    /// A layer on another grid than the main image.
    #[error("this layer is not on the grid of the workspace's main image: resample it first ({})", path.display())]
    OtherGrid {
        /// The file.
        path: PathBuf,
    },
    /// A file without a name or folder.
    #[error("this is no file ({})", path.display())]
    NoFile {
        /// The path.
        path: PathBuf,
    },
    /// The workspace.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The workspace could not be described.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
}

/// What a layer shows, which decides about its colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A rater's label map.
    Segmentation,
    /// A label map that was computed, such as a consensus: no rater.
    Computed,
    /// Inter-rater variance: colours from 0 to 0.1.
    Variance,
    /// Another map where more means less certain: colours from 0 to its largest value.
    Uncertainty,
}

/// A workspace with one image and nothing else.
///
/// # Errors
/// An image that cannot be read.
pub fn new_project(image: &Path, labels: &LabelScheme) -> Result<Project, AssembleError> {
    let volume = image_at(image)?;
    let mut workspace = bare(image, *volume.geometry())?;
    workspace.main.tags = vec!["MainImage".to_owned()];
    workspace.labels = labels.clone();
    Ok(Project::of(&workspace)?)
}

/// Adds a layer to a workspace. Returns the labels that a segmentation uses, ascending.
///
/// A variance or uncertainty map also gets a landmark at its largest value.
///
/// # Errors
/// A file that cannot be read, or one on another grid than the main image.
pub fn add_layer(
    project: &mut Project,
    kind: Kind,
    title: &str,
    path: &Path,
) -> Result<Vec<u16>, AssembleError> {
    let main = project.main_image();
    let grid = *image_at(&main)?.geometry();
    let mut workspace = bare(path, grid)?;
    let mut layer = std::mem::replace(&mut workspace.main, bare(&main, grid)?.main);
    layer.nickname = title.to_owned();
    let mut used = BTreeSet::new();
    if matches!(kind, Kind::Segmentation | Kind::Computed) {
        let (labels, _) = read_labels(path).map_err(|source| fail(source, path))?;
        check(&grid, labels.geometry(), path)?;
        used.extend(labels.data().iter().copied().filter(|l| *l > 0));
        let tag = match kind {
            Kind::Computed => LABELS_TAG,
            _ => "Segmentation",
        };
        layer.tags = vec![tag.to_owned()];
        workspace.segmentations.push(layer);
    } else {
        let map = image_at(path)?;
        check(&grid, map.geometry(), path)?;
        let (range, largest) = extremes(&map);
        let (top, tag) = match kind {
            Kind::Variance => (VARIANCE_WINDOW_MAX, "RaterLens-variance"),
            _ => (range[1], "RaterLens-uncertainty"),
        };
        layer.tags = vec![tag.to_owned()];
        workspace.overlays.push(Overlay {
            layer,
            opacity: OVERLAY_OPACITY,
            window: RelativeWindow::from_intensities([0.0, top], range),
            colors: ColorMap::variance(),
        });
        workspace.landmarks.extend(largest.map(|voxel| Landmark {
            voxel,
            text: format!("Least certain: {title}"),
        }));
    }
    project.add(&Project::of(&workspace)?)?;
    Ok(used.into_iter().collect())
}

/// A workspace in a file's folder with that file as its image.
fn bare(path: &Path, geometry: Geometry) -> Result<Workspace, AssembleError> {
    let no_file = || AssembleError::NoFile {
        path: path.to_path_buf(),
    };
    let path = std::path::absolute(path).map_err(|_| no_file())?;
    let file = path.file_name().ok_or_else(no_file)?;
    Ok(Workspace {
        folder: path.parent().ok_or_else(no_file)?.to_path_buf(),
        geometry,
        main: ImageLayer {
            file: file
                .to_str()
                .ok_or(WorkspaceError::FolderNotUnicode)?
                .to_owned(),
            nickname: String::new(),
            tags: Vec::new(),
        },
        segmentations: Vec::new(),
        overlays: Vec::new(),
        labels: LabelScheme {
            structures: Vec::new(),
        },
        landmarks: Vec::new(),
    })
}

fn image_at(path: &Path) -> Result<Volume<f32>, AssembleError> {
    let image = read_image(path).map_err(|source| fail(source, path))?;
    Ok(image.volume)
}

fn fail(source: NiftiError, path: &Path) -> AssembleError {
    AssembleError::Image {
        source,
        path: path.to_path_buf(),
    }
}

fn check(grid: &Geometry, other: &Geometry, path: &Path) -> Result<(), AssembleError> {
    check_grid(grid, other, 2).map_err(|_| AssembleError::OtherGrid {
        path: path.to_path_buf(),
    })
}

/// Smallest and largest value of a map, and the first voxel (i, j, k) with the largest if that is above 0.
fn extremes(map: &Volume<f32>) -> ([f64; 2], Option<[usize; 3]>) {
    let low = map.data().iter().copied().fold(f32::INFINITY, f32::min);
    let mut high = (f32::NEG_INFINITY, None);
    for ((k, j, i), value) in map.data().indexed_iter() {
        if *value > high.0 {
            high = (*value, Some([i, j, k]));
        }
    }
    let at = high.1.filter(|_| high.0 > 0.0);
    ([f64::from(low), f64::from(high.0)], at)
}
