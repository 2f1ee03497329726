//! Lines with bands: training curves, correlation against the number of samples.

use maud::{html, Markup};

use super::axis::Axis;
use super::frame::{Frame, AREA};
use super::legend::{self, legend};
use super::plot::Plot;
use super::series_style::{marks, SeriesStyle};
use crate::error::ReportError;
use crate::number::px;

/// Lines of up to so many points have a marker at each.
const MAX_MARKERS: usize = 40;

/// Lines over one pair of axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    /// Heading of the figure.
    pub title: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// The lines, in the order of the legend.
    pub series: Vec<Series>,
}

/// One line, with or without a band.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// For the legend.
    pub name: String,
    /// Positions; points are joined in this order.
    pub x: Vec<f64>,
    /// Heights, one per position; a value that is not finite is a gap in the line.
    pub y: Vec<f64>,
    /// Lower edge of the band (for example of a confidence interval), one per position.
    pub low: Option<Vec<f64>>,
    /// Upper edge of the band.
    pub high: Option<Vec<f64>>,
}

impl Series {
    /// A line without a band.
    pub fn new(name: impl Into<String>, x: Vec<f64>, y: Vec<f64>) -> Self {
        Self {
            name: name.into(),
            x,
            y,
            low: None,
            high: None,
        }
    }

    /// With a band between two heights per position.
    #[must_use]
    pub fn with_band(mut self, low: Vec<f64>, high: Vec<f64>) -> Self {
        self.low = Some(low);
        self.high = Some(high);
        self
    }

    /// Edges of the band, where both are given.
    fn band(&self) -> Option<[&[f64]; 2]> {
        Some([self.low.as_deref()?, self.high.as_deref()?])
    }

    fn heights(&self) -> impl Iterator<Item = f64> + '_ {
        let band = self.band().into_iter().flatten().flatten();
        self.y.iter().chain(band).copied()
    }
}

impl Curves {
    /// Draws the figure. Equal input gives equal bytes; without any finite point, the frame says "no data".
    ///
    /// # Errors
    /// Arrays of a series that differ in length, one edge of a band without the other, a lower edge above the upper one, a position that is
    /// not finite, and numbers of a logarithmic axis that are not above 0.
    ///
    /// # Examples
    /// ```
    /// use raterlens_report::plots::{Axis, Curves, Series};
    ///
    /// let loss = Series::new("training", vec![1.0, 2.0, 3.0], vec![0.9, 0.5, 0.4]);
    /// let checked = Series::new("validation", vec![1.0, 2.0, 3.0], vec![0.9, f64::NAN, 0.5])
    ///     .with_band(vec![0.8, f64::NAN, 0.4], vec![1.0, f64::NAN, 0.6]);
    /// let curves = Curves {
    ///     title: "Loss".into(),
    ///     x: Axis::new("epoch", ""),
    ///     y: Axis::new("loss", "").log(),
    ///     series: vec![loss, checked],
    /// };
    /// let plot = curves.draw()?;
    /// assert!(plot.element().starts_with("<svg"));
    /// # Ok::<(), raterlens_report::ReportError>(())
    /// ```
    pub fn draw(&self) -> Result<Plot, ReportError> {
        self.series.iter().try_for_each(|s| self.check(s))?;
        let x = self.series.iter().flat_map(|s| s.x.iter().copied());
        let y = self.series.iter().flat_map(Series::heights);
        let height = AREA[1].max(legend::height(self.series.len()));
        let frame = Frame::new([AREA[0], height], [&self.x, &self.y], x, y);
        let styled = || {
            self.series
                .iter()
                .enumerate()
                .map(|(n, s)| (s, SeriesStyle::of(n)))
        };
        let names: Vec<_> = styled()
            .map(|(s, style)| (s.name.as_str(), style))
            .collect();
        let is_empty = !self
            .series
            .iter()
            .any(|s| s.y.iter().any(|v| v.is_finite()));
        let inside = html! {
            @for (series, style) in styled() { (band(series, style, &frame)) }
            @for (series, style) in styled() { (line(series, style, &frame)) }
            @if is_empty { (frame.nothing()) }
        };
        let right = legend(&names, [frame.right, frame.top]);
        Ok(frame.plot(&self.title, &self.words(), &inside, right))
    }

