//! Orders in which classes may stand for structures.

use raterlens_core::LabelScheme;

/// All orders are tried up to this many structures: 720.
pub(super) const MOST_STRUCTURES: usize = 6;

/// The scheme's own order first; for many structures only that and the one with the sides exchanged.
pub(super) fn orders(scheme: &LabelScheme) -> Vec<Vec<usize>> {
    let own: Vec<usize> = (0..scheme.len()).collect();
    if scheme.len() <= MOST_STRUCTURES {
        let mut out = Vec::new();
        extend(&mut Vec::new(), &own, &mut out);
        return out;
    }
    let mirrored = scheme.mirror_positions();
    if mirrored == own {
        return vec![own];
    }
    vec![own, mirrored]
}

/// Appends every order of `left` behind `chosen`, in lexical order.
fn extend(chosen: &mut Vec<usize>, left: &[usize], out: &mut Vec<Vec<usize>>) {
    if left.is_empty() {
        out.push(chosen.clone());
    }
    for next in left {
        let rest: Vec<usize> = left.iter().copied().filter(|n| n != next).collect();
        chosen.push(*next);
        extend(chosen, &rest, out);
        chosen.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use raterlens_core::label_list::scheme_of_classes;

    #[test]
    fn every_order_once() {
        let mut found = orders(&LabelScheme::lumbar_paraspinal());
        assert_eq!(found.len(), 24);
        assert_eq!(found[0], [0, 1, 2, 3]);
        found.sort();
        found.dedup();
        assert_eq!(found.len(), 24);
    }

    #[test]
    fn many_structures_have_two_orders() {
        let scheme = scheme_of_classes("1=a_left,2=a_right,3=b,4=c,5=d,6=e,7=f").unwrap();
        assert_eq!(
            orders(&scheme),
            [[0, 1, 2, 3, 4, 5, 6], [1, 0, 2, 3, 4, 5, 6]]
        );
    }
}
