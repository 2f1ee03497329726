//! The label maps of several raters of one image.

use std::borrow::Cow;

use super::error::FusionError;
use super::grid_difference::GridDifference;
use super::label_value::LabelValue;
use crate::geometry::Geometry;
use crate::volume::Volume;

/// One rater: a name, and the label map of this image if the rater drew one.
#[derive(Debug, Clone)]
pub struct Rater<'a, T = u16> {
    /// Name of the rater; shown in errors and results, so no patient's name.
    pub id: String,
    /// The label map, borrowed; `None` when this rater did not rate this image.
    pub labels: Option<&'a Volume<T>>,
}

impl<'a, T> Rater<'a, T> {
    /// A rater who drew this image.
    pub fn new(id: impl Into<String>, labels: &'a Volume<T>) -> Self {
        Self {
            id: id.into(),
            labels: Some(labels),
        }
    }

    /// A rater who did not.
    pub fn missing(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            labels: None,
        }
    }
}

/// Raters of one image, all on one grid; nothing is copied.
///
/// Missing raters keep their place in the order and in results per rater, and take no part otherwise: a vote of three
/// raters of whom one is missing is a vote of two.
#[derive(Debug, Clone)]
pub struct RaterSet<'a, T = u16> {
    grid: Geometry,
    raters: Vec<Rater<'a, T>>,
}

impl<'a, T: LabelValue> RaterSet<'a, T> {
    /// Brings raters together.
    ///
    /// # Errors
    /// No rater, none with a label map, two of one name, or one whose grid is not that of the first present rater
    /// (within [`GRID_TOLERANCE_MM`](crate::grid::GRID_TOLERANCE_MM) at every voxel): the error says what differs.
    /// Nothing is resampled.
    ///
    /// ```
    /// use ndarray::Array3;
    /// use raterlens_core::{fusion::{Rater, RaterSet}, Geometry, Volume};
    /// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    /// let grid = Geometry::new([3, 1, 1], [0.5, 0.5, 4.0], [0.0; 3], identity)?;
    /// let map = Volume::new(Array3::<u8>::zeros((1, 1, 3)), grid)?;
    /// let set = RaterSet::new(vec![Rater::new("A", &map), Rater::missing("B"), Rater::new("C", &map)])?;
    /// assert_eq!((set.count(), set.present().count()), (3, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(raters: Vec<Rater<'a, T>>) -> Result<Self, FusionError> {
        check_names(&raters)?;
        let grid = common_grid(&raters)?;
        Ok(Self { grid, raters })
    }

    /// Raters named "1", "2", ... in the order given, none missing.
    ///
    /// # Errors
    /// As [`RaterSet::new`].
    pub fn from_volumes(volumes: &'a [Volume<T>]) -> Result<Self, FusionError> {
        let named = volumes.iter().enumerate();
        Self::new(
            named
                .map(|(n, v)| Rater::new((n + 1).to_string(), v))
                .collect(),
        )
    }

    /// The grid of all label maps: that of the first present rater.
    #[must_use]
    pub fn grid(&self) -> &Geometry {
        &self.grid
    }

    /// All raters, missing ones too, in the order given.
    #[must_use]
    pub fn raters(&self) -> &[Rater<'a, T>] {
        &self.raters
    }

    /// Number of raters, missing ones too.
    #[must_use]
    pub fn count(&self) -> usize {
        self.raters.len()
    }

    /// The raters with a label map: position in [`RaterSet::raters`], and the map.
    pub fn present(&self) -> impl Iterator<Item = (usize, &'a Volume<T>)> + '_ {
        let numbered = self.raters.iter().enumerate();
        numbered.filter_map(|(n, r)| r.labels.map(|labels| (n, labels)))
    }

    /// The present raters' labels, `[k, j, i]` with i fastest; copied only where the memory order is another.
    pub(crate) fn columns(&self) -> Vec<Cow<'a, [T]>> {
        self.present().map(|(_, v)| column(v)).collect()
    }
}

/// A map's labels, `[k, j, i]` with i fastest.
pub(super) fn column<T: LabelValue>(volume: &Volume<T>) -> Cow<'_, [T]> {
    match volume.data().as_slice() {
        Some(slice) => Cow::Borrowed(slice),
        None => Cow::Owned(volume.data().iter().copied().collect()),
    }
}

fn check_names<T>(raters: &[Rater<'_, T>]) -> Result<(), FusionError> {
    for (n, rater) in raters.iter().enumerate() {
        if raters.iter().take(n).any(|earlier| earlier.id == rater.id) {
            return Err(FusionError::DuplicateRater {
                id: rater.id.clone(),
            });
        }
    }
    Ok(())
}

fn common_grid<T>(raters: &[Rater<'_, T>]) -> Result<Geometry, FusionError> {
    if raters.is_empty() {
        return Err(FusionError::NoRaters);
    }
    let present = || {
        raters
            .iter()
            .filter_map(|r| r.labels.map(|l| (&r.id, l.geometry())))
    };
    let (reference, grid) = present().next().ok_or(FusionError::NonePresent {
        count: raters.len(),
    })?;
    for (rater, other) in present() {
        if let Some(difference) = GridDifference::between(grid, other) {
            return Err(FusionError::DifferentGrid {
                rater: rater.clone(),
                reference: reference.clone(),
                difference: Box::new(difference),
            });
        }
    }
    Ok(*grid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    fn map(dims: [usize; 3]) -> Volume<u16> {
        let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let grid = Geometry::new(dims, [0.5, 0.5, 4.0], [0.0; 3], identity).unwrap();
        Volume::new(Array3::zeros(grid.shape_kji()), grid).unwrap()
    }

    #[test]
    fn other_grids_are_refused_with_the_difference() {
        let (a, b) = (map([3, 2, 1]), map([2, 3, 1]));
        let raters = vec![
            Rater::missing("Z"),
            Rater::new("A", &a),
            Rater::new("B", &b),
        ];
        let error = RaterSet::new(raters).unwrap_err();
        assert_eq!(
            error.to_string(),
            "rater 'B' is not on the grid of rater 'A': it has 2 x 3 x 1 voxels instead of 3 x 2 x 1; \
             resample it to that grid first"
        );
    }

    #[test]
    fn nobody_nothing_and_namesakes_are_refused() {
        let new = RaterSet::<u16>::new;
        assert_eq!(new(vec![]).unwrap_err(), FusionError::NoRaters);
        assert_eq!(
            new(vec![Rater::missing("A"), Rater::missing("B")]).unwrap_err(),
            FusionError::NonePresent { count: 2 }
        );
        let a = map([1, 1, 1]);
        let twins = vec![Rater::new("A", &a), Rater::missing("A")];
        assert!(matches!(new(twins), Err(FusionError::DuplicateRater { id }) if id == "A"));
    }

    #[test]
    fn columns_follow_array_order_whatever_the_memory_order() {
        let grid = *map([2, 2, 2]).geometry();
        let order = Array3::from_shape_fn((2, 2, 2), |(k, j, i)| (100 * k + 10 * j + i) as u16);
        let turned = order
            .clone()
            .permuted_axes([2, 1, 0])
            .as_standard_layout()
            .into_owned();
        let stored_other_way = Volume::new(turned.permuted_axes([2, 1, 0]), grid).unwrap();
        assert!(stored_other_way.data().as_slice().is_none());
        let volumes = [stored_other_way];
        let set = RaterSet::from_volumes(&volumes).unwrap();
        assert_eq!(
            set.columns()[0].as_ref(),
            [0, 1, 10, 11, 100, 101, 110, 111]
        );
    }
}
