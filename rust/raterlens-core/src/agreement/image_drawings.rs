//! The drawings of one image.

use std::borrow::Cow;

use super::error::AgreementError;
use crate::grid::{check_grid, GridError};
use crate::metrics::{check_orthogonal, MetricError};
use crate::volume::LabelMap;

/// One drawing of one image.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing<'a> {
    /// Who drew it: the same name in every image.
    pub rater: String,
    /// 0 for the first drawing of the rater, then 1, 2, ... Raters are compared by their drawing of the lowest number;
    /// repeated drawings are compared with each other only.
    pub repeat: u32,
    /// The labels; borrowed or owned.
    pub labels: Cow<'a, LabelMap>,
}

/// All drawings of one image, checked: two or more, on one grid with axes at right angles.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageDrawings<'a> {
    case: String,
    drawings: Vec<Drawing<'a>>,
}

impl<'a> ImageDrawings<'a> {
    /// Joins the drawings of the image `case`.
    ///
    /// Reports print the names of cases and raters: use names that identify no patient.
    ///
    /// # Errors
    /// Fewer than two drawings, a drawing given twice, different grids, or a sheared grid.
    pub fn new(
        case: impl Into<String>,
        drawings: Vec<Drawing<'a>>,
    ) -> Result<Self, AgreementError> {
        let case = case.into();
        check_numbers(&case, &drawings)?;
        if let Err(source) = check_grids(&drawings) {
            return Err(AgreementError::Metric { case, source });
        }
        Ok(Self { case, drawings })
    }

    /// Joins one drawing by each of several raters.
    ///
    /// # Errors
    /// As [`ImageDrawings::new`].
    pub fn of_raters<S: Into<String>>(
        case: impl Into<String>,
        raters: impl IntoIterator<Item = (S, &'a LabelMap)>,
    ) -> Result<Self, AgreementError> {
        let drawing = |(rater, labels): (S, &'a LabelMap)| Drawing {
            rater: rater.into(),
            repeat: 0,
            labels: Cow::Borrowed(labels),
        };
        Self::new(case, raters.into_iter().map(drawing).collect())
    }

    /// Name of the image.
    #[must_use]
    pub fn case(&self) -> &str {
        &self.case
    }

    /// All drawings, as given.
    #[must_use]
    pub fn drawings(&self) -> &[Drawing<'a>] {
        &self.drawings
    }

    /// Positions of each rater's drawings, the lowest number first; raters in the order in which they first appear.
    pub(super) fn by_rater(&self) -> Vec<(&str, Vec<usize>)> {
        let mut raters: Vec<(&str, Vec<usize>)> = Vec::new();
        for (n, drawing) in self.drawings.iter().enumerate() {
            match raters.iter_mut().find(|(name, _)| *name == drawing.rater) {
                Some((_, positions)) => positions.push(n),
                None => raters.push((&drawing.rater, vec![n])),
            }
        }
        let number = |n: &usize| self.drawings.get(*n).map(|d| d.repeat);
        for (_, positions) in &mut raters {
            positions.sort_by_key(number);
        }
        raters
    }
}

fn check_numbers(case: &str, drawings: &[Drawing<'_>]) -> Result<(), AgreementError> {
    let case = case.to_owned();
    if drawings.len() < 2 {
        let found = drawings.len();
        return Err(AgreementError::TooFewDrawings { case, found });
    }
    for (n, drawing) in drawings.iter().enumerate() {
        let same = |d: &Drawing<'_>| d.rater == drawing.rater && d.repeat == drawing.repeat;
        if drawings.iter().take(n).any(same) {
            let (rater, repeat) = (drawing.rater.clone(), drawing.repeat);
            return Err(AgreementError::RepeatedDrawing {
                case,
                rater,
                repeat,
            });
        }
    }
    Ok(())
}

fn check_grids(drawings: &[Drawing<'_>]) -> Result<(), MetricError> {
    let first = drawings.first().ok_or(GridError::NoRaters)?;
    let grid = first.labels.geometry();
    for (n, drawing) in drawings.iter().enumerate().skip(1) {
        check_grid(grid, drawing.labels.geometry(), n + 1)?;
    }
    check_orthogonal(grid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Geometry;
    use ndarray::Array3;

    fn map(dims: [usize; 3]) -> LabelMap {
        let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let grid = Geometry::new(dims, [1.0; 3], [0.0; 3], identity).unwrap();
        LabelMap::new(Array3::zeros(grid.shape_kji()), grid).unwrap()
    }

    fn drawing(rater: &str, repeat: u32) -> Drawing<'static> {
        let rater = rater.to_owned();
        let labels = Cow::Owned(map([1, 2, 3]));
        Drawing {
            rater,
            repeat,
            labels,
        }
    }

    #[test]
    fn repeats_are_sorted_by_number_and_raters_by_appearance() {
        let drawings = vec![drawing("b", 3), drawing("a", 0), drawing("b", 1)];
        let set = ImageDrawings::new("1", drawings).unwrap();
        assert_eq!(set.by_rater(), [("b", vec![2, 0]), ("a", vec![1])]);
    }

    #[test]
    fn sets_that_cannot_be_compared_are_refused() {
        let refused = |drawings| ImageDrawings::new("7", drawings).unwrap_err();
        assert!(matches!(
            refused(vec![drawing("a", 0)]),
            AgreementError::TooFewDrawings { found: 1, .. }
        ));
        assert!(matches!(
            refused(vec![drawing("a", 0), drawing("b", 0), drawing("a", 0)]),
            AgreementError::RepeatedDrawing { repeat: 0, .. }
        ));
        let (a, b) = (map([1, 2, 3]), map([3, 2, 1]));
        let refused = ImageDrawings::of_raters("7", [("a", &a), ("b", &b)]).unwrap_err();
        let words =
            "volume 2 is not on the grid of volume 1: resample it to that grid first (case '7')";
        assert_eq!(refused.to_string(), words);
    }
}
