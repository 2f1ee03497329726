//! Marks in the order in which they were made, to be taken back and made again.

use super::mark::Mark;

/// The marks of one structure, with undo and redo, one mark at a time.
///
/// ```
/// use raterlens_core::correction::{Mark, MarkHistory, Side};
/// let mut history = MarkHistory::default();
/// history.add(Mark::point(Side::Foreground, [1, 2, 3]));
/// assert!(history.undo() && history.marks().is_empty());
/// assert!(history.redo() && history.marks().len() == 1);
/// assert!(!history.redo());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MarkHistory {
    made: Vec<Mark>,
    undone: Vec<Mark>,
}

impl MarkHistory {
    /// Adds a mark; what was taken back before cannot be made again any more.
    pub fn add(&mut self, mark: Mark) {
        self.undone.clear();
        self.made.push(mark);
    }

    /// Takes the last mark back; `false` if there is none.
    pub fn undo(&mut self) -> bool {
        let last = self.made.pop();
        let is_there = last.is_some();
        self.undone.extend(last);
        is_there
    }

    /// Makes the mark again that was taken back last; `false` if there is none.
    pub fn redo(&mut self) -> bool {
        let last = self.undone.pop();
        let is_there = last.is_some();
        self.made.extend(last);
        is_there
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.made.clear();
        self.undone.clear();
    }

    /// The marks that count now, in the order in which they were made.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        &self.made
    }

    /// How many marked voxels are kept, those of marks taken back too.
    #[must_use]
    pub fn voxel_count(&self) -> usize {
        let all = self.made.iter().chain(&self.undone);
        all.map(|mark| mark.voxels.len()).sum()
    }
}
