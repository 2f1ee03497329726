//! Agreement over a study: cases worked out by hand, edge cases, and what must not change when the input is turned or renamed.
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests a panic is the failure

use std::borrow::Cow;

use ndarray::{Array3, Axis};
use proptest::prelude::*;
use raterlens_core::agreement::{
    AgreementError, AgreementOptions, AgreementReport, CaseAgreement, Drawing, ImageDrawings,
    Metric, NominalCounts, Study, Undefined,
};
use raterlens_core::metrics::SurfaceSpace;
use raterlens_core::{Geometry, LabelMap, Volume};
use serde_json::Value;

const IDENTITY: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// One row of voxels of 0.5 x 2 x 5 mm.
fn row(labels: &[u16]) -> LabelMap {
    let grid = Geometry::new([labels.len(), 1, 1], [0.5, 2.0, 5.0], [0.0; 3], IDENTITY).unwrap();
    let data = Array3::from_shape_vec((1, 1, labels.len()), labels.to_vec()).unwrap();
    Volume::new(data, grid).unwrap()
}

/// Cases of (rater, labels of one row).
type Rows<'a> = &'a [&'a [(&'a str, &'a [u16])]];

fn study(cases: Rows<'_>, ids: &[u16]) -> Study {
    let mut study = Study::new(AgreementOptions::new(ids.to_vec())).unwrap();
    for (n, case) in cases.iter().enumerate() {
        let maps: Vec<_> = case
            .iter()
            .map(|(rater, labels)| (*rater, row(labels)))
            .collect();
        let raters = maps.iter().map(|(rater, map)| (*rater, map));
        let set = ImageDrawings::of_raters(n.to_string(), raters).unwrap();
        study.add(&set).unwrap();
    }
    study
}

fn report(cases: Rows<'_>, ids: &[u16]) -> AgreementReport {
    study(cases, ids).report().unwrap()
}

#[test]
fn three_raters_one_image_by_hand() {
    let found = report(
        &[&[
            ("a", &[0, 1, 1, 0, 0, 0]),
            ("b", &[0, 1, 1, 1, 0, 0]),
            ("c", &[0, 0, 1, 1, 1, 0]),
        ]],
        &[1],
    );
    let structure = &found.structures[0];
    let dice = structure.matrix(Metric::Dice, &found.raters);
    let [ab, ac, bc] = [2.0 * 2.0 / 5.0, 2.0 * 1.0 / 5.0, 2.0 * 2.0 / 6.0];
    let one = Some(1.0);
    let expected = [
        [one, Some(ab), Some(ac)],
        [Some(ab), one, Some(bc)],
        [Some(ac), Some(bc), one],
    ];
    assert_eq!(dice, ndarray::arr2(&expected));
    let precision = structure.matrix(Metric::Precision, &found.raters);
    assert_eq!(
        (precision[[0, 1]], precision[[1, 0]]),
        (Some(1.0), Some(2.0 / 3.0))
    );
    // Volumes: 2, 3 and 3 voxels of 5 cubic millimetres.
    let volume = structure.matrix(Metric::VolumeDifferenceMl, &found.raters);
    assert!((volume[[0, 1]].unwrap() - (2.0 - 3.0) * 0.005).abs() < 1e-15);
    assert!((volume[[1, 0]].unwrap() - (3.0 - 2.0) * 0.005).abs() < 1e-15);
    // Surfaces are the ends: a 1 2, b 1 3, c 2 4. a to c: 0.5 0; c to a: 0 1; in millimetres.
    let hausdorff = structure.matrix(Metric::HausdorffMm, &found.raters);
    assert_eq!(hausdorff[[0, 2]], Some(2.0 * 0.5));
    // a's end 1 lies outside c, 1 step; c's end 4 outside a: a is smaller there, 2 steps.
    let signed = structure.matrix(Metric::SignedDistanceMm, &found.raters);
    assert_eq!(signed[[0, 2]], Some((1.0 - 2.0) * 0.5 / 4.0));
    // Voxels: 0 0 0 | 1 1 0 | 1 1 1 | 0 1 1 | 0 0 1 | 0 0 0: three of six pairs-wise whole, the others a third.
    let agree = (3.0 + 3.0 / 3.0) / 6.0;
    let chance = (8.0_f64 / 18.0).powi(2) + (10.0_f64 / 18.0).powi(2);
    let kappa = structure.nominal.fleiss_kappa.value.unwrap();
    assert!((kappa - (agree - chance) / (1.0 - chance)).abs() < 1e-12);
    // Within the union (four voxels, 8 of 12 ratings inside).
    let agree = (1.0 + 3.0 / 3.0) / 4.0;
    let chance = (8.0_f64 / 12.0).powi(2) + (4.0_f64 / 12.0).powi(2);
    let kappa = structure.nominal.fleiss_kappa_foreground.value.unwrap();
    assert!((kappa - (agree - chance) / (1.0 - chance)).abs() < 1e-12);
}

#[test]
fn bias_against_the_others_by_hand() {
    // c draws one voxel more at each side than a and b, who are equal.
    let found = report(
        &[&[
            ("a", &[0, 0, 1, 1, 0, 0]),
            ("b", &[0, 0, 1, 1, 0, 0]),
            ("c", &[0, 1, 1, 1, 1, 0]),
        ]],
        &[1],
    );
    let c = &found.structures[0].raters[2];
    for deviation in [&c.consensus, &c.others] {
        assert!((deviation.volume_ml.mean.value.unwrap() - 2.0 * 0.005).abs() < 1e-15);
        assert_eq!(deviation.volume_percent.mean.value, Some(100.0 * 2.0 / 2.0));
        assert_eq!(deviation.signed_distance_mm.mean.value, Some(0.5));
        assert_eq!(deviation.signed_distance_sd_mm.mean.value, Some(0.0));
        assert_eq!(deviation.dice.mean.value, Some(2.0 * 2.0 / 6.0));
        assert_eq!(deviation.volume_ml.sd, None);
    }
    // For a the others are b and c: tied at the sides, so that the consensus is b.
    let a = &found.structures[0].raters[0];
    assert_eq!(a.consensus.volume_ml.mean.value, Some(0.0));
    assert!((a.others.volume_ml.mean.value.unwrap() - -2.0 * 0.005 / 2.0).abs() < 1e-15);
    assert_eq!(
        a.others.signed_distance_mm.mean.value,
        Some((0.0 - 0.5) / 2.0)
    );
    assert!(found.notes.iter().any(|note| note.contains("tied")));
}

#[test]
fn a_single_image_has_values_but_no_intervals_and_says_so() {
    let found = report(&[&[("a", &[1, 1, 0]), ("b", &[1, 0, 0])]], &[1]);
    let structure = &found.structures[0];
    let dice = &structure.pairs[0].metrics[&Metric::Dice];
    assert_eq!(dice.mean.value, Some(2.0 / 3.0));
    assert_eq!(dice.mean.undefined, Some(Undefined::OneImage));
    let undefined = [
        structure.nominal.fleiss_kappa.undefined,
        structure.nominal.krippendorff_alpha_foreground.undefined,
        structure.volume_ml.icc.undefined,
        structure.volume_ml.pairs[0].bias.undefined,
    ];
    assert_eq!(undefined, [Some(Undefined::OneImage); 4]);
    assert!(found.notes[0].contains("one image"), "{:?}", found.notes);
}

#[test]
fn a_structure_empty_for_one_some_and_all_raters() {
    let (some, none): (&[u16], &[u16]) = (&[0, 1, 1, 0], &[0, 0, 0, 0]);
    let found = report(
        &[
            &[("a", some), ("b", none), ("c", some)],
            &[("a", none), ("b", none), ("c", some)],
            &[("a", none), ("b", none), ("c", none)],
        ],
        &[1],
    );
    let structure = &found.structures[0];
    assert_eq!(
        (structure.images, structure.partly_empty, structure.empty),
        (2, 2, 1)
    );
    let [ab, ac, _] = &structure.pairs[..] else {
        panic!("three pairs");
    };
    assert_eq!((ab.comparisons, ab.one_empty, ab.both_empty), (3, 1, 2));
    assert_eq!(
        ab.metrics[&Metric::Dice].mean.value,
        Some((0.0 + 1.0 + 1.0) / 3.0)
    );
    assert_eq!(ab.dice_where_drawn, Some(0.0));
    let distance = &ab.metrics[&Metric::Hd95Mm];
    assert_eq!((distance.images, distance.undefined), (0, 3));
    assert_eq!(distance.mean.undefined, Some(Undefined::NoData));
    let distance = &ac.metrics[&Metric::Hd95Mm];
    assert_eq!((distance.images, distance.mean.value), (1, Some(0.0)));
    assert_eq!(ac.dice_where_drawn, Some((1.0 + 0.0) / 2.0));
    // The image in which nobody drew is no measurement of volume.
    assert_eq!(
        (
            structure.volume_ml.rows.len(),
            structure.area_mm2.rows.len()
        ),
        (2, 2)
    );
}

#[test]
fn a_structure_that_nobody_ever_drew_has_no_numbers_and_no_panic() {
    let none: &[u16] = &[0, 0, 0, 0];
    let found = report(
        &[&[("a", none), ("b", none)], &[("a", none), ("b", none)]],
        &[1],
    );
    let structure = &found.structures[0];
    let nominal = &structure.nominal;
    assert_eq!(nominal.fleiss_kappa.undefined, Some(Undefined::NoVariation));
    let foreground = &nominal.krippendorff_alpha_foreground;
    assert_eq!(foreground.undefined, Some(Undefined::NoData));
    assert_eq!(
        structure.volume_ml.icc.undefined,
        Some(Undefined::NoCompleteImages)
    );
    assert_eq!(structure.pairs[0].both_empty, 2);
}

#[test]
fn identical_raters_agree_completely() {
    let (first, second): (&[u16], &[u16]) = (&[0, 1, 1, 2, 0], &[1, 1, 1, 2, 2]);
    let found = report(
        &[
            &[("a", first), ("b", first), ("c", first)],
            &[("a", second), ("b", second), ("c", second)],
        ],
        &[1, 2],
    );
    assert_eq!(found.nominal.fleiss_kappa.value, Some(1.0));
    assert_eq!(found.nominal.krippendorff_alpha.value, Some(1.0));
    for structure in &found.structures {
        assert!((structure.volume_ml.icc.value.unwrap() - 1.0).abs() < 1e-12);
        for pair in &structure.pairs {
            for (metric, summary) in &pair.metrics {
                assert_eq!(summary.mean.value, Some(metric.of_itself()), "{metric:?}");
                assert_eq!(summary.sd, Some(0.0), "{metric:?}");
            }
        }
    }
}

#[test]
fn two_raters_in_total_disagreement() {
    let found = report(&[&[("a", &[1, 1, 0, 0]), ("b", &[0, 0, 1, 1])]], &[1]);
    let structure = &found.structures[0];
    let value = |metric| structure.pairs[0].metrics[&metric].mean.value;
    assert_eq!(
        (value(Metric::Dice), value(Metric::Iou)),
        (Some(0.0), Some(0.0))
    );
    assert_eq!(value(Metric::HausdorffMm), Some(2.0 * 0.5));
    // No voxel has one answer twice, both answers are as frequent: kappa -1 over all, and the same within the union.
    assert_eq!(structure.nominal.fleiss_kappa.value, Some(-1.0));
    assert_eq!(structure.nominal.fleiss_kappa_foreground.value, Some(-1.0));
    assert_eq!(structure.raters[0].consensus.dice.mean.value, Some(0.0));
}

#[test]
fn an_image_of_one_voxel_is_compared() {
    let found = report(&[&[("a", &[1]), ("b", &[1]), ("c", &[0])]], &[1]);
    let pairs = &found.structures[0].pairs;
    assert_eq!(pairs[0].metrics[&Metric::HausdorffMm].mean.value, Some(0.0));
    assert_eq!(
        (
            pairs[1].one_empty,
            pairs[1].metrics[&Metric::AssdMm].undefined
        ),
        (1, 1)
    );
}

#[test]
fn raters_may_be_missing_on_some_images() {
    let (x, y): (&[u16], &[u16]) = (&[0, 1, 1, 1], &[0, 0, 1, 1]);
    let found = report(
        &[
            &[("a", x), ("b", y)],
            &[("c", y), ("a", x)],
            &[("b", x), ("a", y), ("c", y)],
        ],
        &[1],
    );
    assert_eq!(found.raters, ["a", "b", "c"]);
    let structure = &found.structures[0];
    let pairs: Vec<_> = structure
        .pairs
        .iter()
        .map(|p| (p.a.as_str(), p.b.as_str(), p.comparisons))
        .collect();
    assert_eq!(pairs, [("a", "b", 2), ("a", "c", 2), ("b", "c", 1)]);
    // a minus b is 1 voxel in the first image and minus 1 in the third, where b is listed first.
    let difference = &structure.pairs[0].metrics[&Metric::VolumeDifferenceMl];
    assert!(difference.mean.value.unwrap().abs() < 1e-15);
    assert!((difference.max.unwrap() - 0.005).abs() < 1e-15);
    assert_eq!(structure.volume_ml.complete, 1);
    assert_eq!(structure.raters[1].others.dice.images, 2);
    assert!(found
        .notes
        .iter()
        .any(|note| note.contains("lack at least one")));
}

#[test]
fn repeated_drawings_are_compared_with_themselves_only() {
    let drawing = |rater: &str, repeat, labels: &[u16]| Drawing {
        rater: rater.to_owned(),
        repeat,
        labels: Cow::Owned(row(labels)),
    };
    let drawings = vec![
        drawing("a", 1, &[1, 1, 1, 0]),
        drawing("a", 0, &[1, 1, 0, 0]),
        drawing("b", 0, &[1, 1, 0, 0]),
    ];
    let mut study = Study::new(AgreementOptions::new(vec![1])).unwrap();
    study
        .add(&ImageDrawings::new("x", drawings).unwrap())
        .unwrap();
    let found = study.report().unwrap();
    let structure = &found.structures[0];
    assert_eq!((structure.pairs.len(), structure.repeats.len()), (1, 1));
    // Between raters the first drawings count, which are equal.
    assert_eq!(
        structure.pairs[0].metrics[&Metric::Dice].mean.value,
        Some(1.0)
    );
    let own = &structure.repeats[0];
    assert_eq!((own.a.as_str(), own.b.as_str()), ("a", "a"));
    assert_eq!(own.metrics[&Metric::Dice].mean.value, Some(2.0 * 2.0 / 5.0));
    // First drawing minus second.
    let difference = own.metrics[&Metric::VolumeDifferenceMl].mean.value.unwrap();
    assert!((difference - -0.005).abs() < 1e-15);
    assert_eq!(structure.nominal.fleiss_kappa.value, Some(1.0));
}

#[test]
fn repeats_are_pooled_over_images_whatever_their_numbers_and_who_is_missing() {
    let drawing = |rater: &str, repeat, labels: &[u16]| Drawing {
        rater: rater.to_owned(),
        repeat,
        labels: Cow::Owned(row(labels)),
    };
    let images = [
        // The first drawing of b has number 3; a drew once.
        vec![
            drawing("b", 5, &[1, 1, 1, 1]),
            drawing("a", 0, &[1, 1, 0, 0]),
            drawing("b", 3, &[1, 0, 0, 0]),
        ],
        // Only b, twice: nothing between raters.
        vec![
            drawing("b", 0, &[1, 1, 0, 0]),
            drawing("b", 1, &[1, 0, 0, 0]),
        ],
        // Three drawings by a are three pairs; b is missing.
        vec![
            drawing("a", 0, &[1, 0, 0, 0]),
            drawing("a", 1, &[1, 0, 0, 0]),
            drawing("a", 2, &[1, 1, 1, 0]),
        ],
    ];
    let mut study = Study::new(AgreementOptions::new(vec![1])).unwrap();
    for (n, drawings) in images.into_iter().enumerate() {
        let drawings = ImageDrawings::new(n.to_string(), drawings).unwrap();
        study.add(&drawings).unwrap();
    }
    let found = study.report().unwrap();
    assert_eq!(found.raters, ["b", "a"]);
    let structure = &found.structures[0];
    let pairs: Vec<_> = structure
        .repeats
        .iter()
        .map(|p| (p.a.as_str(), p.b.as_str(), p.comparisons))
        .collect();
    assert_eq!(pairs, [("b", "b", 2), ("a", "a", 3)]);
    let dice = structure.repeats[0].metrics[&Metric::Dice].mean.value;
    assert!((dice.unwrap() - (2.0 / 5.0 + 2.0 / 3.0) / 2.0).abs() < 1e-15);
    let own = &structure.repeats[1].metrics[&Metric::Dice];
    assert!((own.mean.value.unwrap() - (1.0 + 2.0 / 4.0 + 2.0 / 4.0) / 3.0).abs() < 1e-15);
    // All three come from one image, which makes no interval.
    assert_eq!(own.mean.undefined, Some(Undefined::OneImage));
    // Between raters: the first image only, b's drawing 3 against a's.
    assert_eq!(structure.pairs.len(), 1);
    let between = &structure.pairs[0];
    assert_eq!(between.comparisons, 1);
    assert_eq!(between.metrics[&Metric::Dice].mean.value, Some(2.0 / 3.0));
    // The rates of both raters of the first image: the others have one rater.
    let kappa = structure.nominal.fleiss_kappa;
    assert_eq!(kappa.undefined, Some(Undefined::OneImage));
    let note = "2 of 3 images have a single rater";
    assert!(
        found.notes.iter().any(|n| n.contains(note)),
        "{:?}",
        found.notes
    );
}

#[test]
fn the_intervals_of_two_images_by_hand() {
    // Studies drawn from two images: the first twice (a quarter), both (a half), the second twice (a quarter). So the ends
    // at 2.5 % and 97.5 % are the least and the largest of the three values.
    type Raters = [(&'static str, &'static [u16]); 3];
    let first: Raters = [
        ("a", &[0, 1, 1, 0, 2, 2]),
        ("b", &[0, 1, 1, 1, 2, 0]),
        ("c", &[0, 0, 1, 1, 2, 2]),
    ];
    let second: Raters = [
        ("a", &[1, 1, 1, 1, 0, 2]),
        ("b", &[1, 1, 1, 0, 2, 2]),
        ("c", &[1, 1, 1, 1, 0, 2]),
    ];
    let estimates = |images: Rows<'_>| {
        let r = report(images, &[1, 2]);
        let s = &r.structures[0];
        let (nominal, volumes) = (&s.nominal, &s.volume_ml);
        [
            r.nominal.fleiss_kappa,
            r.nominal.krippendorff_alpha,
            nominal.fleiss_kappa_foreground,
            nominal.krippendorff_alpha_foreground,
            s.pairs[0].metrics[&Metric::Dice].mean,
            s.mean_over_pairs[&Metric::Iou].mean,
            volumes.icc,
            volumes.pairs[0].bias,
            volumes.pairs[0].lower_limit,
            volumes.pairs[0].upper_limit,
            s.area_mm2.icc,
            s.raters[1].consensus.volume_ml.mean,
            s.raters[1].others.signed_distance_mm.mean,
        ]
    };
    let drawn = [[&first, &first], [&first, &second], [&second, &second]];
    let values = drawn.map(|[x, y]| estimates(&[x, y]).map(|e| e.value.unwrap()));
    for (n, found) in estimates(&[&first, &second]).iter().enumerate() {
        let of = values.map(|v| v[n]);
        let (low, high) = of
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| {
                (l.min(v), h.max(v))
            });
        assert!(high - low > 1e-6, "{n}: the images tell nothing apart");
        let interval = found.interval.unwrap();
        assert_eq!(found.value, Some(of[1]));
        assert!(
            (interval.low - low).abs() < 1e-9,
            "{n}: {interval:?} {of:?}"
        );
        assert!(
            (interval.high - high).abs() < 1e-9,
            "{n}: {interval:?} {of:?}"
        );
    }
}

