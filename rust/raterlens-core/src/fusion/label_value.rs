//! The number types that label maps are stored in.

use std::fmt::Debug;
use std::ops::{BitOr, BitXor};

/// A number that a label map can be made of: `u8` or `u16`.
///
/// Files mostly hold `u8`; fusing them as they are halves the memory that has to be read, which is what fusion
/// spends its time on. No value is special except 0, the background: 255 and 65535 are labels like any other.
///
/// The trait is sealed in effect: lookup tables have one entry per value, so wider types would not fit.
pub trait LabelValue:
    Copy
    + Ord
    + Default
    + Debug
    + Send
    + Sync
    + Into<u16>
    + TryFrom<u16>
    + BitOr<Output = Self>
    + BitXor<Output = Self>
    + 'static
{
    /// How many values there are; the largest label is one less.
    const VALUES: usize;

    /// The label as a table position, below [`Self::VALUES`].
    fn index(self) -> usize;
}

impl LabelValue for u8 {
    const VALUES: usize = 1 << 8;

    fn index(self) -> usize {
        usize::from(self)
    }
}

impl LabelValue for u16 {
    const VALUES: usize = 1 << 16;

    fn index(self) -> usize {
        usize::from(self)
    }
}
