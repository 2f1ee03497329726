//! Groups of bars with intervals: Dice of structures by model, Brier scores.

use maud::{html, Markup};

use super::axis::{of_size, Axis};
use super::frame::{Categories, Frame};
use super::legend::{self, legend};
use super::plot::Plot;
use super::series_style::{whisker, SeriesStyle};
use crate::error::ReportError;
use crate::svg::area;

const HEIGHT: f64 = 240.0;
/// Width of a bar, and of the gap between groups.
const BAR: f64 = 22.0;
const GAP: f64 = 26.0;
/// Groups are widened for their names between these.
const LEAST_GROUP: f64 = 64.0;
const MOST_GROUP: f64 = 150.0;

/// Groups of bars on one axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// Heading.
    pub title: String,
    /// Vertical axis: bars stand on 0, which it always holds. It cannot be logarithmic.
    pub y: Axis,
    /// Names of the groups (for example structures).
    pub groups: Vec<String>,
    /// The bars of each group, in the order of their colours (for example models).
    pub series: Vec<BarSeries>,
}

/// The bars of one colour.
#[derive(Debug, Clone, PartialEq)]
pub struct BarSeries {
    /// For the legend.
    pub name: String,
    /// One bar a group; `None` leaves its place empty.
    pub bars: Vec<Option<Bar>>,
}

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Its height.
    pub value: f64,
    /// Its interval.
    pub interval: Option<[f64; 2]>,
    /// A mark above it, for example "**"; may be empty.
    pub mark: String,
}

impl Bars {
    /// Draws the figure; without any bar it says "no data".
    ///
    /// # Errors
    /// Series that have not one bar a group, values that are not finite, intervals that end below their beginning, a logarithmic axis.
    pub fn draw(&self) -> Result<Plot, ReportError> {
        self.series.iter().try_for_each(|s| self.check(s))?;
        if self.y.is_log {
            let (axis, series) = (self.y.title.clone(), self.title.clone());
            return Err(ReportError::LogOfNonPositive {
                axis,
                value: 0.0,
                series,
            });
        }
        let longest = self.groups.iter().map(|g| g.chars().count()).max();
        let name = (6.4 * longest.unwrap_or(0) as f64 + 10.0).clamp(LEAST_GROUP, MOST_GROUP);
        let group = (BAR * self.series.len() as f64 + GAP).max(name);
        let width = group * self.groups.len().max(2) as f64;
        let all = || self.series.iter().flat_map(|s| s.bars.iter().flatten());
        let heights = all().flat_map(|b| b.interval.into_iter().flatten().chain([b.value, 0.0]));
        let height = HEIGHT.max(legend::height(self.series.len()));
        let frame = Frame::with_categories(
            [width, height],
            &self.y,
            heights,
            Categories {
                names: &self.groups,
                width: group,
            },
        );
        let names: Vec<_> = self
            .series
            .iter()
            .enumerate()
            .map(|(n, s)| (s.name.as_str(), SeriesStyle::of(n)))
            .collect();
        let inside = html! {
            @for (n, series) in self.series.iter().enumerate() {
                @for (g, bar) in series.bars.iter().enumerate() {
                    @if let Some(bar) = bar { (self.bar(bar, (n, g), group, &frame)) }
                }
            }
            @if all().next().is_none() { (frame.nothing()) }
        };
        let right = legend(&names, [frame.right, frame.top]);
        Ok(frame.plot(&self.title, &self.words(), &inside, right))
    }

    fn check(&self, series: &BarSeries) -> Result<(), ReportError> {
        let name = || series.name.clone();
        let (expected, found) = (self.groups.len(), series.bars.len());
        if expected != found {
            return Err(ReportError::SeriesLength {
                what: "bars",
                expected,
                found,
                series: name(),
            });
        }
        for (position, bar) in series.bars.iter().enumerate() {
            let Some(bar) = bar else { continue };
            let ends = bar.interval.into_iter().flatten();
            if ends.chain([bar.value]).any(|v| !v.is_finite()) {
                return Err(ReportError::SeriesPosition {
                    position,
                    series: name(),
                });
            }
            if bar.interval.is_some_and(|[low, high]| low > high) {
                return Err(ReportError::BandOrder {
                    position,
                    series: name(),
                });
            }
        }
        Ok(())
    }

