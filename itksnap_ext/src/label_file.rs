//! The label description file: names and colours of labels as text.

use std::io::{self, Write};

use thiserror::Error;

use raterlens_core::LabelScheme;

/// ITK-SNAP recognises the file by its second line.
const HEAD: &str = "\
################################################
# ITK-SnAP Label Description File
# File format:
# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL
# Fields:
#    IDX:   Zero-based index
#    -R-:   Red color component (0..255)
#    -G-:   Green color component (0..255)
#    -B-:   Blue color component (0..255)
#    -A-:   Label transparency (0.00 .. 1.00)
#    VIS:   Label visibility (0 or 1)
#    MSH:   Label mesh visibility (0 or 1)
#  LABEL:   Label description
################################################
    0     0    0    0        0  0  0    \"Clear Label\"
";

/// Writes the label description of a scheme: 14 lines of head, the clear label, then one line for
/// each structure in the scheme's order. Loading it in ITK-SNAP **replaces** the label table.
///
/// A `"` cannot be written inside a name (the format has no escape) and becomes `'`; a line break
/// becomes a space.
///
/// # Errors
/// Those of `out`.
///
/// ```
/// use raterlens_core::LabelScheme;
/// let mut text = Vec::new();
/// raterlens_itksnap::write_label_file(&mut text, &LabelScheme::lumbar_paraspinal())?;
/// let text = String::from_utf8_lossy(&text).into_owned();
/// assert!(text.lines().any(|line| line.ends_with("1  1  1    \"Right multifidus\"")));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write_label_file(out: &mut impl Write, scheme: &LabelScheme) -> io::Result<()> {
    let row = |s: &raterlens_core::Structure| LabelRow {
        id: s.id,
        color: s.color,
        title: s.title.clone(),
    };
    let rows: Vec<_> = scheme.structures.iter().map(row).collect();
    write_label_rows(out, &rows)
}

/// As [`write_label_file`], from rows; the clear label (0) is written in any case, and only once.
///
/// # Errors
/// Those of `out`.
pub fn write_label_rows(out: &mut (impl Write + ?Sized), rows: &[LabelRow]) -> io::Result<()> {
    out.write_all(HEAD.as_bytes())?;
    for row in rows.iter().filter(|r| r.id > 0) {
        let [r, g, b] = row.color;
        let title = one_line(&row.title).replace('"', "'");
        writeln!(
            out,
            "{:5}{r:6}{g:5}{b:5}        1  1  1    \"{title}\"",
            row.id
        )?;
    }
    Ok(())
}

/// One line of a label description file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelRow {
    /// Label value; 0 is the clear label.
    pub id: u16,
    /// Red, green, blue.
    pub color: [u8; 3],
    /// The description.
    pub title: String,
}

/// A line that is no label description.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line} is no label description: expected a number, three colour values, opacity, two switches and a description in quotes")]
pub struct LabelFileError {
    /// The line, counted from 1.
    pub line: usize,
}

/// Reads a label description file: lines that start with `#` and empty ones are passed over; opacity and the switches
/// are read and dropped.
///
/// # Errors
/// The first line that is not understood.
///
/// ```
/// let rows = raterlens_itksnap::label_file::read_label_file("# mine\n  5  255 0 0  0.5 1 1  \"Left kidney\"\n")?;
/// assert_eq!((rows[0].id, rows[0].title.as_str()), (5, "Left kidney"));
/// # Ok::<(), raterlens_itksnap::label_file::LabelFileError>(())
/// ```
pub fn read_label_file(text: &str) -> Result<Vec<LabelRow>, LabelFileError> {
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let lines = lines
        .enumerate()
        .filter(|(_, l)| !l.is_empty() && !l.starts_with('#'));
    lines
        .map(|(n, line)| read_row(line).ok_or(LabelFileError { line: n + 1 }))
        .collect()
}

fn read_row(line: &str) -> Option<LabelRow> {
    let (numbers, quoted) = line.split_once('"')?;
    let title = quoted.strip_suffix('"')?.trim().to_owned();
    let mut words = numbers.split_whitespace();
    let id = words.next()?.parse().ok()?;
    let mut byte = || words.next()?.parse::<u8>().ok();
    let color = [byte()?, byte()?, byte()?];
    let [opacity, visible, mesh] = [words.next()?, words.next()?, words.next()?];
    let are_numbers = [opacity, visible, mesh]
        .iter()
        .all(|w| w.parse::<f64>().is_ok());
    (are_numbers && words.next().is_none()).then_some(LabelRow { id, color, title })
}

/// The text with line breaks and other control characters as spaces.
pub(crate) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_follow_a_head_of_fifteen_lines_with_the_mark_on_line_two() {
        let mut scheme = LabelScheme::lumbar_paraspinal();
        scheme.structures[0].title = "Muscle \"M\"\nright".into();
        scheme.structures[3].id = 65535;
        let mut text = Vec::new();
        write_label_file(&mut text, &scheme).unwrap();
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], "# ITK-SnAP Label Description File");
        assert!(lines[..14].iter().all(|l| l.starts_with('#')));
        assert_eq!(lines.len(), 15 + scheme.len());
        assert_eq!(
            lines[15],
            "    1   230  159    0        1  1  1    \"Muscle 'M' right\""
        );
        let last: Vec<&str> = lines[18].split_whitespace().take(7).collect();
        assert_eq!(last, ["65535", "0", "114", "178", "1", "1", "1"]);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let scheme = LabelScheme::lumbar_paraspinal();
        let mut text = Vec::new();
        write_label_file(&mut text, &scheme).unwrap();
        let rows = read_label_file(&String::from_utf8(text).unwrap()).unwrap();
        assert_eq!((rows[0].id, rows[0].title.as_str()), (0, "Clear Label"));
        let expected = scheme.structures.iter().map(|s| LabelRow {
            id: s.id,
            color: s.color,
            title: s.title.clone(),
        });
        assert_eq!(rows[1..], expected.collect::<Vec<_>>());
    }

    #[test]
    fn lines_that_are_no_labels_are_refused_by_number() {
        for bad in [
            "1 2 3",
            "1 0 0 0 1 1 1 Label",
            "1 0 0 256 1 1 1 \"A\"",
            "70000 0 0 0 1 1 1 \"A\"",
            "1 0 0 0 1 1 \"A\"",
            "1 0 0 0 1 1 1 1 \"A\"",
        ] {
            let text = format!("# head\n\n{bad}\n");
            assert_eq!(
                read_label_file(&text),
                Err(LabelFileError { line: 3 }),
                "{bad}"
            );
        }
    }
}