#[test]
fn what_only_one_rater_rated_says_nothing_about_agreement() {
    let groups = NominalCounts::from_table(&[vec![1, 0], vec![2, 0], vec![0, 0], vec![1, 1]]);
    assert_eq!(groups.len(), 1);
    assert_eq!((groups[0].raters, groups[0].units), (2, 2));
}

#[test]
fn a_structure_that_fills_the_slice_has_no_chance_to_correct_for() {
    let full: &[u16] = &[1, 1, 1, 1];
    let found = report(&[&[("a", full), ("b", full)]], &[1]);
    let structure = &found.structures[0];
    let kappa = structure.nominal.fleiss_kappa;
    assert_eq!(
        (kappa.value, kappa.undefined),
        (None, Some(Undefined::NoVariation))
    );
    let value = |metric| structure.pairs[0].metrics[&metric].mean.value;
    assert_eq!(value(Metric::Dice), Some(1.0));
    assert_eq!(value(Metric::Hd95Mm), Some(0.0));
    // Against one voxel: ends at 0 and 3 against 1, in steps of 0.5 mm.
    let found = report(&[&[("a", full), ("b", &[0, 1, 0, 0])]], &[1]);
    let value = |metric| found.structures[0].pairs[0].metrics[&metric].mean.value;
    assert_eq!(value(Metric::Dice), Some(2.0 / 5.0));
    assert_eq!(value(Metric::HausdorffMm), Some(2.0 * 0.5));
    assert_eq!(value(Metric::AssdMm), Some((1.0 + 2.0 + 1.0) * 0.5 / 3.0));
}

