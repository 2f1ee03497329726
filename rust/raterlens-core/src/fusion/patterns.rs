//! The histogram of what raters gave together.

use ndarray::Array3;

use super::classes::Classes;
use super::error::FusionError;
use super::hashed;
use super::histogram::{self, Histogram};
use super::label_value::LabelValue;
use super::raters::RaterSet;
use super::tiles::{self, Tiles};
use crate::geometry::Geometry;
use crate::volume::{Volume, VolumeError};

/// Every combination of labels that the raters gave to one voxel, how many voxels have it, and which.
///
/// A *pattern* is the list of the classes that the present raters gave to a voxel, as positions in
/// [`Classes::labels`]. Statistics that treat voxels alike (votes, STAPLE, kappa, overlaps) need only the patterns and
/// their counts: a few hundred rows in place of millions of voxels. Counts are 64-bit and exact.
///
/// # Cost
/// Reads every voxel once and keeps, where neighbours differ, 1 or 2 bytes per voxel (4 with more than 65,536 patterns) and almost
/// nothing elsewhere; labels outside the list cost a second reading when they are refused.
#[derive(Debug, Clone)]
pub struct Patterns {
    grid: Geometry,
    classes: Classes,
    raters: usize,
    rows: Vec<u32>,
    counts: Vec<u64>,
    numbers: Numbers,
}

/// Each voxel's pattern, `[k, j, i]`.
#[derive(Debug, Clone)]
enum Numbers {
    /// At most 256 possible codes; `slots` gives the pattern of each code.
    Byte {
        tiles: Vec<Tiles<u8>>,
        slots: Vec<u32>,
    },
    /// At most 65,536.
    Short {
        tiles: Vec<Tiles<u16>>,
        slots: Vec<u32>,
    },
    /// The pattern itself.
    Long(Vec<Tiles<u32>>),
}

