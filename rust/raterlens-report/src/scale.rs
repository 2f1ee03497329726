//! From data to coordinates.

/// A straight scale from data to coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    pub(crate) low: f64,
    pub(crate) high: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// `low` lies at coordinate `start`, `high` at `end`; equal or impossible ends become 0 and 1.
    pub(crate) fn new([low, high]: [f64; 2], [start, end]: [f64; 2]) -> Self {
        let is_usable = low.is_finite() && high.is_finite() && low < high;
        let (low, high) = if is_usable { (low, high) } else { (0.0, 1.0) };
        Self {
            low,
            high,
            start,
            end,
        }
    }

    /// Coordinate of a value; values outside lie on the nearer end.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let part = (value - self.low) / (self.high - self.low);
        let part = if part.is_finite() { part } else { 0.0 };
        self.start + part.clamp(0.0, 1.0) * (self.end - self.start)
    }

    /// About `wanted` round values, each with its label.
    pub(crate) fn ticks(&self, wanted: usize) -> Vec<(f64, String)> {
        let step = step(self.high - self.low, wanted);
        let decimals = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
        let first = (self.low / step - 1e-9).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        (first..=last)
            .map(|n| n as f64 * step)
            .map(|value| (value, super::number::fixed(value, decimals)))
            .collect()
    }
}

/// A round step that divides `range` into about `wanted` parts.
fn step(range: f64, wanted: usize) -> f64 {
    let raw = range / wanted.max(1) as f64;
    let power = 10_f64.powf(raw.log10().floor());
    let rounds = [1.0, 2.0, 5.0, 10.0];
    let factor = rounds.into_iter().find(|f| f * power >= raw * 0.999);
    factor.unwrap_or(10.0) * power
}

/// A domain with round ends that holds all finite values and `always`.
pub(crate) fn domain(values: impl Iterator<Item = f64>, always: &[f64]) -> [f64; 2] {
    let values = values
        .filter(|v| v.is_finite())
        .chain(always.iter().copied());
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    if low > high {
        return [0.0, 1.0];
    }
    if low == high {
        let half = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
        return [low - half, high + half];
    }
    let step = step(high - low, 5) / 2.0;
    [
        (low / step + 1e-9).floor() * step,
        (high / step - 1e-9).ceil() * step,
    ]
}

/// The scale of measures of agreement: up to 1, from a round number below all values.
pub(crate) fn agreement_domain(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let below: Vec<f64> = values.filter(|v| *v < 1.0).collect();
    match below.is_empty() {
        true => [0.0, 1.0],
        false => domain(below.into_iter(), &[1.0]),
    }
}

/// The scale of distances: from 0 to a round number above all values.
pub(crate) fn distance_domain(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let above: Vec<f64> = values.filter(|v| *v > 0.0).collect();
    match above.is_empty() {
        true => [0.0, 1.0],
        false => domain(above.into_iter(), &[0.0]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let scale = Scale::new([0.62, 1.0], [0.0, 100.0]);
        let labels: Vec<_> = scale.ticks(4).into_iter().map(|t| t.1).collect();
        assert_eq!(labels, ["0.7", "0.8", "0.9", "1.0"]);
        let scale = Scale::new([-12.0, 30.0], [0.0, 100.0]);
        let labels: Vec<_> = scale.ticks(4).into_iter().map(|t| t.1).collect();
        assert_eq!(labels, ["0", "20"]);
    }

    #[test]
    fn values_outside_lie_on_the_edge() {
        let scale = Scale::new([0.0, 2.0], [10.0, 20.0]);
        assert_eq!(
            [scale.at(1.0), scale.at(9.0), scale.at(-9.0)],
            [15.0, 20.0, 10.0]
        );
        assert_eq!(scale.at(f64::NAN), 10.0);
    }

    #[test]
    fn domains_hold_their_values() {
        let [low, high] = domain([0.71, f64::NAN, 0.95].into_iter(), &[1.0]);
        assert!((low - 0.7).abs() < 1e-12 && high == 1.0);
        assert_eq!(domain(std::iter::empty(), &[]), [0.0, 1.0]);
        assert_eq!(domain([0.0].into_iter(), &[]), [-1.0, 1.0]);
        let nothing = std::iter::empty::<f64>;
        assert_eq!(agreement_domain(nothing()), [0.0, 1.0]);
        assert_eq!(agreement_domain([1.0].into_iter()), [0.0, 1.0]);
        assert_eq!(agreement_domain([-0.2].into_iter()), [-0.25, 1.0]);
        assert_eq!(distance_domain(nothing()), [0.0, 1.0]);
        assert_eq!(distance_domain([3.9].into_iter()), [0.0, 4.0]);
    }
}