    fn check(&self, series: &Series) -> Result<(), ReportError> {
        let name = || series.name.clone();
        let expected = series.x.len();
        if series.low.is_some() != series.high.is_some() {
            return Err(ReportError::HalfBand { series: name() });
        }
        let edges = series.band().into_iter().flatten();
        let parts = [("heights", series.y.len())].into_iter();
        for (what, found) in parts.chain(edges.map(|e| ("edges of the band", e.len()))) {
            if found != expected {
                return Err(ReportError::SeriesLength {
                    what,
                    expected,
                    found,
                    series: name(),
                });
            }
        }
        if let Some(position) = series.x.iter().position(|x| !x.is_finite()) {
            return Err(ReportError::SeriesPosition {
                position,
                series: name(),
            });
        }
        if let Some([low, high]) = series.band() {
            if let Some(position) = low.iter().zip(high).position(|(l, h)| l > h) {
                return Err(ReportError::BandOrder {
                    position,
                    series: name(),
                });
            }
        }
        check_log(&self.x, series.x.iter().copied(), &series.name)?;
        check_log(&self.y, series.heights(), &series.name)
    }

    /// The text alternative: titles, and where each line begins and ends.
    fn words(&self) -> String {
        let ends = |s: &Series| {
            let mut finite = s.x.iter().zip(&s.y).filter(|(_, y)| y.is_finite());
            let first = finite.next();
            let last = finite.next_back().or(first);
            let say = |p: Option<(&f64, &f64)>| {
                p.map(|(x, y)| {
                    format!(
                        "{} at {}",
                        super::axis::of_size(*y),
                        super::axis::of_size(*x)
                    )
                })
            };
            match (say(first), say(last)) {
                (Some(first), Some(last)) => format!("{}: from {first} to {last}", s.name),
                _ => format!("{}: no data", s.name),
            }
        };
        let lines: Vec<_> = self.series.iter().map(ends).collect();
        format!(
            "{}: {} over {}. {}.",
            self.title,
            self.y.label(),
            self.x.label(),
            lines.join("; ")
        )
    }
}

/// Numbers that a logarithmic axis cannot show are refused; what is not finite is a gap.
pub(crate) fn check_log(
    axis: &Axis,
    mut values: impl Iterator<Item = f64>,
    series: &str,
) -> Result<(), ReportError> {
    let all = axis
        .is_log
        .then(|| values.find(|v| v.is_finite() && *v <= 0.0));
    match all.flatten() {
        None => Ok(()),
        Some(value) => Err(ReportError::LogOfNonPositive {
            axis: axis.title.clone(),
            value,
            series: series.to_owned(),
        }),
    }
}

/// Stretches without a gap, as ranges of positions.
fn stretches(is_known: impl Iterator<Item = bool>) -> Vec<std::ops::Range<usize>> {
    let mut all: Vec<std::ops::Range<usize>> = Vec::new();
    for (n, known) in is_known.enumerate() {
        match (known, all.last_mut()) {
            (true, Some(last)) if last.end == n => last.end = n + 1,
            (true, _) => all.push(n..n + 1),
            (false, _) => {}
        }
    }
    all
}

fn band(series: &Series, style: SeriesStyle, frame: &Frame) -> Markup {
    let Some([low, high]) = series.band() else {
        return html! {};
    };
    let known = low
        .iter()
        .zip(high)
        .map(|(l, h)| l.is_finite() && h.is_finite());
    let edge = |n: usize, edge: &[f64]| {
        let [x, y] = frame.at([series.x.get(n).copied()?, edge.get(n).copied()?]);
        Some(format!("{} {}", px(x), px(y)))
    };
    let outline = |range: std::ops::Range<usize>| {
        let there = range.clone().filter_map(|n| edge(n, high));
        let back = range.rev().filter_map(|n| edge(n, low));
        let corners: Vec<_> = there.chain(back).collect();
        format!("M{}z", corners.join("L"))
    };
    let path: String = stretches(known).into_iter().map(outline).collect();
    html! { path.spread d=(path) style={ "fill:" (style.color) } {} }
}