#[test]
fn areas_are_measured_in_each_slice_that_somebody_drew() {
    let grid = Geometry::new([2, 2, 3], [0.5, 2.0, 5.0], [0.0; 3], IDENTITY).unwrap();
    let map = |planes: [[u16; 4]; 3]| {
        let data = Array3::from_shape_vec((3, 2, 2), planes.concat()).unwrap();
        Volume::new(data, grid).unwrap()
    };
    let a = map([[0, 0, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0]]);
    let b = map([[0, 0, 0, 0], [1, 1, 1, 0], [0, 0, 0, 0]]);
    let set = ImageDrawings::of_raters("x", [("a", &a), ("b", &b)]).unwrap();
    let case = CaseAgreement::measure(&set, &AgreementOptions::new(vec![1])).unwrap();
    let slices: Vec<_> = case.structures[0]
        .slices
        .iter()
        .map(|s| (s.slice, s.area_mm2.clone(), s.mean_dice))
        .collect();
    let expected = [
        (1, vec![2.0, 3.0], Some(2.0 * 2.0 / 5.0)),
        (2, vec![1.0, 0.0], Some(0.0)),
    ];
    assert_eq!(slices, expected);
    let report = AgreementReport::pool(&[case], &AgreementOptions::new(vec![1])).unwrap();
    let areas = &report.structures[0].area_mm2.pairs[0];
    assert_eq!(
        (areas.differences, areas.bias.value),
        (2, Some((-1.0 + 1.0) / 2.0))
    );
    assert_eq!(areas.sd, Some(2.0_f64.sqrt()));
    // Two slices, but one image: slices of one image are not independent.
    let undefined = [
        areas.bias.undefined,
        areas.upper_limit.undefined,
        areas.icc.undefined,
    ];
    assert_eq!(undefined, [Some(Undefined::OneImage); 3]);
}

