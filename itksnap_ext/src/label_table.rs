//! The label table of an existing workspace.

use std::fmt;

use crate::label_file::{one_line, LabelRow};
use crate::registry::Registry;

/// A label that two tables call differently: ITK-SNAP has one table for all segmentations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelClash {
    /// The label.
    pub id: u16,
    /// What the workspace calls it, still.
    pub kept: String,
    /// What it is called in what was added.
    pub other: String,
}

impl fmt::Display for LabelClash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, kept, other } = self;
        write!(
            f,
            "Label {id} is called '{kept}' in the workspace, but '{other}' in what was added: ITK-SNAP shows '{kept}' for both."
        )
    }
}

/// The rows that make sense, with their numbers in the table.
pub(crate) fn rows(table: &Registry) -> Vec<(usize, LabelRow)> {
    let numbers = 0..count(table);
    let row = |n| Some((n, read_row(table.folder(&element(n))?)?));
    numbers.filter_map(row).collect()
}

/// Adds labels. One that is there already stays as it is, unless `may_rename` and it has the name that ITK-SNAP gives to labels
/// that nobody has named.
pub(crate) fn add(table: &mut Registry, new: &[LabelRow], may_rename: bool) -> Vec<LabelClash> {
    let mut clashes = Vec::new();
    let (there, mut end) = (rows(table), count(table));
    for row in new.iter().filter(|r| r.id > 0) {
        let title = one_line(&row.title);
        match there.iter().find(|(_, r)| r.id == row.id) {
            None => {
                write_row(table.folder_mut(&element(end)), row);
                end += 1;
            }
            Some((_, old)) if old.title == title || is_placeholder(row) => {}
            Some((n, old)) if may_rename && is_placeholder(old) => {
                write_row(table.folder_mut(&element(*n)), row);
            }
            Some((_, old)) => clashes.push(LabelClash {
                id: row.id,
                kept: old.title.clone(),
                other: title,
            }),
        }
    }
    table.set("NumberOfElements", end.to_string());
    clashes
}

/// Writes a row, visible and opaque.
pub(crate) fn write_row(out: &mut Registry, row: &LabelRow) {
    let [r, g, b] = row.color;
    out.set("Alpha", "255");
    out.set("Color", format!("{r} {g} {b}"));
    out.set("Flags", "1 1");
    out.set("Index", row.id.to_string());
    out.set("Label", one_line(&row.title));
}

fn is_placeholder(row: &LabelRow) -> bool {
    row.title == format!("Label {}", row.id)
}

fn element(n: usize) -> String {
    format!("Element[{n}]")
}

fn count(table: &Registry) -> usize {
    let count = table.get("NumberOfElements").and_then(|n| n.parse().ok());
    count.unwrap_or(0_usize).min(usize::from(u16::MAX))
}

fn read_row(row: &Registry) -> Option<LabelRow> {
    let mut color = row.get("Color")?.split_whitespace().map(str::parse);
    let mut byte = || color.next()?.ok();
    Some(LabelRow {
        id: row.get("Index")?.parse().ok()?,
        color: [byte()?, byte()?, byte()?],
        title: row.get("Label")?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: u16, title: &str) -> LabelRow {
        LabelRow {
            id,
            color: [1, 2, 3],
            title: title.to_owned(),
        }
    }

    fn table(titles: &[(u16, &str)]) -> Registry {
        let rows: Vec<_> = titles.iter().map(|(id, title)| row(*id, title)).collect();
        let mut table = Registry::default();
        assert!(add(&mut table, &rows, false).is_empty());
        table
    }

    fn titles(table: &Registry) -> Vec<String> {
        rows(table).into_iter().map(|(_, r)| r.title).collect()
    }

    #[test]
    fn names_that_someone_gave_stay_and_a_clash_is_told() {
        let mut t = table(&[(1, "Kidney"), (2, "Label 2")]);
        let clashes = add(
            &mut t,
            &[row(1, "Muscle"), row(2, "Fat"), row(3, "Bone")],
            true,
        );
        assert_eq!(titles(&t), ["Kidney", "Fat", "Bone"]);
        let told: Vec<_> = clashes.iter().map(ToString::to_string).collect();
        assert!(told.len() == 1 && told[0].contains("'Kidney'") && told[0].contains("'Muscle'"));
        // A drawing may mean something else by a label that nobody named.
        let mut t = table(&[(2, "Label 2")]);
        assert_eq!(add(&mut t, &[row(2, "Fat")], false).len(), 1);
        // A name that says nothing takes none away, and the same name is no clash.
        let mut t = table(&[(2, "Fat")]);
        assert!(add(&mut t, &[row(2, "Label 2"), row(2, "Fat")], true).is_empty());
        assert_eq!(titles(&t), ["Fat"]);
    }

    #[test]
    fn a_row_that_makes_no_sense_is_left_alone() {
        let mut t = table(&[(1, "a"), (2, "b"), (3, "c")]);
        t.set("Element[0].Color", "red");
        assert!(add(&mut t, &[row(4, "d")], true).is_empty());
        assert_eq!(titles(&t), ["b", "c", "d"]);
        assert_eq!(t.get("Element[0].Color"), Some("red"));
    }
}
