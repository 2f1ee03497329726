//! A page of figures.

use maud::{html, Markup, PreEscaped, DOCTYPE};

use super::data_table::DataTable;
use super::plot::{Plot, STYLE};

/// Everything a page of figures shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FiguresPage {
    /// Heading, and the title of the browser's window.
    pub title: String,
    /// Paragraphs under the heading: what was done with which data.
    pub lead: Vec<String>,
    /// Sentences for the reader to keep in mind, in a box; may be empty.
    pub notes: Vec<String>,
    /// Parts of the page, in order.
    pub groups: Vec<FigureGroup>,
    /// One line, program version and command, for the footer.
    pub made_by: String,
}

/// A part of a page: a heading over some figures.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FigureGroup {
    /// Heading.
    pub title: String,
    /// A sentence under the heading; may be empty.
    pub lead: String,
    /// Tables, in order, before the figures.
    pub tables: Vec<DataTable>,
    /// The figures, in order.
    pub figures: Vec<Figure>,
}

/// A figure with what must be said about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The drawing.
    pub plot: Plot,
    /// Which data, model and command made it, and what bands and bars are; may be empty.
    pub note: String,
}

/// Writes the page as one string of HTML that is also well-formed XML: it loads nothing and runs no script. All words are escaped.
pub fn figures_html(page: &FiguresPage) -> String {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                (PreEscaped(r#"<meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>"#))
                title { (page.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (page.title) }
                    @for words in &page.lead { p.lead { (words) } }
                    @if !page.notes.is_empty() {
                        aside.notes {
                            h2 { "To keep in mind" }
                            ul { @for note in &page.notes { li { (note) } } }
                        }
                    }
                    @for group in &page.groups { (section(group)) }
                }
                footer { p { (page.made_by) } }
            }
        }
    };
    markup.into_string()
}

fn section(group: &FigureGroup) -> Markup {
    html! {
        section {
            h2 { (group.title) }
            @if !group.lead.is_empty() { p.lead { (group.lead) } }
            @for table in &group.tables { (table.markup()) }
            div.charts {
                @for figure in &group.figures {
                    figure.figure {
                        (figure.plot.markup())
                        @if !figure.note.is_empty() { p.note { (figure.note) } }
                    }
                }
            }
        }
    }
}