#[test]
fn slice_by_slice_distances_stay_in_the_slice() {
    // Both draw a pixel in slice 0, 1 step apart; only a draws in slice 1.
    let grid = Geometry::new([3, 1, 2], [0.5, 2.0, 0.1], [0.0; 3], IDENTITY).unwrap();
    let map = |labels: [u16; 6]| {
        let data = Array3::from_shape_vec((2, 1, 3), labels.to_vec()).unwrap();
        Volume::new(data, grid).unwrap()
    };
    let (a, b) = (map([1, 0, 0, 0, 1, 0]), map([0, 1, 0, 0, 0, 0]));
    let set = ImageDrawings::of_raters("x", [("a", &a), ("b", &b)]).unwrap();
    let mut options = AgreementOptions::new(vec![1]);
    let distance = |options: &AgreementOptions| {
        let case = CaseAgreement::measure(&set, options).unwrap();
        let surface = case.structures[0].pairs[0].comparison.surface;
        (
            surface.distances.unwrap().hausdorff_mm,
            surface.one_sided_slices,
            surface.surface_dice,
        )
    };
    // In space the pixel of b is 0.1 mm from that of a in slice 1, and the other of a 0.5 mm from it.
    assert_eq!(distance(&options), (0.5, 0, 1.0));
    options.compare.space = SurfaceSpace::Slices;
    assert_eq!(distance(&options), (0.5, 1, 0.5));
}

