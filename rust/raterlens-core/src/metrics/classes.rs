//! From label values to the positions of the structures asked for.

/// Class of each label: 0 for labels that were not asked for, else one plus the position in the list of ids.
#[derive(Debug, Clone)]
pub(crate) struct LabelClasses {
    class_of: Vec<u32>,
    count: usize,
}

impl LabelClasses {
    /// Classes of the structures `ids`; of an id given twice the first position counts.
    pub(crate) fn new(ids: &[u16]) -> Self {
        let largest = ids.iter().copied().max().map_or(0, usize::from);
        let mut class_of = vec![0; largest + 1];
        for (class, &id) in (1_u32..).zip(ids) {
            if let Some(slot) = class_of.get_mut(usize::from(id)) {
                if *slot == 0 {
                    *slot = class;
                }
            }
        }
        Self {
            class_of,
            count: ids.len() + 1,
        }
    }

    /// The class of a label.
    #[inline]
    pub(crate) fn of(&self, label: u16) -> usize {
        self.class_of
            .get(usize::from(label))
            .map_or(0, |&class| class as usize)
    }

    /// Number of classes, that of the labels not asked for included.
    pub(crate) fn count(&self) -> usize {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_by_hand() {
        let classes = LabelClasses::new(&[7, 3, 7, 65535]);
        let found: Vec<_> = [0, 3, 7, 8, 65535].map(|label| classes.of(label)).into();
        assert_eq!(found, [0, 2, 1, 0, 4]);
        assert_eq!(classes.count(), 5);
        assert_eq!(LabelClasses::new(&[]).of(65535), 0);
    }
}