fn line(series: &Series, style: SeriesStyle, frame: &Frame) -> Markup {
    let points: Vec<_> = series
        .x
        .iter()
        .zip(&series.y)
        .map(|(x, y)| [*x, *y])
        .collect();
    let known = points.iter().map(|[_, y]| y.is_finite());
    let places: Vec<_> = points.iter().map(|p| frame.at(*p)).collect();
    let parts = stretches(known);
    let path = |range: &std::ops::Range<usize>| {
        let places = places.get(range.clone()).unwrap_or_default();
        let spots: Vec<_> = places
            .iter()
            .map(|[x, y]| format!("{} {}", px(*x), px(*y)))
            .collect();
        format!("M{}", spots.join("L"))
    };
    let shown: Vec<_> = parts
        .iter()
        .cloned()
        .flatten()
        .filter_map(|n| places.get(n).copied())
        .collect();
    // A point between two gaps has no line: it is marked whatever their number.
    let alone = parts
        .iter()
        .filter(|r| r.len() == 1)
        .filter_map(|r| places.get(r.start).copied());
    let marked = if shown.len() <= MAX_MARKERS {
        shown.clone()
    } else {
        alone.collect()
    };
    let class = if shown.len() <= MAX_MARKERS {
        "series"
    } else {
        "series dense"
    };
    html! {
        path class=(class) d=(parts.iter().map(path).collect::<String>()) style={ "stroke:" (style.color) } stroke-dasharray=[style.dash] {}
        (marks(style, &marked, 3.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curves(series: Vec<Series>) -> Curves {
        Curves {
            title: "Loss".into(),
            x: Axis::new("epoch", ""),
            y: Axis::new("loss", ""),
            series,
        }
    }

    #[test]
    fn gaps_break_lines() {
        let known = [true, true, false, true, false, false, true].into_iter();
        assert_eq!(stretches(known), [0..2, 3..4, 6..7]);
    }

    #[test]
    fn points_lie_where_their_values_say() {
        let one = Series::new("a", vec![0.0, 1.0], vec![0.0, 2.0]);
        let drawn = curves(vec![one]).draw().unwrap();
        // By hand: ticks "0.5" wide 3 letters: left = 22 + 3 * 6.8 + 8 = 50.4; area 400 x 250 from (50.4, 30).
        assert!(
            drawn.element().contains(r#"d="M50.4 280L450.4 30""#),
            "{}",
            drawn.element()
        );
        assert!(drawn.element().contains("a: from 0 at 0 to 2 at 1"));
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        let bad = |s: Series| curves(vec![s]).draw().unwrap_err().to_string();
        assert!(bad(Series::new("s", vec![0.0], vec![])).contains("0 heights"));
        assert!(bad(Series::new("s", vec![f64::NAN], vec![0.0])).contains("position"));
        let band = Series::new("s", vec![0.0], vec![0.0]);
        assert!(bad(band.clone().with_band(vec![2.0], vec![1.0])).contains("above"));
        let half = Series {
            low: Some(vec![0.0]),
            ..band
        };
        assert!(bad(half).contains("one edge"));
        let mut log = curves(vec![Series::new("s", vec![1.0], vec![0.0])]);
        log.y.is_log = true;
        assert!(log.draw().unwrap_err().to_string().contains("logarithmic"));
    }

    #[test]
    fn a_figure_without_data_says_so() {
        for series in [vec![], vec![Series::new("a", vec![1.0], vec![f64::NAN])]] {
            assert!(curves(series).draw().unwrap().element().contains("no data"));
        }
    }
}
