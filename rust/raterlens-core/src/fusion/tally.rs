//! The vote of one voxel.

use super::ties::draw;

/// A tie policy that needs nothing but the votes and the voxel's number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum TieRule<T> {
    /// This label, whatever the tied ones are.
    Label(T),
    /// The smallest of the tied labels.
    Lowest,
    /// The first in the order of the raters.
    First,
    /// One of them at random, from this seed.
    Random(u64),
}

/// Counts votes; keeps its memory from voxel to voxel.
#[derive(Debug, Default)]
pub(super) struct Tally<T> {
    /// Labels that have the most votes so far, in the order in which raters gave them first.
    tied: Vec<T>,
}

impl<T: Copy + Ord> Tally<T> {
    /// The labels with the most votes, in the order in which raters gave them first.
    pub(super) fn most_votes(&mut self, votes: &[T]) -> &[T] {
        self.tied.clear();
        let mut most = 0;
        for (n, vote) in votes.iter().enumerate() {
            if votes.iter().take(n).any(|earlier| earlier == vote) {
                continue;
            }
            let count = votes.iter().skip(n).filter(|v| *v == vote).count();
            if count > most {
                most = count;
                self.tied.clear();
            }
            if count == most {
                self.tied.push(*vote);
            }
        }
        &self.tied
    }

    /// The label of a voxel; `empty` when there is no vote.
    pub(super) fn decide(&mut self, votes: &[T], rule: TieRule<T>, voxel: usize, empty: T) -> T {
        self.most_votes(votes);
        let first = self.tied.first().copied().unwrap_or(empty);
        if self.tied.len() < 2 {
            return first;
        }
        match rule {
            TieRule::Label(label) => label,
            TieRule::Lowest => self.tied.iter().copied().min().unwrap_or(empty),
            TieRule::First => first,
            TieRule::Random(seed) => {
                self.tied.sort_unstable(); // so that the order of the raters does not matter
                let drawn = draw(seed, voxel as u64, self.tied.len());
                self.tied.get(drawn).copied().unwrap_or(first)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(votes: &[u16], rule: TieRule<u16>) -> u16 {
        Tally::default().decide(votes, rule, 0, 0)
    }

    #[test]
    fn votes_by_hand() {
        // votes: tie to background, to the lowest, to the first rater
        let table: [(&[u16], [u16; 3]); 9] = [
            (&[5], [5, 5, 5]),
            (&[5, 0], [0, 0, 5]),
            (&[5, 0, 5], [5, 5, 5]),
            (&[3, 2, 1], [0, 1, 3]),
            (&[3, 2, 2, 1, 1], [0, 1, 2]),
            (&[3, 3, 3, 2, 2], [3, 3, 3]),
            (&[65535, 0, 65535], [65535, 65535, 65535]),
            (&[65535, 255, 255, 65535], [0, 255, 65535]),
            (&[], [0, 0, 0]),
        ];
        for (votes, expected) in table {
            let rules = [TieRule::Label(0), TieRule::Lowest, TieRule::First];
            assert_eq!(rules.map(|rule| decide(votes, rule)), expected, "{votes:?}");
        }
    }

    #[test]
    fn random_ties_stay_among_the_tied_whatever_the_order_of_the_raters() {
        let votes = [9_u16, 4, 4, 9, 1];
        let turned = [1_u16, 9, 9, 4, 4];
        let mut seen = [false; 2];
        for voxel in 0..100 {
            let of = |v: &[u16]| Tally::default().decide(v, TieRule::Random(11), voxel, 0);
            assert_eq!(of(&votes), of(&turned));
            assert!([4, 9].contains(&of(&votes)));
            seen[usize::from(of(&votes) == 9)] = true;
        }
        assert_eq!(seen, [true, true]);
    }
}
