//! Scatter panels with a regression line and its band.

use raterlens_core::evaluation::fit_line;
use raterlens_report::plots::{Axis, Correlation, RegressionLine, Scatter};

/// Positions at which the band of a regression line is drawn.
const BAND: usize = 21;

/// What a panel shows.
pub(crate) struct Points {
    pub(crate) title: String,
    /// Prediction, epistemic, aleatoric.
    pub(crate) kind: &'static str,
    /// Entropy of the model and of the raters, nats, of each image.
    pub(crate) points: Vec<[f64; 2]>,
    pub(crate) color: usize,
    pub(crate) correlation: Option<Correlation>,
    /// Mean entropy of the model, nats.
    pub(crate) mean: f64,
}

/// The panel.
pub(crate) fn scatter_of(of: &Points) -> Scatter {
    let (x, y): (Vec<f64>, Vec<f64>) = of.points.iter().map(|[x, y]| (*x, *y)).unzip();
    let line = fit_line(&x, &y).ok().flatten().map(|fit| {
        let low = x.iter().copied().fold(f64::INFINITY, f64::min);
        let high = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let at = |k: usize| low + (high - low) * k as f64 / (BAND - 1) as f64;
        let band = (0..BAND).filter_map(|k| fit.interval(at(k), 0.95).map(|[a, b]| [at(k), a, b]));
        RegressionLine {
            intercept: fit.intercept,
            slope: fit.slope,
            band: band.collect(),
        }
    });
    Scatter {
        title: of.title.clone(),
        x: Axis::new(format!("mean {} entropy", of.kind), "nat"),
        y: Axis::new("mean entropy of the raters", "nat"),
        points: of.points.clone(),
        color: of.color,
        line,
        correlation: of.correlation,
        lines: vec![format!("mean entropy {:.4} nat", of.mean)],
    }
}
