//! Rotations as NIfTI stores them: three of a unit quaternion's four numbers.

use crate::geometry::determinant;

/// Below this, `1 - b^2 - c^2 - d^2` is rounding: the rotation is by 180 degrees.
const HALF_TURN: f64 = 1e-7;

/// How far a rotation can be off, in radians, because `b`, `c`, `d` are 32-bit numbers.
///
/// Near half a turn the fourth number is the root of a small difference, so their rounding counts for more.
pub(super) fn rounding_rad([b, c, d]: [f64; 3]) -> f64 {
    let rest = 1.0 - (b * b + c * c + d * d);
    4.0 * f64::from(f32::EPSILON) / rest.max(HALF_TURN).sqrt()
}

/// Rotation matrix (row-major) of the quaternion `(a, b, c, d)`, where `a >= 0` makes it a unit.
pub(super) fn rotation_from_bcd([b, c, d]: [f64; 3]) -> [[f64; 3]; 3] {
    let rest = 1.0 - (b * b + c * c + d * d);
    let (a, b, c, d) = if rest < HALF_TURN {
        let length = (b * b + c * c + d * d).sqrt();
        (0.0, b / length, c / length, d / length)
    } else {
        (rest.sqrt(), b, c, d)
    };
    [
        [
            a * a + b * b - c * c - d * d,
            2.0 * (b * c - a * d),
            2.0 * (b * d + a * c),
        ],
        [
            2.0 * (b * c + a * d),
            a * a + c * c - b * b - d * d,
            2.0 * (c * d - a * b),
        ],
        [
            2.0 * (b * d - a * c),
            2.0 * (c * d + a * b),
            a * a + d * d - c * c - b * b,
        ],
    ]
}

/// `(b, c, d)` and `qfac` (1, or -1 when the third axis is reversed) of orthonormal directions.
///
/// `None` when the columns are not orthonormal to 1e-4, which a quaternion cannot store.
pub(super) fn bcd_from_directions(directions: &[[f64; 3]; 3]) -> Option<([f64; 3], f64)> {
    if !is_orthonormal(directions) {
        return None;
    }
    let qfac = if determinant(directions) < 0.0 {
        -1.0
    } else {
        1.0
    };
    let mut r = *directions;
    for row in &mut r {
        row[2] *= qfac;
    }
    Some((bcd_from_rotation(&r), qfac))
}

/// The largest of the four numbers is computed first, so that no small one is divided by.
fn bcd_from_rotation(r: &[[f64; 3]; 3]) -> [f64; 3] {
    let squares = [
        1.0 + r[0][0] + r[1][1] + r[2][2],
        1.0 + r[0][0] - r[1][1] - r[2][2],
        1.0 - r[0][0] + r[1][1] - r[2][2],
        1.0 - r[0][0] - r[1][1] + r[2][2],
    ];
    let largest = (0..4).fold(
        0,
        |best, n| if squares[n] > squares[best] { n } else { best },
    );
    let twice = squares[largest].sqrt();
    let other = |sum: f64| 0.5 * sum / twice;
    let [a, b, c, d] = match largest {
        0 => [
            0.5 * twice,
            other(r[2][1] - r[1][2]),
            other(r[0][2] - r[2][0]),
            other(r[1][0] - r[0][1]),
        ],
        1 => [
            other(r[2][1] - r[1][2]),
            0.5 * twice,
            other(r[0][1] + r[1][0]),
            other(r[0][2] + r[2][0]),
        ],
        2 => [
            other(r[0][2] - r[2][0]),
            other(r[0][1] + r[1][0]),
            0.5 * twice,
            other(r[1][2] + r[2][1]),
        ],
        _ => [
            other(r[1][0] - r[0][1]),
            other(r[0][2] + r[2][0]),
            other(r[1][2] + r[2][1]),
            0.5 * twice,
        ],
    };
    if a < 0.0 {
        [-b, -c, -d]
    } else {
        [b, c, d]
    }
}

fn is_orthonormal(m: &[[f64; 3]; 3]) -> bool {
    (0..3).all(|p| {
        (0..3).all(|q| {
            let dot: f64 = (0..3).map(|r| m[r][p] * m[r][q]).sum();
            let expected = if p == q { 1.0 } else { 0.0 };
            (dot - expected).abs() < 1e-4
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn half_turns_by_hand() {
        // b = 1: half a turn around x reverses y and z; the others alike.
        let around = |n: usize| {
            let mut bcd = [0.0; 3];
            bcd[n] = 1.0;
            rotation_from_bcd(bcd)
        };
        let diagonal = |x, y, z| [[x, 0.0, 0.0], [0.0, y, 0.0], [0.0, 0.0, z]];
        assert_eq!(around(0), diagonal(1.0, -1.0, -1.0));
        assert_eq!(around(1), diagonal(-1.0, 1.0, -1.0));
        assert_eq!(around(2), diagonal(-1.0, -1.0, 1.0));
        assert_eq!(rotation_from_bcd([0.0; 3]), diagonal(1.0, 1.0, 1.0));
        // A quarter turn around z takes x to y.
        let quarter = rotation_from_bcd([0.0, 0.0, 0.5_f64.sqrt()]);
        assert!((quarter[1][0] - 1.0).abs() < 1e-12 && (quarter[0][1] + 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_mirrored_frame_is_stored_by_qfac() {
        let mirrored = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]];
        assert_eq!(bcd_from_directions(&mirrored), Some(([0.0; 3], -1.0)));
        let sheared = [[1.0, 0.1, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        assert_eq!(bcd_from_directions(&sheared), None);
    }

    proptest! {
        #[test]
        fn there_and_back(v in prop::array::uniform4(-1.0_f64..1.0), mirrored: bool) {
            let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
            prop_assume!(length > 1e-3);
            let sign = if v[0] < 0.0 { -1.0 } else { 1.0 };
            let mut m = rotation_from_bcd([v[1], v[2], v[3]].map(|x| sign * x / length));
            for row in &mut m {
                row[2] *= if mirrored { -1.0 } else { 1.0 };
            }
            let (bcd, qfac) = bcd_from_directions(&m).unwrap();
            prop_assert_eq!(qfac, if mirrored { -1.0 } else { 1.0 });
            let back = rotation_from_bcd(bcd);
            for r in 0..3 {
                for a in 0..3 {
                    let expected = m[r][a] * if a == 2 { qfac } else { 1.0 };
                    prop_assert!((back[r][a] - expected).abs() < 1e-6);
                }
            }
        }
    }
}
