//! Numbers as text: a fixed number of decimals, a real minus sign, never "NaN".

/// What stands for a number that does not exist.
pub(crate) const DASH: &str = "–";

/// With so many decimals; a dash when not finite, no sign on zero.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return DASH.to_owned();
    }
    let text = format!("{value:.decimals$}");
    let digits = text.trim_start_matches('-');
    let is_zero = digits.chars().all(|c| matches!(c, '0' | '.'));
    match text.starts_with('-') && !is_zero {
        true => format!("−{digits}"),
        false => digits.to_owned(),
    }
}

/// As [`fixed`], with a plus sign on positive numbers: for differences.
pub(crate) fn signed(value: f64, decimals: usize) -> String {
    let text = fixed(value, decimals);
    let is_zero = text.chars().all(|c| matches!(c, '0' | '.'));
    match value > 0.0 && value.is_finite() && !is_zero {
        true => format!("+{text}"),
        false => text,
    }
}

/// Decimals that leave about three digits of numbers of this size.
pub(crate) fn decimals_for(size: f64) -> usize {
    match size.abs() {
        s if s >= 100.0 => 0,
        s if s >= 10.0 => 1,
        s if s >= 1.0 => 2,
        _ => 3,
    }
}

/// A coordinate in a picture: at most one decimal.
pub(crate) fn px(value: f64) -> String {
    let text = format!("{:.1}", if value.is_finite() { value } else { 0.0 });
    let text = text.strip_suffix(".0").unwrap_or(&text);
    (if text == "-0" { "0" } else { text }).to_owned()
}

/// A count with its noun.
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Small numbers in words, to begin a sentence.
pub(crate) fn capital_word(n: usize) -> String {
    const WORDS: [&str; 13] = [
        "No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten",
        "Eleven", "Twelve",
    ];
    WORDS
        .get(n)
        .map_or_else(|| n.to_string(), |word| (*word).to_owned())
}

/// A confidence level as text: 0.95 is "95 %".
pub(crate) fn level(level: f64) -> String {
    let percent = (level * 1e4).round() / 100.0;
    format!("{percent} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_sign_and_no_other() {
        assert_eq!(fixed(-1.25, 1), "−1.2");
        assert_eq!(fixed(-0.001, 2), "0.00");
        assert_eq!(fixed(f64::NAN, 2), DASH);
        assert_eq!(fixed(f64::NEG_INFINITY, 2), DASH);
        assert_eq!(
            [signed(0.5, 1), signed(0.01, 1), signed(-2.0, 0)],
            ["+0.5", "0.0", "−2"]
        );
        assert_eq!(signed(f64::INFINITY, 1), DASH);
    }

    #[test]
    fn coordinates_are_short() {
        assert_eq!(
            [px(3.0), px(3.04), px(-0.04), px(1.26)],
            ["3", "3", "0", "1.3"]
        );
        assert_eq!(px(f64::NAN), "0");
    }

    #[test]
    fn levels_are_percentages() {
        assert_eq!([level(0.95), level(0.995)], ["95 %", "99.5 %"]);
        assert_eq!([capital_word(5), capital_word(13)], ["Five", "13"]);
        assert_eq!(count(1, "image", "images"), "1 image");
    }
}
