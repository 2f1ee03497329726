//! The label description file: names and colours of labels as text.

use std::io::{self, Write};

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
    out.write_all(HEAD.as_bytes())?;
    for s in &scheme.structures {
        let [r, g, b] = s.color;
        let title = one_line(&s.title).replace('"', "'");
        writeln!(
            out,
            "{:5}{r:6}{g:5}{b:5}        1  1  1    \"{title}\"",
            s.id
        )?;
    }
    Ok(())
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
}
