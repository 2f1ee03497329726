//! Which series is which, right of the plot.

use maud::{html, Markup};

use super::series_style::{marks, SeriesStyle};
use crate::number::px;
use crate::svg::{short, text, text_width};

const ROW: f64 = 19.0;
const SAMPLE: f64 = 26.0;
const MAX_LETTERS: usize = 30;

/// Room for the legend and the legend at a position; nothing for a single name.
pub(crate) fn legend(entries: &[(&str, SeriesStyle)], [left, top]: [f64; 2]) -> (f64, Markup) {
    if entries.len() < 2 {
        return (0.0, html! {});
    }
    let longest = entries.iter().map(|(name, _)| name.chars().count()).max();
    let letters = longest.unwrap_or(0).min(MAX_LETTERS);
    let row = |n: usize| top + 10.0 + n as f64 * ROW;
    let markup = html! {
        @for (n, (name, style)) in entries.iter().enumerate() {
            g {
                title { (name) }
                path.series d={ "M" (px(left + 12.0)) " " (px(row(n))) "h" (px(SAMPLE)) } style={ "stroke:" (style.color) } stroke-dasharray=[style.dash] {}
                (marks(*style, &[[left + 12.0 + SAMPLE / 2.0, row(n)]], 3.2))
                (text("level", [left + 18.0 + SAMPLE, row(n) + 4.0], "start", &short(name, MAX_LETTERS)))
            }
        }
    };
    (SAMPLE + 18.0 + 1.06 * text_width(letters), markup)
}

/// Least height of a plot area beside so many names.
pub(crate) fn height(entries: usize) -> f64 {
    ROW * entries as f64 + 4.0
}