#[test]
fn what_cannot_be_pooled_is_refused() {
    let (x, y) = (row(&[1, 0]), row(&[1, 1]));
    let set = ImageDrawings::of_raters("same", [("a", &x), ("b", &y)]).unwrap();
    let mut study = Study::new(AgreementOptions::new(vec![1])).unwrap();
    let case = study.add(&set).unwrap().clone();
    let again = study.add(&set).map(|_| ());
    assert!(matches!(again, Err(AgreementError::RepeatedCase { .. })));
    assert_eq!(study.cases().len(), 1);
    let other = AgreementReport::pool(&[case], &AgreementOptions::new(vec![2]));
    assert!(matches!(other, Err(AgreementError::OtherStructures { .. })));
    let none = Study::new(AgreementOptions::new(Vec::new())).map(|_| ());
    assert_eq!(none, Err(AgreementError::NoStructures));
}

#[test]
fn a_study_without_images_has_a_report() {
    let empty = report(&[], &[1]);
    assert!(empty.structures.is_empty() && empty.cases.is_empty() && empty.raters.is_empty());
    assert_eq!(
        empty.nominal.fleiss_kappa.undefined,
        Some(Undefined::NoData)
    );
}

#[test]
fn labels_of_no_structure_count_as_background_and_are_named() {
    let found = report(&[&[("a", &[1, 9, 0, 65535]), ("b", &[1, 0, 0, 0])]], &[1]);
    assert_eq!(found.unlisted_labels, [9, 65535]);
    assert_eq!(found.nominal.fleiss_kappa.value, Some(1.0));
    assert!(found.notes.iter().any(|note| note.contains("[9, 65535]")));
}