impl Patterns {
    /// Counts the patterns of the present raters.
    ///
    /// # Errors
    /// A label that `classes` refuses.
    ///
    /// ```
    /// use ndarray::Array3;
    /// use raterlens_core::{fusion::{Classes, Patterns, RaterSet}, Geometry, Volume};
    /// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    /// let grid = Geometry::new([4, 1, 1], [0.5, 0.5, 4.0], [0.0; 3], identity)?;
    /// let map = |labels: [u16; 4]| {
    ///     Volume::new(Array3::from_shape_vec((1, 1, 4), labels.to_vec()).unwrap(), grid).unwrap()
    /// };
    /// let maps = [map([0, 7, 7, 7]), map([0, 0, 7, 7])];
    /// let set = RaterSet::from_volumes(&maps)?;
    /// let patterns = Patterns::of(&set, &Classes::found_in(&set))?;
    /// assert_eq!(patterns.classes().labels(), [0, 7]);
    /// let counted: Vec<_> = patterns.iter().map(|(p, n)| (p.to_vec(), n)).collect();
    /// assert_eq!(counted, [(vec![0, 0], 1), (vec![1, 0], 1), (vec![1, 1], 2)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of<T: LabelValue>(
        set: &RaterSet<'_, T>,
        classes: &Classes,
    ) -> Result<Self, FusionError> {
        if classes.refuses_others() {
            classes.check(set)?;
        }
        let owned = set.columns();
        let columns: Vec<&[T]> = owned.iter().map(AsRef::as_ref).collect();
        let table = classes.table::<T>();
        let empty = Self {
            grid: *set.grid(),
            classes: classes.clone(),
            raters: columns.len(),
            rows: Vec::new(),
            counts: Vec::new(),
            numbers: Numbers::Long(Vec::new()),
        };
        let count = classes.count();
        Ok(match histogram::code_count(count, columns.len()) {
            Some(n) if n <= 1 << 8 => {
                let (tiles, slots, listed) =
                    empty.compact(histogram::count(&columns, &table, count, n));
                listed.with(Numbers::Byte { tiles, slots })
            }
            Some(n) => {
                let (tiles, slots, listed) =
                    empty.compact(histogram::count(&columns, &table, count, n));
                listed.with(Numbers::Short { tiles, slots })
            }
            None => empty.listed(&columns, &table),
        })
    }

    /// Keeps the patterns that occur; also the pattern of every code.
    fn compact<K>(mut self, histogram: Histogram<K>) -> (Vec<Tiles<K>>, Vec<u32>, Self) {
        let mut slots = vec![0; histogram.counts.len()];
        for (code, (slot, voxels)) in slots.iter_mut().zip(histogram.counts).enumerate() {
            if voxels > 0 {
                *slot = self.counts.len() as u32;
                self.counts.push(voxels);
                histogram::decode(code, self.classes.count(), self.raters, &mut self.rows);
            }
        }
        (histogram.tiles, slots, self)
    }

    fn listed<T: LabelValue>(mut self, columns: &[&[T]], table: &[u32]) -> Self {
        let listed = hashed::list(columns, table);
        let numbers = if listed.counts.len() <= 1 << 16 {
            Numbers::Short {
                tiles: hashed::number(columns, table, &listed),
                slots: (0..listed.counts.len() as u32).collect(),
            }
        } else {
            Numbers::Long(hashed::number(columns, table, &listed))
        };
        self.rows = listed.rows;
        self.counts = listed.counts;
        self.with(numbers)
    }

    fn with(self, numbers: Numbers) -> Self {
        Self { numbers, ..self }
    }

    /// The grid of the raters.
    #[must_use]
    pub fn grid(&self) -> &Geometry {
        &self.grid
    }

    /// The labels that patterns are made of.
    #[must_use]
    pub fn classes(&self) -> &Classes {
        &self.classes
    }

    /// Number of present raters: the length of every pattern.
    #[must_use]
    pub fn raters(&self) -> usize {
        self.raters
    }

    /// Number of different patterns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether there is no pattern; never, as an image has voxels.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Voxels of each pattern.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Each pattern, as one class per present rater, and its number of voxels.
    pub fn iter(&self) -> impl Iterator<Item = (&[u32], u64)> {
        let rows = self.rows.chunks_exact(self.raters.max(1));
        rows.zip(self.counts.iter().copied())
    }

    /// The volume in which every voxel has the value of its pattern; one value per pattern, in the order of
    /// [`Patterns::iter`] (missing ones count as the default).
    ///
    /// # Errors
    /// None in practice: the grid is that of the raters.
    pub fn paint<U: Copy + Default + PartialEq + Send + Sync>(
        &self,
        values: &[U],
    ) -> Result<Volume<U>, VolumeError> {
        let voxels = self.grid.voxel_count();
        let painted = match &self.numbers {
            Numbers::Byte { tiles, slots } => tiles::paint(tiles, &by_code(slots, values), voxels),
            Numbers::Short { tiles, slots } => tiles::paint(tiles, &by_code(slots, values), voxels),
            Numbers::Long(tiles) => tiles::paint(tiles, values, voxels),
        };
        volume(painted, &self.grid)
    }
}

/// Voxels `[k, j, i]`, i fastest, on a grid.
pub(super) fn volume<U>(voxels: Vec<U>, grid: &Geometry) -> Result<Volume<U>, VolumeError> {
    let expected = grid.shape_kji();
    let found = [1, 1, voxels.len()];
    match Array3::from_shape_vec(expected, voxels) {
        Ok(array) => Volume::new(array, *grid),
        Err(_) => Err(VolumeError::ShapeMismatch { expected, found }),
    }
}

