//! Closed outlines as polygons: splines through control points, normals, offsets, smoothing.

/// A point in the image plane, mm: x to the patient's left, y to the back.
pub(crate) type Point = [f64; 2];

/// Vertices per pair of control points.
pub(crate) const VERTICES_PER_SEGMENT: usize = 8;

/// The closed centripetal-like (uniform Catmull-Rom) spline through the control points.
pub(crate) fn closed_spline(control: &[Point]) -> Vec<Point> {
    let n = control.len();
    let at = |i: usize| control.get(i % n).copied().unwrap_or_default();
    let mut out = Vec::with_capacity(n * VERTICES_PER_SEGMENT);
    for i in 0..n {
        let quad = [at(i + n - 1), at(i), at(i + 1), at(i + 2)];
        for step in 0..VERTICES_PER_SEGMENT {
            let t = step as f64 / VERTICES_PER_SEGMENT as f64;
            out.push(std::array::from_fn(|a| catmull_rom(quad.map(|p| p[a]), t)));
        }
    }
    out
}

/// The open spline through the control points, for lines.
pub(crate) fn open_spline(control: &[Point]) -> Vec<Point> {
    let Some(last) = control.len().checked_sub(1) else {
        return Vec::new();
    };
    let at = |i: usize| control.get(i.min(last)).copied().unwrap_or_default();
    let mut out = Vec::new();
    for i in 0..last {
        let quad = [at(i.saturating_sub(1)), at(i), at(i + 1), at(i + 2)];
        for step in 0..VERTICES_PER_SEGMENT {
            let t = step as f64 / VERTICES_PER_SEGMENT as f64;
            out.push(std::array::from_fn(|a| catmull_rom(quad.map(|p| p[a]), t)));
        }
    }
    out.push(at(last));
    out
}

fn catmull_rom([a, b, c, d]: [f64; 4], t: f64) -> f64 {
    let (t2, t3) = (t * t, t * t * t);
    0.5 * (2.0 * b
        + (c - a) * t
        + (2.0 * a - 5.0 * b + 4.0 * c - d) * t2
        + (3.0 * b - a - 3.0 * c + d) * t3)
}

/// One value per vertex of [`closed_spline`], linear between the control points' values.
pub(crate) fn closed_values(control: &[f64]) -> Vec<f64> {
    let n = control.len();
    let at = |i: usize| control.get(i % n).copied().unwrap_or_default();
    (0..n * VERTICES_PER_SEGMENT)
        .map(|v| {
            let t = (v % VERTICES_PER_SEGMENT) as f64 / VERTICES_PER_SEGMENT as f64;
            let i = v / VERTICES_PER_SEGMENT;
            at(i) * (1.0 - t) + at(i + 1) * t
        })
        .collect()
}

/// Both halves of a symmetric shape from its left half: the first and last point lie on the midline.
pub(crate) fn symmetric(half: &[Point]) -> Vec<Point> {
    let inner = half.get(1..half.len().saturating_sub(1)).unwrap_or(&[]);
    let other = inner.iter().rev().map(|p| [-p[0], p[1]]);
    half.iter().copied().chain(other).collect()
}

/// Signed area, mm2: positive when the vertices run clockwise on the screen (y down).
pub(crate) fn signed_area(points: &[Point]) -> f64 {
    let next = points.iter().cycle().skip(1);
    0.5 * points
        .iter()
        .zip(next)
        .map(|(p, q)| p[0] * q[1] - q[0] * p[1])
        .sum::<f64>()
}

/// Length of the closed outline, mm.
pub(crate) fn perimeter(points: &[Point]) -> f64 {
    let next = points.iter().cycle().skip(1);
    points
        .iter()
        .zip(next)
        .map(|(p, q)| length([q[0] - p[0], q[1] - p[1]]))
        .sum()
}

/// Mean of the vertices.
pub(crate) fn centroid(points: &[Point]) -> Point {
    let n = points.len().max(1) as f64;
    std::array::from_fn(|a| points.iter().map(|p| p[a]).sum::<f64>() / n)
}

/// Outward unit normals of a closed outline.
pub(crate) fn normals(points: &[Point]) -> Vec<Point> {
    let n = points.len();
    let sign = if signed_area(points) > 0.0 { 1.0 } else { -1.0 };
    let at = |i: usize| points.get(i % n.max(1)).copied().unwrap_or_default();
    (0..n)
        .map(|i| {
            let (p, q) = (at(i + n - 1), at(i + 1));
            let tangent = [q[0] - p[0], q[1] - p[1]];
            let l = length(tangent).max(1e-9);
            [sign * tangent[1] / l, -sign * tangent[0] / l]
        })
        .collect()
}

