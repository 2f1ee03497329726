//! Maps as numbers: means over the image, over slices, and over structures.

use ndarray::{ArrayView3, Axis};
use serde::{Deserialize, Serialize};

use super::error::UncertaintyError;
use super::maps::UncertaintyMaps;

/// Means of the maps over some voxels; `None` where there is no voxel.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct MapMeans {
    /// How many voxels.
    pub voxels: u64,
    /// In nats.
    pub predictive_entropy: Option<f64>,
    /// In nats.
    pub expected_entropy: Option<f64>,
    /// In nats.
    pub mutual_information: Option<f64>,
    /// Summed over the classes.
    pub variance: Option<f64>,
}

/// One structure, over the image and slice by slice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StructureUncertainty {
    /// Label value.
    pub structure: u16,
    /// Over all its voxels.
    pub image: MapMeans,
    /// Over its voxels of each slice.
    pub slices: Vec<MapMeans>,
}

/// All voxels, and each structure's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UncertaintySummary {
    /// Over all voxels of the image, background too.
    pub image: MapMeans,
    /// Over all voxels of each slice.
    pub slices: Vec<MapMeans>,
    /// In the order of the ids given.
    pub structures: Vec<StructureUncertainty>,
}

/// Sums of one slice and label.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    voxels: u64,
    values: [f64; 4],
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.voxels += other.voxels;
        for (sum, value) in self.values.iter_mut().zip(other.values) {
            *sum += value;
        }
    }

    fn means(&self) -> MapMeans {
        let [h, e, m, v] = self
            .values
            .map(|sum| (self.voxels > 0).then(|| sum / self.voxels as f64));
        MapMeans {
            voxels: self.voxels,
            predictive_entropy: h,
            expected_entropy: e,
            mutual_information: m,
            variance: v,
        }
    }
}

/// Means of the maps over the image, its slices, and the structures of a label map on the same grid (the prediction, or the raters'
/// consensus).
///
/// `slice_axis` is the axis of the arrays across which slices lie: 0 for k. Sums are taken in double precision.
///
/// # Errors
/// Labels of another shape; an axis above 2.
pub fn summarise(
    maps: &UncertaintyMaps,
    labels: &ArrayView3<'_, u16>,
    structures: &[u16],
    slice_axis: usize,
) -> Result<UncertaintySummary, UncertaintyError> {
    let expected: [usize; 3] = maps.variance.dim().into();
    let found: [usize; 3] = labels.dim().into();
    if found != expected {
        return Err(UncertaintyError::LabelShape { found, expected });
    }
    if slice_axis > 2 {
        return Err(UncertaintyError::SliceAxis { axis: slice_axis });
    }
    let axis = Axis(slice_axis);
    let slices = labels.len_of(axis);
    // Per slice: all voxels first, then each structure.
    let table: Vec<Vec<Sums>> = (0..slices)
        .map(|slice| {
            let mut sums = vec![Sums::default(); structures.len() + 1];
            let planes = [
                &maps.predictive_entropy,
                &maps.expected_entropy,
                &maps.mutual_information,
                &maps.variance,
            ];
            let [h, e, m, v] = planes.map(|map| map.index_axis(axis, slice));
            let voxels = labels.index_axis(axis, slice);
            let values = h.iter().zip(&e).zip(m.iter().zip(&v));
            for (label, ((h, e), (m, v))) in voxels.iter().zip(values) {
                let one = Sums {
                    voxels: 1,
                    values: [*h, *e, *m, *v].map(f64::from),
                };
                let own = structures.iter().position(|s| s == label);
                for place in [Some(0), own.map(|n| n + 1)].into_iter().flatten() {
                    if let Some(sums) = sums.get_mut(place) {
                        sums.add(&one);
                    }
                }
            }
            sums
        })
        .collect();
    let column = |n: usize| {
        let parts: Vec<Sums> = table.iter().filter_map(|row| row.get(n).copied()).collect();
        let mut all = Sums::default();
        parts.iter().for_each(|part| all.add(part));
        (
            all.means(),
            parts.iter().map(Sums::means).collect::<Vec<_>>(),
        )
    };
    let (image, slices) = column(0);
    let structures = structures.iter().enumerate().map(|(n, &structure)| {
        let (image, slices) = column(n + 1);
        StructureUncertainty {
            structure,
            image,
            slices,
        }
    });
    Ok(UncertaintySummary {
        image,
        slices,
        structures: structures.collect(),
    })
}
