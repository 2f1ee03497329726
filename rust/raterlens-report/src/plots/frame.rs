//! What figures with two axes share: ground, grid, ticks and titles.

use maud::{html, Markup, PreEscaped};

use super::axis::{Axis, Place};
use super::plot::Plot;
use crate::number::px;
use crate::svg::{area, short, text, text_width};

/// Of the plot area, without titles.
pub(crate) const AREA: [f64; 2] = [400.0, 250.0];
const TOP: f64 = 30.0;
const BELOW: f64 = 46.0;
/// Room for the vertical axis' title.
const TITLE: f64 = 22.0;

/// A plot area with its places.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
    pub(crate) x: Place,
    pub(crate) y: Place,
    x_label: String,
    y_label: String,
    x_ticks: Vec<(f64, String)>,
    y_ticks: Vec<(f64, String)>,
    has_x_grid: bool,
}

/// Names along the horizontal axis.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Categories<'a> {
    pub(crate) names: &'a [String],
    /// Of each one's stretch.
    pub(crate) width: f64,
}

impl Frame {
    /// A frame of this inner size for two axes and the values on them.
    pub(crate) fn new(
        [width, height]: [f64; 2],
        [x_axis, y_axis]: [&Axis; 2],
        x_values: impl Iterator<Item = f64>,
        y_values: impl Iterator<Item = f64>,
    ) -> Self {
        let y = y_axis.place(y_values, [TOP + height, TOP]);
        let y_ticks = y.ticks((height / 45.0) as usize);
        let widest = y_ticks.iter().map(|(_, l)| l.chars().count()).max();
        let left = TITLE + text_width(widest.unwrap_or(1)) + 8.0;
        let x = x_axis.place(x_values, [left, left + width]);
        Self {
            left,
            right: left + width,
            top: TOP,
            bottom: TOP + height,
            x_ticks: x.ticks((width / 70.0) as usize),
            y_ticks,
            has_x_grid: true,
            x,
            y,
            x_label: x_axis.label(),
            y_label: y_axis.label(),
        }
    }

    /// A frame whose horizontal axis has names, each in the middle of a stretch.
    pub(crate) fn with_categories(
        size: [f64; 2],
        y_axis: &Axis,
        y_values: impl Iterator<Item = f64>,
        categories: Categories<'_>,
    ) -> Self {
        let x_axis = Axis::default();
        let mut frame = Self::new(size, [&x_axis, y_axis], std::iter::empty(), y_values);
        let letters = (categories.width / 6.2) as usize;
        let middle = |n: usize| frame.left + categories.width * (n as f64 + 0.5);
        let names = categories.names.iter().enumerate();
        frame.x_ticks = names
            .map(|(n, name)| (middle(n), short(name, letters)))
            .collect();
        frame.has_x_grid = false;
        frame
    }

    pub(crate) fn at(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.x.at(x), self.y.at(y)]
    }

    /// Ground, grid, ticks and titles of the axes.
    pub(crate) fn ground(&self) -> Markup {
        html! {
            (area("ground", [self.left, self.top], [self.right, self.bottom]))
            (self.x_grid())
            (self.y_ground())
            (self.border())
        }
    }

    fn x_grid(&self) -> Markup {
        let line =
            |(x, _): &(f64, String)| format!("M{} {}V{}", px(*x), px(self.top), px(self.bottom));
        html! {
            @if self.has_x_grid { path.grid d=(self.x_ticks.iter().map(line).collect::<String>()) {} }
            g.tick text-anchor="middle" {
                @for (x, label) in &self.x_ticks { text x=(px(*x)) y=(px(self.bottom + 15.0)) { (label) } }
            }
        }
    }

    /// The vertical axis, and both axes' titles.
    fn y_ground(&self) -> Markup {
        let line =
            |(y, _): &(f64, String)| format!("M{} {}H{}", px(self.left), px(*y), px(self.right));
        let middle = [
            (self.left + self.right) / 2.0,
            (self.top + self.bottom) / 2.0,
        ];
        html! {
            path.grid d=(self.y_ticks.iter().map(line).collect::<String>()) {}
            g.tick text-anchor="end" {
                @for (y, label) in &self.y_ticks { text x=(px(self.left - 6.0)) y=(px(y + 4.0)) { (label) } }
            }
            (text("label", [middle[0], self.bottom + 36.0], "middle", &self.x_label))
            text.label text-anchor="middle" transform={ "translate(13 " (px(middle[1])) ") rotate(-90)" } { (self.y_label) }
        }
    }

    /// The border of the plot area, under the data.
    fn border(&self) -> Markup {
        let [l, r, t, b] = [self.left, self.right, self.top, self.bottom].map(px);
        PreEscaped(format!(
            r#"<path class="frame" d="M{l} {t}H{r}V{b}H{l}z"></path>"#
        ))
    }

    /// The whole figure: heading, ground, what is drawn in it, and what stands right of it in so much room.
    pub(crate) fn plot(
        &self,
        title: &str,
        words: &str,
        inside: &Markup,
        right: (f64, Markup),
    ) -> Plot {
        self.plot_beside_and_below(title, words, inside, right, 0.0)
    }

    /// The figure with text under the horizontal axis' title, in so much room.
    pub(crate) fn plot_with_text(
        &self,
        title: &str,
        words: &str,
        inside: &Markup,
        text: &Markup,
        below: f64,
    ) -> Plot {
        self.plot_beside_and_below(title, words, inside, (0.0, text.clone()), below)
    }

    /// The figure with more right of it and below, which the last markup draws.
    pub(crate) fn plot_beside_and_below(
        &self,
        title: &str,
        words: &str,
        inside: &Markup,
        (room, more): (f64, Markup),
        below: f64,
    ) -> Plot {
        let letters = ((self.right + room) / 7.4) as usize;
        let size = [self.right + 14.0 + room, self.bottom + BELOW + below];
        Plot::new(html! {
            svg.chart.plot viewBox={ "0 0 " (px(size[0])) " " (px(size[1])) } width=(px(size[0])) height=(px(size[1])) role="img" {
                title { (words) }
                (text("heading", [TITLE, 17.0], "start", &short(title, letters)))
                (self.ground())
                (inside)
                (more)
            }
        })
    }

    /// Words in the middle of an area without data.
    pub(crate) fn nothing(&self) -> Markup {
        let middle = [
            (self.left + self.right) / 2.0,
            (self.top + self.bottom) / 2.0,
        ];
        text("empty", middle, "middle", "no data")
    }
}
