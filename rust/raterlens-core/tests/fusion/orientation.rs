//! The same physical image stored with other axes gives the same results.

use ndarray::{Array3, Axis};
use proptest::prelude::*;

use raterlens_core::fusion::{staple, vote, Classes, RaterSet, StapleOptions, TiePolicy};
use raterlens_core::variability::{
    summarise_variance, variance_map, DistanceExtent, DistanceUnit, SoftLabelOptions,
};
use raterlens_core::{Geometry, Volume};

use crate::support::{volume_of, voxels};

const SHAPE: [usize; 3] = [3, 5, 7];

/// Array axes (0 = k, 1 = j, 2 = i) in a new order, and which of the new ones run backwards.
#[derive(Debug, Clone, Copy)]
struct Storage {
    order: [usize; 3],
    reversed: [bool; 3],
}

impl Storage {
    fn array<T: Copy>(&self, array: &Array3<T>) -> Array3<T> {
        let mut view = array.view().permuted_axes(self.order);
        for (axis, &reversed) in self.reversed.iter().enumerate() {
            if reversed {
                view.invert_axis(Axis(axis));
            }
        }
        view.as_standard_layout().into_owned()
    }

    /// The volume as it would have been stored: every voxel stays where it is in the patient.
    fn volume<T: Copy>(&self, volume: &Volume<T>) -> Volume<T> {
        let old = volume.geometry();
        // Axis a of the new array (k, j, i) is number 2 - a of (i, j, k).
        let from = |new_ijk: usize| 2 - self.order[2 - new_ijk];
        let backwards = |new_ijk: usize| self.reversed[2 - new_ijk];
        let mut corner = [0.0; 3];
        for new in (0..3).filter(|&n| backwards(n)) {
            corner[from(new)] = (old.dims[from(new)] - 1) as f64;
        }
        let sign = |new: usize| if backwards(new) { -1.0 } else { 1.0 };
        let direction = |row: usize| -> [f64; 3] {
            std::array::from_fn(|new| sign(new) * old.direction_lps[row][from(new)])
        };
        let grid = Geometry::new(
            std::array::from_fn(|new| old.dims[from(new)]),
            std::array::from_fn(|new| old.spacing_mm[from(new)]),
            old.lps_from_ijk().apply(corner),
            std::array::from_fn(direction),
        );
        Volume::new(self.array(volume.data()), grid.unwrap()).unwrap()
    }
}

fn storage() -> impl Strategy<Value = Storage> {
    let order = Just([0, 1, 2]).prop_shuffle();
    (order, any::<[bool; 3]>()).prop_map(|(order, reversed)| Storage { order, reversed })
}

fn raters() -> impl Strategy<Value = Vec<Vec<u16>>> {
    prop::collection::vec(prop::collection::vec(0_u16..3, 3 * 5 * 7), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn fusion_and_variability_follow_the_patient(raters in raters(), storage in storage()) {
        let plain: Vec<_> = raters.into_iter().map(|r| volume_of(r, SHAPE, [4.0, 0.75, 0.5])).collect();
        let turned: Vec<_> = plain.iter().map(|v| storage.volume(v)).collect();
        let (a, b) = (RaterSet::from_volumes(&plain).unwrap(), RaterSet::from_volumes(&turned).unwrap());
        for policy in [TiePolicy::Background, TiePolicy::LowestLabel, TiePolicy::FirstRater] {
            let expected = storage.volume(&vote(&a, &policy).unwrap());
            prop_assert_eq!(voxels(&vote(&b, &policy).unwrap()), voxels(&expected));
        }
        let fit = |set| staple(set, &Classes::found_in(set), &StapleOptions::default()).unwrap();
        let expected = storage.volume(&fit(&a).posterior_f64(0).unwrap());
        prop_assert_eq!(voxels(&fit(&b).posterior_f64(0).unwrap()), voxels(&expected));
        for extent in [DistanceExtent::InPlane, DistanceExtent::Volume] {
            for unit in [DistanceUnit::Pixel, DistanceUnit::Millimetre] {
                let options = SoftLabelOptions { extent, unit, ..SoftLabelOptions::default() };
                let map = variance_map(&a, 1, &options).unwrap();
                let found = variance_map(&b, 1, &options).unwrap();
                let expected = storage.volume(&map);
                for (f, e) in voxels(&found).iter().zip(voxels(&expected)) {
                    prop_assert!((f - e).abs() <= 1e-7, "{extent:?} {unit:?}: {f} {e}");
                }
            }
        }
    }

    #[test]
    fn summaries_number_the_slices_as_they_are_stored(raters in raters(), storage in storage()) {
        let plain: Vec<_> = raters.into_iter().map(|r| volume_of(r, SHAPE, [4.0, 0.75, 0.5])).collect();
        let turned: Vec<_> = plain.iter().map(|v| storage.volume(v)).collect();
        let (a, b) = (RaterSet::from_volumes(&plain).unwrap(), RaterSet::from_volumes(&turned).unwrap());
        let of = |set: &RaterSet<'_, u16>| {
            let map = variance_map(set, 1, &SoftLabelOptions::default()).unwrap();
            summarise_variance(set, 1, &map).unwrap()
        };
        let (expected, found) = (of(&a), of(&b));
        prop_assert_eq!(found.len(), 1 + SHAPE[0]);
        let slice_axis = storage.order.iter().position(|&axis| axis == 0).unwrap();
        for row in &found {
            let stored = row.slice.map(|k| if storage.reversed[slice_axis] { SHAPE[0] - 1 - k } else { k });
            let same = expected.iter().find(|e| e.slice == stored).unwrap();
            prop_assert_eq!((row.voxels, row.voxels_any, row.voxels_all), (same.voxels, same.voxels_any, same.voxels_all));
            prop_assert!((row.mean_variance - same.mean_variance).abs() < 1e-9);
        }
    }
}
