//! Agreement about a quantity: volumes by image, or cross-sectional areas by slice.

use serde::{Deserialize, Serialize};

use super::bland_altman::{BlandAltman, Differences};
use super::bootstrap::{Estimate, Resamples, Undefined};
use super::icc::IccSums;

/// One measured object: an image, or a slice of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuantityRow {
    /// Position of the image in the report's list of cases.
    pub image: usize,
    /// The slice; `None` for a whole image.
    pub slice: Option<usize>,
    /// By rater of the report; `None` where the rater did not draw the image.
    pub values: Vec<Option<f64>>,
}

/// How raters agree about a quantity. Objects that nobody drew are left out: agreeing on nothing there is no measurement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuantityAgreement {
    /// ICC(2,1) of all raters, over the objects that all of them measured.
    pub icc: Estimate,
    /// Number of objects that all raters measured.
    pub complete: usize,
    /// Every pair of raters over the objects that both measured, in the order of the report's pairs.
    ///
    /// Differences of slices of one image are not independent: the limits describe slices, and the intervals, drawn by image, allow for it.
    pub pairs: Vec<BlandAltman>,
    /// The measurements, in the order of images and slices.
    pub rows: Vec<QuantityRow>,
}

impl QuantityAgreement {
    /// From measurements in the order of images; `pairs` are positions in `raters`.
    pub(super) fn new(
        rows: Vec<QuantityRow>,
        raters: &[String],
        pairs: &[(usize, usize)],
        resamples: &Resamples,
    ) -> Self {
        let rows: Vec<_> = rows.into_iter().filter(QuantityRow::was_drawn).collect();
        let everyone: Vec<_> = (0..raters.len()).collect();
        let complete = Table::of(&rows, &everyone);
        let pairs = pairs
            .iter()
            .map(|&(a, b)| pair(&rows, raters, a, b, resamples))
            .collect();
        Self {
            icc: complete.icc(resamples),
            complete: complete.rows.len(),
            pairs,
            rows,
        }
    }
}

impl QuantityRow {
    fn was_drawn(&self) -> bool {
        self.values.iter().flatten().any(|&v| v > 0.0)
    }

    /// The values of these raters, if all of them measured.
    fn of(&self, raters: &[usize]) -> Option<Vec<f64>> {
        let value = |&rater: &usize| self.values.get(rater).copied().flatten();
        raters.iter().map(value).collect()
    }
}

fn pair(
    rows: &[QuantityRow],
    raters: &[String],
    a: usize,
    b: usize,
    resamples: &Resamples,
) -> BlandAltman {
    let table = Table::of(rows, &[a, b]);
    let differences = table.rows.iter().filter_map(|(image, values)| {
        let &[a, b] = values.as_slice() else {
            return None;
        };
        Some((*image, a - b))
    });
    let differences = Differences::new(differences);
    let name = |rater: usize| raters.get(rater).cloned().unwrap_or_default();
    let [lower_limit, upper_limit] = differences.limits(resamples);
    BlandAltman {
        a: name(a),
        b: name(b),
        differences: differences.count(),
        bias: differences.bias(resamples),
        sd: differences.sd(),
        lower_limit,
        upper_limit,
        icc: table.icc(resamples),
    }
}

/// Complete rows of some of the raters, each with its image.
struct Table {
    raters: usize,
    rows: Vec<(usize, Vec<f64>)>,
}

impl Table {
    fn of(rows: &[QuantityRow], raters: &[usize]) -> Self {
        let complete = rows
            .iter()
            .filter_map(|row| Some((row.image, row.of(raters)?)));
        Self {
            raters: raters.len(),
            rows: complete.collect(),
        }
    }

    fn icc(&self, resamples: &Resamples) -> Estimate {
        let origin = self.rows.first().and_then(|(_, row)| row.first().copied());
        let Some(origin) = origin else {
            return Estimate::missing(Undefined::NoCompleteImages);
        };
        if self.rows.len() == 1 {
            return Estimate::missing(Undefined::OneImage);
        }
        let by_image: Vec<(usize, IccSums)> = self
            .rows
            .chunk_by(|x, y| x.0 == y.0)
            .filter_map(|rows| {
                let mut sums = IccSums::new(self.raters);
                rows.iter().for_each(|(_, row)| sums.add_row(row, origin));
                Some((rows.first()?.0, sums))
            })
            .collect();
        resamples.estimate(by_image.len(), Undefined::NoVariation, |weights| {
            let mut sums = IccSums::new(self.raters);
            for (image, of_image) in &by_image {
                sums.add(of_image, weights.get(*image).copied().unwrap_or(0));
            }
            sums.icc()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{icc_2_1, BootstrapOptions};

    fn row(image: usize, values: &[Option<f64>]) -> QuantityRow {
        QuantityRow {
            image,
            slice: None,
            values: values.to_vec(),
        }
    }

    #[test]
    fn raters_may_be_missing_and_objects_that_nobody_drew_are_left_out() {
        let raters = ["x", "y", "z"].map(String::from);
        let rows = vec![
            row(0, &[Some(1.0), Some(2.0), Some(1.0)]),
            row(1, &[Some(0.0), Some(0.0), None]),
            row(2, &[Some(5.0), None, Some(4.0)]),
            row(3, &[Some(3.0), Some(3.0), Some(4.0)]),
        ];
        let resamples = Resamples::new(4, &BootstrapOptions::default());
        let found = QuantityAgreement::new(rows, &raters, &[(0, 1), (0, 2)], &resamples);
        assert_eq!((found.rows.len(), found.complete), (3, 2));
        let complete = [vec![1.0, 2.0, 1.0], vec![3.0, 3.0, 4.0]];
        assert_eq!(found.icc.value, icc_2_1(&complete));
        let [xy, xz] = &found.pairs[..] else {
            panic!("two pairs were asked for");
        };
        assert_eq!(
            (xy.differences, xy.bias.value),
            (2, Some((-1.0 + 0.0) / 2.0))
        );
        assert_eq!(
            (xz.differences, xz.bias.value),
            (3, Some((0.0 + 1.0 - 1.0) / 3.0))
        );
        let of_pair = [vec![1.0, 1.0], vec![5.0, 4.0], vec![3.0, 4.0]];
        assert_eq!(xz.icc.value, icc_2_1(&of_pair));
    }

    #[test]
    fn without_a_complete_object_the_icc_says_so() {
        let raters = ["x", "y"].map(String::from);
        let resamples = Resamples::new(2, &BootstrapOptions::default());
        let rows = vec![row(0, &[Some(1.0), None]), row(1, &[None, Some(1.0)])];
        let found = QuantityAgreement::new(rows, &raters, &[(0, 1)], &resamples);
        assert_eq!(found.icc, Estimate::missing(Undefined::NoCompleteImages));
        assert_eq!(found.pairs[0].bias, Estimate::missing(Undefined::NoData));
        let one = vec![row(0, &[Some(1.0), Some(2.0)])];
        let found = QuantityAgreement::new(one, &raters, &[(0, 1)], &resamples);
        assert_eq!(found.icc, Estimate::missing(Undefined::OneImage));
        assert_eq!(found.pairs[0].bias.undefined, Some(Undefined::OneImage));
        assert_eq!(found.pairs[0].lower_limit.value, None);
    }
}
