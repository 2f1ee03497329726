//! One self-contained HTML page about how several raters agree.
//!
//! [`agreement_html`] turns an [`AgreementPage`] (the numbers of [`raterlens_core::agreement`] and slices that were cut for it) into a
//! page that needs no network, no other file and no script: a verdict in words, a table with intervals, the outlines of all raters beside
//! the variance map, heat maps of pairs, Bland-Altman plots, each rater's bias, and how everything was computed. Equal input gives equal bytes.
//!
//! [`plots`] draws the figures of studies and training, each on its own or together on a page.
//!
//! Charts are written as SVG by this crate, not by a plotting library: so they follow the page's light or dark colours, carry a text
//! alternative, and stay small with forty structures.
//!
//! Not here: computing anything that [`raterlens_core::agreement`] computes, reading images, and judging whether agreement is sufficient.

mod bias;
mod bland_altman;
mod bland_altman_panel;
mod bland_altman_points;
mod case_strip;
mod check;
mod context;
mod crop;
mod error;
mod estimate;
mod heat_map;
mod html;
mod methods;
mod number;
mod outline;
mod overview;
mod page;
mod palette;
mod picture;
pub mod plots;
mod repeats;
mod scale;
mod section;
mod slice_figure;
mod slices;
mod svg;
mod verdict;
mod whisker;

pub use error::ReportError;
pub use html::agreement_html;
pub use page::{AgreementPage, Extreme, RaterMask, SliceView};