#[test]
fn reports_and_cases_survive_json() {
    let study = study(
        &[
            &[
                ("a", &[0, 1, 1, 2]),
                ("b", &[0, 1, 2, 2]),
                ("c", &[1, 1, 1, 0]),
            ],
            &[("a", &[0, 1, 1, 0]), ("c", &[0, 0, 0, 0])],
        ],
        &[1, 2],
    );
    let report = study.report().unwrap();
    let text = serde_json::to_string(&report).unwrap();
    let read: AgreementReport = serde_json::from_str(&text).unwrap();
    assert!(alike(&json(&read), &json(&report)));
    assert!(text.contains("\"hd95_mm\":{\"images\":"), "{text}");
    let cases = serde_json::to_string(study.cases()).unwrap();
    let cases: Vec<CaseAgreement> = serde_json::from_str(&cases).unwrap();
    let again = AgreementReport::pool(&cases, &report.options).unwrap();
    assert!(alike(&json(&again), &json(&report)));
}

fn json(report: &AgreementReport) -> Value {
    serde_json::to_value(report).unwrap()
}

/// Equal but for the last digits of numbers, which reading JSON does not promise.
fn alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 1e-12
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let same =
                |(key, value): (&String, &Value)| b.get(key).is_some_and(|b| alike(value, b));
            a.len() == b.len() && a.iter().all(same)
        }
        (a, b) => a == b,
    }
}

