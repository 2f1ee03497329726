//! Reliability diagrams: accuracy over confidence, as in the dissertation's figure A.1.

use maud::{html, Markup};
use raterlens_core::agreement::Estimate;
use raterlens_core::evaluation::MeanCalibration;

use super::axis::Axis;
use super::frame::Frame;
use super::legend::legend;
use super::plot::Plot;
use super::series_style::{marks, SeriesStyle};
use crate::error::ReportError;
use crate::number::{fixed, px};
use crate::svg::{line, short, text};

const AREA: [f64; 2] = [280.0, 280.0];
/// Height of the bars that show how many voxels each bin has.
const ROW: f64 = 15.0;

/// One diagram of one or more models.
#[derive(Debug, Clone, PartialEq)]
pub struct Reliability {
    /// Heading.
    pub title: String,
    /// Models, in the order of their colours.
    pub models: Vec<(String, MeanCalibration)>,
}

impl Reliability {
    /// Draws accuracy (mean over images, with its interval) over mean confidence for every bin with images, and the diagonal of perfect
    /// calibration. Below stand the calibration errors with their intervals.
    ///
    /// # Errors
    /// None at present; other figures can fail.
    pub fn draw(&self) -> Result<Plot, ReportError> {
        let axes = [
            Axis::new("confidence", "").holding([0.0, 1.0]),
            Axis::new("accuracy", "").holding([0.0, 1.0]),
        ];
        let frame = Frame::new(
            AREA,
            [&axes[0], &axes[1]],
            std::iter::empty(),
            std::iter::empty(),
        );
        let styled = || {
            self.models
                .iter()
                .enumerate()
                .map(|(n, m)| (m, SeriesStyle::of(n)))
        };
        let names: Vec<_> = styled()
            .map(|((name, _), style)| (name.as_str(), style))
            .collect();
        let is_empty = self
            .models
            .iter()
            .all(|(_, c)| c.bins.iter().all(|b| b.images == 0));
        let inside = html! {
            (line("diagonal", frame.at([0.0, 0.0]), frame.at([1.0, 1.0])))
            @for ((_, calibration), style) in styled() { (curve(calibration, style, &frame)) }
            @if is_empty { (frame.nothing()) }
        };
        let facts = self.models.iter();
        let facts: Vec<String> = facts.flat_map(|(name, c)| self.facts(name, c)).collect();
        let (room, names) = legend(&names, [frame.right, frame.top]);
        let beside = html! {
            (names)
            @for (n, fact) in facts.iter().enumerate() {
                (text("fact", [frame.left, frame.bottom + 54.0 + ROW * n as f64], "start", fact))
            }
        };
        let words = format!(
            "{}: accuracy over confidence. {}",
            self.title,
            facts.join("; ")
        );
        let below = ROW * facts.len() as f64 + 6.0;
        Ok(frame.plot_beside_and_below(&self.title, &words, &inside, (room, beside), below))
    }

    /// The errors of one model, a line each; its name where there are several.
    fn facts(&self, name: &str, calibration: &MeanCalibration) -> [String; 2] {
        let who = match self.models.len() {
            1 => String::new(),
            _ => format!("{}: ", short(name, 34)),
        };
        [
            format!("{who}ECE {}", estimate(&calibration.ece)),
            format!("{who}adaptive ECE {}", estimate(&calibration.adaptive_ece)),
        ]
    }
}

/// "0.031 (0.02 to 0.04)".
fn estimate(estimate: &Estimate) -> String {
    let interval = estimate
        .interval
        .map(|i| format!(" ({} to {})", fixed(i.low, 3), fixed(i.high, 3)));
    format!(
        "{}{}",
        fixed(estimate.value.unwrap_or(f64::NAN), 3),
        interval.unwrap_or_default()
    )
}

fn curve(calibration: &MeanCalibration, style: SeriesStyle, frame: &Frame) -> Markup {
    let known = calibration
        .bins
        .iter()
        .filter_map(|bin| Some((bin, [bin.confidence?, bin.accuracy.value?])));
    let known: Vec<_> = known.collect();
    let places: Vec<[f64; 2]> = known.iter().map(|(_, point)| frame.at(*point)).collect();
    let path: Vec<String> = places
        .iter()
        .map(|[x, y]| format!("{} {}", px(*x), px(*y)))
        .collect();
    html! {
        @for (bin, [confidence, _]) in &known {
            @if let Some(i) = bin.accuracy.interval {
                (whisker(frame, *confidence, [i.low, i.high], style))
            }
        }
        path.series d={ "M" (path.join("L")) } style={ "stroke:" (style.color) } stroke-dasharray=[style.dash] {}
        (marks(style, &places, 3.2))
    }
}

/// An interval as a bar with two ends.
fn whisker(frame: &Frame, x: f64, [low, high]: [f64; 2], style: SeriesStyle) -> Markup {
    let [x, top] = frame.at([x, high]);
    let bottom = frame.y.at(low);
    super::series_style::whisker([x, top], bottom, style.color)
}

#[cfg(test)]
mod tests {
    use super::*;
    use raterlens_core::agreement::BootstrapOptions;
    use raterlens_core::evaluation::{average_calibration, calibration};

    #[test]
    fn bins_lie_where_their_numbers_say_and_empty_ones_nowhere() {
        let images = [calibration(&[0.75, 0.95], &[true, false], 10).unwrap()];
        let mean = average_calibration(&images, &BootstrapOptions::default()).unwrap();
        let figure = Reliability {
            title: "a".into(),
            models: vec![("m".into(), mean)],
        };
        let drawn = figure.draw().unwrap();
        // Ticks "0.0": left = 22 + 3 * 6.8 + 8 = 50.4; 280 pixels a unit: (0.75, 1) and (0.95, 0).
        assert!(
            drawn.element().contains("M260.4 30L316.4 310"),
            "{}",
            drawn.element()
        );
        assert!(drawn.element().contains("ECE 0.600"));
    }

    #[test]
    fn nothing_is_said() {
        let none = average_calibration(&[], &BootstrapOptions::default()).unwrap();
        let figure = Reliability {
            title: "a".into(),
            models: vec![("m".into(), none)],
        };
        let drawn = figure.draw().unwrap();
        assert!(drawn.element().contains("no data") && drawn.element().contains("ECE –"));
    }
}
