//! How often a class was found where a structure was drawn.

use raterlens_core::{LabelMap, LabelScheme};

/// Counts of voxels for each class of a model and each structure of a reference.
pub(super) struct Counts {
    /// `[class][structure]`.
    both: Vec<Vec<u64>>,
    found: Vec<u64>,
    drawn: Vec<u64>,
}

/// Voxels of each structure in a reference; `positions` as in [`Counts::new`].
pub(super) fn drawn(reference: &LabelMap, positions: &[Option<usize>]) -> Vec<u64> {
    let structures = positions.iter().flatten().max().map_or(0, |n| n + 1);
    let mut out = vec![0; structures];
    for value in reference.data() {
        if let Some(count) = position(positions, *value).and_then(|n| out.get_mut(n)) {
            *count += 1;
        }
    }
    out
}

impl Counts {
    /// `positions`: for each value of the reference, which structure of the scheme it is, by position.
    pub(super) fn new(
        labels: &LabelMap,
        scheme: &LabelScheme,
        reference: &LabelMap,
        positions: &[Option<usize>],
    ) -> Self {
        let structures = scheme.len();
        let mut class_of = vec![None; usize::from(u16::MAX) + 1];
        for (class, structure) in scheme.structures.iter().enumerate() {
            if let Some(slot) = class_of.get_mut(usize::from(structure.id)) {
                *slot = Some(class);
            }
        }
        let mut out = Self {
            both: vec![vec![0; structures]; structures],
            found: vec![0; structures],
            drawn: vec![0; structures],
        };
        for (label, value) in labels.data().iter().zip(reference.data()) {
            let class = position(&class_of, *label);
            let structure = position(positions, *value);
            add(&mut out.found, class);
            add(&mut out.drawn, structure);
            if let Some(row) = class.and_then(|c| out.both.get_mut(c)) {
                add(row, structure);
            }
        }
        out
    }

    /// Dice of a class as if it stood for a structure; none for a structure that was not drawn.
    pub(super) fn dice(&self, class: usize, structure: usize) -> Option<f64> {
        let drawn = *self.drawn.get(structure).filter(|n| **n > 0)?;
        let found = *self.found.get(class)?;
        let both = *self.both.get(class)?.get(structure)?;
        Some(2.0 * both as f64 / (found + drawn) as f64)
    }
}

fn position(of_value: &[Option<usize>], value: u16) -> Option<usize> {
    of_value.get(usize::from(value)).copied().flatten()
}

fn add(counts: &mut [u64], at: Option<usize>) {
    if let Some(count) = at.and_then(|n| counts.get_mut(n)) {
        *count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;
    use raterlens_core::label_list::scheme_of_classes;
    use raterlens_core::{Geometry, Volume};

    fn line(values: &[u16]) -> LabelMap {
        let direction = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let geometry = Geometry::new([values.len(), 1, 1], [1.0; 3], [0.0; 3], direction).unwrap();
        Volume::new(
            Array3::from_shape_vec((1, 1, values.len()), values.to_vec()).unwrap(),
            geometry,
        )
        .unwrap()
    }

    #[test]
    fn dice_by_hand() {
        let scheme = scheme_of_classes("1=a,2=b,3=c").unwrap();
        // The reference says a with 7 and b with 8, and never c; 9 means nothing.
        let mut positions = vec![None; 1 << 16];
        positions[7] = Some(0);
        positions[8] = Some(1);
        let reference = line(&[7, 7, 7, 8, 8, 9, 0]);
        let counts = Counts::new(
            &line(&[1, 1, 2, 2, 2, 2, 0]),
            &scheme,
            &reference,
            &positions,
        );
        assert_eq!(counts.dice(0, 0), Some(2.0 * 2.0 / (2.0 + 3.0)));
        assert_eq!(counts.dice(1, 0), Some(2.0 * 1.0 / (4.0 + 3.0)));
        assert_eq!(counts.dice(1, 1), Some(2.0 * 2.0 / (4.0 + 2.0)));
        assert_eq!(counts.dice(2, 1), Some(0.0));
        assert_eq!(counts.dice(0, 2), None);
        assert_eq!(drawn(&reference, &positions), [3, 2]);
    }
}
