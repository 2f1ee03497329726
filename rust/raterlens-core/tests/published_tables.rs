//! The dissertation's table 4.5 from its table 4.3: shares of variance are squares of correlations (SPEC section 8).
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests a panic is the failure

use raterlens_core::evaluation::{partition_variance, pearson};

/// How a share of table 4.5 relates to the correlation of table 4.3 that it should be the square of.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Printed {
    /// It is its square, to the digits printed.
    Right,
    /// It is the square of another row's correlation: U-Net's random-sampling and ensemble rows are swapped.
    Swapped(f64),
    /// It repeats the square of the majority model's correlation.
    RepeatsMajority(f64),
    /// It is off by more than the printed digits can explain: 35.803 against 35.82.
    Inexact,
}

/// Row, correlation of table 4.3, percentage of table 4.5, and what is known of it.
const TABLE: [(&str, f64, f64, Printed); 12] = [
    (
        "TransUNet, epistemic, majority",
        0.5874,
        34.506,
        Printed::Right,
    ),
    (
        "TransUNet, epistemic, random sampling",
        0.6165,
        38.007,
        Printed::Right,
    ),
    (
        "TransUNet, epistemic, ensemble",
        0.5985,
        35.803,
        Printed::Inexact,
    ),
    (
        "TransUNet, aleatoric, majority",
        0.0500,
        0.251,
        Printed::Right,
    ),
    (
        "TransUNet, aleatoric, random sampling",
        0.1028,
        0.251,
        Printed::RepeatsMajority(0.0500),
    ),
    (
        "TransUNet, aleatoric, ensemble (majority)",
        0.0500,
        0.251,
        Printed::Right,
    ),
    ("U-Net, epistemic, majority", 0.3380, 11.422, Printed::Right),
    (
        "U-Net, epistemic, random sampling",
        0.3635,
        12.772,
        Printed::Swapped(0.3574),
    ),
    (
        "U-Net, epistemic, ensemble",
        0.3574,
        13.215,
        Printed::Swapped(0.3635),
    ),
    ("U-Net, aleatoric, majority", 0.0719, 0.517, Printed::Right),
    (
        "U-Net, aleatoric, random sampling",
        0.0163,
        0.517,
        Printed::RepeatsMajority(0.0719),
    ),
    (
        "U-Net, aleatoric, ensemble (majority)",
        0.0719,
        0.517,
        Printed::Right,
    ),
];

/// Whether the percentage is the square of a correlation that was rounded to four decimals, itself rounded to three.
fn is_square(r: f64, percent: f64) -> bool {
    let (low, high) = (r - 5e-5, r + 5e-5);
    (100.0 * low * low - 5e-4..=100.0 * high * high + 5e-4).contains(&percent)
}

#[test]
fn shares_are_squares_but_for_the_named_exceptions() {
    for (row, r, percent, printed) in TABLE {
        let own = is_square(r, percent);
        match printed {
            Printed::Right => assert!(own, "{row}"),
            Printed::Swapped(other) | Printed::RepeatsMajority(other) => {
                assert!(!own && is_square(other, percent), "{row}");
            }
            Printed::Inexact => {
                assert!(!own && (100.0 * r * r - percent).abs() < 0.03, "{row}");
            }
        }
    }
    // 4 of 12 rows name another model's number, one is inexact.
    let exceptions = TABLE.iter().filter(|row| row.3 != Printed::Right).count();
    assert_eq!(exceptions, 5);
}

/// Three sides of one study of 60 images: y, epistemic and aleatoric, with exactly these correlations.
fn study(r_first: f64, r_second: f64, r_between: f64) -> [Vec<f64>; 3] {
    let n = 60;
    let wave = |k: f64| -> Vec<f64> {
        let step = 2.0 * std::f64::consts::PI / f64::from(n);
        (0..n).map(|i| (step * k * f64::from(i)).cos()).collect()
    };
    // Cosines of different periods are at right angles: Cholesky's factor makes the correlations.
    let [a, b, c] = [wave(1.0), wave(2.0), wave(3.0)];
    let l22 = (1.0 - r_between * r_between).sqrt();
    let own = (r_second - r_first * r_between) / l22;
    let rest = (1.0 - r_first * r_first - own * own).sqrt();
    let mix = |parts: [f64; 3]| -> Vec<f64> {
        let rows = a.iter().zip(&b).zip(&c);
        rows.map(|((a, b), c)| parts[0] * a + parts[1] * b + parts[2] * c)
            .collect()
    };
    [
        mix([r_first, own, rest]),
        mix([1.0, 0.0, 0.0]),
        mix([r_between, l22, 0.0]),
    ]
}

#[test]
fn our_partition_gives_the_tables_shares_from_its_correlations() {
    // Joint R^2 of SPEC section 8; the correlation between the two uncertainties is not printed: the one that gives the joint share is found.
    for (first, second, joint) in [(0.5874, 0.0500, 34.896), (0.3380, 0.0719, 11.517)] {
        let joint_of = |between: f64| {
            let [y, x1, x2] = study(first, second, between);
            partition_variance(&y, &x1, &x2).unwrap().unwrap()
        };
        // The joint share falls up to second / first, where the second has nothing of its own.
        let (mut low, mut high) = (-0.5, second / first);
        for _ in 0..60 {
            let middle: f64 = 0.5 * (low + high);
            match joint_of(middle).joint * 100.0 > joint {
                true => low = middle,
                false => high = middle,
            }
        }
        let [y, x1, x2] = study(first, second, low);
        let found = joint_of(low);
        assert!((found.joint * 100.0 - joint).abs() < 1e-9);
        assert!((found.first - first * first).abs() < 1e-12);
        assert!((found.second - second * second).abs() < 1e-12);
        assert!((pearson(&y, &x1).unwrap().r.unwrap() - first).abs() < 1e-12);
        assert!((pearson(&x1, &x2).unwrap().r.unwrap() - low).abs() < 1e-12);
        // Epistemic uncertainty explains nearly all that both do.
        assert!(found.unique_first > 50.0 * found.unique_second);
    }
}
