//! Chance-corrected agreement of any number of raters about categories: Fleiss' kappa and Krippendorff's alpha.

use serde::{Deserialize, Serialize};

use super::bootstrap::{Estimate, Resamples, Undefined};
use super::patterns::Patterns;

/// Ratings of many units (voxels) by an equal number of raters, reduced to what kappa and alpha need.
///
/// Counts of several images, also with different numbers of raters, are pooled by giving a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NominalCounts {
    /// Ratings per unit.
    pub raters: u32,
    /// Number of units.
    pub units: u64,
    /// Over all units, ordered pairs of raters who gave different categories.
    pub disagreeing: u64,
    /// Number of ratings of each category.
    pub ratings: Vec<u64>,
}

impl NominalCounts {
    /// From a table with one row per unit: how many raters gave each category.
    ///
    /// Rows are grouped by their number of ratings, so that raters may be missing on some units; rows with fewer than two ratings
    /// say nothing about agreement and are left out.
    ///
    /// ```
    /// use raterlens_core::agreement::{krippendorff_alpha, NominalCounts};
    /// // Two units, two raters: they agree on the first and disagree on the second.
    /// let counts = NominalCounts::from_table(&[vec![2, 0], vec![1, 1]]);
    /// // Coincidences: n = 4 ratings, 3 and 1 per category; observed 2 / 4, expected 2 * 3 * 1 / (4 * 3).
    /// assert_eq!(krippendorff_alpha(&counts), Some(1.0 - (2.0 / 4.0) / (6.0 / 12.0)));
    /// ```
    #[must_use]
    pub fn from_table(rows: &[Vec<u32>]) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        for row in rows {
            let raters = row.iter().sum();
            if raters < 2 {
                continue;
            }
            let at = groups.iter().position(|g| g.raters == raters);
            let at = at.unwrap_or_else(|| {
                groups.push(Self::new(raters, row.len()));
                groups.len() - 1
            });
            if let Some(group) = groups.get_mut(at) {
                group.add(row, 1);
            }
        }
        groups
    }

    fn new(raters: u32, categories: usize) -> Self {
        Self {
            raters,
            ratings: vec![0; categories],
            ..Self::default()
        }
    }

    /// Adds `units` units, in each of which `row[c]` raters gave category c.
    fn add(&mut self, row: &[u32], units: u64) {
        self.units += units;
        self.ratings.resize(self.ratings.len().max(row.len()), 0);
        for (total, &n) in self.ratings.iter_mut().zip(row) {
            *total += u64::from(n) * units;
            self.disagreeing += u64::from(n) * u64::from(self.raters - n) * units;
        }
    }
}

/// Nominal counts of one image: over all voxels, and over those to which at least one rater gave a structure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NominalPair {
    pub(super) all: NominalCounts,
    pub(super) foreground: NominalCounts,
}

impl NominalPair {
    /// Of the drawings `first`; categories are the classes, or (given a structure's class) that class against the rest.
    pub(super) fn of(
        patterns: &Patterns,
        first: &[usize],
        classes: usize,
        only: Option<usize>,
    ) -> Self {
        let categories = if only.is_some() { 2 } else { classes };
        let none = || NominalCounts::new(first.len() as u32, categories);
        let mut pair = Self {
            all: none(),
            foreground: none(),
        };
        let mut row = vec![0; categories];
        for (pattern, voxels) in patterns.iter() {
            row.fill(0);
            for class in first.iter().filter_map(|&drawing| pattern.get(drawing)) {
                let class = *class as usize;
                let category = only.map_or(class, |only| usize::from(class == only));
                if let Some(n) = row.get_mut(category) {
                    *n += 1;
                }
            }
            pair.all.add(&row, voxels);
            if row.iter().skip(1).any(|&n| n > 0) {
                pair.foreground.add(&row, voxels);
            }
        }
        pair
    }
}

/// Fleiss' kappa (Fleiss 1971, doi:10.1037/h0031619) over all units of all groups.
///
/// Observed agreement is the mean over units of the part of the rater pairs that agree; chance agreement is the sum of the
/// squared shares of the categories among all ratings. With groups of different numbers of raters the same two definitions are applied to the
/// units as they are; with one group this is Fleiss' own kappa. Range: at most 1; 0 is chance. `None` without two ratings of any unit, or
/// when all ratings are one category. Groups with fewer than two raters are left out.
#[must_use]
pub fn fleiss_kappa(groups: &[NominalCounts]) -> Option<f64> {
    NominalSums::of(groups.iter().map(|g| (g, 1))).fleiss_kappa()
}

