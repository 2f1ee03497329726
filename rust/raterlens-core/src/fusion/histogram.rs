//! Counts the patterns of few raters and few labels: one counter per possible pattern.
//!
//! Rater r's class has weight `classes^r`, so a pattern is a number below `classes^raters`.

use std::ops::Range;

use rayon::prelude::*;

use super::blocks::{self, Block, BLOCK, CHUNK};
use super::label_value::LabelValue;
use super::tiles::{Code, Tiles};

/// The most counters that are kept; with more possible patterns, only those that occur are listed (`hashed`).
const MAX_CODES: usize = 1 << 16;

/// A pattern number that is made by adding up what the raters gave.
pub(super) trait Sum: Code {
    /// Counters that a pattern has; voxels take turns, because adding to one counter again at once has to wait.
    const COUNTERS: usize;

    /// The low bits; sums are below the number of codes, which fits.
    fn low(sum: u16) -> Self;

    /// The sum of the low bits.
    fn plus(self, other: Self) -> Self;
}

impl Sum for u8 {
    const COUNTERS: usize = 4;

    fn low(sum: u16) -> Self {
        sum as u8
    }

    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
}

impl Sum for u16 {
    const COUNTERS: usize = 1;

    fn low(sum: u16) -> Self {
        sum
    }

    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
}

/// Number of possible patterns if there are few enough for one counter each.
pub(super) fn code_count(classes: usize, raters: usize) -> Option<usize> {
    let raters = u32::try_from(raters).ok()?;
    classes.checked_pow(raters).filter(|&n| n <= MAX_CODES)
}

/// How often each pattern occurs, and each voxel's pattern.
pub(super) struct Histogram<K> {
    /// One counter per possible pattern.
    pub counts: Vec<u64>,
    /// One number per voxel, `[k, j, i]`, in tasks of [`CHUNK`].
    pub tiles: Vec<Tiles<K>>,
}

/// Counts patterns. `table` gives each label's class; `code_count` is [`code_count()`] of them.
pub(super) fn count<T: LabelValue, K: Sum>(
    columns: &[&[T]],
    table: &[u32],
    classes: usize,
    code_count: usize,
) -> Histogram<K> {
    let weights = weights(classes, columns.len());
    let voxels = columns.first().map_or(0, |c| c.len());
    let coder = Coder {
        columns,
        table,
        weights: &weights,
    };
    let none = || Histogram {
        counts: vec![0_u64; code_count * K::COUNTERS],
        tiles: Vec::new(),
    };
    let mut found: Histogram<K> = (0..voxels.div_ceil(CHUNK))
        .into_par_iter()
        .fold(none, |mut found: Histogram<K>, n| {
            let range = n * CHUNK..voxels.min((n + 1) * CHUNK);
            let tiles = coder.chunk(range, &mut found.counts);
            found.tiles.push(tiles);
            found
        })
        .reduce(none, Histogram::join);
    let turns = found.counts.chunks_exact(K::COUNTERS);
    found.counts = turns.map(|counts| counts.iter().sum()).collect();
    found
}

impl<K> Histogram<K> {
    /// This part of the image and the one after it.
    fn join(mut self, after: Self) -> Self {
        for (count, more) in self.counts.iter_mut().zip(after.counts) {
            *count += more;
        }
        self.tiles.extend(after.tiles);
        self
    }
}

/// `classes^r` for rater r. Sums stay below 2^16 ([`code_count`]), so 16 bits, wrapping, lose nothing.
fn weights(classes: usize, raters: usize) -> Vec<u16> {
    let mut weight = 1_u16;
    let mut weights = Vec::with_capacity(raters);
    for _ in 0..raters {
        weights.push(weight);
        weight = weight.wrapping_mul(classes as u16);
    }
    weights
}

/// The class of each rater in pattern number `code`.
pub(super) fn decode(mut code: usize, classes: usize, raters: usize, row: &mut Vec<u32>) {
    for _ in 0..raters {
        row.push((code % classes) as u32);
        code /= classes;
    }
}

struct Coder<'a, T> {
    columns: &'a [&'a [T]],
    table: &'a [u32],
    weights: &'a [u16],
}

impl<T: LabelValue> Coder<'_, T> {
    fn class(&self, label: T) -> u16 {
        self.table.get(label.index()).copied().unwrap_or(0) as u16
    }

    /// The tiles of one task's voxels, which are counted, too.
    fn chunk<K: Sum>(&self, range: Range<usize>, counts: &mut [u64]) -> Tiles<K> {
        let mut tiles = Tiles::new();
        for start in range.clone().step_by(BLOCK) {
            let mut codes = [K::default(); BLOCK];
            match blocks::kind(self.columns, start) {
                Block::Constant(label) => {
                    let code = self.constant(label);
                    add(counts, code, 0, BLOCK as u64);
                    tiles.push_same(code);
                    continue;
                }
                Block::Pair(a, b) => self.pair(start, [a, b], &mut codes),
                Block::Mixed => self.mixed(start, &mut codes),
            }
            let codes = codes.get(..BLOCK.min(range.end - start)).unwrap_or(&codes);
            for (n, &code) in codes.iter().enumerate() {
                add(counts, code, n % K::COUNTERS, 1);
            }
            tiles.push_mixed(codes);
        }
        tiles
    }

    fn constant<K: Sum>(&self, label: T) -> K {
        let class = self.class(label);
        let all = |sum: u16, weight: &u16| sum.wrapping_add(weight.wrapping_mul(class));
        K::low(self.weights.iter().fold(0, all))
    }

    /// Two labels a and b: the code is that of "all a" plus a step for every rater who gave b.
    fn pair<K: Sum>(&self, start: usize, [a, b]: [T; 2], codes: &mut [K; BLOCK]) {
        let all_a = self.constant(a);
        codes.fill(all_a);
        let (class_a, class_b) = (self.class(a), self.class(b));
        for (column, weight) in self.columns.iter().zip(self.weights) {
            let step = weight.wrapping_mul(class_b.wrapping_sub(class_a));
            let step = K::low(step);
            let Some(block) = blocks::at(column, start) else {
                return; // never: `kind` saw a whole block
            };
            for (code, &label) in codes.iter_mut().zip(block) {
                *code = code.plus(if label == b { step } else { K::default() });
            }
        }
    }

    fn mixed<K: Sum>(&self, start: usize, codes: &mut [K; BLOCK]) {
        for (column, weight) in self.columns.iter().zip(self.weights) {
            let labels = column.get(start..).unwrap_or_default();
            for (code, &label) in codes.iter_mut().zip(labels) {
                let part = weight.wrapping_mul(self.class(label));
                *code = code.plus(K::low(part));
            }
        }
    }
}

/// Adds voxels to one of a pattern's counters.
fn add<K: Sum>(counts: &mut [u64], code: K, counter: usize, voxels: u64) {
    if let Some(counter) = counts.get_mut(code.index() * K::COUNTERS + counter) {
        *counter += voxels;
    }
}
