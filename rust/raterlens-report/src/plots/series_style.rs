//! How series of one figure are told apart.

use maud::{html, Markup};

use crate::number::px;

/// Okabe and Ito's colours without yellow, which is too pale for a line.
const COLORS: [&str; 7] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f",
];
/// Dashes change with every series, so that a print in grey can be read.
const DASHES: [Option<&str>; 4] = [None, Some("7 3"), Some("2 3"), Some("9 3 2 3")];

/// Colour, dash and marker of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SeriesStyle {
    pub(crate) color: &'static str,
    pub(crate) dash: Option<&'static str>,
    pub(crate) marker: Marker,
}

/// The shape of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
}

impl SeriesStyle {
    /// The style of the series at this position: 28 differ.
    pub(crate) fn of(position: usize) -> Self {
        const MARKERS: [Marker; 4] = [
            Marker::Circle,
            Marker::Square,
            Marker::Triangle,
            Marker::Diamond,
        ];
        let pick = position % 4;
        Self {
            color: COLORS
                .get(position % COLORS.len())
                .copied()
                .unwrap_or("#7f7f7f"),
            dash: DASHES.get(pick).copied().flatten(),
            marker: MARKERS.get(pick).copied().unwrap_or(Marker::Circle),
        }
    }
}

impl Marker {
    /// The marker around a point, as a part of a path.
    pub(crate) fn path(self, [x, y]: [f64; 2], r: f64) -> String {
        let at = |dx: f64, dy: f64| format!("{} {}", px(x + dx), px(y + dy));
        match self {
            Self::Circle => {
                let (r2, d) = (px(r), px(2.0 * r));
                format!(
                    "M{}a{r2} {r2} 0 1 0 {d} 0a{r2} {r2} 0 1 0 -{d} 0z",
                    at(-r, 0.0)
                )
            }
            Self::Square => {
                let s = 0.89 * r;
                format!("M{}L{}L{}L{}z", at(-s, -s), at(s, -s), at(s, s), at(-s, s))
            }
            Self::Triangle => {
                format!(
                    "M{}L{}L{}z",
                    at(0.0, -1.25 * r),
                    at(1.15 * r, 0.8 * r),
                    at(-1.15 * r, 0.8 * r)
                )
            }
            Self::Diamond => {
                let s = 1.3 * r;
                format!(
                    "M{}L{}L{}L{}z",
                    at(0.0, -s),
                    at(s, 0.0),
                    at(0.0, s),
                    at(-s, 0.0)
                )
            }
        }
    }
}

/// Markers of one series at these points.
pub(crate) fn marks(style: SeriesStyle, points: &[[f64; 2]], radius: f64) -> Markup {
    let path: String = points
        .iter()
        .map(|p| style.marker.path(*p, radius))
        .collect();
    html! { path.mark d=(path) style={ "fill:" (style.color) } {} }
}

/// An interval as a line with two ends, from its upper end down.
pub(crate) fn whisker([x, top]: [f64; 2], bottom: f64, color: &str) -> Markup {
    let (left, right) = (px(x - 3.0), px(x + 3.0));
    let (x, top, bottom) = (px(x), px(top), px(bottom));
    let path = format!("M{x} {top}V{bottom}M{left} {top}H{right}M{left} {bottom}H{right}");
    html! { path.interval d=(path) style={ "stroke:" (color) } {} }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_eight_series_differ() {
        let styles: Vec<_> = (0..28).map(SeriesStyle::of).collect();
        for (n, style) in styles.iter().enumerate() {
            assert!(!styles[..n].contains(style), "{n}");
        }
    }

    #[test]
    fn markers_surround_their_point() {
        assert_eq!(
            Marker::Square.path([10.0, 20.0], 10.0),
            "M1.1 11.1L18.9 11.1L18.9 28.9L1.1 28.9z"
        );
        assert_eq!(
            Marker::Circle.path([10.0, 20.0], 3.0),
            "M7 20a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z"
        );
    }
}
