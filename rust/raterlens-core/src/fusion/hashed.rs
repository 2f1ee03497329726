//! Lists the patterns that occur, for more raters or labels than `histogram` has counters for.

use std::collections::HashMap;

use rayon::prelude::*;

use super::blocks::CHUNK;
use super::label_value::LabelValue;
use super::tiles::{Code, Tiles};

/// Patterns that occur, in ascending order of their classes, and how often.
pub(super) struct Listed {
    /// Classes of the patterns, one after another.
    pub rows: Vec<u32>,
    /// Voxels of each.
    pub counts: Vec<u64>,
}

type Key = Box<[u32]>;

/// Lists and counts the patterns. `table` gives each label's class.
pub(super) fn list<T: LabelValue>(columns: &[&[T]], table: &[u32]) -> Listed {
    let voxels = columns.first().map_or(0, |c| c.len());
    let mut found: Vec<(Key, u64)> = (0..voxels.div_ceil(CHUNK))
        .into_par_iter()
        .fold(HashMap::new, |mut found, n| {
            count_chunk(columns, table, n * CHUNK, &mut found);
            found
        })
        .reduce(HashMap::new, merge)
        .into_iter()
        .collect();
    found.par_sort_unstable();
    let mut listed = Listed {
        rows: Vec::with_capacity(found.len() * columns.len()),
        counts: Vec::with_capacity(found.len()),
    };
    for (key, count) in found {
        listed.rows.extend(key.iter());
        listed.counts.push(count);
    }
    listed
}

/// Each voxel's position in the list; the list is short enough for `K`.
pub(super) fn number<T: LabelValue, K: Code + TryFrom<usize>>(
    columns: &[&[T]],
    table: &[u32],
    listed: &Listed,
) -> Vec<Tiles<K>> {
    let keys = listed.rows.chunks(columns.len().max(1));
    let numbers: HashMap<&[u32], K> = keys
        .enumerate()
        .map(|(n, key)| (key, K::try_from(n).unwrap_or_default()))
        .collect();
    let voxels = columns.first().map_or(0, |c| c.len());
    let number = |n: usize| {
        let mut run = Run::new(columns, table);
        let mut last = K::default();
        let numbered = (n * CHUNK..voxels.min((n + 1) * CHUNK)).map(|v| {
            if run.step(v) {
                last = numbers.get(run.pattern()).copied().unwrap_or_default();
            }
            last
        });
        Tiles::of(&numbered.collect::<Vec<_>>())
    };
    let chunks = (0..voxels.div_ceil(CHUNK)).into_par_iter();
    chunks.map(number).collect()
}

fn count_chunk<T: LabelValue>(
    columns: &[&[T]],
    table: &[u32],
    begin: usize,
    found: &mut HashMap<Key, u64>,
) {
    let voxels = columns.first().map_or(0, |c| c.len());
    let mut run = Run::new(columns, table);
    let mut length = 0;
    for v in begin..voxels.min(begin + CHUNK) {
        let before = length;
        length += 1;
        if run.changes_at(v) {
            add(found, run.pattern(), before);
            run.step(v);
            length = 1;
        }
    }
    add(found, run.pattern(), length);
}

fn add(found: &mut HashMap<Key, u64>, pattern: &[u32], voxels: u64) {
    if voxels == 0 {
        return;
    }
    match found.get_mut(pattern) {
        Some(count) => *count += voxels,
        None => {
            found.insert(pattern.into(), voxels);
        }
    }
}

fn merge(a: HashMap<Key, u64>, b: HashMap<Key, u64>) -> HashMap<Key, u64> {
    let (mut large, small) = if a.len() < b.len() { (b, a) } else { (a, b) };
    for (pattern, voxels) in small {
        *large.entry(pattern).or_insert(0) += voxels;
    }
    large
}

/// The pattern of the latest voxel; neighbours mostly share it, and then nothing is looked up.
struct Run<'a, T> {
    columns: &'a [&'a [T]],
    table: &'a [u32],
    labels: Vec<Option<T>>,
    pattern: Vec<u32>,
}

impl<'a, T: LabelValue> Run<'a, T> {
    fn new(columns: &'a [&'a [T]], table: &'a [u32]) -> Self {
        Self {
            columns,
            table,
            labels: vec![None; columns.len()],
            pattern: vec![0; columns.len()],
        }
    }

    fn changes_at(&self, voxel: usize) -> bool {
        let mut both = self.columns.iter().zip(&self.labels);
        both.any(|(column, last)| column.get(voxel) != last.as_ref())
    }

    /// Moves to a voxel; true when its labels are others than before.
    fn step(&mut self, voxel: usize) -> bool {
        if !self.changes_at(voxel) {
            return false;
        }
        let slots = self.labels.iter_mut().zip(&mut self.pattern);
        for (column, (label, class)) in self.columns.iter().zip(slots) {
            *label = column.get(voxel).copied();
            let entry = label.and_then(|l| self.table.get(l.index()));
            *class = entry.copied().unwrap_or(0);
        }
        true
    }

    fn pattern(&self) -> &[u32] {
        &self.pattern
    }
}
