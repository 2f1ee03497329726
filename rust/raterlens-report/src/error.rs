//! Why a page or a figure was not written.

use thiserror::Error;

/// Why a page or a figure was not written.
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
    /// A panel of another shape than its image.
    #[error("a panel has {found:?} pixels, {expected:?} are needed: cut all from one grid (panel '{panel}')")]
    PanelShape {
        /// Title of the panel.
        panel: String,
        /// Rows and columns of the image.
        expected: [usize; 2],
        /// Rows and columns of the panel.
        found: [usize; 2],
    },
    /// Arrays of a series that differ in length.
    #[error("a series has {found} {what} for {expected} positions: give one for each (series '{series}')")]
    SeriesLength {
        /// Which array.
        what: &'static str,
        /// Number of positions.
        expected: usize,
        /// Length of the array.
        found: usize,
        /// Name of the series.
        series: String,
    },
    /// A position that is not a number.
    #[error("position {position} (from 0) of a series is not finite: leave such points out (series '{series}')")]
    SeriesPosition {
        /// Index in the series.
        position: usize,
        /// Name of the series.
        series: String,
    },
    /// A band with one edge.
    #[error("a band has one edge only: give both or none (series '{series}')")]
    HalfBand {
        /// Name of the series.
        series: String,
    },
    /// A lower edge above the upper one.
    #[error("the band's lower edge lies above its upper edge at position {position} (from 0) (series '{series}')")]
    BandOrder {
        /// Index in the series.
        position: usize,
        /// Name of the series.
        series: String,
    },
    /// A number that a logarithmic axis cannot show.
    #[error("{value} cannot be shown on the logarithmic axis '{axis}': its numbers must be above 0 (series '{series}')")]
    LogOfNonPositive {
        /// Title of the axis.
        axis: String,
        /// The number.
        value: f64,
        /// Name of the series.
        series: String,
    },
    /// A picture that could not be packed.
    #[error(transparent)]
    Picture(#[from] png::EncodingError),
}
