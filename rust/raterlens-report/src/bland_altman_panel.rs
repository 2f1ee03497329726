//! One Bland-Altman plot.

use std::collections::BTreeSet;

use maud::{html, Markup};

use crate::bland_altman::Words;
use crate::bland_altman_points::{Level, Panel};
use crate::context::Context;
use crate::estimate::Format;
use crate::number::{count, px};
use crate::scale::Scale;
use crate::svg::{area, chart, line, short, text, x_axis, y_axis};

const SIZE: [f64; 2] = [376.0, 236.0];
/// Left, right, top and bottom edge of the plot.
const PLOT: [f64; 4] = [66.0, 322.0, 26.0, 192.0];
/// Least distance of the levels' numbers.
const NUMBER_HEIGHT: f64 = 13.0;
/// More dots than these are drawn smaller and paler.
const MANY: usize = 150;

/// What the plots of a quantity share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) x: [f64; 2],
    pub(crate) y: [f64; 2],
    pub(crate) format: Format,
    pub(crate) words: Words,
}

/// The plot with its axes.
pub(crate) fn panel(data: &Panel, frame: &Frame, subject: &str, context: &Context<'_>) -> Markup {
    let [left, right, top, bottom] = PLOT;
    let x = Scale::new(frame.x, [left, right]);
    let y = Scale::new(frame.y, [bottom, top]);
    let (first, second) = (short(&data.first, 16), short(&data.second, 18));
    let made_of = count(data.points.len(), frame.words.one, frame.words.many);
    let unit = frame.words.unit;
    let color = data.rater.as_ref().map(|r| context.rater_style(r).color);
    let body = html! {
        (text("heading", [left, 15.0], "start", &format!("{first} − {second}")))
        (x_axis(&x, [top, bottom], 4))
        (y_axis(&y, [left, right], 5))
        @for level in data.limits.iter().chain([&data.bias]) { (band(level, &y)) }
        (line("zero", [left, y.at(0.0)], [right, y.at(0.0)]))
        (dots(data, &x, &y, color))
        @for level in &data.limits { (level_line("limit", level, &y)) }
        (level_line("bias", &data.bias, &y))
        (numbers(data, &y, frame.format))
        (text("label", [(left + right) / 2.0, bottom + 32.0], "middle", &format!("mean of the two, {unit}; {made_of}")))
        text.label text-anchor="middle" transform={ "translate(13 " (px((top + bottom) / 2.0)) ") rotate(-90)" } { "difference, " (unit) }
    };
    chart(SIZE, &words(data, frame, subject, &made_of), &body)
}

fn band(level: &Level, y: &Scale) -> Markup {
    let [left, right, ..] = PLOT;
    html! {
        @if let Some([low, high]) = level.interval {
            (area("band", [left, y.at(high)], [right, y.at(low)]))
        }
    }
}

fn level_line(class: &str, level: &Level, y: &Scale) -> Markup {
    let [left, right, ..] = PLOT;
    html! {
        @if let Some(value) = level.value {
            (line(class, [left, y.at(value)], [right, y.at(value)]))
        }
    }
}

/// All dots as one path of round line ends: a tenth of the size of as many circles. Dots on one spot are drawn once.
fn dots(data: &Panel, x: &Scale, y: &Scale, color: Option<&str>) -> Markup {
    let finite = data
        .points
        .iter()
        .filter(|p| p.iter().all(|v| v.is_finite()));
    let spots = finite.map(|&[px, py]| [x.at(px), y.at(py)].map(|v| (2.0 * v).round() as i32));
    let spots: BTreeSet<[i32; 2]> = spots.collect();
    let spot = |[x, y]: &[i32; 2]| {
        let [x, y] = [x, y].map(|v| px(f64::from(*v) / 2.0));
        format!("M{x} {y}h0")
    };
    let path: String = spots.iter().map(spot).collect();
    let class = if spots.len() > MANY {
        "dots many"
    } else {
        "dots"
    };
    html! {
        path class={ "edge " (class) } d=(path) {}
        path class=(class) d=(path) style=[color.map(|c| format!("stroke:{c}"))] {}
    }
}

/// The numbers of the levels at the right edge, moved apart where they would overlap.
fn numbers(data: &Panel, y: &Scale, format: Format) -> Markup {
    let [lower, upper] = data.limits;
    let levels = [upper, data.bias, lower]
        .into_iter()
        .filter_map(|l| l.value);
    let mut levels: Vec<_> = levels.map(|v| (y.at(v), format.text(v))).collect();
    spread(&mut levels);
    html! {
        @for (height, number) in &levels {
            (text("level", [PLOT[1] + 5.0, height + 4.0], "start", number))
        }
    }
}

/// Moves labels (from the top) at least [`NUMBER_HEIGHT`] apart, around the middle one.
fn spread(levels: &mut [(f64, String)]) {
    let middle = levels.len() / 2;
    for n in middle + 1..levels.len() {
        let least = levels.get(n - 1).map_or(0.0, |l| l.0 + NUMBER_HEIGHT);
        if let Some(level) = levels.get_mut(n) {
            level.0 = level.0.max(least);
        }
    }
    for n in (0..middle).rev() {
        let most = levels.get(n + 1).map_or(0.0, |l| l.0 - NUMBER_HEIGHT);
        if let Some(level) = levels.get_mut(n) {
            level.0 = level.0.min(most);
        }
    }
}

fn words(data: &Panel, frame: &Frame, subject: &str, made_of: &str) -> String {
    let text = |level: &Level| {
        let value = level.value.filter(|v| v.is_finite());
        value.map_or("undefined".to_owned(), |v| frame.format.text(v))
    };
    let [lower, upper] = &data.limits;
    format!(
        "{subject}, {} ({}): {} minus {}. Bias {}, limits of agreement {} and {}, {made_of}.",
        frame.words.title,
        frame.words.unit,
        data.first,
        data.second,
        text(&data.bias),
        text(lower),
        text(upper),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_do_not_overlap() {
        let mut levels = [50.0, 52.0, 90.0].map(|y| (y, String::new()));
        spread(&mut levels);
        assert_eq!(levels.map(|l| l.0), [39.0, 52.0, 90.0]);
        spread(&mut []);
    }
}
