//! The consensus of maps that give each structure a number by itself.

use ndarray::{Array3, Zip};
use raterlens_core::control::Control;
use raterlens_core::fusion::RaterSet;
use raterlens_core::variability::{soft_distance_label, SoftLabelOptions};
use raterlens_core::{Geometry, LabelMap, LabelScheme, Volume};

use crate::error::RatersError;

/// A structure must have more than this to be chosen.
const HALF: f32 = 0.5;

/// The best structure so far at each voxel.
pub(super) struct Best {
    grid: Geometry,
    value: Array3<f32>,
    label: Array3<u16>,
}

impl Best {
    /// Background everywhere.
    pub(super) fn new(grid: &Geometry) -> Self {
        Self {
            grid: *grid,
            value: Array3::from_elem(grid.shape_kji(), HALF),
            label: Array3::zeros(grid.shape_kji()),
        }
    }

    /// Takes `structure` wherever its number exceeds one half and those of all earlier structures.
    pub(super) fn offer(&mut self, structure: u16, map: &Volume<f32>) {
        Zip::from(&mut self.value)
            .and(&mut self.label)
            .and(map.data())
            .for_each(|best, label, &value| {
                if value > *best {
                    (*best, *label) = (value, structure);
                }
            });
    }

    /// The labels.
    pub(super) fn labels(self) -> Result<LabelMap, RatersError> {
        Ok(Volume::new(self.label, self.grid)?)
    }
}

/// The structure whose mean soft distance label is largest and above one half; of equal ones the first of the scheme.
pub(super) fn consensus(
    set: &RaterSet<'_>,
    scheme: &LabelScheme,
    options: &SoftLabelOptions,
    control: &Control<'_>,
) -> Result<LabelMap, RatersError> {
    let mut best = Best::new(set.grid());
    for (n, structure) in scheme.structures.iter().enumerate() {
        control.step(0.8 * n as f32 / scheme.len() as f32, "fusing")?;
        best.offer(
            structure.id,
            &soft_distance_label(set, structure.id, options)?,
        );
    }
    best.labels()
}
