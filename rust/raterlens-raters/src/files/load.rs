//! Label maps and images from disk.

use std::collections::BTreeSet;
use std::path::Path;

use raterlens_core::control::Control;
use raterlens_core::fusion::{GridDifference, Rater, RaterSet};
use raterlens_core::regrid::nearest_labels;
use raterlens_core::{Geometry, LabelMap, NiftiGrid, Volume};

use super::names::RaterFile;
use super::open::{open_image, open_labels};
use crate::error::RatersError;

/// The label maps of one image, on one grid.
#[derive(Debug, Clone)]
pub struct LoadedRaters {
    /// Name of each rater with the labels, in the order given.
    pub maps: Vec<(String, LabelMap)>,
    /// Geometry fields of the first file: those of everything that is written.
    pub grid: NiftiGrid,
    /// What a user should know, as sentences.
    pub warnings: Vec<String>,
}

impl LoadedRaters {
    /// The raters as a set.
    ///
    /// # Errors
    /// Two raters of one name.
    pub fn set(&self) -> Result<RaterSet<'_>, RatersError> {
        let raters = self.maps.iter().map(|(name, map)| Rater::new(name, map));
        Ok(RaterSet::new(raters.collect())?)
    }
}

/// Reads raters' label maps; the first one's grid is that of all.
///
/// `resample`: maps on another grid are brought onto it by the nearest voxel ([`nearest_labels`]), with a warning; otherwise
/// they are refused.
///
/// # Errors
/// Fewer than two files, one that cannot be read or holds no labels, another grid, or cancelled.
pub fn load_raters(
    files: &[RaterFile],
    resample: bool,
    control: &Control<'_>,
) -> Result<LoadedRaters, RatersError> {
    match files.len() {
        found @ (0 | 1) => Err(RatersError::TooFewRaters { found }),
        _ => load_maps(files, resample, control),
    }
}

/// As [`load_raters`], of one label map or more.
///
/// # Errors
/// As [`load_raters`], but for a single file.
pub fn load_maps(
    files: &[RaterFile],
    resample: bool,
    control: &Control<'_>,
) -> Result<LoadedRaters, RatersError> {
    let (first, others) = files
        .split_first()
        .ok_or(RatersError::TooFewRaters { found: 0 })?;
    check_different(files)?;
    let (labels, grid) = open_labels(&first.path)?;
    let mut loaded = LoadedRaters {
        grid,
        maps: vec![(first.rater.clone(), labels)],
        warnings: Vec::new(),
    };
    for file in others {
        control.cancel.check()?;
        let (labels, _) = open_labels(&file.path)?;
        add(&mut loaded, file, labels, resample)?;
    }
    Ok(loaded)
}

fn add(
    loaded: &mut LoadedRaters,
    file: &RaterFile,
    labels: LabelMap,
    resample: bool,
) -> Result<(), RatersError> {
    let Some((reference, first)) = loaded.maps.first() else {
        return Ok(()); // never: the first map is there
    };
    let grid = *first.geometry();
    let labels = match GridDifference::between(&grid, labels.geometry()) {
        None => Volume::new(labels.into_parts().0, grid)?,
        Some(difference) if !resample => {
            return Err(RatersError::OtherGrid {
                rater: file.rater.clone(),
                reference: reference.clone(),
                difference: difference.to_string(),
            });
        }
        Some(difference) => {
            let moved = nearest_labels(&labels, &grid)?;
            let lost = lost_in_resampling(&file.rater, &labels, &moved)?;
            loaded.warnings.push(format!(
                "Rater '{}' was brought onto the grid of rater '{reference}' by the nearest voxel: {difference}.{lost}",
                file.rater
            ));
            moved
        }
    };
    loaded.maps.push((file.rater.clone(), labels));
    Ok(())
}

/// A sentence about what resampling changed in what was drawn; empty when nothing that matters.
fn lost_in_resampling(
    rater: &str,
    before: &LabelMap,
    after: &LabelMap,
) -> Result<String, RatersError> {
    let drawn_ml = |map: &LabelMap, label: Option<u16>| {
        let is_meant = |l: &&u16| label.map_or(**l > 0, |label| **l == label);
        let voxels = map.data().iter().filter(is_meant).count();
        voxels as f64 * map.geometry().voxel_volume_mm3() / 1000.0
    };
    let (was, is) = (drawn_ml(before, None), drawn_ml(after, None));
    if was > 0.0 && is <= 0.0 {
        return Err(RatersError::Request(format!(
            "nothing that rater '{rater}' drew lies on the grid of the first rater: check that both belong to the same image"
        )));
    }
    let labels: BTreeSet<u16> = before.data().iter().copied().filter(|&l| l > 0).collect();
    let lost = labels
        .into_iter()
        .filter(|&l| drawn_ml(after, Some(l)) <= 0.0);
    let lost: Vec<_> = lost.map(|l| l.to_string()).collect();
    let mut text = String::new();
    if (is - was).abs() > 0.01 * was {
        text = format!(" What was drawn had {was:.2} ml and now has {is:.2} ml.");
    }
    if !lost.is_empty() {
        text += &format!(" Nothing is left of label {}.", lost.join(", "));
    }
    Ok(text)
}

/// Refuses one file for two raters, which would agree perfectly.
fn check_different(files: &[RaterFile]) -> Result<(), RatersError> {
    let place = |file: &RaterFile| file.path.canonicalize().ok();
    for (n, file) in files.iter().enumerate() {
        let same = |other: &&RaterFile| place(other).is_some() && place(other) == place(file);
        if let Some(other) = files.iter().take(n).find(same) {
            return Err(RatersError::Request(format!(
                "'{}' and '{}' are the same file: each drawing needs its own",
                other.rater, file.rater
            )));
        }
    }
    Ok(())
}

/// Reads the image that raters drew on, and checks that it lies on their grid.
///
/// # Errors
/// A file that cannot be read, or an image on another grid.
pub fn load_image(path: &Path, grid: &Geometry) -> Result<Volume<f32>, RatersError> {
    let image = open_image(path)?;
    match GridDifference::between(grid, image.geometry()) {
        None => Ok(image),
        Some(difference) => Err(RatersError::ImageGrid {
            difference: difference.to_string(),
            path: path.to_path_buf(),
        }),
    }
}
