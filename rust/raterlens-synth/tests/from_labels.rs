//! Images made from label maps: what they hold, and that they can be made again.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use ndarray::{s, Array2};
use raterlens_core::{LabelScheme, Structure};
use raterlens_synth::{generate_from_labels, LabelImageOptions, LabelledImage, Surroundings};

/// Four muscles as blocks, the right ones at lower columns: 3 | 1 || 2 | 4.
fn blocks() -> Array2<u16> {
    let mut labels = Array2::zeros((120, 200));
    for (id, columns) in [(3, 30..65), (1, 65..95), (2, 105..135), (4, 135..170)] {
        labels.slice_mut(s![50..90, columns]).fill(id);
    }
    labels
}

fn always() -> LabelImageOptions {
    LabelImageOptions {
        empty_share: 0.0,
        template_share: 0.0,
        regions_share: 0.0,
        shift: 0.05,
        fov_mm: (220.0, 260.0),
        ..LabelImageOptions::default()
    }
}

fn make(options: &LabelImageOptions, seed: u64) -> LabelledImage {
    let scheme = LabelScheme::lumbar_paraspinal();
    generate_from_labels(blocks().view(), 1.0, &scheme, options, seed).unwrap()
}

fn pixels(map: &Array2<u16>, id: u16) -> f64 {
    map.iter().filter(|l| **l == id).count() as f64
}

fn middle_column(map: &Array2<u16>, id: u16) -> f64 {
    let columns = map.indexed_iter().filter(|(_, l)| **l == id);
    columns.map(|((_, x), _)| x as f64).sum::<f64>() / pixels(map, id)
}

#[test]
fn the_same_seed_gives_the_same_image_and_another_one_another() {
    let (a, b, c) = (make(&always(), 5), make(&always(), 5), make(&always(), 6));
    assert_eq!(a, b);
    assert_ne!(a.image, c.image);
    assert_ne!(a.raters[0], a.raters[1]);
    assert!(a.image.iter().all(|v| (0.0..=4095.0).contains(v)));
}

#[test]
fn right_stays_right_mirrored_or_not() {
    for (chance, seed) in [(0.0, 1), (1.0, 2), (0.0, 3), (1.0, 4)] {
        let options = LabelImageOptions {
            mirror_chance: chance,
            ..always()
        };
        let made = make(&options, seed);
        for map in std::iter::once(&made.truth).chain(&made.raters) {
            let at = [3, 1, 2, 4].map(|id| middle_column(map, id));
            assert!(at.windows(2).all(|w| w[0] < w[1]), "{chance}: {at:?}");
        }
    }
}

#[test]
fn a_mirrored_map_gives_the_mirrored_structures() {
    // The right multifidus is larger; in mirrored images the left one is.
    let scheme = LabelScheme::lumbar_paraspinal();
    let mut labels = blocks();
    labels.slice_mut(s![50..70, 105..135]).fill(0);
    let larger = |mirror_chance| {
        let options = LabelImageOptions {
            mirror_chance,
            asymmetry: 0.0,
            ..always()
        };
        let made = generate_from_labels(labels.view(), 1.0, &scheme, &options, 8).unwrap();
        pixels(&made.truth, 1) > pixels(&made.truth, 2)
    };
    assert!(larger(0.0));
    assert!(!larger(1.0));
}

#[test]
fn generous_raters_draw_more_than_strict_ones() {
    // The built-in raters: 0 is generous, 1 strict.
    let sum = |rater: usize| -> f64 {
        let all = (10..16).map(|seed| make(&always(), seed));
        all.map(|m| pixels(&m.raters[rater], 3) / pixels(&m.truth, 3))
            .sum()
    };
    assert!(sum(0) > sum(1) * 1.02, "{} {}", sum(0), sum(1));
    let still = LabelImageOptions {
        rater_scale: 0.0,
        ..always()
    };
    let made = make(&still, 3);
    let differ = made
        .truth
        .iter()
        .zip(&made.raters[0])
        .filter(|(a, b)| a != b);
    assert_eq!(differ.count(), 0);
}

#[test]
fn an_empty_image_and_an_empty_map_have_no_structure() {
    let scheme = LabelScheme::lumbar_paraspinal();
    let options = LabelImageOptions {
        empty_share: 1.0,
        ..always()
    };
    let made = make(&options, 4);
    assert!(made.truth.iter().all(|l| *l == 0));
    assert!(made.raters.iter().flatten().all(|l| *l == 0));
    assert!(made.image.iter().any(|v| *v > 0.0));
    let none = Array2::<u16>::zeros((40, 40));
    let made = generate_from_labels(none.view(), 1.0, &scheme, &always(), 4).unwrap();
    assert!(made.truth.iter().all(|l| *l == 0));
}

#[test]
fn another_anatomy_keeps_its_pixel_size() {
    let structure = Structure {
        id: 7,
        name: "disc".into(),
        title: "Disc".into(),
        color: [1, 2, 3],
        mirror: None,
        terminology: None,
    };
    let scheme = LabelScheme::new(vec![structure]).unwrap();
    // A disc with a radius of 20 mm: 1257 mm2.
    let labels = Array2::from_shape_fn((100, 100), |(y, x)| {
        let inside = (y as f64 - 50.0).hypot(x as f64 - 50.0) < 40.0;
        u16::from(inside) * 7
    });
    let options = LabelImageOptions {
        surroundings: Surroundings::Regions,
        extent_mm: (0.0, 0.0),
        level_variation: 0.0,
        asymmetry: 0.0,
        warp_mm: 0.0,
        ..always()
    };
    let made = generate_from_labels(labels.view(), 0.5, &scheme, &options, 11).unwrap();
    let area = pixels(&made.truth, 7) * made.pixel_mm[0] * made.pixel_mm[1];
    assert!((area - 1257.0).abs() < 40.0, "{area}");
}

#[test]
fn what_cannot_be_is_refused() {
    let scheme = LabelScheme::lumbar_paraspinal();
    let of = |pixel_mm, options: &LabelImageOptions| {
        generate_from_labels(blocks().view(), pixel_mm, &scheme, options, 1).unwrap_err()
    };
    assert!(of(0.0, &always()).to_string().contains("pixel_mm"));
    let bad = LabelImageOptions {
        shift: 2.0,
        ..always()
    };
    assert!(of(1.0, &bad).to_string().contains("shift"));
}
