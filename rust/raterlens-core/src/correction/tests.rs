//! By hand on short lines, and properties on random volumes.

use ndarray::Array3;
use proptest::prelude::*;

use super::*;
use crate::geometry::Geometry;

const AXES: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

fn volume(dims: [usize; 3], spacing_mm: [f64; 3], f: impl Fn([usize; 3]) -> f32) -> Volume<f32> {
    let grid = Geometry::new(dims, spacing_mm, [0.0; 3], AXES).unwrap();
    let data = Array3::from_shape_fn(grid.shape_kji(), |(k, j, i)| f([i, j, k]));
    Volume::new(data, grid).unwrap()
}

fn logistic(x: f64) -> f32 {
    (1.0 / (1.0 + (-x).exp())) as f32
}

/// A line of 1 mm: the structure is at 0 to 4.
fn line(variance: f32, marks: &[Mark], reach_mm: f64) -> String {
    let soft = volume([16, 1, 1], [1.0; 3], |[i, ..]| logistic(4.5 - i as f64));
    let variance = soft.map(|_| variance);
    let mask = correct(&soft, &variance, marks, &CorrectionOptions { reach_mm }).unwrap();
    let sign = |&inside: &bool| if inside { '#' } else { '.' };
    mask.data().iter().map(sign).collect()
}

fn foreground(i: usize) -> Mark {
    Mark::point(Side::Foreground, [i, 0, 0])
}

fn background(i: usize) -> Mark {
    Mark::point(Side::Background, [i, 0, 0])
}

#[test]
fn the_boundary_runs_through_the_mark_where_raters_would_disagree() {
    assert_eq!(line(0.1, &[], 10.0), "#####...........");
    // psi at 8 is -(3 + 1) = -4: voxel 7 is at -2.5 + 4 * 0.9, voxel 5 at -0.5 + 4 * 0.7, voxel 9 at -5 + 4 * 0.9.
    assert_eq!(line(0.1, &[foreground(8)], 10.0), "#########.......");
    // psi at 2 is 2.5: voxel 3 is at 1.5 - 2.5 * 0.9, voxel 1 at 3 + 1 - 2.5 * 0.9.
    assert_eq!(line(0.1, &[background(2)], 10.0), "##..............");
}

#[test]
fn where_raters_would_agree_hardly_more_than_the_mark_changes() {
    // A tenth of 10 mm: the neighbour at 1 mm is just out of reach.
    assert_eq!(line(0.0, &[foreground(8)], 10.0), "#####...#.......");
    assert_eq!(line(0.0, &[background(2)], 10.0), "##.##...........");
    // 0.15 of 10 mm: one way of 1 mm costs 10 mm of 15. Voxel 7: -2.5 + 4 / 3 stays out; voxel 3: 1.5 - 2.5 / 3 stays in.
    assert_eq!(line(0.0, &[foreground(8)], 15.0), "#####...#.......");
    // At 30 mm voxel 7 is at -2.5 + 4 * 2 / 3 = 0.17: in; voxel 6 at -1.5 + 4 / 3 = -0.17: out.
    assert_eq!(line(0.0, &[foreground(8)], 30.0), "#####..##.......");
}

#[test]
fn a_reach_of_nothing_changes_the_marks_only() {
    let marks = [foreground(8), background(0)];
    assert_eq!(line(0.1, &marks, 0.0), ".####...#.......");
}

#[test]
fn marks_on_the_right_side_change_nothing_but_hold_their_ground() {
    assert_eq!(
        line(0.1, &[foreground(3), background(9)], 10.0),
        "#####..........."
    );
    // Alone, the mark at 8 would take 5 to 7 with it. 6 is held; 7 is nearest to both: the lower number, 6, has it.
    let marks = [foreground(8), background(6)];
    assert_eq!(line(0.1, &marks, 10.0), "#####...#.......");
}

#[test]
fn what_is_not_joined_to_the_mark_stays() {
    // 6 is certain to be outside and cannot be passed: 5 changed sides alone it would be an island.
    let soft = volume([12, 1, 1], [1.0; 3], |[i, ..]| match i {
        0..=3 => 0.9,
        5 => 0.49,
        8 => 0.3,
        _ => 0.001,
    });
    let variance = soft.map(|_| 0.1);
    let reach = CorrectionOptions { reach_mm: 10.0 };
    let mask = correct(&soft, &variance, &[foreground(8)], &reach).unwrap();
    let inside: Vec<usize> = mask
        .data()
        .iter()
        .enumerate()
        .filter(|(_, m)| **m)
        .map(|(i, _)| i)
        .collect();
    assert_eq!(inside, [0, 1, 2, 3, 8]);
    // It would have changed: -0.04 + 0.847 * (1 - 3 / 10) > 0.
    let mask = correct(&soft, &variance, &[foreground(5)], &reach).unwrap();
    assert!(mask.data()[[0, 0, 5]]);
}

