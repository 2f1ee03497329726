//! From posteriors to labels.

/// Posteriors this close are a tie: they differ by rounding, for example after a change of the raters' order.
const TIE: f64 = 1e-9;

/// The most probable of some classes; of a tie, the first listed; 0 when none is listed.
pub(super) fn most_probable(posterior: &[f64], classes: impl Iterator<Item = u32>) -> u32 {
    let mut best: Option<(u32, f64)> = None;
    for class in classes {
        let probability = posterior.get(class as usize).copied().unwrap_or(0.0);
        if best.is_none_or(|(_, highest)| probability > highest + TIE) {
            best = Some((class, probability));
        }
    }
    best.map_or(0, |(class, _)| class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_first_listed() {
        let all = |posterior: &[f64]| most_probable(posterior, 0..3);
        assert_eq!(all(&[0.2, 0.5, 0.3]), 1);
        assert_eq!(all(&[0.5, 0.5, 0.0]), 0);
        assert_eq!(all(&[0.5 - 1e-12, 0.5 + 1e-12, 0.0]), 0);
        assert_eq!(most_probable(&[0.2, 0.5, 0.3], [2, 0].into_iter()), 2);
    }
}
