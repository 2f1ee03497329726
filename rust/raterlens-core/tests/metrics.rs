//! The comparison of two label maps: edge cases by hand, and what must not change when the input is turned, renamed or exchanged.
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests a panic is the failure

use ndarray::{Array3, Axis};
use proptest::prelude::*;
use raterlens_core::metrics::{
    compare, CompareOptions, Emptiness, StructureComparison, SurfaceSpace,
};
use raterlens_core::{Geometry, LabelMap, Volume};

/// Millimetres between slices, rows and columns.
const SPACING_KJI: [f64; 3] = [4.0, 2.0, 0.5];

/// Labels `[k, j, i]` with k towards the head.
fn map(data: Array3<u16>) -> LabelMap {
    stored(data, [0, 1, 2])
}

/// The same image, its array axes being those of `order`: 0 for the slices, 1 for the rows, 2 for the columns.
fn stored(data: Array3<u16>, order: [usize; 3]) -> LabelMap {
    let (k, j, i) = data.dim();
    let [a, b, c] = order;
    let spacing = [c, b, a].map(|axis| SPACING_KJI[axis]);
    // Column n of the matrix is the direction of array axis 2 - n; slices are stacked along the patient's axis 2.
    let direction: [[f64; 3]; 3] =
        std::array::from_fn(|world| [c, b, a].map(|axis| f64::from(u8::from(world == 2 - axis))));
    let grid = Geometry::new([i, j, k], spacing, [0.0; 3], direction).unwrap();
    Volume::new(data, grid).unwrap()
}

fn of(a: &LabelMap, b: &LabelMap, ids: &[u16], space: SurfaceSpace) -> Vec<StructureComparison> {
    let options = CompareOptions {
        space,
        ..CompareOptions::default()
    };
    compare(a, b, ids, &options).unwrap()
}

fn slice(rows: [[u16; 4]; 3]) -> LabelMap {
    map(Array3::from_shape_vec((1, 3, 4), rows.concat()).unwrap())
}

const FULL: [[u16; 4]; 3] = [[1; 4]; 3];

#[test]
fn a_structure_that_fills_the_slice_against_one_voxel_by_hand() {
    let one = [[0; 4], [0, 1, 0, 0], [0; 4]];
    let found = of(&slice(FULL), &slice(one), &[1], SurfaceSpace::Volume)[0].clone();
    assert_eq!((found.dice, found.iou), (2.0 / 13.0, 1.0 / 12.0));
    assert_eq!(
        (found.precision, found.recall),
        (Some(1.0 / 12.0), Some(1.0))
    );
    let distances = found.surface.distances.unwrap();
    // The surface of the full slice is its border of 10 pixels; the voxel lies inside, one column from the border at i = 0.
    let diagonal = |columns: f64| f64::hypot(2.0, columns * 0.5);
    assert_eq!(distances.hausdorff_mm, diagonal(2.0));
    let row_above = diagonal(1.0) + 2.0 + diagonal(1.0) + diagonal(2.0);
    let middle_row = 0.5 + 2.0 * 0.5; // its ends, at i = 0 and i = 3
    let way_back = 0.5;
    let expected = (2.0 * row_above + middle_row + way_back) / 11.0;
    assert!((distances.assd_mm - expected).abs() < 1e-12);
    // Within 1 mm: the two border pixels of the middle row, and the voxel.
    assert_eq!(distances.surface_dice, 3.0 / 11.0);
    // All of the full slice's surface lies outside the voxel, and the voxel inside the full slice: all distances count positive.
    let signed = found.surface.signed_distance_mm.unwrap();
    assert!((signed - distances.assd_mm).abs() < 1e-12);
}

#[test]
fn two_full_slices_are_equal() {
    for space in [SurfaceSpace::Volume, SurfaceSpace::Slices] {
        let found = of(&slice(FULL), &slice(FULL), &[1], space)[0].clone();
        assert_eq!((found.dice, found.surface.surface_dice), (1.0, 1.0));
        assert_eq!(found.surface.distances.unwrap().hausdorff_mm, 0.0);
        assert_eq!(found.area.worst_slice, Some(0));
        assert_eq!(found.area.mean_absolute_mm2, Some(0.0));
    }
}