#[test]
fn of_marks_on_one_voxel_the_last_counts() {
    assert_eq!(
        line(0.1, &[foreground(8), background(8)], 10.0),
        line(0.1, &[background(8)], 10.0)
    );
    assert_eq!(
        line(0.1, &[background(8), foreground(8)], 10.0),
        line(0.1, &[foreground(8)], 10.0)
    );
}

#[test]
fn distances_are_millimetres_in_all_three_directions() {
    // Slices are 4 mm apart: with a reach of 3 mm a mark stays in its slice.
    let soft = volume([9, 9, 3], [1.0, 1.0, 4.0], |[i, ..]| {
        logistic(3.5 - i as f64)
    });
    let variance = soft.map(|_| 0.1);
    let marks = [Mark::point(Side::Foreground, [5, 4, 1])];
    let count = |reach_mm: f64| {
        let mask = correct(&soft, &variance, &marks, &CorrectionOptions { reach_mm }).unwrap();
        let slices = mask.data().outer_iter();
        let counts = slices.map(|s| s.iter().filter(|m| **m).count());
        counts.collect::<Vec<_>>()
    };
    let near = count(3.0);
    assert!(near[0] == 36 && near[2] == 36 && near[1] > 37, "{near:?}");
    let far = count(12.0);
    assert!(
        far[0] > 36 && far[0] == far[2] && far[1] > far[0],
        "{far:?}"
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    let soft = volume([4, 4, 2], [1.0; 3], |_| 0.2);
    let run = |marks: &[Mark], reach_mm| {
        correct(&soft, &soft, marks, &CorrectionOptions { reach_mm }).unwrap_err()
    };
    let dims = [4, 4, 2];
    let outside = CorrectionError::OutsideImage {
        voxel: [1, 1, 2],
        dims,
    };
    assert_eq!(
        run(&[Mark::point(Side::Foreground, [1, 1, 2])], 1.0),
        outside
    );
    let empty = Mark {
        side: Side::Foreground,
        voxels: vec![],
    };
    assert_eq!(run(&[empty], 1.0), CorrectionError::EmptyMark);
    for reach_mm in [f64::NAN, -1.0, 51.0] {
        assert!(matches!(run(&[], reach_mm), CorrectionError::Reach { .. }));
    }
    let other = volume([4, 4, 3], [1.0; 3], |_| 0.2);
    let refused = correct(&soft, &other, &[], &CorrectionOptions::default());
    assert!(matches!(refused, Err(CorrectionError::Grid(_))));
}

/// A random volume with a smooth soft label, a variance map, marks and a reach.
#[derive(Debug, Clone)]
struct Case {
    soft: Volume<f32>,
    variance: Volume<f32>,
    marks: Vec<Mark>,
    reach_mm: f64,
}

impl Case {
    fn run(&self) -> Volume<bool> {
        let options = CorrectionOptions {
            reach_mm: self.reach_mm,
        };
        correct(&self.soft, &self.variance, &self.marks, &options).unwrap()
    }

    /// The case in a larger image, `by` voxels further along each axis.
    fn padded(&self, by: [usize; 3]) -> Self {
        let dims = std::array::from_fn(|n| self.soft.geometry().dims[n] + by[n] + 3);
        let pad = |v: &Volume<f32>, f: fn(usize) -> f32| {
            volume(dims, v.geometry().spacing_mm, |at| {
                let old: [usize; 3] = std::array::from_fn(|n| at[n].wrapping_sub(by[n]));
                let value = v.data().get([old[2], old[1], old[0]]).copied();
                value.unwrap_or_else(|| f(at[0] + at[1] + at[2]))
            })
        };
        let mut moved = self.clone();
        moved.soft = pad(&self.soft, |_| 0.0);
        moved.variance = pad(&self.variance, |_| 0.0);
        for voxel in moved.marks.iter_mut().flat_map(|m| &mut m.voxels) {
            for (at, by) in voxel.iter_mut().zip(by) {
                *at += by;
            }
        }
        moved
    }
}

prop_compose! {
    fn case()(dims in [3_usize..12, 3_usize..12, 1_usize..5], spacing in [0.5_f64..1.5, 0.5_f64..1.5, 1.0_f64..4.0])(
        waves in [0.2_f64..1.2, 0.2_f64..1.2, 0.2_f64..1.2],
        steep in 0.5_f64..8.0,
        ripple in 0.0_f32..0.12,
        marks in prop::collection::vec(
            (any::<bool>(), prop::collection::vec([0..dims[0], 0..dims[1], 0..dims[2]], 1..5)), 0..5),
        reach_mm in prop_oneof![Just(0.0), 0.5_f64..14.0],
        dims in Just(dims),
        spacing in Just(spacing),
    ) -> Case {
        let phase = |at: [usize; 3]| (0..3).map(|n| at[n] as f64 * waves[n]).sum::<f64>();
        Case {
            soft: volume(dims, spacing, |at| logistic(steep * (phase(at).sin() + 0.3))),
            variance: volume(dims, spacing, |at| ripple * phase(at).cos().abs() as f32),
            marks: marks.into_iter().map(|(side, voxels)| Mark { side: Side::of(side), voxels }).collect(),
            reach_mm,
        }
    }
}

proptest! {
    #[test]
    fn every_mark_holds_and_nothing_changes_out_of_reach(case in case()) {
        let (before, after) = (case.soft.map(|&q| q >= 0.5), case.run());
        let mut last = std::collections::HashMap::new();
        for mark in &case.marks {
            last.extend(mark.voxels.iter().map(|v| (*v, mark.side)));
        }
        for ([i, j, k], side) in &last {
            prop_assert_eq!(Side::of(after.data()[[*k, *j, *i]]), *side);
        }
        let spacing = case.soft.geometry().spacing_mm;
        for ((k, j, i), &inside) in after.data().indexed_iter() {
            if inside == before.data()[[k, j, i]] {
                continue;
            }
            let near = last.keys().any(|v| {
                let squared = [i, j, k].into_iter().zip(v).zip(&spacing);
                let squared = squared.map(|((a, b), mm)| ((a as f64 - *b as f64) * mm).powi(2));
                squared.sum::<f64>().sqrt() <= case.reach_mm
            });
            prop_assert!(near, "voxel {:?}", [i, j, k]);
        }
    }

    #[test]
    fn foreground_only_adds_and_background_only_removes(case in case(), side in any::<bool>()) {
        let mut case = case;
        case.marks.iter_mut().for_each(|m| m.side = Side::of(side));
        let before = case.soft.map(|&q| q >= 0.5);
        let after = case.run();
        for (before, after) in before.data().iter().zip(after.data()) {
            prop_assert!(before == after || *after == side);
        }
    }

    #[test]
    fn marks_that_agree_with_the_model_change_nothing(case in case()) {
        let mut case = case;
        for mark in &mut case.marks {
            mark.voxels.truncate(1);
            let [i, j, k] = mark.voxels[0];
            mark.side = Side::of(case.soft.data()[[k, j, i]] >= 0.5);
        }
        prop_assert_eq!(case.run(), case.soft.map(|&q| q >= 0.5));
    }

    #[test]
    fn the_answer_does_not_depend_on_the_place_in_the_image(case in case(), by in [0_usize..9, 0_usize..9, 0_usize..3]) {
        // What lies beyond the old border is certain to be outside; a margin of it keeps the old image's inside the same.
        let near = case.padded([1, 1, 1]);
        let far = near.padded(by);
        let (a, b) = (near.run(), far.run());
        for ((k, j, i), inside) in a.data().indexed_iter() {
            prop_assert_eq!(*inside, b.data()[[k + by[2], j + by[1], i + by[0]]]);
        }
    }

    #[test]
    fn the_order_of_marks_that_do_not_overlap_is_of_no_matter(case in case()) {
        let mut seen = std::collections::HashSet::new();
        let mut case = case;
        case.marks.retain(|m| m.voxels.iter().all(|v| seen.insert(*v)));
        let forwards = case.run();
        case.marks.reverse();
        prop_assert_eq!(forwards, case.run());
    }

    #[test]
    fn one_mark_changes_more_where_raters_would_disagree_more(case in case()) {
        let mut case = case;
        case.marks.truncate(1);
        case.marks.iter_mut().for_each(|m| m.voxels.truncate(1));
        let before = case.soft.map(|&q| q >= 0.5);
        let less = case.run();
        case.variance = case.variance.map(|v| v * 2.0);
        let more = case.run();
        for ((before, less), more) in before.data().iter().zip(less.data()).zip(more.data()) {
            prop_assert!(less == before || less == more);
        }
    }

    #[test]
    fn a_mark_taken_back_was_never_made(case in case()) {
        let mut history = MarkHistory::default();
        let mut answers = Vec::new();
        let answer = |history: &MarkHistory| Case { marks: history.marks().to_vec(), ..case.clone() }.run();
        for mark in &case.marks {
            answers.push(answer(&history));
            history.add(mark.clone());
        }
        let last = answer(&history);
        while history.undo() {
            prop_assert_eq!(Some(answer(&history)), answers.pop());
        }
        while history.redo() {}
        prop_assert_eq!(answer(&history), last);
    }
}