/// Random drawings of two structures by three raters of two images, `[k, j, i]`.
fn drawings() -> impl Strategy<Value = Vec<Vec<Array3<u16>>>> {
    let image = prop::collection::vec(0_u16..3, 3 * 3 * 4 * 5);
    let maps = |labels: Vec<u16>| {
        let maps = labels.chunks(3 * 4 * 5);
        let map = |m: &[u16]| Array3::from_shape_vec((3, 4, 5), m.to_vec()).unwrap();
        maps.map(map).collect::<Vec<_>>()
    };
    prop::collection::vec(image.prop_map(maps), 2)
}

fn pooled(
    images: &[Vec<Array3<u16>>],
    grid: Geometry,
    order: &[usize],
    ids: &[u16],
) -> AgreementReport {
    let mut options = AgreementOptions::new(ids.to_vec());
    options.bootstrap.replicates = 100;
    let mut study = Study::new(options).unwrap();
    for (n, maps) in images.iter().enumerate() {
        let volume = |&rater: &usize| {
            let labels = Volume::new(maps[rater].clone(), grid).unwrap();
            (["a", "b", "c"][rater], labels)
        };
        let maps: Vec<_> = order.iter().map(volume).collect();
        let set =
            ImageDrawings::of_raters(n.to_string(), maps.iter().map(|(r, m)| (*r, m))).unwrap();
        study.add(&set).unwrap();
    }
    study.report().unwrap()
}

