//! What every synthetic case must be, over many subjects.

#![allow(clippy::unwrap_used)] // a test may fail by panicking, in its helpers too

use std::sync::LazyLock;

use raterlens_core::LabelScheme;
use raterlens_synth::{
    generate_case, generate_slice, generate_training_slice, Level, SynthError, SynthOptions,
    SynthSlice,
};

const SUBJECTS: u64 = 25;

/// For each level, a slice of each subject.
static SLICES: LazyLock<[Vec<SynthSlice>; 4]> = LazyLock::new(|| {
    Level::ALL.map(|level| {
        let slice = |seed| generate_slice(1000 + seed, level.position(), &SynthOptions::default());
        (0..SUBJECTS).map(|seed| slice(seed).unwrap()).collect()
    })
});

fn slices(level: Level) -> &'static [SynthSlice] {
    &SLICES[level as usize]
}

fn area_cm2(slice: &SynthSlice, id: u16) -> f64 {
    let pixels = slice.truth.iter().filter(|v| **v == id).count();
    pixels as f64 * slice.pixel_mm[0] * slice.pixel_mm[1] / 100.0
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0.0), |(s, n), v| (s + v, n + 1.0));
    sum / n
}

fn dice(a: &ndarray::Array2<u16>, b: &ndarray::Array2<u16>, id: u16) -> f64 {
    let count = |l: &ndarray::Array2<u16>| l.iter().filter(|v| **v == id).count() as f64;
    let both = a
        .iter()
        .zip(b)
        .filter(|(x, y)| **x == id && **y == id)
        .count() as f64;
    2.0 * both / (count(a) + count(b))
}

fn mean_column(labels: &ndarray::Array2<u16>, id: u16) -> f64 {
    mean(
        labels
            .indexed_iter()
            .filter(|(_, v)| **v == id)
            .map(|((_, c), _)| c as f64),
    )
}

/// Mean areas per side in adults, wide enough for both sexes: multifidus 2.5-5, 6-9, 7-11, 5-9 cm2 and erector spinae
/// 14-20, 11-17, 5-10, 1-4 cm2 from L3-L4 to S1.
#[test]
fn areas_are_those_of_adults() {
    let expected = [
        (Level::S1, 5.0..9.0, 1.0..4.0),
        (Level::L5S1, 7.0..11.0, 5.0..10.0),
        (Level::L4L5, 6.0..9.0, 11.0..17.0),
        (Level::L3L4, 2.5..5.0, 14.0..20.0),
    ];
    for (level, multifidus, erector) in expected {
        let slices = slices(level);
        for id in 1..=4 {
            let range = if id <= 2 { &multifidus } else { &erector };
            let average = mean(slices.iter().map(|s| area_cm2(s, id)));
            assert!(
                range.contains(&average),
                "{level}, structure {id}: mean {average:.2} cm2"
            );
            for (n, slice) in slices.iter().enumerate() {
                let area = area_cm2(slice, id);
                let single = 0.4 * range.start..1.7 * range.end;
                assert!(
                    single.contains(&area),
                    "{level}, structure {id}, subject {n}: {area:.2} cm2"
                );
            }
        }
    }
}

#[test]
fn multifidus_grows_and_erector_shrinks_towards_the_sacrum() {
    let [l34, l51] = [Level::L3L4, Level::L5S1].map(slices);
    for (upper, lower) in l34.iter().zip(l51) {
        for side in [1, 2] {
            assert!(area_cm2(lower, side) > 1.2 * area_cm2(upper, side));
            assert!(area_cm2(lower, side + 2) < 0.8 * area_cm2(upper, side + 2));
        }
    }
}

#[test]
fn the_patients_right_is_at_lower_columns_in_truth_and_ratings() {
    let scheme = LabelScheme::lumbar_paraspinal();
    for level in Level::ALL {
        for slice in slices(level) {
            for labels in std::iter::once(&slice.truth).chain(&slice.raters) {
                for s in scheme
                    .structures
                    .iter()
                    .filter(|s| s.name.ends_with("_right"))
                {
                    let partner = s.mirror.unwrap();
                    assert!(mean_column(labels, s.id) < mean_column(labels, partner));
                }
                // From right to left: erector, multifidus, multifidus, erector.
                let order = [3, 1, 2, 4].map(|id| mean_column(labels, id));
                assert!(order.windows(2).all(|w| w[0] < w[1]), "{order:?}");
            }
        }
    }
}

