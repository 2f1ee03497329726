//! ITK-SNAP's orientation codes.

use raterlens_core::Geometry;

/// The letters an axis starts from, for each LPS axis: when it runs along plus, and along minus.
const STARTS_FROM: [[char; 2]; 3] = [['R', 'L'], ['A', 'P'], ['I', 'S']];

/// The three-letter code of an image: for each array axis (i, j, k) the side it starts **from**,
/// so `RAI` runs right to left, front to back, feet to head (that is, along L, P and S).
///
/// An oblique axis counts as the patient axis nearest to it; each patient axis is used once.
///
/// ```
/// use raterlens_core::Geometry;
/// use raterlens_itksnap::orientation_code;
/// let along_lps = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let g = Geometry::new([4, 4, 4], [1.0; 3], [0.0; 3], along_lps)?;
/// assert_eq!(orientation_code(&g), "RAI");
/// # Ok::<(), raterlens_core::GeometryError>(())
/// ```
#[must_use]
pub fn orientation_code(geometry: &Geometry) -> String {
    let mut code = ['?'; 3];
    let mut free_axes = vec![0usize, 1, 2];
    let mut free_sides = vec![0usize, 1, 2];
    for _ in 0..3 {
        let mut best: Option<(f64, usize, usize)> = None;
        for &axis in &free_axes {
            let direction = geometry.axis_lps(axis);
            for &side in &free_sides {
                let along = direction.get(side).map_or(0.0, |v| v.abs());
                if best.is_none_or(|(b, _, _)| along > b) {
                    best = Some((along, axis, side));
                }
            }
        }
        let Some((_, axis, side)) = best else { break };
        let runs_minus = geometry.axis_lps(axis).get(side).is_some_and(|v| *v < 0.0);
        if let (Some(slot), Some(letters)) = (code.get_mut(axis), STARTS_FROM.get(side)) {
            *slot = letters[usize::from(runs_minus)];
        }
        free_axes.retain(|a| *a != axis);
        free_sides.retain(|s| *s != side);
    }
    code.iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(columns: [[f64; 3]; 3]) -> String {
        let direction = std::array::from_fn(|r| std::array::from_fn(|c| columns[c][r]));
        orientation_code(&Geometry::new([2, 2, 2], [1.0; 3], [0.0; 3], direction).unwrap())
    }

    #[test]
    fn codes_name_the_side_an_axis_starts_from() {
        // i runs to the left, j to the front, k to the head: from R, P, I (a common scanner order).
        let left = [1.0, 0.0, 0.0];
        let front = [0.0, -1.0, 0.0];
        let head = [0.0, 0.0, 1.0];
        assert_eq!(code([left, front, head]), "RPI");
        // Sagittal storage: i to the back, j to the feet, k to the right.
        assert_eq!(
            code([[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]]),
            "ASL"
        );
    }

    #[test]
    fn an_oblique_axis_counts_as_the_nearest() {
        let (s, c) = 30f64.to_radians().sin_cos();
        assert_eq!(code([[1.0, 0.0, 0.0], [0.0, c, s], [0.0, -s, c]]), "RAI");
    }

    #[test]
    fn ties_still_use_each_patient_axis_once() {
        let h = 0.5f64.sqrt();
        let mut letters: Vec<char> = code([[h, h, 0.0], [-h, h, 0.0], [0.0, 0.0, 1.0]])
            .chars()
            .map(|c| match c {
                'R' | 'L' => 'x',
                'A' | 'P' => 'y',
                _ => 'z',
            })
            .collect();
        letters.sort_unstable();
        assert_eq!(letters, ['x', 'y', 'z']);
    }
}