/// Whether two reports say the same about each rater, pair and structure, whatever the order of raters.
fn same(a: &AgreementReport, b: &AgreementReport) -> bool {
    let near = |x: Option<f64>, y: Option<f64>| match (x, y) {
        (Some(x), Some(y)) => (x - y).abs() < 1e-9,
        (x, y) => x == y,
    };
    let all_near =
        |x: &[Option<f64>], y: &[Option<f64>]| x.iter().zip(y).all(|(x, y)| near(*x, *y));
    let structures = a.structures.iter().zip(&b.structures).all(|(s, t)| {
        let matrices = Metric::ALL.iter().all(|&metric| {
            let (x, y) = (s.matrix(metric, &a.raters), t.matrix(metric, &a.raters));
            x.iter().zip(&y).all(|(x, y)| near(*x, *y))
        });
        let nominal = |s: &raterlens_core::agreement::StructureAgreement| {
            let n = &s.nominal;
            [
                n.fleiss_kappa.value,
                n.krippendorff_alpha_foreground.value,
                s.volume_ml.icc.value,
                s.area_mm2.icc.value,
            ]
        };
        let biases = s.raters.iter().all(|x| {
            let y = t.raters.iter().find(|y| y.rater == x.rater).unwrap();
            let numbers = |r: &raterlens_core::agreement::RaterBias| {
                let (c, o) = (&r.consensus, &r.others);
                [
                    c.volume_ml.mean.value,
                    c.signed_distance_mm.mean.value,
                    o.signed_distance_mm.mean.value,
                    o.dice.sd,
                ]
            };
            all_near(&numbers(x), &numbers(y))
        });
        matrices && biases && all_near(&nominal(s), &nominal(t))
    });
    structures && near(a.nominal.fleiss_kappa.value, b.nominal.fleiss_kappa.value)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn nothing_depends_on_rater_order_label_values_mirroring_or_axis_order(images in drawings()) {
        let grid = Geometry::new([5, 4, 3], [0.5, 0.7, 3.0], [0.0; 3], IDENTITY).unwrap();
        let found = pooled(&images, grid, &[0, 1, 2], &[1, 2]);
        prop_assert!(same(&found, &pooled(&images, grid, &[2, 0, 1], &[1, 2])));
        let map = |f: &dyn Fn(&Array3<u16>) -> Array3<u16>| -> Vec<Vec<_>> {
            images.iter().map(|maps| maps.iter().map(f).collect()).collect()
        };
        let renamed = map(&|m| m.mapv(|label| [0, 65535, 4][usize::from(label)]));
        prop_assert!(same(&found, &pooled(&renamed, grid, &[0, 1, 2], &[65535, 4])));
        let mirrored = map(&|m| {
            let mut m = m.clone();
            m.invert_axis(Axis(2));
            m.invert_axis(Axis(0));
            m
        });
        prop_assert!(same(&found, &pooled(&mirrored, grid, &[0, 1, 2], &[1, 2])));
        // The same image stored with its axes in the order k, i, j.
        let stored = map(&|m| m.view().permuted_axes([1, 2, 0]).to_owned());
        let direction = [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]];
        let turned = Geometry::new([3, 5, 4], [3.0, 0.5, 0.7], [0.0; 3], direction).unwrap();
        prop_assert!(same(&found, &pooled(&stored, turned, &[0, 1, 2], &[1, 2])));
    }

    #[test]
    fn deviations_from_the_others_add_up_to_nothing(images in drawings()) {
        let grid = Geometry::new([5, 4, 3], [0.5, 0.7, 3.0], [0.0; 3], IDENTITY).unwrap();
        let found = pooled(&images, grid, &[0, 1, 2], &[1, 2]);
        for structure in &found.structures {
            let sum: f64 = structure.raters.iter().filter_map(|r| r.others.volume_ml.mean.value).sum();
            prop_assert!(sum.abs() < 1e-12);
            if structure.partly_empty == 0 {
                let signed = structure.raters.iter().filter_map(|r| r.others.signed_distance_mm.mean.value);
                prop_assert!(signed.sum::<f64>().abs() < 1e-12);
            }
        }
    }
}
