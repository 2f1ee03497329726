//! Counts the patterns of few raters and few labels: one counter per possible pattern.
//!
//! Rater r's class has weight `classes^r`, so a pattern is a number below `classes^raters`.

use rayon::prelude::*;

use super::blocks::{self, Block, BLOCK, CHUNK};
use super::label_value::LabelValue;

/// The most counters that are kept; with more possible patterns, only those that occur are listed (`hashed`).
const MAX_CODES: usize = 1 << 16;

/// A pattern number as it is stored per voxel.
pub(super) trait Code: Copy + Default + Send + Sync + Eq + 'static {
    /// The low bits; numbers are below the number of codes, which fits.
    fn from_code(code: u16) -> Self;
    /// The number as a table position.
    fn index(self) -> usize;
}

impl Code for u8 {
    fn from_code(code: u16) -> Self {
        code as u8
    }
    fn index(self) -> usize {
        usize::from(self)
    }
}

impl Code for u16 {
    fn from_code(code: u16) -> Self {
        code
    }
    fn index(self) -> usize {
        usize::from(self)
    }
}

impl Code for u32 {
    fn from_code(code: u16) -> Self {
        u32::from(code)
    }
    fn index(self) -> usize {
        self as usize
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
    /// One number per voxel, `[k, j, i]`.
    pub codes: Vec<K>,
}

/// Counts patterns. `table` gives each label's class; `codes` is [`code_count`] of them.
pub(super) fn count<T: LabelValue, K: Code>(
    columns: &[&[T]],
    table: &[u32],
    classes: usize,
    code_count: usize,
) -> Histogram<K> {
    let weights = weights(classes, columns.len());
    let voxels = columns.first().map_or(0, |c| c.len());
    let mut codes = vec![K::default(); voxels];
    let coder = Coder {
        columns,
        table,
        weights: &weights,
    };
    let none = || vec![0_u64; code_count];
    let counts = codes
        .par_chunks_mut(CHUNK)
        .enumerate()
        .fold(none, |mut counts, (n, out)| {
            coder.chunk(n * CHUNK, out, &mut counts);
            counts
        })
        .reduce(none, |mut a, b| {
            for (a, b) in a.iter_mut().zip(b) {
                *a += b;
            }
            a
        });
    Histogram { counts, codes }
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

    fn chunk<K: Code>(&self, begin: usize, out: &mut [K], counts: &mut [u64]) {
        for (n, out) in out.chunks_mut(BLOCK).enumerate() {
            let start = begin + n * BLOCK;
            match blocks::kind(self.columns, start) {
                Block::Constant(label) => self.constant(label, out, counts),
                Block::Pair(a, b) => self.pair(start, [a, b], out, counts),
                Block::Mixed => self.mixed(start, out, counts),
            }
        }
    }

    fn constant<K: Code>(&self, label: T, out: &mut [K], counts: &mut [u64]) {
        let class = self.class(label);
        let all = |sum: u16, weight: &u16| sum.wrapping_add(weight.wrapping_mul(class));
        let code = self.weights.iter().fold(0, all);
        out.fill(K::from_code(code));
        add(counts, code, out.len() as u64);
    }

    /// Two labels a and b: the code is that of "all a" plus a step for every rater who gave b.
    fn pair<K: Code>(&self, start: usize, [a, b]: [T; 2], out: &mut [K], counts: &mut [u64]) {
        let (class_a, class_b) = (self.class(a), self.class(b));
        let mut codes = [0_u16; BLOCK];
        for (column, weight) in self.columns.iter().zip(self.weights) {
            let base = weight.wrapping_mul(class_a);
            let step = weight.wrapping_mul(class_b).wrapping_sub(base);
            let Some(block) = blocks::at(column, start) else {
                return; // never: `kind` saw a whole block
            };
            for (code, &label) in codes.iter_mut().zip(block) {
                let extra = if label == b { step } else { 0 };
                *code = code.wrapping_add(base).wrapping_add(extra);
            }
        }
        for (out, code) in out.iter_mut().zip(codes) {
            *out = K::from_code(code);
            add(counts, code, 1);
        }
    }

    fn mixed<K: Code>(&self, start: usize, out: &mut [K], counts: &mut [u64]) {
        for (n, out) in out.iter_mut().enumerate() {
            let mut code = 0_u16;
            for (column, weight) in self.columns.iter().zip(self.weights) {
                let class = column.get(start + n).map_or(0, |&label| self.class(label));
                code = code.wrapping_add(weight.wrapping_mul(class));
            }
            *out = K::from_code(code);
            add(counts, code, 1);
        }
    }
}

fn add(counts: &mut [u64], code: u16, voxels: u64) {
    if let Some(counter) = counts.get_mut(usize::from(code)) {
        *counter += voxels;
    }
}
