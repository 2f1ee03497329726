//! Areas, volumes and mean variance of the structures of a label map.

use ndarray::{ArrayView2, Axis, Zip};
use serde::{Deserialize, Serialize};

use crate::geometry::Geometry;
use crate::grid::{check_grid, GridError};
use crate::labels::LabelScheme;
use crate::orientation::CanonicalAxial;
use crate::volume::{LabelMap, Volume};

const MM3_PER_ML: f64 = 1000.0;

/// One structure in one slice, or in the whole volume.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasureRow {
    /// Id of the structure.
    pub structure: u16,
    /// Index along the input's slice axis, counted from 0; `None` for the whole volume.
    pub slice: Option<usize>,
    /// Cross-sectional area; `None` for the whole volume.
    pub area_mm2: Option<f64>,
    /// Volume of the voxels counted in this row, in millilitres.
    pub volume_ml: f64,
    /// Mean of the structure's variance map over the voxels of its label; `None` when there are none.
    pub mean_variance: Option<f64>,
    /// Number of voxels.
    pub voxels: u64,
}

/// Measures of all structures.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Measures {
    /// In the scheme's order of structures: the whole volume, then every slice by index, empty ones too.
    pub rows: Vec<MeasureRow>,
}

impl Measures {
    /// The row of a structure over the whole volume.
    #[must_use]
    pub fn total(&self, structure: u16) -> Option<&MeasureRow> {
        self.rows
            .iter()
            .find(|row| row.structure == structure && row.slice.is_none())
    }
}

/// Measures every structure of `scheme` in `labels`, in all and slice by slice.
///
/// Slices are those of the canonical axial orientation, numbered along the input's own slice axis. `variance` has
/// one map per structure, in the scheme's order, or is empty: then no mean variance is given. Areas are voxels
/// times the in-plane voxel area, volumes voxels times voxel volume.
///
/// # Errors
/// A number of maps that is neither 0 nor that of the structures, or a map on another grid.
pub fn measure(
    labels: &LabelMap,
    variance: &[Volume<f32>],
    scheme: &LabelScheme,
) -> Result<Measures, GridError> {
    if !variance.is_empty() && variance.len() != scheme.len() {
        return Err(GridError::MapCount {
            expected: scheme.len(),
            found: variance.len(),
        });
    }
    for (n, map) in variance.iter().enumerate() {
        check_grid(labels.geometry(), map.geometry(), n + 2)?;
    }
    let units = Units::of(labels.geometry());
    let mut rows = Vec::new();
    for (n, structure) in scheme.structures.iter().enumerate() {
        let slices = count_slices(labels, variance.get(n), structure.id, units.slice_axis);
        let total = slices.iter().fold(Count::default(), Count::plus);
        rows.push(units.row(structure.id, None, &total));
        for (slice, count) in slices.iter().enumerate() {
            rows.push(units.row(structure.id, Some(slice), count));
        }
    }
    Ok(Measures { rows })
}

/// What is added up over voxels.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    voxels: u64,
    /// `None` without a variance map.
    variance_sum: Option<f64>,
}

impl Count {
    fn plus(self, other: &Self) -> Self {
        let sum = self.variance_sum.unwrap_or(0.0);
        Self {
            voxels: self.voxels + other.voxels,
            variance_sum: other.variance_sum.map(|other| sum + other),
        }
    }
}

fn count_slices(
    labels: &LabelMap,
    map: Option<&Volume<f32>>,
    id: u16,
    slice_axis: usize,
) -> Vec<Count> {
    let axis = Axis(2 - slice_axis);
    let slices = labels.data().axis_iter(axis);
    match map {
        Some(map) => slices
            .zip(map.data().axis_iter(axis))
            .map(|(labels, map)| count_with_map(labels, map, id))
            .collect(),
        None => slices
            .map(|labels| Count {
                voxels: labels.iter().filter(|&&label| label == id).count() as u64,
                variance_sum: None,
            })
            .collect(),
    }
}

fn count_with_map(labels: ArrayView2<'_, u16>, map: ArrayView2<'_, f32>, id: u16) -> Count {
    let (mut voxels, mut sum) = (0, 0.0);
    Zip::from(labels).and(map).for_each(|&label, &variance| {
        if label == id {
            voxels += 1;
            sum += f64::from(variance);
        }
    });
    Count {
        voxels,
        variance_sum: Some(sum),
    }
}

/// What one voxel stands for.
#[derive(Debug, Clone, Copy)]
struct Units {
    slice_axis: usize,
    voxel_area_mm2: f64,
    voxel_volume_mm3: f64,
}

impl Units {
    fn of(geometry: &Geometry) -> Self {
        let canonical = CanonicalAxial::for_geometry(geometry);
        let [i, j, _] = canonical.input_axes();
        let (u, v) = (geometry.axis_lps(i), geometry.axis_lps(j));
        let cross = [
            u[1] * v[2] - u[2] * v[1],
            u[2] * v[0] - u[0] * v[2],
            u[0] * v[1] - u[1] * v[0],
        ];
        let sine = cross.iter().map(|c| c * c).sum::<f64>().sqrt();
        Self {
            slice_axis: canonical.slice_axis(),
            voxel_area_mm2: geometry.spacing_mm[i] * geometry.spacing_mm[j] * sine,
            voxel_volume_mm3: geometry.voxel_volume_mm3(),
        }
    }

    fn row(&self, structure: u16, slice: Option<usize>, count: &Count) -> MeasureRow {
        let voxels = count.voxels as f64;
        let mean = |sum: f64| (count.voxels > 0).then(|| sum / voxels);
        MeasureRow {
            structure,
            slice,
            area_mm2: slice.map(|_| voxels * self.voxel_area_mm2),
            volume_ml: voxels * self.voxel_volume_mm3 / MM3_PER_ML,
            mean_variance: count.variance_sum.and_then(mean),
            voxels: count.voxels,
        }
    }
}
