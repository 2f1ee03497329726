//! Points of two numbers of each image, with their regression line: panels as in the dissertation's figure 4.2.

use maud::{html, Markup};

use super::axis::{of_size, Axis};
use super::curves::check_log;
use super::frame::Frame;
use super::plot::Plot;
use super::series_style::{marks, SeriesStyle};
use crate::error::ReportError;
use crate::number::{fixed, px};
use crate::svg::{line, text};

const AREA: [f64; 2] = [300.0, 260.0];
const ROW: f64 = 15.0;
/// More points than these are drawn smaller.
const MANY: usize = 150;

/// One panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Scatter {
    /// Heading of the panel.
    pub title: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// The points; none of them may be NaN or infinite.
    pub points: Vec<[f64; 2]>,
    /// Whose colour the points have: models of one study keep theirs in every panel.
    pub color: usize,
    /// The regression line with its interval.
    pub line: Option<RegressionLine>,
    /// Pearson's r, with its interval and p-value.
    pub correlation: Option<Correlation>,
    /// Further lines of text in the panel, for example "mean entropy 0.031 nat".
    pub lines: Vec<String>,
}

/// A regression line with its band, at positions of the horizontal axis.
#[derive(Debug, Clone, PartialEq)]
pub struct RegressionLine {
    /// Height at x = 0.
    pub intercept: f64,
    /// Rise per unit of x.
    pub slope: f64,
    /// Positions of the band, rising, with its lower and upper edge (pointwise confidence of the mean); may be empty.
    pub band: Vec<[f64; 3]>,
}

/// What a panel says about a correlation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correlation {
    /// Pearson's r.
    pub r: f64,
    /// Its confidence interval.
    pub interval: Option<[f64; 2]>,
    /// Two-sided p-value.
    pub p: Option<f64>,
}

impl Correlation {
    /// "r = 0.587 (0.41 to 0.72)", and "p < 0.001 **": two marks below 0.01, one below 0.05.
    fn lines(&self) -> Vec<String> {
        let interval = self
            .interval
            .map(|[a, b]| format!(" ({} to {})", fixed(a, 2), fixed(b, 2)));
        let r = format!("r = {}{}", fixed(self.r, 3), interval.unwrap_or_default());
        let p = self.p.map(|p| {
            let mark = match p {
                p if p < 0.01 => " **",
                p if p < 0.05 => " *",
                _ => "",
            };
            match p < 0.001 {
                true => format!("p < 0.001{mark}"),
                false => format!("p = {}{mark}", fixed(p, 3)),
            }
        });
        std::iter::once(r).chain(p).collect()
    }
}

impl Scatter {
    /// Draws the panel; without a point it says "no data".
    ///
    /// # Errors
    /// Points that are not finite, and numbers of a logarithmic axis that are not above 0. A line is not drawn on logarithmic axes.
    ///
    /// # Examples
    /// ```
    /// use raterlens_report::plots::{Axis, Correlation, RegressionLine, Scatter};
    ///
    /// let panel = Scatter {
    ///     title: "TransUNet, dropout".into(),
    ///     x: Axis::new("GT entropy", "nat"),
    ///     y: Axis::new("epistemic entropy", "nat"),
    ///     points: vec![[0.01, 0.02], [0.02, 0.03], [0.04, 0.05]],
    ///     color: 0,
    ///     line: Some(RegressionLine { intercept: 0.01, slope: 1.0, band: vec![] }),
    ///     correlation: Some(Correlation { r: 1.0, interval: None, p: Some(0.04) }),
    ///     lines: vec!["mean entropy 0.033 nat".into()],
    /// };
    /// assert!(panel.draw()?.element().contains("p = 0.040 *"));
    /// # Ok::<(), raterlens_report::ReportError>(())
    /// ```
    pub fn draw(&self) -> Result<Plot, ReportError> {
        if let Some(position) = self
            .points
            .iter()
            .position(|p| p.iter().any(|v| !v.is_finite()))
        {
            return Err(ReportError::SeriesPosition {
                position,
                series: self.title.clone(),
            });
        }
        let side = |n: usize| self.points.iter().map(move |p| p[n]);
        check_log(&self.x, side(0), &self.title)?;
        check_log(&self.y, side(1), &self.title)?;
        let shown: Vec<&RegressionLine> = self
            .line
            .iter()
            .filter(|_| !self.x.is_log && !self.y.is_log)
            .collect();
        let edges = shown
            .iter()
            .flat_map(|l| l.band.iter().flat_map(|b| [b[1], b[2]]));
        let words = self.panel_lines();
        // Room for the words above the points.
        let frame = Frame::new(AREA, [&self.x, &self.y], side(0), side(1).chain(edges));
        let style = SeriesStyle::of(self.color);
        let places: Vec<[f64; 2]> = self.points.iter().map(|p| frame.at(*p)).collect();
        let radius = if places.len() > MANY { 1.8 } else { 2.8 };
        let ends = [
            side(0).fold(f64::INFINITY, f64::min),
            side(0).fold(f64::NEG_INFINITY, f64::max),
        ];
        let inside = html! {
            @for fit in &shown { (band(fit, &frame, style)) }
            (marks(SeriesStyle { marker: style.marker, ..style }, &places, radius))
            @for fit in &shown { (regression(fit, &frame, ends)) }
            @if places.is_empty() { (frame.nothing()) }
        };
        let beside = html! {
            @for (n, line) in words.iter().enumerate() {
                (text("fact", [frame.left, frame.bottom + 54.0 + ROW * n as f64], "start", line))
            }
        };
        let below = ROW * words.len() as f64 + 6.0;
        Ok(frame.plot_with_text(&self.title, &self.words(), &inside, &beside, below))
    }