#[test]
fn slices_of_one_sided_structures_are_counted_when_slices_are_compared() {
    let stack = |planes: [u16; 2]| map(Array3::from_shape_fn((2, 1, 3), |(k, _, _)| planes[k]));
    let (both, one, none) = (stack([1, 1]), stack([1, 0]), stack([0, 0]));
    let single = |label| slice([[label; 4]; 3]);
    let table = [
        (&both, &one, 1),
        (&one, &both, 1),
        (&both, &none, 2),
        (&none, &none, 0),
        (&single(1), &single(0), 1), // an image of one slice
    ];
    for (a, b, one_sided) in table {
        let in_slices = of(a, b, &[1], SurfaceSpace::Slices)[0].surface;
        assert_eq!(in_slices.one_sided_slices, one_sided);
        let in_space = of(a, b, &[1], SurfaceSpace::Volume)[0].surface;
        assert_eq!(in_space.one_sided_slices, 0);
    }
}

#[test]
fn total_disagreement_of_extreme_labels() {
    // Each calls 255 what the other calls 65535.
    let a = slice([[255, 255, 65535, 65535]; 3]);
    let b = slice([[65535, 65535, 255, 255]; 3]);
    for found in of(&a, &b, &[255, 65535], SurfaceSpace::Volume) {
        assert_eq!((found.dice, found.iou), (0.0, 0.0));
        assert_eq!((found.precision, found.recall), (Some(0.0), Some(0.0)));
        assert_eq!(found.empty, Emptiness::Neither);
        assert_eq!(found.volume_difference_ml, 0.0);
        let distances = found.surface.distances.unwrap();
        // Two columns of three pixels each, all surface: 1 or 2 columns to the other's nearest, sorted 0.5 and 1.
        assert_eq!(distances.hausdorff_mm, 2.0 * 0.5);
        assert_eq!(distances.assd_mm, (0.5 + 1.0) / 2.0);
        assert_eq!(distances.hd95_mm, 1.0);
    }
}

#[test]
fn background_is_a_structure_if_asked_for() {
    let one = [[0; 4], [0, 1, 0, 0], [0; 4]];
    let found = of(&slice(one), &slice([[0; 4]; 3]), &[0], SurfaceSpace::Volume);
    assert_eq!(found[0].dice, 2.0 * 11.0 / (11.0 + 12.0));
}

#[test]
fn the_worst_slice_is_that_of_the_largest_difference_whatever_its_sign() {
    let column = |n: [u16; 4]| {
        // Of 4 slices of one row of 3 pixels, so many are drawn.
        map(Array3::from_shape_fn((4, 1, 3), |(k, _, i)| {
            u16::from((i as u16) < n[k])
        }))
    };
    let (a, b) = (column([1, 0, 0, 3]), column([2, 0, 3, 1]));
    let area = of(&a, &b, &[1], SurfaceSpace::Volume)[0].area;
    // Differences -1, none, -3 and 2 pixels of 1 square millimetre.
    assert_eq!((area.slices, area.worst_slice), (3, Some(2)));
    assert_eq!(area.mean_mm2, Some((-1.0 - 3.0 + 2.0) / 3.0));
    assert_eq!(area.mean_absolute_mm2, Some((1.0 + 3.0 + 2.0) / 3.0));
}

fn labels() -> impl Strategy<Value = Array3<u16>> {
    prop::collection::vec(0_u16..3, 3 * 4 * 5)
        .prop_map(|labels| Array3::from_shape_vec((3, 4, 5), labels).unwrap())
}

