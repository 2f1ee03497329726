//! Figures of studies and training as vector graphics: to put into a page or to save as a file of their own.
//!
//! | figure | draws |
//! | --- | --- |
//! | [`Curves`] | lines with bands: training curves, correlation against the number of samples |
//! | [`Scatter`] | points of images with regression line, r, p and means: figure 4.2 |
//! | [`Reliability`] | accuracy over confidence with intervals: figure A.1 |
//! | [`Bars`] | groups of bars with intervals and marks of significance |
//! | [`Panels`] | a slice with outlines, and maps of variance, entropy or error beside it: figures 3.4 and 3.5 |
//! | [`DataTable`] | numbers in rows and columns |
//!
//! Every figure has axes with units, a text
//! alternative and colours that colour-blind readers can tell apart; series differ in dash and marker as well. [`figures_html`] makes a
//! page of them that needs no network, no other file and no script.
//!
//! Not here: computing what is drawn.

mod axis;
mod bars;
mod curves;
mod data_table;
mod figures_page;
mod frame;
mod legend;
mod panels;
mod plot;
mod reliability;
mod scatter;
mod series_style;

pub use axis::Axis;
pub use bars::{Bar, BarSeries, Bars};
pub use curves::{Curves, Series};
pub use data_table::{DataRow, DataTable};
pub use figures_page::{figures_html, Figure, FigureGroup, FiguresPage};
pub use panels::{MapPanel, Panels};
pub use plot::Plot;
pub use reliability::Reliability;
pub use scatter::{Correlation, RegressionLine, Scatter};
