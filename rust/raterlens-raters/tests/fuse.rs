//! Fusing: every method by hand, labels without a name, raters who are missing or alone.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::row;
use raterlens_core::control::{CancelFlag, Control};
use raterlens_core::fusion::{Rater, RaterSet, TiePolicy};
use raterlens_core::LabelMap;
use raterlens_raters::{fuse, scheme_of_labels, FuseOptions, Method, RatersError, StapleKind};

fn values<T: Copy>(map: &raterlens_core::Volume<T>) -> Vec<T> {
    map.data().iter().copied().collect()
}

fn options(method: Method) -> FuseOptions {
    FuseOptions {
        method,
        ..FuseOptions::default()
    }
}

/// Three raters, two structures; the last voxel is a tie of 0, 1 and 2.
fn three() -> [LabelMap; 3] {
    [
        row(&[0, 1, 1, 1, 2, 2, 0]),
        row(&[0, 1, 1, 2, 2, 2, 1]),
        row(&[0, 0, 1, 2, 2, 1, 2]),
    ]
}

#[test]
fn vote_and_mean_by_hand() {
    let maps = three();
    let set = RaterSet::from_volumes(&maps).unwrap();
    let scheme = scheme_of_labels([1, 2]);
    for method in [Method::Majority, Method::Mean] {
        let mut options = options(method);
        let fused = fuse(&set, &scheme, &options, &Control::default()).unwrap();
        assert_eq!(values(&fused.consensus), [0, 1, 1, 2, 2, 2, 0]);
        let share = |n: u8| f32::from(n) / 3.0;
        let one = values(&fused.posterior(1).unwrap());
        assert_eq!(one, [0, 2, 3, 1, 0, 1, 1].map(share));
        let two = values(&fused.posterior(2).unwrap());
        assert_eq!(two, [0, 0, 0, 2, 3, 2, 1].map(share));
        options.ties = TiePolicy::FirstRater;
        let fused = fuse(&set, &scheme, &options, &Control::default()).unwrap();
        assert_eq!(values(&fused.consensus)[6], 0);
        options.ties = TiePolicy::Undecided(9);
        let fused = fuse(&set, &scheme, &options, &Control::default()).unwrap();
        assert_eq!(values(&fused.consensus)[6], 9);
    }
}

#[test]
fn scores_against_the_consensus_by_hand() {
    let maps = three();
    let set = RaterSet::from_volumes(&maps).unwrap();
    let scheme = scheme_of_labels([1, 2]);
    let fused = fuse(
        &set,
        &scheme,
        &options(Method::Majority),
        &Control::default(),
    )
    .unwrap();
    let found = &fused.performance;
    let names: Vec<_> = found.raters.iter().map(|r| r.rater.as_str()).collect();
    assert_eq!(names, ["1", "2", "3"]);
    // Consensus 0 1 1 2 2 2 0. Rater 3 gave 1 in two voxels, one of which is right; structure 1 has two.
    let third = &found.raters[2].structures[0];
    assert_eq!(third.sensitivity, Some(1.0 / 2.0));
    assert_eq!(third.specificity, Some(4.0 / 5.0));
    assert_eq!(third.dice_with_consensus, 2.0 * 1.0 / (2.0 + 2.0));
    // Voxels of 0.5 x 1 x 4 mm.
    assert_eq!(third.volume_ml, 2.0 * 2.0 / 1000.0);
    assert_eq!(found.structures[1].voxels, 3);
    assert_eq!(found.structures[1].volume_ml, 3.0 * 2.0 / 1000.0);
    assert!(found.staple.is_empty() && found.raters[0].confusion.is_none());
}

