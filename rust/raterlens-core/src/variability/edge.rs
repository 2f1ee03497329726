//! From squared distance to soft label.

use super::options::SoftLabelOptions;

/// Largest table; a wider edge computes exponentials.
const MAX_TABLE: f64 = 65_536.0;

/// The logistic edge: `1 / (1 + exp(-d / tau))` from the square of d.
#[derive(Debug, Clone)]
pub(super) struct Edge {
    tau: f64,
    /// Squared distance from which on the soft label is 0 or 1.
    reach_squared: f64,
    table: Option<Table>,
}

/// Where all spacings are equal, squared distances are whole multiples of one number.
#[derive(Debug, Clone)]
struct Table {
    per_unit: f64,
    inside: Vec<f64>,
}

impl Edge {
    /// The edge for voxels of this spacing, in the unit of the options.
    pub(super) fn new(options: &SoftLabelOptions, spacing: &[f64]) -> Self {
        let reach = options.reach();
        let mut edge = Self {
            tau: options.tau,
            reach_squared: reach * reach,
            table: None,
        };
        edge.table = edge.tabulate(spacing);
        edge
    }

    fn tabulate(&self, spacing: &[f64]) -> Option<Table> {
        let first = spacing.first()?;
        let unit = first * first;
        let entries = self.reach_squared / unit;
        if spacing.iter().any(|s| s != first) || entries.is_nan() || entries > MAX_TABLE {
            return None;
        }
        let inside = (0..=entries.ceil() as u32).map(|n| self.inside(f64::from(n) * unit));
        Some(Table {
            per_unit: 1.0 / unit,
            inside: inside.collect(),
        })
    }

    /// Squared distance from which on the soft label is 0 or 1.
    pub(super) fn reach_squared(&self) -> f64 {
        self.reach_squared
    }

    /// Soft label of a voxel whose nearest voxel of the other side is this far away, squared; infinite without any.
    pub(super) fn soft(&self, squared: f64, is_inside: bool) -> f64 {
        if squared >= self.reach_squared {
            return if is_inside { 1.0 } else { 0.0 };
        }
        let inside = match &self.table {
            Some(table) => {
                let n = (squared * table.per_unit).round() as usize;
                table.inside.get(n).copied().unwrap_or(1.0)
            }
            None => self.inside(squared),
        };
        if is_inside {
            inside
        } else {
            1.0 - inside
        }
    }

    fn inside(&self, squared: f64) -> f64 {
        1.0 / (1.0 + (-squared.sqrt() / self.tau).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variability::DistanceUnit;

    #[test]
    fn table_and_formula_agree() {
        let options = SoftLabelOptions {
            tau: 1.5,
            unit: DistanceUnit::Millimetre,
            ..SoftLabelOptions::default()
        };
        let equal = Edge::new(&options, &[0.625, 0.625]);
        let unequal = Edge::new(&options, &[0.625, 0.626]);
        assert!(equal.table.is_some() && unequal.table.is_none());
        for n in 0..4000_u32 {
            let squared = f64::from(n) * (0.625 * 0.625);
            let inside = equal.soft(squared, true);
            assert!((inside - unequal.soft(squared, true)).abs() < 1e-15, "{n}");
            assert!((inside + equal.soft(squared, false) - 1.0).abs() < 1e-15);
        }
        assert_eq!(equal.soft(f64::INFINITY, false), 0.0);
        assert_eq!(equal.soft(f64::INFINITY, true), 1.0);
    }

    #[test]
    fn an_exact_edge_never_saturates() {
        let options = SoftLabelOptions {
            saturation: 0.0,
            ..SoftLabelOptions::default()
        };
        let edge = Edge::new(&options, &[1.0, 1.0]);
        assert!(edge.table.is_none());
        assert_eq!(
            edge.soft(900.0, false),
            1.0 - 1.0 / (1.0 + (-30.0_f64).exp())
        );
        assert_eq!(edge.soft(f64::INFINITY, false), 0.0);
    }
}