/// Moves each vertex along its outward normal by its own distance, mm (negative: inwards).
pub(crate) fn displaced(points: &[Point], distance_mm: &[f64]) -> Vec<Point> {
    points
        .iter()
        .zip(normals(points))
        .zip(distance_mm)
        .map(|((p, n), d)| [p[0] + n[0] * d, p[1] + n[1] * d])
        .collect()
}

/// Moves the whole outline outwards by one distance, mm (negative: inwards).
pub(crate) fn grown(points: &[Point], distance_mm: f64) -> Vec<Point> {
    displaced(points, &vec![distance_mm; points.len()])
}

/// Averages each vertex with its neighbours, `passes` times.
pub(crate) fn smoothed(points: &[Point], passes: usize) -> Vec<Point> {
    let n = points.len();
    let mut current = points.to_vec();
    for _ in 0..passes {
        let at = |i: usize| current.get(i % n.max(1)).copied().unwrap_or_default();
        current = (0..n)
            .map(|i| {
                let (p, q, r) = (at(i + n - 1), at(i), at(i + 1));
                std::array::from_fn(|a| 0.25 * p[a] + 0.5 * q[a] + 0.25 * r[a])
            })
            .collect();
    }
    current
}

/// Polygon around an open line whose width, mm, goes from `width.0` at both ends to `width.1` in the middle.
pub(crate) fn stroke(line: &[Point], width: (f64, f64)) -> Vec<Point> {
    let n = line.len();
    if n < 2 {
        return Vec::new();
    }
    let at = |i: usize| line.get(i.min(n - 1)).copied().unwrap_or_default();
    let side = |i: usize, sign: f64| {
        let (p, q) = (at(i.saturating_sub(1)), at(i + 1));
        let t = [q[0] - p[0], q[1] - p[1]];
        let l = length(t).max(1e-9);
        let u = i as f64 / (n - 1) as f64;
        let half = 0.5 * (width.0 + (width.1 - width.0) * 4.0 * u * (1.0 - u)) * sign;
        let c = at(i);
        [c[0] - t[1] / l * half, c[1] + t[0] / l * half]
    };
    let there = (0..n).map(|i| side(i, 1.0));
    let back = (0..n).rev().map(|i| side(i, -1.0));
    there.chain(back).collect()
}

/// A polygon that is nearly a circle or ellipse.
pub(crate) fn ellipse(centre: Point, radii: Point) -> Vec<Point> {
    const CORNERS: usize = 20;
    (0..CORNERS)
        .map(|n| {
            let angle = std::f64::consts::TAU * n as f64 / CORNERS as f64;
            [
                centre[0] + radii[0] * libm::cos(angle),
                centre[1] + radii[1] * libm::sin(angle),
            ]
        })
        .collect()
}

/// Length of a vector.
pub(crate) fn length(v: Point) -> f64 {
    (v[0] * v[0] + v[1] * v[1]).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: [Point; 4] = [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]];

    #[test]
    fn square_area_and_perimeter_by_hand() {
        assert_eq!(signed_area(&SQUARE), 2.0 * 2.0);
        assert_eq!(perimeter(&SQUARE), 4.0 * 2.0);
        assert_eq!(centroid(&SQUARE), [1.0, 1.0]);
    }

    #[test]
    fn normals_point_outwards_whatever_the_direction() {
        let reversed: Vec<Point> = SQUARE.iter().rev().copied().collect();
        for shape in [SQUARE.to_vec(), reversed] {
            let before = signed_area(&shape).abs();
            assert!(signed_area(&grown(&shape, 0.5)).abs() > before);
            assert!(signed_area(&grown(&shape, -0.5)).abs() < before);
        }
    }

    #[test]
    fn symmetric_closes_over_the_midline() {
        let half = [[0.0, 0.0], [3.0, 1.0], [0.0, 2.0]];
        assert_eq!(
            symmetric(&half),
            [[0.0, 0.0], [3.0, 1.0], [0.0, 2.0], [-3.0, 1.0]]
        );
    }

    #[test]
    fn spline_passes_through_its_control_points() {
        let spline = closed_spline(&SQUARE);
        for (n, corner) in SQUARE.iter().enumerate() {
            assert_eq!(spline[n * VERTICES_PER_SEGMENT], *corner);
        }
    }
}
