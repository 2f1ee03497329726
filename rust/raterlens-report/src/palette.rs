//! Colours: Okabe and Ito's for raters, perceptually uniform maps for numbers.

use colorous::{Color, MAGMA, VIRIDIS};

/// Okabe and Ito's colours (black replaced by grey, which shows on dark and light ground), brightest contrasts first.
const RATERS: [&str; 8] = [
    "#e69f00", "#56b4e9", "#009e73", "#d55e00", "#cc79a7", "#f0e442", "#0072b2", "#9a9a9a",
];

/// How a rater's lines are drawn: after eight colours they repeat, dashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RaterStyle {
    pub(crate) color: &'static str,
    pub(crate) dash: Option<&'static str>,
}

/// The style of the rater at this position in the report.
pub(crate) fn rater_style(position: usize) -> RaterStyle {
    let color = RATERS.get(position % RATERS.len()).copied();
    let dash = match position / RATERS.len() {
        0 => None,
        1 => Some("5 2"),
        _ => Some("2 2"),
    };
    RaterStyle {
        color: color.unwrap_or("#9a9a9a"),
        dash,
    }
}

/// Viridis at 0 to 1.
pub(crate) fn viridis(part: f64) -> [u8; 3] {
    rgb(VIRIDIS.eval_continuous(part.clamp(0.0, 1.0)))
}

/// Magma at 0 to 1.
pub(crate) fn magma(part: f64) -> [u8; 3] {
    rgb(MAGMA.eval_continuous(part.clamp(0.0, 1.0)))
}

fn rgb(color: Color) -> [u8; 3] {
    [color.r, color.g, color.b]
}

/// `#rrggbb`.
pub(crate) fn css([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// "dark" or "light": the ink that is easier to read on this colour (relative luminance of WCAG 2).
pub(crate) fn ink_on(color: [u8; 3]) -> &'static str {
    let [red, green, blue] = color.map(|c| {
        let c = f64::from(c) / 255.0;
        match c <= 0.04045 {
            true => c / 12.92,
            false => ((c + 0.055) / 1.055).powf(2.4),
        }
    });
    let luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    // Equal contrast with black and white.
    match luminance > f64::sqrt(1.05 * 0.05) - 0.05 {
        true => "dark",
        false => "light",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_repeat_dashed() {
        assert_eq!(rater_style(0).dash, None);
        assert_eq!(rater_style(8).color, rater_style(0).color);
        assert!(rater_style(8).dash.is_some());
        assert_ne!(rater_style(8), rater_style(16));
    }

    #[test]
    fn ends_of_the_maps_are_those_published() {
        assert_eq!(css(viridis(0.0)), "#440154");
        assert_eq!(css(viridis(1.0)), "#fde725");
        assert_eq!(css(magma(0.0)), "#000004");
        assert_eq!((ink_on([0; 3]), ink_on([255; 3])), ("light", "dark"));
        assert_eq!(ink_on(viridis(1.0)), "dark");
    }
}