    fn bar(&self, bar: &Bar, (series, group): (usize, usize), width: f64, frame: &Frame) -> Markup {
        let style = SeriesStyle::of(series);
        let all = BAR * self.series.len() as f64;
        let left = frame.left + width * (group as f64 + 0.5) - all / 2.0 + BAR * series as f64;
        let (base, top) = (frame.y.at(0.0), frame.y.at(bar.value));
        let middle = left + BAR / 2.0;
        let high = bar.interval.map_or(top, |[_, high]| frame.y.at(high));
        let highest = high.min(top).min(base);
        html! {
            g {
                title { (self.say(bar, series, group)) }
                g style={ "fill:" (style.color) } { (area("column", [left + 1.5, base], [left + BAR - 1.5, top])) }
                @if let Some([low, high]) = bar.interval {
                    (whisker([middle, frame.y.at(high)], frame.y.at(low), "var(--ink)"))
                }
                @if !bar.mark.is_empty() { (crate::svg::text("level", [middle, highest - 5.0], "middle", &bar.mark)) }
            }
        }
    }

    fn say(&self, bar: &Bar, series: usize, group: usize) -> String {
        let name = self.series.get(series).map_or("", |s| s.name.as_str());
        let group = self.groups.get(group).map_or("", String::as_str);
        let interval = bar
            .interval
            .map(|[a, b]| format!(" ({} to {})", of_size(a), of_size(b)));
        format!(
            "{group}, {name}: {}{}",
            of_size(bar.value),
            interval.unwrap_or_default()
        )
    }

    fn words(&self) -> String {
        let mut said = Vec::new();
        for (n, series) in self.series.iter().enumerate() {
            for (g, bar) in series.bars.iter().enumerate() {
                said.extend(bar.as_ref().map(|bar| self.say(bar, n, g)));
            }
        }
        format!("{}: {}. {}.", self.title, self.y.label(), said.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(bars: Vec<Option<Bar>>) -> Bars {
        Bars {
            title: "a".into(),
            y: Axis::new("Dice", ""),
            groups: vec!["g".into(); bars.len()],
            series: vec![BarSeries {
                name: "m".into(),
                bars,
            }],
        }
    }

    fn bar(value: f64, interval: Option<[f64; 2]>) -> Option<Bar> {
        Some(Bar {
            value,
            interval,
            mark: "*".into(),
        })
    }

    #[test]
    fn bars_stand_on_zero() {
        let drawn = bars(vec![bar(0.5, Some([0.25, 1.0])), bar(1.0, None)])
            .draw()
            .unwrap();
        // 240 pixels a unit from 30: a bar of 0.5 from 150 to 270.
        assert!(
            drawn
                .element()
                .contains(r#"y="150" width="19" height="120""#),
            "{}",
            drawn.element()
        );
        assert!(drawn.element().contains("g, m: 0.5 (0.25 to 1)"));
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        assert!(bars(vec![bar(f64::NAN, None)]).draw().is_err());
        assert!(bars(vec![bar(0.5, Some([1.0, 0.0]))]).draw().is_err());
        let mut few = bars(vec![bar(0.5, None)]);
        few.groups.push("h".into());
        assert!(few.draw().unwrap_err().to_string().contains("1 bars for 2"));
        assert!(bars(vec![None])
            .draw()
            .unwrap()
            .element()
            .contains("no data"));
        let mut log = bars(vec![bar(0.5, None)]);
        log.y.is_log = true;
        assert!(log.draw().is_err());
    }
}
