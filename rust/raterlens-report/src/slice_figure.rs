//! A slice: all raters' outlines over the image, and beside it the variance map.

use maud::{html, Markup, PreEscaped};

use crate::context::Context;
use crate::crop::Crop;
use crate::error::ReportError;
use crate::number::{fixed, px};
use crate::outline::outlines;
use crate::page::{Extreme, SliceView};
use crate::palette::{css, magma};
use crate::picture::{grey, reduced, variance, MAX_VARIANCE};
use crate::scale::Scale;
use crate::svg::text;

/// Longer side of a panel.
const SIDE: f64 = 300.0;
/// Width of an outline.
const LINE: f64 = 1.5;
/// Outlines that coincide are laid side by side over at most this part of a pixel.
const LARGEST_SPREAD: f64 = 0.7;
/// Room for the colour bar beside the variance map.
const BAR: f64 = 50.0;

/// A slice with the part that is shown.
struct Shown<'a> {
    view: &'a SliceView,
    crop: Crop,
    /// Width and height of a pixel on the page.
    pixel: [f64; 2],
    /// Width and height of a panel.
    size: [f64; 2],
    /// Millimetres to the page.
    scale: f64,
    /// Makes the ids of outlines unique on the page.
    number: usize,
}

/// The figure; `number` is unique on the page, and pictures of more than `max_pixels` are reduced.
///
/// # Errors
/// Pictures that cannot be packed.
pub(crate) fn slice_figure(
    context: &Context<'_>,
    view: &SliceView,
    number: usize,
    max_pixels: usize,
) -> Result<Markup, ReportError> {
    let shown = Shown::new(view, number);
    let pixels = shown.crop.rows.len() * shown.crop.columns.len();
    let factor = (pixels as f64 / max_pixels.max(1) as f64).sqrt().ceil() as usize;
    let image = view.image.as_ref();
    let image = image.map(|i| grey(&reduced(&shown.crop.cut(i), factor)));
    let map = variance(&reduced(&shown.crop.cut(&view.variance), factor))?;
    let title = context.title(view.structure);
    Ok(html! {
        figure.slice {
            figcaption { (heading(view, title)) }
            div.panels {
                (outline_panel(context, &shown, image.transpose()?.as_deref(), title))
                (variance_panel(&shown, &map, title))
            }
            (legend(context, view))
            p.note { (note(view, factor)) }
        }
    })
}

fn heading(view: &SliceView, title: &str) -> Markup {
    let extreme = match view.extreme {
        Extreme::LeastAgreed => "least agreed",
        Extreme::MostAgreed => "most agreed",
    };
    html! {
        strong { (title) ", " (extreme) }
        span.where { (view.case) ", slice " (view.slice) }
        @match view.mean_dice.filter(|d| d.is_finite()) {
            Some(dice) => span.where { "Dice " (fixed(dice, 3)) },
            None => span.where { "Dice undefined: no pair of raters" },
        }
    }
}

fn note(view: &SliceView, factor: usize) -> String {
    let reduced = match factor {
        0 | 1 => String::new(),
        n => format!(" Pictures reduced {n} times; outlines are not."),
    };
    let note = view.variance_note.trim();
    let made = if note.is_empty() {
        String::new()
    } else {
        format!(" ({note})")
    };
    format!("Right: variance of the raters’ soft labels{made}, 0 to 0.25.{reduced}")
}

fn legend(context: &Context<'_>, view: &SliceView) -> Markup {
    html! {
        ul.legend {
            @for drawing in &view.drawings {
                @let style = context.rater_style(&drawing.rater);
                li {
                    svg viewBox="0 0 22 8" width="22" height="8" role="img" {
                        title { "Line of " (drawing.rater) }
                        path d="M0 4H22" stroke=(style.color) stroke-width="3" stroke-dasharray=[style.dash] {}
                    }
                    (drawing.rater)
                    @if !drawing.mask.iter().any(|set| *set) { " (empty here)" }
                }
            }
        }
    }
}

impl<'a> Shown<'a> {
    fn new(view: &'a SliceView, number: usize) -> Self {
        let crop = Crop::of(view);
        let [row_mm, column_mm] = view.pixel_mm;
        let size_mm = [
            crop.columns.len() as f64 * column_mm,
            crop.rows.len() as f64 * row_mm,
        ];
        let scale = SIDE / size_mm[0].max(size_mm[1]);
        Self {
            view,
            pixel: [column_mm * scale, row_mm * scale],
            size: size_mm.map(|mm| mm * scale),
            crop,
            scale,
            number,
        }
    }

    /// A picture over the whole panel, with square pixels.
    fn picture(&self, url: &str) -> Markup {
        let [width, height] = self.size;
        html! {
            image href=(url) x="0" y="0" width=(px(width)) height=(px(height)) preserveAspectRatio="none" {}
        }
    }

    /// The outline of one rater, the `n`th of `of`, moved a little so that raters who coincide are all seen.
    fn path(&self, n: usize, of: usize) -> Option<String> {
        let drawing = self.view.drawings.get(n)?;
        let room = LARGEST_SPREAD * self.pixel[0].min(self.pixel[1]);
        let step = LINE.min(room / of.saturating_sub(1).max(1) as f64);
        let inset = (n as f64 - (of as f64 - 1.0) / 2.0) * step;
        let found = outlines(&self.crop.cut(&drawing.mask));
        let loops = found.iter().map(|l| path(&l.inset(self.pixel, inset)));
        Some(loops.collect())
    }

