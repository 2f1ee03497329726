//! The differences that Bland-Altman plots show.

use raterlens_core::agreement::{bland_altman, BlandAltman, Estimate, QuantityAgreement};

/// A horizontal line with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Level {
    pub(crate) value: Option<f64>,
    pub(crate) interval: Option<[f64; 2]>,
}

/// One plot: differences over means.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Panel {
    pub(crate) first: String,
    pub(crate) second: String,
    /// Whose colour the dots have; `None` for a pair.
    pub(crate) rater: Option<String>,
    /// Mean of the two, and first minus second.
    pub(crate) points: Vec<[f64; 2]>,
    pub(crate) bias: Level,
    /// Lower and upper.
    pub(crate) limits: [Level; 2],
}

impl Panel {
    /// Everything that must fit into the plot's height.
    pub(crate) fn heights(&self) -> impl Iterator<Item = f64> + '_ {
        let levels = [self.bias, self.limits[0], self.limits[1]];
        let levels = levels.into_iter().flat_map(|level| {
            let interval = level.interval.into_iter().flatten();
            level.value.into_iter().chain(interval)
        });
        self.points.iter().map(|[_, y]| *y).chain(levels)
    }
}

impl From<&Estimate> for Level {
    fn from(estimate: &Estimate) -> Self {
        Self {
            value: estimate.value,
            interval: estimate.interval.map(|i| [i.low, i.high]),
        }
    }
}

/// One plot per pair, with the report's intervals.
pub(crate) fn of_pairs(quantity: &QuantityAgreement, raters: &[String]) -> Vec<Panel> {
    let panel = |pair: &BlandAltman| {
        let a = raters.iter().position(|r| *r == pair.a)?;
        let b = raters.iter().position(|r| *r == pair.b)?;
        let points = quantity.rows.iter().filter_map(|row| {
            let value = |rater| row.values.get(rater).copied().flatten();
            Some(point(value(a)?, value(b)?))
        });
        Some(Panel {
            first: pair.a.clone(),
            second: pair.b.clone(),
            rater: None,
            points: points.collect(),
            bias: Level::from(&pair.bias),
            limits: [&pair.lower_limit, &pair.upper_limit].map(Level::from),
        })
    };
    quantity.pairs.iter().filter_map(panel).collect()
}

/// One plot per rater, against the mean of the others that measured the same; without intervals, which need the bootstrap.
pub(crate) fn against_others(quantity: &QuantityAgreement, raters: &[String]) -> Vec<Panel> {
    let panel = |(rater, name): (usize, &String)| {
        let rows = quantity.rows.iter();
        let points: Vec<_> = rows.filter_map(|row| of_row(&row.values, rater)).collect();
        let differences: Vec<_> = points.iter().map(|[_, y]| *y).collect();
        let known = bland_altman(&differences);
        let level = |n: usize| Level {
            value: known.and_then(|k| k.get(n).copied()),
            interval: None,
        };
        Panel {
            first: name.clone(),
            second: "mean of the others".to_owned(),
            rater: Some(name.clone()),
            points,
            bias: level(0),
            limits: [level(2), level(3)],
        }
    };
    raters.iter().enumerate().map(panel).collect()
}

fn of_row(values: &[Option<f64>], rater: usize) -> Option<[f64; 2]> {
    let own = values.get(rater).copied().flatten()?;
    let others = values.iter().enumerate().filter(|(n, _)| *n != rater);
    let (n, sum) = others
        .filter_map(|(_, v)| *v)
        .fold((0_u32, 0.0), |(n, sum), v| (n + 1, sum + v));
    (n > 0).then(|| point(own, sum / f64::from(n)))
}

fn point(first: f64, second: f64) -> [f64; 2] {
    [(first + second) / 2.0, first - second]
}

#[cfg(test)]
mod tests {
    use super::*;
    use raterlens_core::agreement::{QuantityRow, Undefined};

    fn quantity(rows: &[[Option<f64>; 3]]) -> QuantityAgreement {
        let row = |(image, values): (usize, &[Option<f64>; 3])| QuantityRow {
            image,
            slice: None,
            values: values.to_vec(),
        };
        QuantityAgreement {
            icc: Estimate::missing(Undefined::NoData),
            complete: 0,
            pairs: Vec::new(),
            rows: rows.iter().enumerate().map(row).collect(),
        }
    }

    #[test]
    fn raters_are_held_against_the_mean_of_those_who_measured_too() {
        let rows = [
            [Some(4.0), Some(1.0), Some(3.0)],
            [Some(8.0), None, Some(6.0)],
            [Some(1.0), None, None],
        ];
        let raters = ["a", "b", "c"].map(String::from);
        let panels = against_others(&quantity(&rows), &raters);
        // Against (1 + 3) / 2 and against 6; alone, there is nothing to compare with.
        assert_eq!(panels[0].points, [[3.0, 2.0], [7.0, 2.0]]);
        assert_eq!(panels[0].bias.value, Some(2.0));
        assert_eq!(panels[1].points, [[(1.0 + 3.5) / 2.0, 1.0 - 3.5]]);
        assert_eq!(panels[1].bias.value, None); // one difference has no spread
    }
}
