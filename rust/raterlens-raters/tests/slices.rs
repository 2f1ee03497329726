//! Slices for reports: which are chosen, and that left and right are the patient's in every orientation.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::{map, AXIAL};
use ndarray::Array3;
use raterlens_core::agreement::{AgreementOptions, CaseAgreement, ImageDrawings};
use raterlens_core::fusion::RaterSet;
use raterlens_core::regrid::nearest_labels;
use raterlens_core::{Geometry, LabelMap, Volume};
use raterlens_raters::slices::{cut, extreme_slices};
use raterlens_report::Extreme;

fn measured(raters: &[&LabelMap], structures: &[u16]) -> CaseAgreement {
    let named = raters.iter().enumerate().map(|(n, m)| (n.to_string(), *m));
    let set = ImageDrawings::of_raters("case", named).unwrap();
    CaseAgreement::measure(&set, &AgreementOptions::new(structures.to_vec())).unwrap()
}

#[test]
fn the_least_agreed_come_first_and_none_is_shown_twice() {
    // Slices of four voxels; Dice 1, 0, 2/3, and one that nobody drew.
    let a = map([4, 1, 4], &[1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0]);
    let b = map([4, 1, 4], &[1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
    let chosen = extreme_slices(&[measured(&[&a, &b], &[1])]);
    let brief: Vec<_> = chosen.iter().map(|w| (w.slice, w.extreme)).collect();
    assert_eq!(
        brief,
        [
            (1, Extreme::LeastAgreed),
            (2, Extreme::LeastAgreed),
            (0, Extreme::LeastAgreed)
        ]
    );
    assert_eq!(chosen[1].mean_dice, 2.0 / 3.0);
    assert!(extreme_slices(&[]).is_empty());
}

#[test]
fn of_many_structures_the_worst_six_and_best_three_are_shown() {
    // Forty structures, one slice each; structure s is drawn in s of 41 voxels by A, and one more by B.
    let drawing = |more: usize| {
        let mut labels = vec![0; 41 * 40];
        for s in 1..=40_usize {
            let from = 41 * (s - 1);
            labels[from..(from + s + more).min(from + 41)].fill(s as u16);
        }
        map([41, 1, 40], &labels)
    };
    let (a, b) = (drawing(0), drawing(1));
    let ids: Vec<u16> = (1..=40).collect();
    let chosen = extreme_slices(&[measured(&[&a, &b], &ids)]);
    let shown: Vec<_> = chosen.iter().map(|w| w.structure).collect();
    assert_eq!(shown, [1, 2, 3, 4, 5, 6, 40, 39, 38]);
    assert_eq!(chosen[6].extreme, Extreme::MostAgreed);
}

#[test]
fn the_patients_right_is_at_the_left_and_the_front_at_the_top_in_every_orientation() {
    // One structure at the patient's right front of slice 1, another at the left back of slice 2.
    let axial = Geometry::new([5, 4, 3], [0.7, 1.1, 3.0], [0.0; 3], AXIAL).unwrap();
    let mut labels = Array3::<u16>::zeros((3, 4, 5));
    labels[[1, 0, 0]] = 1; // LPS: small i is right, small j is front
    labels[[2, 3, 4]] = 2;
    let labels = Volume::new(labels, axial).unwrap();
    let other = labels.map(|&l| if l == 1 { 0 } else { l });
    for permutation in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        for signs in 0..8_usize {
            let stored = stored_as(&axial, permutation, signs);
            let maps = [&labels, &other].map(|m| nearest_labels(m, &stored).unwrap());
            let image = labels.map(|&l| f32::from(l));
            let image = nearest_labels(&image.map(|&v| v as u16), &stored).unwrap();
            let image = image.map(|&v| f32::from(v));
            let case = measured(&[&maps[0], &maps[1]], &[1, 2]);
            let chosen = extreme_slices(std::slice::from_ref(&case));
            let set = RaterSet::from_volumes(&maps).unwrap();
            let wanted: Vec<_> = chosen.iter().collect();
            let views = cut("case", &set, Some(&image), &wanted, &Default::default()).unwrap();
            let view = views.iter().find(|v| v.structure == 1).unwrap();
            assert_eq!(view.orientation, ['R', 'L', 'A', 'P']);
            assert_eq!(view.pixel_mm, [1.1, 0.7]);
            let mask = &view.drawings[0].mask;
            assert_eq!(mask.dim(), (4, 5));
            assert!(
                mask[[0, 0]] && mask.iter().filter(|&&m| m).count() == 1,
                "{permutation:?} {signs}"
            );
            assert!(view.drawings[1].mask.iter().all(|&m| !m));
            assert_eq!(view.image.as_ref().unwrap()[[0, 0]], 1.0);
            // Only one of two raters drew it: the largest variance is there.
            let top = view
                .variance
                .indexed_iter()
                .max_by(|a, b| a.1.total_cmp(b.1))
                .unwrap();
            assert_eq!(top.0, (0, 0));
            let back = views.iter().find(|v| v.structure == 2).unwrap();
            assert!(back.drawings[0].mask[[3, 4]], "{permutation:?} {signs}");
        }
    }
}

/// The same box in space with its axes in another order and direction.
fn stored_as(axial: &Geometry, permutation: [usize; 3], signs: usize) -> Geometry {
    let mut direction = [[0.0; 3]; 3];
    let mut origin = [0.0; 3];
    let dims = permutation.map(|world| axial.dims[world]);
    let spacing = permutation.map(|world| axial.spacing_mm[world]);
    for (axis, &world) in permutation.iter().enumerate() {
        let backwards = (signs >> axis) & 1 == 1;
        direction[world][axis] = if backwards { -1.0 } else { 1.0 };
        if backwards {
            origin[world] = (axial.dims[world] - 1) as f64 * axial.spacing_mm[world];
        }
    }
    Geometry::new(dims, spacing, origin, direction).unwrap()
}