fn by_code<U: Copy + Default>(slots: &[u32], values: &[U]) -> Vec<U> {
    let value = |slot: &u32| values.get(*slot as usize).copied().unwrap_or_default();
    slots.iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::super::blocks::CHUNK;
    use super::*;

    fn volumes(columns: &[Vec<u16>]) -> Vec<Volume<u16>> {
        let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let dims = [columns[0].len(), 1, 1];
        let grid = Geometry::new(dims, [1.0; 3], [0.0; 3], identity).unwrap();
        columns
            .iter()
            .map(|c| {
                let data = Array3::from_shape_vec((1, 1, c.len()), c.clone()).unwrap();
                Volume::new(data, grid).unwrap()
            })
            .collect()
    }

    /// What is counted must be what a plain loop over voxels finds, and painting must bring it back.
    fn check_against_a_plain_loop(columns: &[Vec<u16>]) {
        let volumes = volumes(columns);
        let set = RaterSet::from_volumes(&volumes).unwrap();
        let classes = Classes::found_in(&set);
        let patterns = Patterns::of(&set, &classes).unwrap();
        let rows: Vec<Vec<u32>> = patterns.iter().map(|(row, _)| row.to_vec()).collect();
        let ids: Vec<u32> = (0..rows.len() as u32).collect();
        let painted = patterns.paint(&ids).unwrap();
        let mut counts = vec![0_u64; rows.len()];
        for (v, &id) in painted.data().iter().enumerate() {
            counts[id as usize] += 1;
            let given = columns
                .iter()
                .map(|c| classes.position(c[v]).unwrap() as u32);
            assert_eq!(rows[id as usize], given.collect::<Vec<_>>(), "voxel {v}");
        }
        assert_eq!(counts, patterns.counts());
    }

    /// Labels in runs of changing length, so that constant, two-valued and mixed blocks all occur.
    fn raters(count: usize, labels: &[u16], voxels: usize) -> Vec<Vec<u16>> {
        let pick = |r: usize, v: usize| {
            let run = if v % 500 < 300 { 256 } else { 3 };
            let coarse = v / run;
            let wobble = usize::from(v % 97 < 9 * r);
            labels[(coarse * 7 + wobble * (v % 3)) % labels.len()]
        };
        let column = |r| (0..voxels).map(|v| pick(r, v)).collect();
        (0..count).map(column).collect()
    }

    #[test]
    fn bytes_shorts_and_lists_all_count_right() {
        let voxels = CHUNK + 1000; // two tasks, the last block not whole
        check_against_a_plain_loop(&raters(5, &[0, 1], voxels)); // 32 codes: bytes
        check_against_a_plain_loop(&raters(5, &[0, 1, 255, 65535], voxels)); // 1,024: shorts
        check_against_a_plain_loop(&raters(11, &[0, 1, 2], voxels)); // 177,147: listed
        check_against_a_plain_loop(&raters(16, &[0, 3], voxels)); // 65,536: the last that is counted
        check_against_a_plain_loop(&raters(17, &[0, 3], voxels)); // 131,072: the first that is listed
    }

    #[test]
    fn more_patterns_than_16_bits_number() {
        // Two raters, every voxel another pair of labels: 70,000 patterns.
        let voxels = 70_000_usize;
        let one = (0..voxels).map(|v| (v % 300) as u16).collect();
        let two = (0..voxels).map(|v| (v / 300) as u16).collect();
        check_against_a_plain_loop(&[one, two]);
    }

    #[test]
    fn unknown_labels_are_background_or_refused_with_their_number() {
        use crate::fusion::UnknownLabels;
        use crate::labels::LabelScheme;
        let volumes = volumes(&[vec![0, 1, 2, 4], vec![9, 9, 2, 7]]);
        let set = RaterSet::from_volumes(&volumes).unwrap();
        let of = |unknown| {
            let classes = Classes::of_scheme(&set, &LabelScheme::lumbar_paraspinal(), unknown);
            Patterns::of(&set, &classes)
        };
        assert_eq!(
            of(UnknownLabels::Refuse).unwrap_err(),
            FusionError::UnknownLabel {
                rater: "2".into(),
                label: 7,
                voxels: 1
            }
        );
        let second = |patterns: &Patterns| {
            let labels: Vec<u32> = patterns.iter().map(|(row, _)| row[1]).collect();
            patterns
                .paint(&labels)
                .unwrap()
                .into_parts()
                .0
                .into_raw_vec_and_offset()
                .0
        };
        let background = of(UnknownLabels::Background).unwrap();
        assert_eq!(second(&background), [0, 0, 2, 0]);
        let kept = of(UnknownLabels::Keep).unwrap();
        assert_eq!(kept.classes().labels(), [0, 1, 2, 3, 4, 7, 9]);
        assert_eq!(second(&kept), [6, 6, 2, 5]);
    }
}
