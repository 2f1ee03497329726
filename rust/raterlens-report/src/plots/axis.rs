//! Axes with titles and units, straight or logarithmic.

use crate::number::{fixed, DASH};
use crate::scale::{domain, Scale};

/// Up to so many decades, a logarithmic axis has ticks at 1, 2 and 5.
const FEW_DECADES: f64 = 1.7;

/// What an axis measures.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Axis {
    /// What is measured, for example "predictive entropy".
    pub title: String,
    /// Its unit, for example "nat"; empty for pure numbers.
    pub unit: String,
    /// Logarithmic: all values must be above 0.
    pub is_log: bool,
    /// Values that the axis must hold besides the data, for example 0 and 1; it is never shorter than the data.
    pub always: Vec<f64>,
}

impl Axis {
    /// A straight axis of a quantity and its unit (may be empty).
    pub fn new(title: impl Into<String>, unit: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            unit: unit.into(),
            ..Self::default()
        }
    }

    /// With a logarithmic scale.
    #[must_use]
    pub fn log(mut self) -> Self {
        self.is_log = true;
        self
    }

    /// With room for these values, whatever the data.
    #[must_use]
    pub fn holding(mut self, values: impl IntoIterator<Item = f64>) -> Self {
        self.always.extend(values);
        self
    }

    /// Title with unit, for the edge of the plot.
    pub(crate) fn label(&self) -> String {
        match self.unit.is_empty() {
            true => self.title.clone(),
            false => format!("{}, {}", self.title, self.unit),
        }
    }

    /// Where values of the axis lie between two coordinates.
    pub(crate) fn place(&self, values: impl Iterator<Item = f64>, ends: [f64; 2]) -> Place {
        let always = self.always.iter().copied();
        let range = match self.is_log {
            false => domain(values, &self.always),
            true => log_domain(values.chain(always)),
        };
        Place {
            scale: Scale::new(range, ends),
            is_log: self.is_log,
        }
    }
}

/// From values of an axis to coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    /// Of values, or of their decimal logarithms.
    scale: Scale,
    is_log: bool,
}

impl Place {
    pub(crate) fn at(&self, value: f64) -> f64 {
        self.scale
            .at(if self.is_log { value.log10() } else { value })
    }

    /// Lowest and highest value of a straight axis.
    pub(crate) fn range(&self) -> [f64; 2] {
        [self.scale.low, self.scale.high]
    }

    /// About `wanted` round values with their coordinates and labels.
    pub(crate) fn ticks(&self, wanted: usize) -> Vec<(f64, String)> {
        let values = match self.is_log {
            true => log_ticks(self.scale.low, self.scale.high, wanted),
            false => return self.straight_ticks(wanted),
        };
        let tick = |value: f64| (self.at(value), of_size(value));
        values.into_iter().map(tick).collect()
    }

    fn straight_ticks(&self, wanted: usize) -> Vec<(f64, String)> {
        let largest = self.scale.low.abs().max(self.scale.high.abs());
        let is_plain = (1e-3..1e6).contains(&largest);
        let ticks = self.scale.ticks(wanted).into_iter();
        ticks
            .map(|(value, label)| {
                (
                    self.at(value),
                    if is_plain { label } else { of_size(value) },
                )
            })
            .collect()
    }
}

/// Decimal logarithms of round numbers around all positive finite values.
fn log_domain(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let logs = values.filter(|v| v.is_finite() && *v > 0.0).map(f64::log10);
    let (low, high) = logs.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
        (a.min(v), b.max(v))
    });
    if low > high {
        return [0.0, 1.0];
    }
    let rounds = |decade: f64| [1.0, 2.0, 5.0, 10.0].map(|m: f64| decade + m.log10());
    let below = rounds(low.floor()).into_iter().filter(|v| *v <= low + 1e-9);
    let above = rounds(high.floor()).into_iter().find(|v| *v >= high - 1e-9);
    let low = below.fold(low.floor(), f64::max);
    let high = above.unwrap_or(high.ceil());
    match low < high {
        true => [low, high],
        false => [low - 0.5, high + 0.5],
    }
}

