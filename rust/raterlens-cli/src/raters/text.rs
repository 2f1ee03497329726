//! Numbers for people.

use raterlens_core::agreement::Estimate;

/// A number with `digits` decimals, or a dash.
pub fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |v| format!("{v:.digits$}"))
}

/// A value with its interval: `0.87 (0.84 to 0.90)`.
pub fn estimate(estimate: &Estimate, digits: usize) -> String {
    let value = number(estimate.value, digits);
    match estimate.interval {
        Some(i) => format!("{value} ({:.digits$} to {:.digits$})", i.low, i.high),
        None => value,
    }
}

/// Rows as columns of equal width: words to the left in the first `left` columns, numbers to the right in the others.
pub fn table(rows: &[Vec<String>], left: usize) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| {
        let cells = rows.iter().filter_map(|r| r.get(c));
        cells.map(|t| t.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (c, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let gap = " ".repeat(width - cell.chars().count());
            let text = if c < left {
                format!("{cell}{gap}")
            } else {
                format!("{gap}{cell}")
            };
            line.push_str("  ");
            line.push_str(&text);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let text = table(
            &[row(["Rater", "Dice", "n"]), row(["Ann-Märta", "0.5", "12"])],
            1,
        );
        assert_eq!(text, "  Rater      Dice   n\n  Ann-Märta   0.5  12\n");
    }
}
