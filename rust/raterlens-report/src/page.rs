//! What a page is made of.

use ndarray::Array2;
use raterlens_core::agreement::{AgreementReport, CaseAgreement};
use raterlens_core::labels::Structure;

/// Everything one report shows.
#[derive(Debug, Clone, Copy)]
pub struct AgreementPage<'a> {
    /// Heading, and the title of the browser's window.
    pub title: &'a str,
    /// One line, program version and command, for the footer.
    pub made_by: &'a str,
    /// Names of the structures; every structure of `report` must be here, others are ignored.
    pub structures: &'a [Structure],
    /// The pooled numbers.
    pub report: &'a AgreementReport,
    /// The images that `report` was pooled from, for the charts that show each image.
    pub cases: &'a [CaseAgreement],
    /// Most and least agreed slices, already cut; may be empty.
    pub slices: &'a [SliceView],
    /// Sentences for the reader, shown on top together with the report's notes.
    pub warnings: &'a [String],
}

/// Which end of agreement a slice shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extreme {
    /// The slice of the structure where raters agree least.
    LeastAgreed,
    /// The slice of the structure where raters agree most.
    MostAgreed,
}

/// One slice of one image with the drawings of one structure.
///
/// Arrays are `[row, column]` of one shape, oriented for display: row 0 is anterior and column 0 the patient's right ("radiological"). The page
/// shows the part around the structure, so that whole slices may be given.
#[derive(Debug, Clone, PartialEq)]
pub struct SliceView {
    /// Label value.
    pub structure: u16,
    /// Why this slice is shown.
    pub extreme: Extreme,
    /// Name of the image.
    pub case: String,
    /// Index along the image's own slice axis, from 0.
    pub slice: usize,
    /// Mean Dice over the pairs of raters in this slice; `None` without a pair.
    pub mean_dice: Option<f64>,
    /// Height of a row and width of a column.
    pub pixel_mm: [f64; 2],
    /// Letters at the left, right, top and bottom edges, for example `R L A P`; all blank when the image's orientation is unknown.
    pub orientation: [char; 4],
    /// Intensities, in any unit: shown between their 1st and 99th percentile. `None`: outlines on a plain ground.
    pub image: Option<Array2<f32>>,
    /// The raters' drawings.
    pub drawings: Vec<RaterMask>,
    /// The variance map of the structure, 0 to 0.25.
    pub variance: Array2<f32>,
    /// How it was made, for example `tau 1 pixel, in plane`.
    pub variance_note: String,
}

/// One rater's drawing of the structure in a slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaterMask {
    /// Name of the rater, as in the report, so that a rater has one colour on the whole page.
    pub rater: String,
    /// Where the structure is.
    pub mask: Array2<bool>,
}