    fn letters(&self) -> Markup {
        let [width, height] = self.size;
        let [left, right, top, bottom] = self.view.orientation;
        let places = [
            (left, [5.0, height / 2.0 + 4.0], "start"),
            (right, [width - 5.0, height / 2.0 + 4.0], "end"),
            (top, [width / 2.0, 15.0], "middle"),
            (bottom, [width / 2.0, height - 6.0], "middle"),
        ];
        html! {
            @for (letter, place, anchor) in places {
                @if !letter.is_whitespace() { (text("letter", place, anchor, &letter.to_string())) }
            }
        }
    }

    /// A bar of a round length, about a quarter of the width.
    fn scale_bar(&self) -> Markup {
        let most = self.size[0] / self.scale * 0.3;
        let lengths = [100.0, 50.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1];
        let Some(length) = lengths.into_iter().find(|mm| *mm <= most) else {
            return html! {};
        };
        let y = self.size[1] - 8.0;
        let decimals = usize::from(length < 1.0);
        html! {
            path.bar d={ "M8 " (px(y)) "h" (px(length * self.scale)) } {}
            (text("letter small", [8.0, y - 5.0], "start", &format!("{} mm", fixed(length, decimals))))
        }
    }
}

fn outline_panel(
    context: &Context<'_>,
    shown: &Shown<'_>,
    image: Option<&str>,
    title: &str,
) -> Markup {
    let view = shown.view;
    let of = view.drawings.len();
    let id = |n: usize| format!("o{}-{n}", shown.number);
    let paths: Vec<_> = (0..of).filter_map(|n| shown.path(n, of)).collect();
    let ground = if image.is_some() {
        "over the image"
    } else {
        "without image"
    };
    let [width, height] = shown.size;
    html! {
        svg.panel viewBox={ "0 0 " (px(width)) " " (px(height)) } role="img" {
            title { "Outlines of " (of) " raters of " (title) " " (ground) ", " (view.case) ", slice " (view.slice) }
            rect.ground width=(px(width)) height=(px(height)) {}
            @if let Some(image) = image { (shown.picture(image)) }
            // Dark rims under all lines first: one drawn later would hide a neighbour.
            g.rims { @for (n, path) in paths.iter().enumerate() { path id=(id(n)) d=(path) {} } }
            @for (n, drawing) in view.drawings.iter().enumerate() {
                @let style = context.rater_style(&drawing.rater);
                g.outline stroke=(style.color) stroke-dasharray=[style.dash] {
                    title { (drawing.rater) }
                    path d=(paths.get(n).map_or("", String::as_str)) {}
                }
            }
            (shown.letters())
            (shown.scale_bar())
        }
    }
}

fn variance_panel(shown: &Shown<'_>, url: &str, title: &str) -> Markup {
    let view = shown.view;
    let [width, height] = shown.size;
    let highest = view.variance.iter().copied().filter(|v| v.is_finite());
    let highest = f64::from(highest.fold(0.0, f32::max));
    html! {
        svg.panel.wide viewBox={ "0 0 " (px(width + BAR)) " " (px(height)) } role="img" {
            title {
                "Variance map of " (title) ", " (view.case) ", slice " (view.slice) ", largest value " (fixed(highest, 3))
            }
            (shown.picture(url))
            (shown.letters())
            (color_bar(width + 8.0, height))
        }
    }
}

/// The colours from 0 (bottom) to 0.25 (top).
fn color_bar(x: f64, height: f64) -> Markup {
    const STEPS: usize = 20;
    let scale = Scale::new([0.0, MAX_VARIANCE], [height - 8.0, 8.0]);
    let value = |n: usize| MAX_VARIANCE * n as f64 / STEPS as f64;
    let bars = (0..STEPS).map(|n| {
        let (top, bottom) = (scale.at(value(n + 1)), scale.at(value(n)));
        let color = css(magma((n as f64 + 0.5) / STEPS as f64));
        format!(
            r#"<rect x="{}" y="{}" width="10" height="{}" fill="{color}"></rect>"#,
            px(x),
            px(top),
            px(bottom - top + 0.6)
        )
    });
    html! {
        (PreEscaped(bars.collect::<String>()))
        @for (value, label) in [(0.0, "0"), (0.05, "0.05"), (0.1, "0.10"), (0.15, "0.15"), (0.2, "0.20"), (0.25, "0.25")] {
            (text("tick", [x + 14.0, scale.at(value) + 4.0], "start", label))
        }
    }
}

/// A closed path through corners; every step is horizontal or vertical.
fn path(corners: &[[f64; 2]]) -> String {
    let mut path = String::new();
    let mut last: Option<[String; 2]> = None;
    for [x, y] in corners {
        let here = [two(*x), two(*y)];
        path += &match &last {
            None => format!("M{} {}", here[0], here[1]),
            Some([x, _]) if *x == here[0] => format!("V{}", here[1]),
            Some(_) => format!("H{}", here[0]),
        };
        last = Some(here);
    }
    path + "Z"
}

/// A coordinate with two decimals: outlines that lie side by side need more than others.
fn two(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_closed_and_short() {
        let square = [[2.0, 0.5], [2.0, 1.25], [0.0, 1.25], [0.0, 0.5]];
        assert_eq!(path(&square), "M2 0.5V1.25H0V0.5Z");
    }
}