/// Equal but for the last digits, and for the number of the worst slice, which mirroring changes.
fn alike(a: &StructureComparison, b: &StructureComparison) -> bool {
    let numbers = |c: &StructureComparison| {
        let d = c.surface.distances;
        [
            Some(c.dice),
            Some(c.iou),
            c.precision,
            c.recall,
            Some(c.volume_difference_ml),
            c.relative_volume_difference,
            c.area.mean_mm2,
            c.area.mean_absolute_mm2,
            Some(c.surface.surface_dice),
            c.surface.signed_distance_mm,
            d.map(|d| d.hausdorff_mm),
            d.map(|d| d.hd95_mm),
            d.map(|d| d.assd_mm),
        ]
    };
    let near = |(x, y): (Option<f64>, Option<f64>)| match (x, y) {
        (Some(x), Some(y)) => (x - y).abs() < 1e-12,
        (x, y) => x == y,
    };
    let counts = |c: &StructureComparison| (c.voxels, c.area.slices, c.surface.one_sided_slices);
    counts(a) == counts(b) && numbers(a).into_iter().zip(numbers(b)).all(near)
}

proptest! {
    #[test]
    fn nothing_depends_on_label_values_mirroring_or_axis_order(
        a in labels(),
        b in labels(),
        order in Just([0_usize, 1, 2]).prop_shuffle(),
        mirrored in any::<[bool; 3]>(),
    ) {
        for space in [SurfaceSpace::Volume, SurfaceSpace::Slices] {
            let found = of(&map(a.clone()), &map(b.clone()), &[1, 2], space);
            let same = |other: &[StructureComparison]| found.iter().zip(other).all(|(x, y)| alike(x, y));
            let rename = |m: &Array3<u16>| map(m.mapv(|label| [0, 65535, 255][usize::from(label)]));
            prop_assert!(same(&of(&rename(&a), &rename(&b), &[65535, 255], space)));
            let turn = |m: &Array3<u16>| {
                let mut m = m.view().permuted_axes(order);
                let axes = mirrored.iter().enumerate().filter(|(_, &mirror)| mirror);
                axes.for_each(|(axis, _)| m.invert_axis(Axis(axis)));
                stored(m.to_owned(), order)
            };
            prop_assert!(same(&of(&turn(&a), &turn(&b), &[1, 2], space)), "{space:?} {order:?} {mirrored:?}");
        }
    }

    #[test]
    fn exchanging_the_maps_and_comparing_one_with_itself(a in labels(), b in labels()) {
        let (a, b) = (map(a), map(b));
        for space in [SurfaceSpace::Volume, SurfaceSpace::Slices] {
            let both = of(&a, &b, &[1, 2], space).into_iter().zip(of(&b, &a, &[1, 2], space));
            for (there, back) in both {
                prop_assert_eq!((there.dice, there.iou), (back.dice, back.iou));
                prop_assert_eq!((there.precision, there.recall), (back.recall, back.precision));
                prop_assert_eq!(there.surface.distances, back.surface.distances);
                prop_assert_eq!(there.surface.surface_dice, back.surface.surface_dice);
                let negative = |x: Option<f64>| x.map(|x| 0.0 - x);
                prop_assert_eq!(there.volume_difference_ml, 0.0 - back.volume_difference_ml);
                prop_assert_eq!(there.area.mean_mm2, negative(back.area.mean_mm2));
                prop_assert_eq!(there.area.mean_absolute_mm2, back.area.mean_absolute_mm2);
                let (x, y) = (there.surface.signed_distance_mm, negative(back.surface.signed_distance_mm));
                prop_assert!(x == y || (x.unwrap() - y.unwrap()).abs() < 1e-12, "{x:?} {y:?}");
            }
            for own in of(&a, &a, &[1, 2], space) {
                prop_assert_eq!((own.dice, own.iou, own.surface.surface_dice), (1.0, 1.0, 1.0));
                prop_assert_eq!(own.volume_difference_ml, 0.0);
                if let Some(d) = own.surface.distances {
                    prop_assert_eq!([d.hausdorff_mm, d.hd95_mm, d.assd_mm], [0.0; 3]);
                }
            }
        }
    }
}
