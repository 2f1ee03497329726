//! The eight ways in which an axial slice can lie in an array.

use std::fmt;
use std::str::FromStr;

use ndarray::{ArrayView2, Axis};
use serde::{Deserialize, Serialize};

/// Which way the pixels of an axial slice `[row, column]` run: the first letter says where the column index
/// runs to, the second where the row index runs to (L left, R right, P posterior, A anterior; the patient's),
/// and the third that slices are seen along the patient's axis.
///
/// [`Self::AxialLps`] is the canonical one, in which [`crate::CanonicalAxial`] delivers slices, and how
/// radiologists look at them. A network must see slices as it saw them in training, and what it says must
/// come back the same way: both are exchanges and reversals of axes only, exact and free of copies.
///
/// ```
/// use ndarray::array;
/// use raterlens_core::SliceOrientation;
/// // Canonical: the patient's right is on the left of the picture, the front at the top.
/// let slice = array![["right front", "left front"], ["right back", "left back"]];
/// // An array whose rows run to the patient's right and whose columns run to the front.
/// let how: SliceOrientation = "AR".parse()?;
/// let seen = how.from_canonical(slice.view());
/// assert_eq!(seen, array![["left back", "left front"], ["right back", "right front"]]);
/// assert_eq!(how.to_canonical(seen), slice);
/// # Ok::<(), raterlens_core::slice_orientation::UnknownOrientation>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SliceOrientation {
    /// Columns run to the left, rows to the back.
    AxialLps,
    /// Columns run to the left, rows to the front.
    AxialLas,
    /// Columns run to the right, rows to the back.
    AxialRps,
    /// Columns run to the right, rows to the front.
    AxialRas,
    /// Columns run to the back, rows to the left.
    AxialPls,
    /// Columns run to the back, rows to the right.
    AxialPrs,
    /// Columns run to the front, rows to the left.
    AxialAls,
    /// Columns run to the front, rows to the right.
    AxialArs,
}

/// A text that is none of the eight.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is no slice orientation: give two letters, where the column index runs to and where the row index runs to (L left, R right, A front, \
     P back, the patient's), one of LP, LA, RP, RA, PL, PR, AL, AR"
)]
pub struct UnknownOrientation(String);

impl SliceOrientation {
    /// All eight, the canonical one first.
    pub const ALL: [Self; 8] = [
        Self::AxialLps,
        Self::AxialLas,
        Self::AxialRps,
        Self::AxialRas,
        Self::AxialPls,
        Self::AxialPrs,
        Self::AxialAls,
        Self::AxialArs,
    ];

    /// Its two letters: where columns run to, where rows run to.
    #[must_use]
    pub fn letters(self) -> &'static str {
        match self {
            Self::AxialLps => "LP",
            Self::AxialLas => "LA",
            Self::AxialRps => "RP",
            Self::AxialRas => "RA",
            Self::AxialPls => "PL",
            Self::AxialPrs => "PR",
            Self::AxialAls => "AL",
            Self::AxialArs => "AR",
        }
    }

    /// Whether rows and columns are exchanged with respect to the canonical orientation.
    #[must_use]
    pub fn is_transposed(self) -> bool {
        matches!(
            self,
            Self::AxialPls | Self::AxialPrs | Self::AxialAls | Self::AxialArs
        )
    }

    /// Rows and columns in the canonical orientation of an array of `size` in this one, and the other way
    /// round.
    #[must_use]
    pub fn canonical_size(self, size: [usize; 2]) -> [usize; 2] {
        if self.is_transposed() {
            [size[1], size[0]]
        } else {
            size
        }
    }

    /// A canonical slice as it lies in this orientation. Nothing is copied.
    #[must_use]
    pub fn from_canonical<T>(self, slice: ArrayView2<'_, T>) -> ArrayView2<'_, T> {
        let mut view = if self.is_transposed() {
            slice.reversed_axes()
        } else {
            slice
        };
        for axis in self.reversed() {
            view.invert_axis(axis);
        }
        view
    }

    /// A slice in this orientation as it lies in the canonical one: the inverse of [`Self::from_canonical`].
    #[must_use]
    pub fn to_canonical<T>(self, slice: ArrayView2<'_, T>) -> ArrayView2<'_, T> {
        let mut view = slice;
        for axis in self.reversed() {
            view.invert_axis(axis);
        }
        if self.is_transposed() {
            view.reversed_axes()
        } else {
            view
        }
    }

    /// The axes, of the array in this orientation, that run to the right or to the front.
    fn reversed(self) -> impl Iterator<Item = Axis> {
        let letters = self.letters().chars().zip([Axis(1), Axis(0)]);
        letters
            .filter(|(letter, _)| matches!(letter, 'R' | 'A'))
            .map(|(_, axis)| axis)
    }
}

impl FromStr for SliceOrientation {
    type Err = UnknownOrientation;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = text.trim().to_ascii_uppercase();
        let found = Self::ALL.into_iter().find(|o| o.letters() == wanted);
        found.ok_or_else(|| UnknownOrientation(text.into()))
    }
}

/// In words: `LP (columns run to the patient's left, rows to the back)`.
impl fmt::Display for SliceOrientation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |n: usize| match self.letters().as_bytes().get(n) {
            Some(b'L') => "left",
            Some(b'R') => "right",
            Some(b'P') => "back",
            _ => "front",
        };
        let letters = self.letters();
        write!(
            f,
            "{letters} (columns run to the patient's {}, rows to the {})",
            word(0),
            word(1)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{array, Array2};

    /// Two rows from front to back, three columns from right to left.
    fn canonical() -> Array2<&'static str> {
        array![["fr", "fm", "fl"], ["br", "bm", "bl"]]
    }

    #[test]
    fn each_orientation_by_hand() {
        let seen = |letters: &str| {
            let how: SliceOrientation = letters.parse().unwrap();
            let c = canonical();
            let seen = how.from_canonical(c.view()).to_owned();
            assert_eq!(how.to_canonical(seen.view()), c, "{letters}");
            assert_eq!(how.canonical_size([seen.nrows(), seen.ncols()]), [2, 3]);
            seen
        };
        assert_eq!(seen("LP"), canonical());
        assert_eq!(seen("LA"), array![["br", "bm", "bl"], ["fr", "fm", "fl"]]);
        assert_eq!(seen("RP"), array![["fl", "fm", "fr"], ["bl", "bm", "br"]]);
        assert_eq!(seen("RA"), array![["bl", "bm", "br"], ["fl", "fm", "fr"]]);
        assert_eq!(seen("PL"), array![["fr", "br"], ["fm", "bm"], ["fl", "bl"]]);
        assert_eq!(seen("PR"), array![["fl", "bl"], ["fm", "bm"], ["fr", "br"]]);
        assert_eq!(seen("AL"), array![["br", "fr"], ["bm", "fm"], ["bl", "fl"]]);
        assert_eq!(seen("AR"), array![["bl", "fl"], ["bm", "fm"], ["br", "fr"]]);
    }

    #[test]
    fn names_are_those_of_packages() {
        for o in SliceOrientation::ALL {
            let json = serde_json::to_string(&o).unwrap();
            assert_eq!(json, format!("\"axial-{}s\"", o.letters().to_lowercase()));
        }
        assert_eq!(
            "ra".parse::<SliceOrientation>().unwrap().to_string(),
            "RA (columns run to the patient's right, rows to the front)"
        );
        for wrong in ["", "L", "LR", "LPS", "PA", "XY"] {
            assert!(wrong.parse::<SliceOrientation>().is_err(), "{wrong}");
        }
    }
}