    fn panel_lines(&self) -> Vec<String> {
        let n = format!("n = {}", self.points.len());
        let correlation = self.correlation.iter().flat_map(Correlation::lines);
        let mut facts: Vec<String> = correlation.collect();
        facts.push(n);
        let first = facts.join(", ");
        std::iter::once(first)
            .chain(self.lines.iter().cloned())
            .collect()
    }

    fn words(&self) -> String {
        let mean = |side: usize| {
            let sum: f64 = self.points.iter().map(|p| p[side]).sum();
            of_size(sum / self.points.len().max(1) as f64)
        };
        format!(
            "{}: {} over {}, {}; means {} and {}.",
            self.title,
            self.y.label(),
            self.x.label(),
            self.panel_lines().join("; "),
            mean(1),
            mean(0)
        )
    }
}

/// The line between two positions, cut where it leaves the plot.
fn regression(fit: &RegressionLine, frame: &Frame, [low, high]: [f64; 2]) -> Markup {
    if low >= high {
        return html! {};
    }
    let height = |x: f64| fit.intercept + fit.slope * x;
    let [bottom, top] = frame.y.range();
    // Where the line meets the lower and the upper edge.
    let meets = |y: f64| (y - fit.intercept) / fit.slope;
    let (mut from, mut to) = (low, high);
    if fit.slope != 0.0 {
        let (a, b) = (meets(bottom), meets(top));
        (from, to) = (low.max(a.min(b)), high.min(a.max(b)));
    }
    if from >= to {
        return html! {};
    }
    line(
        "fit",
        frame.at([from, height(from)]),
        frame.at([to, height(to)]),
    )
}

fn band(fit: &RegressionLine, frame: &Frame, style: SeriesStyle) -> Markup {
    if fit.band.len() < 2 {
        return html! {};
    }
    let place = |x: f64, y: f64| {
        let [x, y] = frame.at([x, y]);
        format!("{} {}", px(x), px(y))
    };
    let there = fit.band.iter().map(|b| place(b[0], b[2]));
    let back = fit.band.iter().rev().map(|b| place(b[0], b[1]));
    let corners: Vec<_> = there.chain(back).collect();
    html! { path.spread d={ "M" (corners.join("L")) "z" } style={ "fill:" (style.color) } {} }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(points: Vec<[f64; 2]>) -> Scatter {
        Scatter {
            title: "a".into(),
            x: Axis::new("x", ""),
            y: Axis::new("y", ""),
            points,
            color: 0,
            line: None,
            correlation: None,
            lines: vec![],
        }
    }

    #[test]
    fn p_values_have_their_marks() {
        let lines = |p: f64| {
            Correlation {
                r: -0.5,
                interval: Some([-0.7, -0.2]),
                p: Some(p),
            }
            .lines()
            .join("; ")
        };
        assert_eq!(lines(0.0001), "r = −0.500 (−0.70 to −0.20); p < 0.001 **");
        assert_eq!(lines(0.009), "r = −0.500 (−0.70 to −0.20); p = 0.009 **");
        assert_eq!(lines(0.03), "r = −0.500 (−0.70 to −0.20); p = 0.030 *");
        assert!(lines(0.05).ends_with("p = 0.050"));
    }

    #[test]
    fn lines_end_at_the_edge_of_the_plot() {
        let mut steep = panel(vec![[0.0, 0.0], [1.0, 1.0]]);
        steep.line = Some(RegressionLine {
            intercept: 0.0,
            slope: 4.0,
            band: vec![],
        });
        let drawn = steep.draw().unwrap();
        // From (0, 0) to (0.25, 1): a quarter of the 300 pixels to the right, the whole height.
        let fit = drawn.element().split("class=\"fit\" d=\"").nth(1).unwrap();
        assert!(fit.starts_with("M50.4 290L125.4 30\""), "{fit}");
    }

    #[test]
    fn what_is_not_finite_is_refused_and_nothing_is_said() {
        assert!(panel(vec![[0.0, f64::NAN]]).draw().is_err());
        assert!(panel(vec![]).draw().unwrap().element().contains("no data"));
    }
}
