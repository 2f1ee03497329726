//! The case as an ITK-SNAP workspace.

use std::path::Path;

use raterlens_core::Volume;
use raterlens_itksnap::assemble::LABELS_TAG;
use raterlens_itksnap::{ColorMap, ImageLayer, Landmark, Overlay, RelativeWindow, Workspace};

use super::uncertainty::uncertainty_maps;
use super::{variance_file, Case, LABELS_FILE, VARIANCE_WINDOW_MAX};

/// Opacity of a variance overlay where its colours are opaque.
const OVERLAY_OPACITY: f64 = 0.5;

pub(super) fn workspace(dir: &Path, case: &Case<'_>) -> Workspace {
    let maps = case.scheme.structures.iter().zip(&case.result.variance);
    Workspace {
        folder: dir.to_path_buf(),
        geometry: *case.image.volume.geometry(),
        main: layer(case.source.container.image_file(), "Image", &["MainImage"]),
        segmentations: vec![layer(LABELS_FILE, "RaterLens labels", &[LABELS_TAG])],
        landmarks: least_certain(case),
        overlays: maps
            .map(|(structure, map)| Overlay {
                layer: layer(
                    &variance_file(&structure.name),
                    &format!("Rater variance: {}", structure.title),
                    &["RaterLens-variance", &structure.name],
                ),
                opacity: OVERLAY_OPACITY,
                window: RelativeWindow::from_intensities([0.0, VARIANCE_WINDOW_MAX], range(map)),
                colors: ColorMap::variance(),
            })
            .chain(uncertainty_overlays(case))
            .collect(),
        labels: case.scheme.clone(),
    }
}

/// The maps of the model's uncertainty.
fn uncertainty_overlays(case: &Case<'_>) -> Vec<Overlay> {
    let files = uncertainty_maps(case.result).into_iter();
    let shown = files.filter_map(|file| Some((file.window_max?, file)));
    shown
        .map(|(most, file)| Overlay {
            layer: layer(&file.file(), &file.title, &["RaterLens-uncertainty"]),
            opacity: OVERLAY_OPACITY,
            window: RelativeWindow::from_intensities([0.0, most], range(file.map)),
            colors: ColorMap::variance(),
        })
        .collect()
}

fn layer(file: &str, nickname: &str, tags: &[&str]) -> ImageLayer {
    ImageLayer {
        file: file.into(),
        nickname: nickname.into(),
        tags: tags.iter().map(|t| (*t).to_owned()).collect(),
    }
}

/// Where each structure is least certain: its largest variance, the first of equal ones.
fn least_certain(case: &Case<'_>) -> Vec<Landmark> {
    let maps = case.scheme.structures.iter().zip(&case.result.variance);
    let places = maps.filter_map(|(structure, map)| {
        let start = (f32::MIN_POSITIVE, None);
        let (_, place) = map.data().indexed_iter().fold(start, |(most, at), (k, v)| {
            if *v > most {
                (*v, Some(k))
            } else {
                (most, at)
            }
        });
        let (k, j, i) = place?;
        Some(Landmark {
            voxel: [i, j, k],
            text: format!("Least certain: {}", structure.title),
        })
    });
    places.collect()
}

/// Smallest and largest value of a map.
fn range(map: &Volume<f32>) -> [f64; 2] {
    let start = (f32::INFINITY, f32::NEG_INFINITY);
    let (low, high) = map
        .data()
        .iter()
        .fold(start, |(low, high), v| (low.min(*v), high.max(*v)));
    [f64::from(low), f64::from(high)]
}
