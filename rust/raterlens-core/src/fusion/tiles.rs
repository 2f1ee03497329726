//! The pattern number of every voxel, kept small.
//!
//! Most blocks of neighbours share one pattern: those keep one number instead of one per voxel. That saves memory and, above all, the
//! time to write it and to read it again.

use rayon::prelude::*;

use super::blocks::{BLOCK, CHUNK};

/// A pattern number as it is stored per voxel.
pub(super) trait Code: Copy + Default + Send + Sync + Eq + 'static {
    /// The number as a table position.
    fn index(self) -> usize;

    /// Writes the value of each code.
    fn look_up<U: Copy + Default>(codes: &[Self], values: &[U], out: &mut [U]) {
        for (out, code) in out.iter_mut().zip(codes) {
            *out = values.get(code.index()).copied().unwrap_or_default();
        }
    }
}

impl Code for u8 {
    fn index(self) -> usize {
        usize::from(self)
    }

    /// With a value for every byte no position has to be checked.
    fn look_up<U: Copy + Default>(codes: &[Self], values: &[U], out: &mut [U]) {
        let Some(table) = values.first_chunk::<{ 1 << 8 }>() else {
            return; // never: `paint` gives as many
        };
        for (out, &code) in out.iter_mut().zip(codes) {
            *out = table[usize::from(code)];
        }
    }
}

impl Code for u16 {
    fn index(self) -> usize {
        usize::from(self)
    }
}

impl Code for u32 {
    fn index(self) -> usize {
        self as usize
    }
}

/// The numbers of [`CHUNK`] voxels in blocks of [`BLOCK`]; of fewer at the end of an image.
#[derive(Debug, Clone)]
pub(super) struct Tiles<K> {
    /// The number of every block that has one number only.
    blocks: Vec<Option<K>>,
    /// The numbers of the voxels of all other blocks.
    mixed: Vec<K>,
}

impl<K: Code> Tiles<K> {
    /// No voxels yet.
    pub(super) fn new() -> Self {
        Self {
            blocks: Vec::with_capacity(CHUNK / BLOCK),
            mixed: Vec::new(),
        }
    }

    /// From one number per voxel.
    pub(super) fn of(codes: &[K]) -> Self {
        let mut tiles = Self::new();
        for block in codes.chunks(BLOCK) {
            match block.first() {
                Some(&first) if block.iter().all(|&code| code == first) => tiles.push_same(first),
                _ => tiles.push_mixed(block),
            }
        }
        tiles
    }

    /// Adds a block of one number.
    pub(super) fn push_same(&mut self, code: K) {
        self.blocks.push(Some(code));
    }

    /// Adds a block of one number per voxel; only the last may have fewer than [`BLOCK`].
    pub(super) fn push_mixed(&mut self, codes: &[K]) {
        self.blocks.push(None);
        self.mixed.extend_from_slice(codes);
    }

    /// Writes each voxel's value; `out` comes as default values.
    fn paint<U: Copy + Default + PartialEq>(&self, values: &[U], out: &mut [U]) {
        let value = |code: K| values.get(code.index()).copied().unwrap_or_default();
        let mut mixed = self.mixed.chunks(BLOCK);
        for (out, block) in out.chunks_mut(BLOCK).zip(&self.blocks) {
            match block {
                // Untouched memory costs nothing, so what is there already is not written again.
                Some(code) if value(*code) == U::default() => {}
                Some(code) => out.fill(value(*code)),
                None => K::look_up(mixed.next().unwrap_or_default(), values, out),
            }
        }
    }
}

/// One value per voxel from the tiles of an image, in the order of its voxels.
pub(super) fn paint<K: Code, U>(tiles: &[Tiles<K>], values: &[U], voxels: usize) -> Vec<U>
where
    U: Copy + Default + PartialEq + Send + Sync,
{
    let mut table = values.to_vec(); // at least one value for every byte
    table.resize(values.len().max(1 << 8), U::default());
    let mut out = vec![U::default(); voxels];
    raterlens_os::prefer_huge_pages(&mut out);
    out.par_chunks_mut(CHUNK)
        .zip(tiles)
        .for_each(|(out, tiles)| tiles.paint(&table, out));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_back_as_they_were() {
        let mut codes = vec![3_u8; 4 * BLOCK + 7];
        codes[BLOCK] = 0; // the second block is mixed, the last one short
        codes[4 * BLOCK + 6] = 1;
        let tiles = Tiles::of(&codes);
        assert_eq!(tiles.blocks, [Some(3), None, Some(3), Some(3), None]);
        assert_eq!(tiles.mixed.len(), BLOCK + 7);
        let values = [10_u16, 11, 12, 13];
        let expected: Vec<u16> = codes.iter().map(|&c| 10 + u16::from(c)).collect();
        assert_eq!(paint(&[tiles], &values, codes.len()), expected);
    }

    #[test]
    fn default_values_and_codes_without_a_value_are_left_as_they_are() {
        let tiles = [Tiles::of(&[1_u32; BLOCK]), Tiles::of(&[9_u32, 0])];
        // Tiles of fewer than CHUNK voxels end an image: only the first is painted here.
        assert_eq!(paint(&tiles[..1], &[5_u8, 0], BLOCK), [0; BLOCK]);
        assert_eq!(paint(&tiles[1..], &[5_u8, 0], 2), [0, 5]);
    }
}