/// Krippendorff's alpha for nominal data (Krippendorff 2011, "Computing Krippendorff's alpha-reliability").
///
/// Observed and expected disagreement of the coincidence matrix, with the correction for small numbers of ratings. Units need not have the same number
/// of raters; groups with fewer than two are left out. Range: at most 1; 0 is chance. `None` as [`fleiss_kappa`].
#[must_use]
pub fn krippendorff_alpha(groups: &[NominalCounts]) -> Option<f64> {
    NominalSums::of(groups.iter().map(|g| (g, 1))).krippendorff_alpha()
}

/// Sums over groups, each with a weight.
#[derive(Debug, Default)]
struct NominalSums {
    units: f64,
    /// Sum over units of the part of the ordered rater pairs that disagree.
    disagreement: f64,
    /// Sum of the coincidences of different categories.
    off_diagonal: f64,
    ratings: Vec<f64>,
}

impl NominalSums {
    fn of<'a>(groups: impl Iterator<Item = (&'a NominalCounts, u32)>) -> Self {
        let mut sums = Self::default();
        for (group, weight) in groups.filter(|(g, w)| g.raters > 1 && *w > 0) {
            let (weight, raters) = (f64::from(weight), f64::from(group.raters));
            let disagreeing = weight * group.disagreeing as f64;
            sums.units += weight * group.units as f64;
            sums.disagreement += disagreeing / (raters * (raters - 1.0));
            sums.off_diagonal += disagreeing / (raters - 1.0);
            let categories = sums.ratings.len().max(group.ratings.len());
            sums.ratings.resize(categories, 0.0);
            for (sum, &n) in sums.ratings.iter_mut().zip(&group.ratings) {
                *sum += weight * n as f64;
            }
        }
        sums
    }

    /// Ratings, and ordered pairs of ratings of different categories: exact while counts are below 2^53.
    fn chance(&self) -> (f64, f64) {
        let total: f64 = self.ratings.iter().sum();
        let pairs = self.ratings.iter().map(|n| n * (total - n)).sum();
        (total, pairs)
    }

    fn fleiss_kappa(&self) -> Option<f64> {
        let (total, pairs) = self.chance();
        let expected = pairs / (total * total);
        (pairs > 0.0).then(|| 1.0 - self.disagreement / self.units / expected)
    }

    fn krippendorff_alpha(&self) -> Option<f64> {
        let (total, pairs) = self.chance();
        let expected = pairs / (total * (total - 1.0));
        (pairs > 0.0).then(|| 1.0 - self.off_diagonal / total / expected)
    }
}

/// Chance-corrected agreement over images.
///
/// Over **all** voxels the large and easy background sets the level of chance; over the **foreground**, the voxels to which at least
/// one rater gave a structure, every unit was picked because of its ratings, so that values are low, often below 0, and
/// comparable only with each other. Both are given because the literature uses both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NominalAgreement {
    /// Fleiss' kappa over all voxels.
    pub fleiss_kappa: Estimate,
    /// Fleiss' kappa over the union of the raters' structures.
    pub fleiss_kappa_foreground: Estimate,
    /// Krippendorff's alpha over all voxels.
    pub krippendorff_alpha: Estimate,
    /// Krippendorff's alpha over the union of the raters' structures.
    pub krippendorff_alpha_foreground: Estimate,
}

