//! The mean label: the share of raters who gave each label.

use super::classes::Classes;
use super::error::FusionError;
use super::label_value::LabelValue;
use super::patterns::Patterns;
use super::raters::RaterSet;
use crate::variability::entropy::pattern_entropies;
use crate::volume::Volume;

/// `y[c, i]`: the share of the present raters who gave label c to voxel i.
#[derive(Debug, Clone)]
pub struct MeanLabel {
    patterns: Patterns,
}

/// The mean of the raters' one-hot masks, `y[c, i] = (1 / R) * sum over r of [label_r(i) = c]` (SPEC section 3).
///
/// R counts the present raters. Volumes are made when they are asked for: [`MeanLabel::of`] per label,
/// [`MeanLabel::entropy`] over all.
///
/// # Errors
/// A label that `classes` refuses.
///
/// ```
/// use ndarray::Array3;
/// use raterlens_core::{fusion::{mean_label, Classes, RaterSet}, Geometry, Volume};
/// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let grid = Geometry::new([2, 1, 1], [0.5, 0.5, 4.0], [0.0; 3], identity)?;
/// let rater = |labels: [u8; 2]| {
///     Volume::new(Array3::from_shape_vec((1, 1, 2), labels.to_vec()).unwrap(), grid).unwrap()
/// };
/// let maps = [rater([1, 0]), rater([1, 2]), rater([0, 2]), rater([1, 2])];
/// let set = RaterSet::from_volumes(&maps)?;
/// let mean = mean_label(&set, &Classes::found_in(&set))?;
/// assert_eq!(mean.of(1)?.data().as_slice(), Some(&[0.75, 0.0][..]));
/// assert_eq!(mean.of(0)?.data().as_slice(), Some(&[0.25, 0.25][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn mean_label<T: LabelValue>(
    set: &RaterSet<'_, T>,
    classes: &Classes,
) -> Result<MeanLabel, FusionError> {
    Ok(MeanLabel {
        patterns: Patterns::of(set, classes)?,
    })
}

impl MeanLabel {
    /// The share of raters who gave `label`, 0 to 1, on the raters' grid.
    ///
    /// # Errors
    /// A label that took no part.
    pub fn of(&self, label: u16) -> Result<Volume<f32>, FusionError> {
        let class = self.patterns.classes().find(label)?;
        let raters = self.patterns.raters() as f64;
        let share = |votes: &[u32]| votes.iter().filter(|&&v| v as usize == class).count() as f64;
        let shares: Vec<f32> = self
            .patterns
            .iter()
            .map(|(votes, _)| (share(votes) / raters) as f32)
            .collect();
        Ok(self.patterns.paint(&shares)?)
    }

    /// GT entropy: that of the mean label, in nats; see [`gt_entropy`](crate::variability::gt_entropy).
    ///
    /// # Errors
    /// None in practice.
    pub fn entropy(&self) -> Result<Volume<f32>, FusionError> {
        let entropies: Vec<f32> = pattern_entropies(&self.patterns)
            .into_iter()
            .map(|h| h as f32)
            .collect();
        Ok(self.patterns.paint(&entropies)?)
    }

    /// The counted patterns.
    #[must_use]
    pub fn patterns(&self) -> &Patterns {
        &self.patterns
    }
}
