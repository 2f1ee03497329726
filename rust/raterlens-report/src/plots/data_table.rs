//! A table of numbers with their spread and marks.

use maud::{html, Markup};

/// A table on a page of figures: words and numbers as they are to be read.
///
/// ```
/// use raterlens_report::plots::{DataRow, DataTable};
/// let table = DataTable {
///     title: "Dice (%)".into(),
///     columns: vec!["Left multifidus".into()],
///     rows: vec![DataRow { name: "U-Net".into(), cells: vec!["93.3 \u{b1} 4.5".into()], is_apart: false }],
///     note: "Mean and standard deviation over images.".into(),
///     is_words: false,
/// };
/// assert_eq!(table.rows[0].cells.len(), table.columns.len());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DataTable {
    /// Caption.
    pub title: String,
    /// Headings of the columns of numbers.
    pub columns: Vec<String>,
    /// The rows, in order.
    pub rows: Vec<DataRow>,
    /// What the numbers are and where they come from, below the table; may be empty.
    pub note: String,
    /// Whether the cells are words, which begin at the left and go on in the next line.
    pub is_words: bool,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DataRow {
    /// Its heading.
    pub name: String,
    /// One text a column; an empty one is a dash.
    pub cells: Vec<String>,
    /// Whether the numbers are of other data than the table's: shown in softer letters.
    pub is_apart: bool,
}

impl DataTable {
    pub(crate) fn markup(&self) -> Markup {
        html! {
            div.data-table.words[self.is_words] {
                table {
                    @if !self.title.is_empty() { caption { (self.title) } }
                    thead { tr { th {} @for column in &self.columns { th.number scope="col" { (column) } } } }
                    tbody {
                        @for row in &self.rows {
                            tr.apart[row.is_apart] {
                                th scope="row" { (row.name) }
                                @for cell in &row.cells {
                                    td.number { @if cell.is_empty() { "\u{2013}" } @else { (cell) } }
                                }
                            }
                        }
                    }
                }
                @if !self.note.is_empty() { p.note { (self.note) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_escaped_and_what_is_missing_is_a_dash() {
        let row = |name: &str, is_apart| DataRow {
            name: name.into(),
            cells: vec!["1 & 2".into(), String::new()],
            is_apart,
        };
        let table = DataTable {
            title: "T".into(),
            columns: vec!["a".into(), "b".into()],
            rows: vec![row("ours", false), row("theirs", true)],
            note: String::new(),
            is_words: false,
        };
        let text = table.markup().into_string();
        assert!(
            text.contains("<td class=\"number\">1 &amp; 2</td><td class=\"number\">\u{2013}</td>")
        );
        assert!(text.contains("<tr class=\"apart\"><th scope=\"row\">theirs</th>"));
        assert!(!text.contains("class=\"note\""));
    }
}