/// Decades, or 1, 2 and 5 of each where there are few.
fn log_ticks(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let is_few = high - low <= FEW_DECADES;
    let every = ((high - low) / wanted.max(1) as f64).ceil().max(1.0) as i32;
    let factors: &[f64] = if is_few { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let decades = low.floor() as i32..=high.ceil() as i32;
    let decades = decades.filter(|d| is_few || d.rem_euclid(every) == 0);
    decades
        .flat_map(|d| factors.iter().map(move |f| f * 10_f64.powi(d)))
        .filter(|v| (low - 1e-9..=high + 1e-9).contains(&v.log10()))
        .collect()
}

/// A number in few characters: as it is where that is short, else with a power of ten.
pub(crate) fn of_size(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return DASH.to_owned();
    }
    let mut power = value.abs().log10().floor() as i32;
    let mut part = value / 10_f64.powi(power);
    if part.abs() >= 9.995 {
        (part, power) = (part / 10.0, power + 1);
    }
    if (-3..=5).contains(&power) {
        let digits = (2 - power).max(0) as usize;
        let text = fixed(value, digits);
        return match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text,
        };
    }
    let part = fixed(part, 2);
    let part = part.trim_end_matches('0').trim_end_matches('.');
    let power = superscript(power);
    match part {
        "1" => format!("10{power}"),
        _ => format!("{part}·10{power}"),
    }
}

fn superscript(power: i32) -> String {
    let digit = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        c => c
            .to_digit(10)
            .and_then(|d| char::from_u32(0x2070 + d))
            .unwrap_or(c),
    };
    power.to_string().chars().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let texts = [
            0.0, 12.0, 0.005, 1e-5, -2.5e-7, 3e6, 0.99999, 1234.0, 9.9999e-8,
        ]
        .map(of_size);
        assert_eq!(
            texts,
            [
                "0",
                "12",
                "0.005",
                "10⁻⁵",
                "−2.5·10⁻⁷",
                "3·10⁶",
                "1",
                "1234",
                "10⁻⁷"
            ]
        );
    }

    #[test]
    fn logarithmic_axes_have_round_ends_and_ticks() {
        let place = Axis::new("n", "")
            .log()
            .place([3.0, 40.0].into_iter(), [0.0, 100.0]);
        let labels: Vec<_> = place.ticks(5).into_iter().map(|t| t.1).collect();
        assert_eq!(labels, ["2", "5", "10", "20", "50"]);
        assert_eq!(
            (
                place.at(2.0).round(),
                place.at(10.0).round(),
                place.at(50.0).round()
            ),
            (0.0, 50.0, 100.0)
        );
        let place = Axis::new("rate", "")
            .log()
            .place([1e-6, 1e-2].into_iter(), [0.0, 100.0]);
        let labels: Vec<_> = place.ticks(5).into_iter().map(|t| t.1).collect();
        assert_eq!(labels, ["10⁻⁶", "10⁻⁵", "10⁻⁴", "0.001", "0.01"]);
    }

    #[test]
    fn axes_without_values_or_with_one_have_a_length() {
        let axis = Axis::new("n", "").log();
        assert_eq!(axis.place(std::iter::empty(), [0.0, 1.0]).at(10.0), 1.0);
        assert_eq!(axis.place([7.0].into_iter(), [0.0, 1.0]).ticks(5).len(), 2);
        let place = axis.place([10.0].into_iter(), [0.0, 1.0]);
        assert!((place.at(10.0) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn tiny_straight_axes_are_labelled_by_powers() {
        let place = Axis::new("variance", "").place([0.0, 4e-5].into_iter(), [0.0, 1.0]);
        let labels: Vec<_> = place.ticks(4).into_iter().map(|t| t.1).collect();
        assert_eq!(labels, ["0", "10⁻⁵", "2·10⁻⁵", "3·10⁻⁵", "4·10⁻⁵"]);
    }
}
