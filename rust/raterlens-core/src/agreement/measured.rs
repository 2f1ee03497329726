//! The drawings of one image with what is made once and used for all pairs.

use rayon::prelude::*;

use super::case::CasePair;
use super::consensus::leave_one_out_consensus;
use super::image_drawings::ImageDrawings;
use super::metric::Comparison;
use super::nominal::NominalPair;
use super::options::AgreementOptions;
use super::patterns::Patterns;
use super::slice_table::{slice_patterns, SliceTable};
use crate::metrics::{overlap_counts, MetricError, OverlapCounts, SurfaceSet, MM3_PER_ML};
use crate::volume::LabelMap;

/// Two drawings to compare: their raters, and their positions in the set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    raters: [usize; 2],
    drawings: [usize; 2],
}

/// Two drawings compared, structure by structure.
pub(super) struct ComparedPair {
    raters: [usize; 2],
    comparisons: Vec<Comparison>,
}

impl ComparedPair {
    /// What was found about the structure at position `n`.
    pub(super) fn structure(&self, n: usize) -> Option<CasePair> {
        let [a, b] = self.raters;
        let comparison = *self.comparisons.get(n)?;
        Some(CasePair { a, b, comparison })
    }
}

/// The drawings of one image, their surfaces and their patterns.
pub(super) struct Measured<'a> {
    options: &'a AgreementOptions,
    labels: Vec<&'a LabelMap>,
    raters: Vec<String>,
    /// Each rater's drawings, the first one first.
    by_rater: Vec<Vec<usize>>,
    /// Each rater's first drawing.
    first: Vec<usize>,
    surfaces: Vec<SurfaceSet<'a>>,
    slices: Vec<Patterns>,
    patterns: Patterns,
    voxel_ml: f64,
}

impl<'a> Measured<'a> {
    pub(super) fn new(set: &'a ImageDrawings<'_>, options: &'a AgreementOptions) -> Self {
        let ids = &options.structures;
        let labels: Vec<&LabelMap> = set.drawings().iter().map(|d| d.labels.as_ref()).collect();
        let (raters, by_rater): (Vec<_>, Vec<_>) = set
            .by_rater()
            .into_iter()
            .map(|(name, drawings)| (name.to_owned(), drawings))
            .unzip();
        let slices = slice_patterns(&labels, ids);
        let mut patterns = Patterns::default();
        slices.iter().for_each(|slice| patterns.merge(slice));
        let space = options.compare.space;
        let surfaces = labels.par_iter().map(|l| SurfaceSet::new(l, ids, space));
        let grid = labels.first().map(|l| l.geometry());
        Self {
            options,
            raters,
            first: by_rater.iter().filter_map(|d| d.first().copied()).collect(),
            by_rater,
            surfaces: surfaces.collect(),
            slices,
            patterns,
            voxel_ml: grid.map_or(0.0, |g| g.voxel_volume_mm3() / MM3_PER_ML),
            labels,
        }
    }

    /// Names of the raters.
    pub(super) fn raters(&self) -> &[String] {
        &self.raters
    }

    /// Labels above 0 that belong to no structure.
    pub(super) fn unlisted_labels(&self) -> Vec<u16> {
        self.patterns.unlisted().collect()
    }

    /// Pairs of raters, each by its first drawing.
    pub(super) fn rater_pairs(&self) -> Vec<Pair> {
        let numbered = || self.first.iter().copied().enumerate();
        let pair = |(a, x), (b, y)| Pair {
            raters: [a, b],
            drawings: [x, y],
        };
        let later = |rater: usize| numbered().skip(rater + 1);
        numbered()
            .flat_map(|first| later(first.0).map(move |second| pair(first, second)))
            .collect()
    }

    /// Pairs of drawings by one rater, the earlier first.
    pub(super) fn repeat_pairs(&self) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for (rater, drawings) in self.by_rater.iter().enumerate() {
            for (n, &x) in drawings.iter().enumerate() {
                pairs.extend(drawings.iter().skip(n + 1).map(|&y| Pair {
                    raters: [rater, rater],
                    drawings: [x, y],
                }));
            }
        }
        pairs
    }

    /// Compares all structures of each pair.
    pub(super) fn comparisons(&self, pairs: Vec<Pair>) -> Vec<ComparedPair> {
        let structures = self.options.structures.len();
        let compare = |pair: Pair| {
            let [x, y] = pair.drawings;
            let counts = self.patterns.overlaps(x, y, structures);
            Some(ComparedPair {
                raters: pair.raters,
                comparisons: self.compare(self.surfaces.get(x)?, self.surfaces.get(y)?, &counts),
            })
        };
        pairs.into_par_iter().filter_map(compare).collect()
    }

    fn compare(
        &self,
        a: &SurfaceSet<'_>,
        b: &SurfaceSet<'_>,
        counts: &[OverlapCounts],
    ) -> Vec<Comparison> {
        let surfaces = a.compare_all(b, counts, self.options.compare.tolerance_mm);
        let both = counts.iter().zip(surfaces);
        both.map(|(counts, surface)| Comparison::new(*counts, surface, self.voxel_ml))
            .collect()
    }

    /// By rater: all structures against the majority of the others; nothing without others.
    pub(super) fn against_consensus(&self) -> Result<Vec<Vec<Comparison>>, MetricError> {
        let first = self.first.iter();
        let first: Vec<_> = first.filter_map(|&n| self.labels.get(n).copied()).collect();
        let ids = &self.options.structures;
        let mut all = Vec::new();
        for (rater, &drawing) in self.first.iter().enumerate() {
            let consensus = leave_one_out_consensus(&first, rater);
            let own = self.labels.get(drawing).zip(self.surfaces.get(drawing));
            let (Some(consensus), Some((labels, surfaces))) = (consensus, own) else {
                all.push(Vec::new());
                continue;
            };
            let counts = overlap_counts(&labels.data().view(), &consensus.data().view(), ids)?;
            let set = SurfaceSet::new(&consensus, ids, self.options.compare.space);
            all.push(self.compare(surfaces, &set, &counts));
        }
        Ok(all)
    }

    /// By rater: volume of the structure at position `structure`.
    pub(super) fn volumes_ml(&self, structure: usize) -> Vec<f64> {
        let structures = self.options.structures.len();
        let of = |&drawing: &usize| {
            let sizes = self.patterns.sizes(drawing, structures);
            sizes.get(structure).map_or(0.0, |&n| n as f64) * self.voxel_ml
        };
        self.first.iter().map(of).collect()
    }

    /// Counts for kappa and alpha: of all structures, or of one against the rest.
    pub(super) fn nominal(&self, structure: Option<usize>) -> NominalPair {
        let classes = self.options.structures.len() + 1;
        let only = structure.map(|n| n + 1);
        NominalPair::of(&self.patterns, &self.first, classes, only)
    }

    /// Areas and overlaps of every slice.
    pub(super) fn slices(&self) -> Vec<SliceTable> {
        let pairs: Vec<_> = self.rater_pairs().iter().map(|p| p.drawings).collect();
        let structures = self.options.structures.len();
        let grid = self.labels.first().map(|l| l.geometry());
        let table = |(slice, patterns)| {
            SliceTable::new(slice, patterns, &self.first, &pairs, structures, grid)
        };
        self.slices.par_iter().enumerate().map(table).collect()
    }
}