#[test]
fn staple_says_how_raters_performed_and_ends_where_the_core_does() {
    let maps = three();
    let set = RaterSet::from_volumes(&maps).unwrap();
    let scheme = scheme_of_labels([1, 2]);
    let fused = fuse(&set, &scheme, &options(Method::Staple), &Control::default()).unwrap();
    let classes = raterlens_core::fusion::Classes::found_in(&set);
    let core = raterlens_core::fusion::staple(&set, &classes, &Default::default()).unwrap();
    assert_eq!(fused.consensus, core.consensus().unwrap());
    assert_eq!(fused.posterior(2).unwrap(), core.posterior(2).unwrap());
    let rater = &fused.performance.raters[2];
    let expected = core.performance[2].as_ref().unwrap();
    assert_eq!(
        rater.structures[1].sensitivity,
        expected.structures[1].sensitivity
    );
    let confusion = rater.confusion.as_ref().unwrap();
    assert_eq!(confusion[1][2], Some(expected.confusion[[1, 2]]));
    let fit = &fused.performance.staple[0];
    assert_eq!(
        (fit.labels.as_slice(), fit.iterations),
        (&[0, 1, 2][..], core.trace.len())
    );
}

#[test]
fn staple_of_each_structure_is_binary_staple() {
    let maps = three();
    let set = RaterSet::from_volumes(&maps).unwrap();
    let scheme = scheme_of_labels([1, 2]);
    let options = FuseOptions {
        staple_kind: StapleKind::PerStructure,
        ..options(Method::Staple)
    };
    let fused = fuse(&set, &scheme, &options, &Control::default()).unwrap();
    let binary =
        |label| raterlens_core::fusion::staple_structure(&set, label, &Default::default()).unwrap();
    let [one, two] = [1, 2].map(|l| values(&binary(l).posterior(l).unwrap()));
    assert_eq!(values(&fused.posterior(1).unwrap()), one);
    let expected: Vec<u16> = one
        .iter()
        .zip(&two)
        .map(|(&a, &b)| match (a > 0.5, b > 0.5) {
            (true, true) if b > a => 2,
            (true, _) => 1,
            (false, true) => 2,
            _ => 0,
        })
        .collect();
    assert_eq!(values(&fused.consensus), expected);
    assert_eq!(fused.performance.staple.len(), 2);
    assert!(fused.performance.raters[0].confusion.is_none());
}

#[test]
fn soft_distance_takes_the_largest_mean_above_one_half_by_hand() {
    // In a row, raters draw voxels 2 to 4 and 2 to 6: at voxel 5 the signed distances are -1 and 2.
    let maps = [
        row(&[0, 0, 1, 1, 1, 0, 0, 0]),
        row(&[0, 0, 1, 1, 1, 1, 1, 0]),
    ];
    let set = RaterSet::from_volumes(&maps).unwrap();
    let fused = fuse(
        &set,
        &scheme_of_labels([1]),
        &options(Method::SoftDistance),
        &Control::default(),
    )
    .unwrap();
    let soft = |d: f64| 1.0 / (1.0 + (-d).exp());
    let posterior = values(&fused.posterior(1).unwrap());
    let by_hand = [
        soft(-2.0),
        soft(-1.0),
        soft(1.0), // alike for both
        0.5 * (soft(2.0) + soft(2.0)),
        0.5 * (soft(1.0) + soft(3.0)),
        0.5 * (soft(-1.0) + soft(2.0)),
        0.5 * (soft(-2.0) + soft(1.0)),
        0.5 * (soft(-3.0) + soft(-1.0)),
    ];
    for (found, expected) in posterior.iter().zip(by_hand) {
        assert!((f64::from(*found) - expected).abs() < 1e-6, "{posterior:?}");
    }
    // 0.575 at voxel 5 and 0.425 at voxel 6.
    assert_eq!(values(&fused.consensus), [0, 0, 1, 1, 1, 1, 0, 0]);
}

