//! Empty and full structures, identical and opposite raters, one voxel, extreme labels, more than 2^24 voxels.

use raterlens_core::fusion::staple::{Prior, Region, Start};
use raterlens_core::fusion::{
    mean_label, staple, staple_structure, vote, Classes, FusionError, Rater, RaterSet, Staple,
    StapleOptions, TiePolicy,
};
use raterlens_core::variability::{gt_entropy, summarise_entropy};
use raterlens_core::Volume;

use crate::support::{rows, volume_of, voxels};

fn binary<const N: usize>(raters: &[[u8; N]]) -> Staple {
    binary_with(raters, &StapleOptions::default())
}

fn binary_with<const N: usize>(raters: &[[u8; N]], options: &StapleOptions) -> Staple {
    let maps = rows(raters);
    staple_structure(&RaterSet::from_volumes(&maps).unwrap(), 1, options).unwrap()
}

/// Sensitivity and specificity of each rater.
fn rates(fused: &Staple) -> Vec<(Option<f64>, Option<f64>)> {
    let raters = fused.performance.iter().flatten();
    raters
        .map(|r| (r.structures[0].sensitivity, r.structures[0].specificity))
        .collect()
}

fn posterior(fused: &Staple) -> Vec<f64> {
    voxels(&fused.posterior_f64(1).unwrap())
}

#[test]
fn a_structure_that_nobody_drew_has_no_sensitivity() {
    let fused = binary(&[[0, 0, 0], [0, 0, 0]]);
    assert!(fused.converged);
    assert_eq!(posterior(&fused), [0.0; 3]);
    assert_eq!(rates(&fused), [(None, Some(1.0)); 2]);
}

#[test]
fn a_structure_that_fills_the_image_has_no_specificity() {
    let fused = binary(&[[1, 1, 1], [1, 1, 1]]);
    assert_eq!(posterior(&fused), [1.0; 3]);
    assert_eq!(rates(&fused), [(Some(1.0), None); 2]);
}