#[test]
fn raters_differ_as_much_as_people_do() {
    let scheme = LabelScheme::lumbar_paraspinal();
    let mut all = Vec::new();
    for structure in &scheme.structures {
        let mut of_structure = Vec::new();
        for level in Level::ALL {
            for slice in slices(level) {
                for (a, b) in [(0, 1), (0, 2), (1, 2)] {
                    let d = dice(&slice.raters[a], &slice.raters[b], structure.id);
                    assert!(d > 0.75 && d < 1.0, "{level} {}: {d}", structure.name);
                    of_structure.push(d);
                }
            }
        }
        let average = mean(of_structure.iter().copied());
        assert!(
            (0.92..0.965).contains(&average),
            "{}: {average:.4}",
            structure.name
        );
        all.extend(of_structure);
    }
    println!("mean pairwise Dice {:.4}", mean(all.into_iter()));
}

/// Raters must disagree more at the deep, medial and dividing borders than at the fascia of the back; otherwise a variance
/// map could be guessed from the outline alone.
#[test]
fn disagreement_depends_on_where_the_border_is() {
    let (mut back, mut front) = (Vec::new(), Vec::new());
    for slice in slices(Level::L4L5) {
        for id in 1..=2u16 {
            let disagree = |r: usize, c: usize| {
                let votes = slice.raters.iter().filter(|l| l[[r, c]] == id).count();
                f64::from(u8::from(votes > 0 && votes < slice.raters.len()))
            };
            let rows: Vec<usize> = slice
                .truth
                .indexed_iter()
                .filter(|(_, v)| **v == id)
                .map(|((r, _), _)| r)
                .collect();
            let (top, bottom) = (*rows.iter().min().unwrap(), *rows.iter().max().unwrap());
            let centre = mean_column(&slice.truth, id) as usize;
            let around = |row: usize| -> f64 {
                (row.saturating_sub(5)..=row + 5)
                    .flat_map(|r| (centre - 6..=centre + 6).map(move |c| (r, c)))
                    .map(|(r, c)| disagree(r, c))
                    .sum()
            };
            front.push(around(top));
            back.push(around(bottom));
        }
    }
    let (front, back) = (mean(front.into_iter()), mean(back.into_iter()));
    assert!(
        front > 1.3 * back,
        "bone {front:.1}, fascia {back:.1} pixels"
    );
}

#[test]
fn images_are_whole_numbers_with_contrast() {
    for level in Level::ALL {
        for slice in slices(level) {
            let ok = |v: &f32| v.is_finite() && v.fract() == 0.0 && (0.0..=4095.0).contains(v);
            assert!(slice.image.iter().all(ok));
            let max = slice.image.iter().copied().fold(0.0, f32::max);
            assert!((600.0..2500.0).contains(&max), "{max}");
            // Muscle is darker than what lies around it.
            let near = |r: usize, c: usize| {
                let (rows, columns) = (r.saturating_sub(4)..=r + 4, c.saturating_sub(4)..=c + 4);
                let mut window = rows.flat_map(|r| columns.clone().map(move |c| (r, c)));
                window.any(|at| slice.truth.get(at).is_some_and(|v| *v > 0))
            };
            let labelled = slice
                .image
                .indexed_iter()
                .map(|(at, v)| (at, slice.truth[at] > 0, f64::from(*v)));
            let inside = mean(labelled.clone().filter(|(_, l, _)| *l).map(|(.., v)| v));
            let around = mean(
                labelled
                    .filter(|((r, c), l, _)| !l && near(*r, *c))
                    .map(|(.., v)| v),
            );
            assert!(
                inside < 0.8 * around,
                "{level}: muscle {inside:.0}, around {around:.0}"
            );
        }
    }
}