impl NominalAgreement {
    /// Pools images; their voxels count alike, so that larger images count more.
    pub(super) fn pool(images: &[&NominalPair], resamples: &Resamples) -> Self {
        let all: Vec<_> = images.iter().map(|i| &i.all).collect();
        let foreground: Vec<_> = images.iter().map(|i| &i.foreground).collect();
        let estimate = |groups: &[&NominalCounts], statistic: fn(&NominalSums) -> Option<f64>| {
            let rated = |g: &&&NominalCounts| g.raters > 1 && g.units > 0;
            let informative = groups.iter().filter(rated).count();
            resamples.estimate(informative, Undefined::NoVariation, |weights| {
                let weighted = groups.iter().copied().zip(weights.iter().copied());
                statistic(&NominalSums::of(weighted))
            })
        };
        Self {
            fleiss_kappa: estimate(&all, NominalSums::fleiss_kappa),
            fleiss_kappa_foreground: estimate(&foreground, NominalSums::fleiss_kappa),
            krippendorff_alpha: estimate(&all, NominalSums::krippendorff_alpha),
            krippendorff_alpha_foreground: estimate(&foreground, NominalSums::krippendorff_alpha),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(found: Option<f64>, expected: f64) {
        let found = found.unwrap();
        assert!((found - expected).abs() < 1e-14, "{found} {expected}");
    }

    #[test]
    fn kappa_and_alpha_by_hand() {
        // Three raters, four units, two categories.
        let rows = [vec![3, 0], vec![2, 1], vec![0, 3], vec![1, 2]];
        let counts = NominalCounts::from_table(&rows);
        // Units agree 1, 1/3, 1, 1/3: mean 2/3. Categories 6 and 6 of 12: chance 1/2.
        close(fleiss_kappa(&counts), (2.0 / 3.0 - 0.5) / (1.0 - 0.5));
        // Coincidences of different categories: 2 * (2 * 1) / (3 - 1) twice = 4 of 12; expected 2 * 6 * 6 / (12 * 11).
        close(
            krippendorff_alpha(&counts),
            1.0 - (4.0 / 12.0) / (72.0 / 132.0),
        );
    }

    #[test]
    fn missing_ratings_by_hand() {
        // Krippendorff (2011), example C: four observers, twelve units, five categories, gaps. Rows: units; numbers per category.
        let rows = [
            vec![3, 0, 0, 0, 0],
            vec![0, 3, 1, 0, 0],
            vec![0, 0, 4, 0, 0],
            vec![0, 0, 4, 0, 0],
            vec![0, 4, 0, 0, 0],
            vec![1, 1, 1, 1, 0],
            vec![0, 0, 0, 4, 0],
            vec![3, 1, 0, 0, 0],
            vec![0, 4, 0, 0, 0],
            vec![0, 0, 0, 0, 3],
            vec![2, 0, 0, 0, 0],
            vec![0, 0, 1, 0, 0],
        ];
        let counts = NominalCounts::from_table(&rows);
        // Off-diagonal coincidences: (2 * 3 / 3) + (12 / 3) + (2 * 3 / 3) = 8; of the 40 pairable ratings, 9, 13, 10, 5 and 3.
        let pairs = 40.0 * 40.0 - (81.0 + 169.0 + 100.0 + 25.0 + 9.0);
        close(krippendorff_alpha(&counts), 1.0 - 39.0 * 8.0 / pairs);
    }

    #[test]
    fn total_disagreement_of_two_raters_by_hand() {
        // Two units, the raters never agree: observed 0, chance 1/2; alpha's expectation is 2 * 2 * 2 / (4 * 3).
        let counts = NominalCounts::from_table(&[vec![1, 1], vec![1, 1]]);
        close(fleiss_kappa(&counts), -1.0);
        close(krippendorff_alpha(&counts), 1.0 - 1.0 / (8.0 / 12.0));
    }

    #[test]
    fn no_variation_and_no_pairs_are_undefined() {
        for rows in [vec![], vec![vec![0, 3], vec![0, 3]], vec![vec![1, 0]]] {
            let counts = NominalCounts::from_table(&rows);
            assert_eq!(fleiss_kappa(&counts), None, "{rows:?}");
            assert_eq!(krippendorff_alpha(&counts), None, "{rows:?}");
        }
    }

    #[test]
    fn numbers_of_voxels_beyond_single_precision_are_exact() {
        // 2^40 voxels of background, 3 voxels of which one is disputed by two raters.
        let group = NominalCounts {
            raters: 2,
            units: (1 << 40) + 3,
            disagreeing: 2,
            ratings: vec![(1 << 41) + 1, 5],
        };
        let (total, fives) = ((2.0_f64).powi(41) + 6.0, 5.0);
        let expected = 2.0 * fives * (total - fives) / (total * (total - 1.0));
        close(krippendorff_alpha(&[group]), 1.0 - 2.0 / total / expected);
    }

    proptest! {
        #[test]
        fn invariant_to_the_order_of_units_and_categories(
            rows in prop::collection::vec([0_u32..4, 0_u32..4, 0_u32..4], 2..20),
        ) {
            let rows: Vec<Vec<u32>> = rows.iter().map(|r| r.to_vec()).collect();
            let reversed: Vec<Vec<u32>> = rows.iter().rev().map(|r| vec![r[2], r[0], r[1]]).collect();
            let (a, b) = (NominalCounts::from_table(&rows), NominalCounts::from_table(&reversed));
            let near = |x: Option<f64>, y: Option<f64>| match (x, y) {
                (Some(x), Some(y)) => (x - y).abs() < 1e-12,
                (x, y) => x == y,
            };
            prop_assert!(near(fleiss_kappa(&a), fleiss_kappa(&b)));
            prop_assert!(near(krippendorff_alpha(&a), krippendorff_alpha(&b)));
            prop_assert!(fleiss_kappa(&a).is_none_or(|k| k <= 1.0));
        }
    }
}
