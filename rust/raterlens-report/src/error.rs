//! Why a page was not written.

use thiserror::Error;

/// Why a page was not written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// Numbers or a slice of a structure without a name.
    #[error(
        "structure {id} is in the numbers but not in the page's list of structures: add it there"
    )]
    UnknownStructure {
        /// The label value.
        id: u16,
    },
    /// Arrays of one slice that differ in shape.
    #[error("slice {slice}: its {what} has shape {found:?}, its variance map {expected:?}: cut both from one grid (case '{case}')")]
    SliceShape {
        /// Index of the slice.
        slice: usize,
        /// Which array: the image or a drawing.
        what: &'static str,
        /// Rows and columns of the variance map.
        expected: [usize; 2],
        /// Rows and columns of the other array.
        found: [usize; 2],
        /// Name of the case.
        case: String,
    },
    /// A slice without pixels or with pixels of no size.
    #[error("slice {slice} has {shape:?} pixels of {pixel_mm:?} mm: all four must be positive (case '{case}')")]
    EmptySlice {
        /// Index of the slice.
        slice: usize,
        /// Rows and columns.
        shape: [usize; 2],
        /// Height of a row and width of a column.
        pixel_mm: [f64; 2],
        /// Name of the case.
        case: String,
    },
    /// A picture that could not be packed.
    #[error(transparent)]
    Picture(#[from] png::EncodingError),
}
