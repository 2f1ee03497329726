//! Sorting millions of packed keys: first into buckets by their leading bits, then each bucket by the rest, which then lies in the cache.

use rayon::prelude::*;

use super::keys::packed;

/// Leading bits that choose the bucket: the float's exponent and four bits of its fraction.
const BUCKET_BITS: u32 = 12;
const BUCKETS: usize = 1 << BUCKET_BITS;
const REST: u32 = 32 - BUCKET_BITS;
/// The rest is sorted by half of it at a time.
const DIGIT: u32 = REST / 2;
const DIGITS: usize = 1 << DIGIT;
/// Shorter buckets are sorted by comparison.
const SHORT: usize = 1024;
/// Least scores per thread.
const MIN_PART: usize = 1 << 16;

/// Keys of a part of the scores, bucket by bucket.
struct Part {
    keys: Vec<u32>,
    /// Where each bucket begins, and the end.
    starts: Vec<u32>,
    /// Positives of each bucket.
    positives: Vec<u32>,
}

/// All keys in their buckets, which are in order.
pub(super) struct Buckets {
    parts: Vec<Part>,
}

/// What one bucket holds and what lies before it.
pub(super) struct Bucket<'a> {
    parts: Vec<&'a [u32]>,
    pub(super) before: u64,
    pub(super) positives_before: u64,
}

impl Buckets {
    /// Puts scores, none of them negative, into buckets.
    pub(super) fn new(scores: &[f32], positive: &[bool]) -> Self {
        let size = scores
            .len()
            .div_ceil(rayon::current_num_threads().max(1))
            .max(MIN_PART);
        let parts = scores.par_chunks(size).zip(positive.par_chunks(size));
        Self {
            parts: parts
                .map(|(scores, positive)| Part::new(scores, positive))
                .collect(),
        }
    }

    /// Buckets that are not empty, from the highest scores, with what lies before each.
    pub(super) fn in_order(&self) -> (Vec<Bucket<'_>>, u64, u64) {
        let (mut before, mut positives_before) = (0, 0);
        let mut all = Vec::new();
        for bucket in 0..BUCKETS {
            let parts: Vec<&[u32]> = self
                .parts
                .iter()
                .map(|p| p.bucket(bucket))
                .filter(|k| !k.is_empty())
                .collect();
            if parts.is_empty() {
                continue;
            }
            let size: usize = parts.iter().map(|p| p.len()).sum();
            let positives: u32 = self
                .parts
                .iter()
                .filter_map(|p| p.positives.get(bucket))
                .sum();
            all.push(Bucket {
                parts,
                before,
                positives_before,
            });
            before += size as u64;
            positives_before += u64::from(positives);
        }
        (all, before, positives_before)
    }
}

impl Part {
    fn new(scores: &[f32], positive: &[bool]) -> Self {
        let mut sizes = vec![0_u32; BUCKETS];
        let mut positives = vec![0_u32; BUCKETS];
        for (&score, &positive) in scores.iter().zip(positive) {
            let bucket = (packed(score, positive) >> REST) as usize;
            if let (Some(size), Some(positives)) =
                (sizes.get_mut(bucket), positives.get_mut(bucket))
            {
                *size += 1;
                *positives += u32::from(positive);
            }
        }
        let mut starts = vec![0_u32; BUCKETS + 1];
        let mut next = starts.clone();
        let mut sum = 0;
        for ((start, next), size) in starts
            .iter_mut()
            .zip(&mut next)
            .zip(sizes.iter().chain([&0]))
        {
            (*start, *next) = (sum, sum);
            sum += size;
        }
        let mut keys = vec![0_u32; scores.len()];
        raterlens_os::prefer_huge_pages(&mut keys);
        for (&score, &positive) in scores.iter().zip(positive) {
            let key = packed(score, positive);
            if let Some(place) = next.get_mut((key >> REST) as usize) {
                if let Some(slot) = keys.get_mut(*place as usize) {
                    *slot = key;
                }
                *place += 1;
            }
        }
        Self {
            keys,
            starts,
            positives,
        }
    }

    fn bucket(&self, n: usize) -> &[u32] {
        let range = self.starts.get(n).zip(self.starts.get(n + 1));
        let range = range.map(|(a, b)| *a as usize..*b as usize);
        range.and_then(|r| self.keys.get(r)).unwrap_or_default()
    }
}

/// Memory of one thread.
#[derive(Default)]
pub(super) struct Scratch {
    first: Vec<u32>,
    second: Vec<u32>,
}

impl Bucket<'_> {
    /// The bucket's keys in order.
    pub(super) fn sorted<'s>(&self, scratch: &'s mut Scratch) -> &'s [u32] {
        let size: usize = self.parts.iter().map(|p| p.len()).sum();
        if size <= SHORT {
            scratch.first.clear();
            self.parts
                .iter()
                .for_each(|p| scratch.first.extend_from_slice(p));
            scratch.first.sort_unstable();
            return &scratch.first;
        }
        scratch.first.resize(size, 0);
        scratch.second.resize(size, 0);
        pass(&self.parts, 0, &mut scratch.first);
        pass(&[&scratch.first], DIGIT, &mut scratch.second);
        &scratch.second
    }
}

/// Sorts by one digit, keeping the order of equals.
fn pass(parts: &[&[u32]], shift: u32, out: &mut [u32]) {
    let digit = |key: u32| (key >> shift) as usize & (DIGITS - 1);
    let mut next = [0_u32; DIGITS];
    for key in parts.iter().copied().flatten() {
        next[digit(*key)] += 1;
    }
    let mut sum = 0;
    for place in &mut next {
        sum += std::mem::replace(place, sum);
    }
    for part in parts {
        for &key in *part {
            let place = &mut next[digit(key)];
            if let Some(slot) = out.get_mut(*place as usize) {
                *slot = key;
            }
            *place += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_in_order_hold_all_keys_sorted() {
        // Many equal scores, and some of every size.
        let score = |n: u32| match n % 5 {
            0 => 0.0,
            1 => 0.75,
            _ => f32::from_bits(n.wrapping_mul(2_654_435_761) % 0x7f80_0000),
        };
        let scores: Vec<f32> = (0..300_000).map(score).collect();
        let positive: Vec<bool> = (0..300_000).map(|n| n % 7 == 0).collect();
        let buckets = Buckets::new(&scores, &positive);
        let (all, size, positives) = buckets.in_order();
        let mut scratch = Scratch::default();
        let mut found = Vec::new();
        for bucket in &all {
            assert_eq!(bucket.before, found.len() as u64);
            found.extend_from_slice(bucket.sorted(&mut scratch));
        }
        let mut expected: Vec<u32> = scores
            .iter()
            .zip(&positive)
            .map(|(s, p)| packed(*s, *p))
            .collect();
        expected.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!(
            (size, positives),
            (300_000, positive.iter().filter(|p| **p).count() as u64)
        );
    }
}