#[test]
fn a_seed_repeats_whatever_the_threads_and_seeds_differ() {
    let options = SynthOptions {
        size: [128, 144],
        ..SynthOptions::default()
    };
    let pool = |n| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(n)
            .build()
            .unwrap()
    };
    let one = pool(1).install(|| generate_case(5, &options).unwrap());
    let many = pool(4).install(|| generate_case(5, &options).unwrap());
    assert_eq!(one, many);
    assert_ne!(one.image, generate_case(6, &options).unwrap().image);
    assert_eq!(
        generate_training_slice(9, &options),
        generate_training_slice(9, &options)
    );
}

#[test]
fn a_case_has_one_grid_and_all_structures_in_every_slice() {
    let options = SynthOptions {
        slices: 7,
        raters: 5,
        ..SynthOptions::default()
    };
    let case = generate_case(3, &options).unwrap();
    assert_eq!(case.image.geometry().dims, [256, 256, 7]);
    assert_eq!(
        (case.raters.len(), case.styles.len(), case.levels.len()),
        (5, 5, 7)
    );
    assert!(case.levels.windows(2).all(|w| w[0] <= w[1]));
    for labels in case.raters.iter().chain([&case.truth]) {
        assert_eq!(labels.geometry(), case.image.geometry());
        for slice in labels.data().outer_iter() {
            for id in 1..=4 {
                assert!(slice.iter().any(|v| *v == id));
            }
            assert!(slice.iter().all(|v| *v <= 4));
        }
    }
}

#[test]
fn an_oblique_case_has_the_same_voxels_on_a_tilted_grid() {
    let straight = SynthOptions {
        size: [64, 64],
        slices: 4,
        ..SynthOptions::default()
    };
    let tilted = SynthOptions {
        max_obliqueness_deg: 15.0,
        ..straight.clone()
    };
    let (a, b) = (
        generate_case(2, &straight).unwrap(),
        generate_case(2, &tilted).unwrap(),
    );
    assert_eq!(a.image.data(), b.image.data());
    assert_eq!(
        a.image.geometry().direction_lps,
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    );
    let normal = b.image.geometry().axis_lps(2);
    assert!(normal[2] < 1.0 && normal[2] >= 15f64.to_radians().cos() - 1e-12);
}

#[test]
fn options_out_of_range_are_named() {
    let named = |options: SynthOptions| match generate_case(0, &options) {
        Err(SynthError::BadOption { option, .. }) => option,
        other => panic!("{other:?}"),
    };
    let d = SynthOptions::default;
    assert_eq!(
        named(SynthOptions {
            size: [16, 256],
            ..d()
        }),
        "size"
    );
    assert_eq!(
        named(SynthOptions {
            fov_mm: (230.0, 170.0),
            ..d()
        }),
        "fov_mm"
    );
    assert_eq!(
        named(SynthOptions {
            noise: (f64::NAN, 0.1),
            ..d()
        }),
        "noise"
    );
    assert_eq!(named(SynthOptions { slices: 0, ..d() }), "slices");
    let between = generate_slice(0, 1.5, &d());
    assert!(matches!(
        between,
        Err(SynthError::BadOption {
            option: "position",
            ..
        })
    ));
}

/// Recorded (not derived by hand): a change of this number means that cases of the same seed have changed, on purpose or
/// because a platform calculates differently.
#[test]
fn seed_42_is_the_same_everywhere() {
    let options = SynthOptions {
        size: [96, 96],
        slices: 4,
        ..SynthOptions::default()
    };
    let case = generate_case(42, &options).unwrap();
    let numbers = case.image.data().iter().map(|v| *v as u64).chain(
        case.raters
            .iter()
            .flat_map(|r| r.data().iter().map(|v| u64::from(*v))),
    );
    // FNV-1a over the values.
    let checksum = numbers.fold(0xcbf2_9ce4_8422_2325_u64, |h, v| {
        (h ^ v).wrapping_mul(0x0100_0000_01b3)
    });
    assert_eq!(checksum, 0xc8ae_1994_8abc_82f2, "{checksum:#018x}");
}