#[test]
fn a_rater_who_left_the_structure_out_has_sensitivity_0() {
    let fused = binary(&[[0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]);
    assert_eq!(voxels(&fused.consensus().unwrap()), [0, 1, 1, 0]);
    let found = rates(&fused);
    assert!((found[0].0.unwrap() - 1.0).abs() < 1e-6);
    assert!(found[2].0.unwrap().abs() < 1e-6);
    assert!((found[2].1.unwrap() - 1.0).abs() < 1e-6);
}

#[test]
fn raters_who_agree_are_perfect_at_once() {
    let fused = binary(&[[0, 1, 1, 0]; 3]);
    assert_eq!(posterior(&fused), [0.0, 1.0, 1.0, 0.0]);
    assert_eq!(rates(&fused), [(Some(1.0), Some(1.0)); 3]);
    assert_eq!(fused.trace.len(), 2); // the second shows that the first changed nothing
    assert_eq!(fused.trace[1].largest_change, Some(0.0));
    // Half of the voxels of each kind: the likelihood is that of drawing them.
    assert!((fused.trace[1].log_likelihood - 4.0 * 0.5_f64.ln()).abs() < 1e-14);
}

#[test]
fn one_rater_is_believed() {
    let fused = binary(&[[0, 1, 1, 0]]);
    assert_eq!(posterior(&fused), [0.0, 1.0, 1.0, 0.0]);
    assert_eq!(rates(&fused), [(Some(1.0), Some(1.0))]);
}

#[test]
fn one_voxel_is_an_image() {
    assert_eq!(posterior(&binary(&[[1_u8], [1]])), [1.0]);
    assert_eq!(posterior(&binary(&[[1_u8], [0]])), [0.5]); // nothing tells the raters apart
    let maps = rows(&[[7_u8], [9]]);
    let set = RaterSet::from_volumes(&maps).unwrap();
    assert_eq!(voxels(&vote(&set, &TiePolicy::LowestLabel).unwrap()), [7]);
}

#[test]
fn opposite_raters_stay_undecided_and_background_wins_the_tie() {
    let fused = binary(&[[0, 1, 0, 1], [1, 0, 1, 0]]);
    assert!(fused.converged);
    assert_eq!(posterior(&fused), [0.5; 4]);
    assert_eq!(voxels(&fused.consensus().unwrap()), [0; 4]);
    assert_eq!(rates(&fused), [(Some(0.5), Some(0.5)); 2]);
}

#[test]
fn without_disagreement_nothing_is_estimated_but_all_is_decided() {
    let options = StapleOptions {
        region: Region::Disagreement,
        ..StapleOptions::default()
    };
    let fused = binary_with(&[[0, 1, 1, 0]; 2], &options);
    assert!(fused.converged && fused.trace.is_empty());
    assert_eq!(posterior(&fused), [0.0, 1.0, 1.0, 0.0]);
    assert_eq!(rates(&fused), [(None, None); 2]);
}

#[test]
fn the_disagreement_region_leaves_out_the_easy_background() {
    let mut raters = [[0_u8; 100]; 3];
    raters[0][..6].copy_from_slice(&[1, 1, 1, 1, 1, 0]);
    raters[1][..6].copy_from_slice(&[1, 1, 1, 1, 0, 1]);
    raters[2][..6].copy_from_slice(&[1, 0, 0, 1, 1, 1]);
    let whole = rates(&binary(&raters));
    let options = StapleOptions {
        region: Region::Disagreement,
        ..StapleOptions::default()
    };
    let fused = binary_with(&raters, &options);
    let region = rates(&fused);
    assert!(whole[0].1.unwrap() > 0.98);
    assert!(region[0].1.unwrap() < 0.6, "{region:?}");
    // Agreement is certain, although it took no part.
    assert_eq!((posterior(&fused)[0], posterior(&fused)[99]), (1.0, 0.0));
}

#[test]
fn the_cap_ends_what_has_not_converged_and_says_so() {
    let options = StapleOptions {
        max_iterations: 2,
        ..StapleOptions::default()
    };
    let fused = binary_with(&[[0, 1, 1, 0], [0, 1, 0, 0], [1, 1, 1, 0]], &options);
    assert!(!fused.converged);
    assert_eq!(fused.trace.len(), 2);
    assert_eq!(fused.trace[0].largest_change, None);
}

#[test]
fn a_fixed_prior_and_a_stated_start_by_hand() {
    // One rater, one E step from performance 0.8 with prior 0.1, then the M step: all by hand.
    let options = StapleOptions {
        prior: Prior::Fixed(vec![(1, 0.1)]),
        start: Start::Performance(0.8),
        max_iterations: 1,
        ..StapleOptions::default()
    };
    let fused = binary_with(&[[0, 1, 1, 0]], &options);
    let given_1 = 0.1 * 0.8 / (0.1 * 0.8 + 0.9 * (1.0 - 0.8));
    let given_0 = 0.1 * (1.0 - 0.8) / (0.1 * (1.0 - 0.8) + 0.9 * 0.8);
    let sensitivity = 2.0 * given_1 / (2.0 * given_1 + 2.0 * given_0);
    let specificity = 2.0 * (1.0 - given_0) / (2.0 * (1.0 - given_1) + 2.0 * (1.0 - given_0));
    let (p, q) = rates(&fused)[0];
    assert!((p.unwrap() - sensitivity).abs() < 1e-15);
    assert!((q.unwrap() - specificity).abs() < 1e-15);
    assert!((fused.prior[1] - 0.1).abs() < 1e-15);
    let one = 0.1 * sensitivity / (0.1 * sensitivity + 0.9 * (1.0 - specificity));
    assert!((posterior(&fused)[1] - one).abs() < 1e-15);
}

#[test]
fn a_missing_rater_has_no_performance_and_no_vote() {
    let maps = rows(&[[0_u8, 1, 1, 0], [0, 1, 0, 0]]);
    let set = RaterSet::new(vec![
        Rater::new("A", &maps[0]),
        Rater::missing("B"),
        Rater::new("C", &maps[1]),
    ])
    .unwrap();
    let two = RaterSet::from_volumes(&maps).unwrap();
    let fused = staple_structure(&set, 1, &StapleOptions::default()).unwrap();
    let without = staple_structure(&two, 1, &StapleOptions::default()).unwrap();
    assert_eq!(posterior(&fused), posterior(&without));
    let names: Vec<_> = fused
        .performance
        .iter()
        .map(|p| p.as_ref().map(|p| p.rater.as_str()))
        .collect();
    assert_eq!(names, [Some("A"), None, Some("C")]);
    let ties = TiePolicy::Background;
    assert_eq!(vote(&set, &ties).unwrap(), vote(&two, &ties).unwrap());
}

#[test]
fn extreme_labels_are_labels() {
    let maps = rows(&[
        [0_u16, 255, 65535, 65535],
        [0, 255, 65535, 255],
        [0, 255, 0, 255],
    ]);
    let set = RaterSet::from_volumes(&maps).unwrap();
    let voted = vote(&set, &TiePolicy::Background).unwrap();
    assert_eq!(voxels(&voted), [0, 255, 65535, 255]);
    let classes = Classes::found_in(&set);
    assert_eq!(classes.labels(), [0, 255, 65535]);
    let fused = staple(&set, &classes, &StapleOptions::default()).unwrap();
    assert_eq!(voxels(&fused.consensus().unwrap()), [0, 255, 65535, 255]);
    assert_eq!(
        fused.consensus_in::<u8>(),
        Err(FusionError::LabelTooWide { label: 65535 })
    );
    let mean = mean_label(&set, &classes).unwrap();
    let two_thirds = (2.0_f64 / 3.0) as f32;
    assert_eq!(voxels(&mean.of(65535).unwrap())[2], two_thirds);
    let one = staple_structure(&set, 65535, &StapleOptions::default()).unwrap();
    assert!(one.posterior(65535).unwrap().data()[[0, 0, 2]] > 0.5);
}

#[test]
fn undecided_needs_a_label_of_its_own() {
    let maps = rows(&[[0_u8, 255, 1, 2], [0, 255, 2, 1]]);
    let set = RaterSet::from_volumes(&maps).unwrap();
    let undecided = |label| vote(&set, &TiePolicy::Undecided(label));
    assert_eq!(voxels(&undecided(9).unwrap()), [0, 255, 9, 9]);
    for label in [0, 1, 255] {
        assert_eq!(undecided(label), Err(FusionError::UndecidedInUse { label }));
    }
    assert_eq!(
        undecided(300),
        Err(FusionError::LabelTooWide { label: 300 })
    );
}

#[test]
fn staple_breaks_ties_for_the_better_rater() {
    // A and B agree on every voxel but the last, C is often wrong, D often leaves out: the tie of the last voxel, 2
    // against 2, goes to the side of the rater who is right elsewhere.
    let maps = rows(&[
        [0_u8, 0, 0, 0, 1, 1, 1, 1, 1],
        [0, 0, 0, 0, 1, 1, 1, 1, 1],
        [1, 0, 1, 0, 0, 1, 0, 1, 0],
        [0, 1, 0, 1, 1, 0, 1, 0, 0],
    ]);
    let set = RaterSet::from_volumes(&maps).unwrap();
    let background = vote(&set, &TiePolicy::Background).unwrap();
    let staple = vote(&set, &TiePolicy::Staple(StapleOptions::default())).unwrap();
    assert_eq!(voxels(&background), [0, 0, 0, 0, 1, 1, 1, 1, 0]);
    assert_eq!(voxels(&staple), [0, 0, 0, 0, 1, 1, 1, 1, 1]);
}

#[test]
fn a_tie_of_every_policy_by_hand() {
    // Votes: three different; two and two; one against background.
    let maps = rows(&[[3_u8, 2, 1], [1, 2, 0], [2, 1, 1], [9, 1, 0]]);
    let set = RaterSet::from_volumes(&maps).unwrap();
    let of = |policy| voxels(&vote(&set, &policy).unwrap());
    assert_eq!(of(TiePolicy::Background), [0, 0, 0]);
    assert_eq!(of(TiePolicy::LowestLabel), [1, 1, 0]);
    assert_eq!(of(TiePolicy::FirstRater), [3, 2, 1]);
    assert_eq!(of(TiePolicy::Undecided(77)), [77, 77, 77]);
    for seed in 0..20 {
        let found = of(TiePolicy::Random(seed));
        let tied: [&[u8]; 3] = [&[1, 2, 3, 9], &[1, 2], &[0, 1]];
        assert!(found.iter().zip(tied).all(|(v, tied)| tied.contains(v)));
        assert_eq!(found, of(TiePolicy::Random(seed)));
    }
    assert_ne!(of(TiePolicy::Random(0)), of(TiePolicy::Random(1)));
}

/// Long stretches of two labels are counted 64 voxels at a time; a third label in a stretch is counted voxel by voxel.
#[test]
fn ties_are_decided_alike_where_two_labels_are_and_where_more_are() {
    const SIZE: usize = 4 * 64 + 10;
    let first: [u16; SIZE] = std::array::from_fn(|v| [5, 3, 5, 3, 3][v % 5]);
    let second: [u16; SIZE] = std::array::from_fn(|v| [3, 5, 5, 3][v % 4]);
    let mut third = first;
    for v in (7..SIZE).step_by(64) {
        third[v] = 9;
    }
    let two = rows(&[first, second]);
    let more = rows(&[third, second]);
    let of = |maps: &[Volume<u16>], policy: &TiePolicy| {
        voxels(&vote(&RaterSet::from_volumes(maps).unwrap(), policy).unwrap())
    };
    let expected = |v: usize, policy: &TiePolicy| match policy {
        _ if first[v] == second[v] => Some(first[v]),
        TiePolicy::Background => Some(0),
        TiePolicy::LowestLabel => Some(3),
        TiePolicy::FirstRater => Some(first[v]),
        TiePolicy::Undecided(label) => Some(*label),
        _ => None, // by lot
    };
    for policy in [
        TiePolicy::Background,
        TiePolicy::LowestLabel,
        TiePolicy::FirstRater,
        TiePolicy::Undecided(77),
        TiePolicy::Random(12),
    ] {
        let (fused, mixed) = (of(&two, &policy), of(&more, &policy));
        for v in 0..SIZE {
            if let Some(label) = expected(v, &policy) {
                assert_eq!(fused[v], label, "{policy}, voxel {v}");
            }
            if first[v] == third[v] {
                assert_eq!(fused[v], mixed[v], "{policy}, voxel {v}");
            }
        }
        let tied = (0..SIZE).filter(|&v| first[v] != second[v]);
        let threes = tied.filter(|&v| fused[v] == 3).count();
        assert!(policy != TiePolicy::Random(12) || (40..100).contains(&threes));
    }
}

#[test]
fn a_tie_that_staple_cannot_break_goes_to_the_lowest_label() {
    for raters in [[[5_u8, 3], [3, 5]], [[3, 5], [5, 3]]] {
        let maps = rows(&raters);
        let set = RaterSet::from_volumes(&maps).unwrap();
        let staple = TiePolicy::Staple(StapleOptions::default());
        assert_eq!(voxels(&vote(&set, &staple).unwrap()), [3, 3]);
    }
}

/// ITK wrote ties into its confusion matrices (ITK issues 6579, 6597 and 6607).
#[test]
fn ties_stay_out_of_confusion_matrices() {
    // Every voxel is tied, and the labels are the smallest and the largest of the type and one in between.
    let maps = rows(&[[0_u16, 255, 65535], [255, 65535, 0]]);
    let set = RaterSet::from_volumes(&maps).unwrap();
    let fused = staple(&set, &Classes::found_in(&set), &StapleOptions::default()).unwrap();
    assert!(fused.converged);
    // Each label is half of the truth of the two voxels where a rater gave it, one of them right and one the other label.
    let expected = [
        [[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5]],
        [[0.5, 0.0, 0.5], [0.5, 0.5, 0.0], [0.0, 0.5, 0.5]],
    ];
    for (rater, expected) in fused.performance.iter().flatten().zip(expected) {
        assert_eq!(rater.confusion, ndarray::arr2(&expected));
    }
    // A tie of posteriors goes to the label listed first, background before all.
    assert_eq!(voxels(&fused.consensus().unwrap()), [0, 255, 0]);
    assert_eq!(
        voxels(&fused.posterior_f64(65535).unwrap()),
        [0.0, 0.5, 0.5]
    );
}

#[test]
fn with_many_labels_the_same_drawings_give_the_same_bits() {
    // 50 labels by three raters are more combinations than have a number of their own.
    let rater = |n: usize| -> [u16; 600] { std::array::from_fn(|v| (v * (n + 7) % 50) as u16) };
    let maps = rows(&[rater(0), rater(1), rater(4)]);
    let set = RaterSet::from_volumes(&maps).unwrap();
    let fit = || staple(&set, &Classes::found_in(&set), &StapleOptions::default()).unwrap();
    let (one, two) = (fit(), fit());
    assert!(one.patterns().len() > 20);
    assert!(one.patterns().iter().eq(two.patterns().iter()));
    assert_eq!(one.trace, two.trace);
    assert_eq!(one.pattern_posteriors(), two.pattern_posteriors());
}

#[test]
fn a_label_that_took_no_part_has_no_map() {
    let fused = binary(&[[0, 1, 1, 0]; 2]);
    let expected = FusionError::NoSuchLabel {
        label: 2,
        known: vec![0, 1],
    };
    assert_eq!(fused.posterior(2), Err(expected));
}

#[test]
fn too_many_labels_for_matrices_are_refused_before_memory_is() {
    let labels: Vec<u16> = (0..5000).collect();
    let maps = [volume_of(labels, [1, 1, 5000], [1.0; 3])];
    let set = RaterSet::from_volumes(&maps).unwrap();
    let refused = staple(&set, &Classes::found_in(&set), &StapleOptions::default());
    let expected = FusionError::TooManyClasses {
        raters: 1,
        classes: 5000,
    };
    assert_eq!(refused.unwrap_err(), expected);
}

/// Single-precision counters stop at 2^24 (SimpleITK issues 943 and 2670).
#[test]
fn more_voxels_than_single_precision_counts() {
    const WIDTH: usize = 1 << 13;
    const HEIGHT: usize = (1 << 11) + 8;
    let voxels = WIDTH * HEIGHT; // 2^24 + 2^16
    let mut one = vec![1_u8; voxels];
    let two = one.clone();
    one[0] = 0;
    let shape = [1, HEIGHT, WIDTH];
    let maps = [one, two].map(|v| volume_of(v, shape, [1.0; 3]));
    let set = RaterSet::from_volumes(&maps).unwrap();
    let fused = staple_structure(&set, 1, &StapleOptions::default()).unwrap();
    assert_eq!(fused.patterns().counts(), [1, voxels as u64 - 1]);
    let half_a_voxel = 0.5 / voxels as f64; // 1 less this is 1 in single precision
    assert_eq!(fused.prior, [half_a_voxel, 1.0 - half_a_voxel]);
    let entropy = gt_entropy(&set, &Classes::found_in(&set)).unwrap();
    assert_eq!(entropy.data()[[0, 0, 0]], std::f32::consts::LN_2);
    let whole = summarise_entropy(&entropy)[0];
    assert_eq!((whole.voxels, whole.voxels_disputed), (voxels as u64, 1));
    let mean = f64::from(std::f32::consts::LN_2) / voxels as f64;
    assert_eq!(whole.mean_entropy, mean);
    let mean = mean_label(&set, &Classes::found_in(&set)).unwrap();
    assert_eq!(mean.of(1).unwrap().data()[[0, 0, 0]], 0.5);
    let voted = vote(&set, &TiePolicy::Undecided(2)).unwrap();
    let count = |label| voted.data().iter().filter(|&&v| v == label).count();
    assert_eq!((count(1), count(2)), (voxels - 1, 1));
}
