//! The last pass: from distances to the mean or the variance of the soft labels, row by row.

use super::edge::Edge;
use super::line::Line;

/// What is wanted of the soft labels of the raters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Their mean.
    Mean,
    /// Their population variance.
    Variance,
}

/// How the signed numbers of the passes before give squared distances across the row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Across {
    /// Steps of this spacing, squared.
    Steps(f64),
    /// Squared distances.
    Squared,
}

impl Across {
    pub(super) fn height(self, signed: f32) -> f64 {
        let value = f64::from(signed.abs());
        match self {
            Self::Steps(scale) => value * value * scale,
            Self::Squared => value,
        }
    }
}

/// Makes rows of a map; keeps its memory from row to row.
#[derive(Debug, Clone)]
pub(super) struct Rows<'a> {
    edge: &'a Edge,
    line: Line,
    across: Across,
    wanted: Wanted,
    inside: Vec<bool>,
    heights: Vec<f64>,
    squared: Vec<f64>,
    soft: Vec<f64>,
    mean: Vec<f64>,
    spread: Vec<f64>,
}

impl<'a> Rows<'a> {
    /// For rows of voxels `spacing` apart.
    pub(super) fn new(edge: &'a Edge, spacing: f64, across: Across, wanted: Wanted) -> Self {
        Self {
            edge,
            line: Line::new(spacing, edge.reach_squared()),
            across,
            wanted,
            inside: Vec::new(),
            heights: Vec::new(),
            squared: Vec::new(),
            soft: Vec::new(),
            mean: Vec::new(),
            spread: Vec::new(),
        }
    }

    /// The wanted values of one row from the signed numbers of every rater.
    pub(super) fn row<'r>(&mut self, raters: impl Iterator<Item = &'r [f32]>) -> &[f64] {
        self.soft.clear();
        let mut count = 0_u32;
        for signed in raters {
            self.add(signed);
            count += 1;
        }
        let (width, count) = (self.inside.len(), f64::from(count.max(1)));
        self.mean.clear();
        self.mean.resize(width, 0.0);
        for line in self.soft.chunks_exact(width.max(1)) {
            for (sum, soft) in self.mean.iter_mut().zip(line) {
                *sum += soft;
            }
        }
        self.mean.iter_mut().for_each(|sum| *sum /= count);
        match self.wanted {
            Wanted::Mean => &self.mean,
            Wanted::Variance => self.variance(count),
        }
    }

    fn variance(&mut self, count: f64) -> &[f64] {
        self.spread.clear();
        self.spread.resize(self.mean.len(), 0.0);
        for line in self.soft.chunks_exact(self.mean.len().max(1)) {
            let values = line.iter().zip(&self.mean);
            for (sum, (soft, mean)) in self.spread.iter_mut().zip(values) {
                *sum += (soft - mean) * (soft - mean);
            }
        }
        self.spread.iter_mut().for_each(|sum| *sum /= count);
        &self.spread
    }

    fn add(&mut self, signed: &[f32]) {
        self.inside.clear();
        self.inside.extend(signed.iter().map(|&v| v > 0.0));
        self.heights.clear();
        let across = self.across;
        self.heights
            .extend(signed.iter().map(|&v| across.height(v)));
        self.squared.resize(signed.len(), 0.0);
        self.line
            .squared(&self.inside, &self.heights, &mut self.squared);
        let both = self.squared.iter().zip(&self.inside);
        let edge = self.edge;
        self.soft
            .extend(both.map(|(&d, &inside)| edge.soft(d, inside)));
    }
}