#[test]
fn labels_without_a_name_are_refused_or_become_background() {
    let maps = [row(&[1, 7, 0]), row(&[1, 7, 0]), row(&[1, 1, 0])];
    let set = RaterSet::from_volumes(&maps).unwrap();
    let scheme = scheme_of_labels([1]);
    for method in [
        Method::Majority,
        Method::Mean,
        Method::Staple,
        Method::SoftDistance,
    ] {
        for staple_kind in [StapleKind::MultiLabel, StapleKind::PerStructure] {
            let mut options = FuseOptions {
                staple_kind,
                ..options(method)
            };
            let refused = fuse(&set, &scheme, &options, &Control::default())
                .err()
                .unwrap();
            assert!(
                matches!(refused, RatersError::Fusion(_)),
                "{method}: {refused}"
            );
            assert!(refused.to_string().contains("label 7"), "{refused}");
            options.ignore_unnamed = true;
            let fused = fuse(&set, &scheme, &options, &Control::default()).unwrap();
            assert_eq!(values(&fused.consensus)[..2], [1, 0], "{method}");
        }
    }
}

#[test]
fn a_value_for_undecided_voxels_is_no_label_that_anyone_uses_or_names() {
    let maps = three();
    let set = RaterSet::from_volumes(&maps).unwrap();
    for (structures, value) in [(vec![1], 2), (vec![1, 2, 7], 7)] {
        let options = FuseOptions {
            ties: TiePolicy::Undecided(value),
            ignore_unnamed: true,
            ..options(Method::Majority)
        };
        let refused = fuse(
            &set,
            &scheme_of_labels(structures),
            &options,
            &Control::default(),
        );
        assert!(refused.err().unwrap().to_string().contains("undecided"));
    }
}

#[test]
fn each_structure_has_its_own_fixed_prior() {
    use raterlens_core::fusion::staple::Prior;
    let maps = three();
    let set = RaterSet::from_volumes(&maps).unwrap();
    let mut options = FuseOptions {
        staple_kind: StapleKind::PerStructure,
        ..options(Method::Staple)
    };
    options.staple.prior = Prior::Fixed(vec![(1, 0.25), (2, 0.5)]);
    let scheme = scheme_of_labels([1, 2]);
    let fused = fuse(&set, &scheme, &options, &Control::default()).unwrap();
    let priors: Vec<_> = fused
        .performance
        .staple
        .iter()
        .map(|f| f.prior[1])
        .collect();
    assert_eq!(priors, [0.25, 0.5]);
    options.staple.prior = Prior::Fixed(vec![(1, 0.25)]);
    let refused = fuse(&set, &scheme, &options, &Control::default())
        .err()
        .unwrap();
    assert!(
        refused.to_string().contains("no probability for label 2"),
        "{refused}"
    );
}

#[test]
fn missing_raters_take_no_part_and_one_is_not_enough() {
    let [a, b, _] = three();
    let set = RaterSet::new(vec![
        Rater::new("Ann", &a),
        Rater::missing("Ben"),
        Rater::new("Cem", &b),
    ])
    .unwrap();
    let fused = fuse(
        &set,
        &scheme_of_labels([1, 2]),
        &options(Method::Staple),
        &Control::default(),
    )
    .unwrap();
    let names: Vec<_> = fused
        .performance
        .raters
        .iter()
        .map(|r| r.rater.as_str())
        .collect();
    assert_eq!(names, ["Ann", "Cem"]);
    let set = RaterSet::new(vec![Rater::new("Ann", &a), Rater::missing("Ben")]).unwrap();
    let refused = fuse(
        &set,
        &scheme_of_labels([1, 2]),
        &options(Method::Mean),
        &Control::default(),
    );
    assert!(matches!(
        refused.err(),
        Some(RatersError::TooFewRaters { found: 1 })
    ));
}

#[test]
fn a_raised_flag_stops_every_method() {
    let maps = three();
    let set = RaterSet::from_volumes(&maps).unwrap();
    let cancel = CancelFlag::new();
    cancel.cancel();
    let control = Control {
        progress: None,
        cancel,
    };
    for method in [
        Method::Majority,
        Method::Mean,
        Method::Staple,
        Method::SoftDistance,
    ] {
        let stopped = fuse(&set, &scheme_of_labels([1, 2]), &options(method), &control);
        assert!(matches!(stopped.err(), Some(RatersError::Cancelled(_))));
    }
}
