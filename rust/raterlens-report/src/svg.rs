//! What all charts are made of.

use maud::{html, Markup, PreEscaped};

use crate::number::px;
use crate::scale::Scale;

/// A chart with its text alternative, in units of screen pixels at full size.
pub(crate) fn chart([width, height]: [f64; 2], label: &str, body: &Markup) -> Markup {
    html! {
        svg.chart viewBox={ "0 0 " (px(width)) " " (px(height)) } width=(px(width)) height=(px(height)) role="img" {
            title { (label) }
            (body)
        }
    }
}

/// A straight line of a CSS class.
pub(crate) fn line(class: &str, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2]) -> Markup {
    PreEscaped(format!(
        r#"<path class="{class}" d="M{} {}L{} {}"></path>"#,
        px(x1),
        px(y1),
        px(x2),
        px(y2)
    ))
}

/// A rectangle of a CSS class between two corners.
pub(crate) fn area(class: &str, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2]) -> Markup {
    PreEscaped(format!(
        r#"<rect class="{class}" x="{}" y="{}" width="{}" height="{}"></rect>"#,
        px(x1.min(x2)),
        px(y1.min(y2)),
        px((x2 - x1).abs()),
        px((y2 - y1).abs())
    ))
}

/// Text of a CSS class: its anchor is `start`, `middle` or `end`.
pub(crate) fn text(class: &str, [x, y]: [f64; 2], anchor: &str, words: &str) -> Markup {
    html! { text class=(class) x=(px(x)) y=(px(y)) text-anchor=(anchor) { (words) } }
}

/// A dot of a colour, with words for the pointer.
pub(crate) fn dot(class: &str, [x, y]: [f64; 2], radius: f64, color: &str, words: &str) -> Markup {
    html! {
        circle class=(class) cx=(px(x)) cy=(px(y)) r=(px(radius)) fill=(color) {
            @if !words.is_empty() { title { (words) } }
        }
    }
}

/// Grid lines and labels of a horizontal scale, between two heights; labels below the second.
pub(crate) fn x_axis(scale: &Scale, [top, bottom]: [f64; 2], ticks: usize) -> Markup {
    let ticks = scale.ticks(ticks);
    let line = |(value, _): &(f64, String)| {
        format!("M{} {}V{}", px(scale.at(*value)), px(top), px(bottom))
    };
    html! {
        path.grid d=(ticks.iter().map(line).collect::<String>()) {}
        g.tick text-anchor="middle" {
            @for (value, label) in &ticks {
                text x=(px(scale.at(*value))) y=(px(bottom + 14.0)) { (label) }
            }
        }
    }
}

/// Grid lines and labels of a vertical scale, between two positions; labels left of the first.
pub(crate) fn y_axis(scale: &Scale, [left, right]: [f64; 2], ticks: usize) -> Markup {
    let ticks = scale.ticks(ticks);
    let line = |(value, _): &(f64, String)| {
        format!("M{} {}H{}", px(left), px(scale.at(*value)), px(right))
    };
    html! {
        path.grid d=(ticks.iter().map(line).collect::<String>()) {}
        g.tick text-anchor="end" {
            @for (value, label) in &ticks {
                text x=(px(left - 5.0)) y=(px(scale.at(*value) + 4.0)) { (label) }
            }
        }
    }
}

/// A name cut to `length` characters.
pub(crate) fn short(name: &str, length: usize) -> String {
    if name.chars().count() <= length {
        return name.to_owned();
    }
    let head: String = name.chars().take(length.saturating_sub(1)).collect();
    format!("{}…", head.trim_end())
}

/// About how wide `characters` of the charts' text are.
pub(crate) fn text_width(characters: usize) -> f64 {
    characters as f64 * 6.8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_escaped_and_cut() {
        let drawn = text("tick", [1.0, 2.0], "end", "<b>&\"").into_string();
        assert!(drawn.contains("&lt;b&gt;&amp;") && !drawn.contains("<b>"));
        assert_eq!(short("Dr Long Name", 8), "Dr Long…");
        assert_eq!(short("short", 8), "short");
    }
}
