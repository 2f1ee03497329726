//! A whole case: volume, true labels and raters.

use ndarray::{s, Array2, Array3, ArrayView2, Axis};
use raterlens_core::{Geometry, LabelMap, Volume};
use rayon::prelude::*;

use crate::draw::{Draw, Purpose};
use crate::error::SynthError;
use crate::level::Level;
use crate::options::{SynthOptions, MAX_LEVEL_OFFSET};
use crate::person::Person;
use crate::rater::RaterStyle;
use crate::slice::{Patient, SynthSlice};

/// A synthetic case. All volumes share one grid: i to the patient's left, j to the back, k upwards.
#[derive(Debug, Clone, PartialEq)]
pub struct SynthCase {
    /// Whole numbers, 0 to 4095, mostly below 1500.
    pub image: Volume<f32>,
    /// Where muscle tissue is: ids of `LabelScheme::lumbar_paraspinal`.
    pub truth: LabelMap,
    /// One label map per rater.
    pub raters: Vec<LabelMap>,
    /// The level of each slice, by k.
    pub levels: Vec<Level>,
    /// The habits of each rater.
    pub styles: Vec<RaterStyle>,
    /// Who the subject is.
    pub person: Person,
}

impl SynthCase {
    /// The slices of one level, in their place; `None` if the case has none.
    ///
    /// # Errors
    /// None for a case of [`generate_case`]; else volumes that do not belong to `levels`.
    pub fn of_level(&self, level: Level) -> Result<Option<Self>, SynthError> {
        let Some(first) = self.levels.iter().position(|l| *l == level) else {
            return Ok(None);
        };
        let count = self.levels.iter().filter(|l| **l == level).count();
        Ok(Some(Self {
            image: part(&self.image, first, count)?,
            truth: part(&self.truth, first, count)?,
            raters: self
                .raters
                .iter()
                .map(|r| part(r, first, count))
                .collect::<Result<_, _>>()?,
            levels: vec![level; count],
            styles: self.styles.clone(),
            person: self.person,
        }))
    }
}

/// `count` slices from `first`, where they were.
fn part<T: Clone>(volume: &Volume<T>, first: usize, count: usize) -> Result<Volume<T>, SynthError> {
    let whole = volume.geometry();
    let origin = whole.lps_from_ijk().apply([0.0, 0.0, first as f64]);
    let dims = [whole.dims[0], whole.dims[1], count];
    let geometry = Geometry::new(dims, whole.spacing_mm, origin, whole.direction_lps)?;
    let slices = volume.data().slice(s![first..first + count, .., ..]);
    Ok(Volume::new(slices.to_owned(), geometry)?)
}

/// Draws the case of subject `seed`. The same seed and options give the same bits, however many threads run.
///
/// # Errors
/// [`SynthError::BadOption`] when an option is out of range.
///
/// ```
/// use raterlens_synth::{generate_case, Level, SynthOptions};
/// let options = SynthOptions { size: [96, 96], slices: 4, ..SynthOptions::default() };
/// let case = generate_case(1, &options)?;
/// assert_eq!(case.image.geometry().dims, [96, 96, 4]);
/// assert_eq!(case.levels, Level::ALL);
/// # Ok::<(), raterlens_synth::SynthError>(())
/// ```
pub fn generate_case(seed: u64, options: &SynthOptions) -> Result<SynthCase, SynthError> {
    options.check()?;
    let patient = Patient::draw(seed, options);
    let slices: Vec<SynthSlice> = positions(options.slices)
        .into_par_iter()
        .enumerate()
        .map(|(k, position)| patient.slice(position, k as u64, options.size))
        .collect();
    let geometry = geometry(seed, &patient, options)?;
    let raters = (0..options.raters)
        .map(|r| {
            let of_rater = slices.iter().filter_map(|s| s.raters.get(r));
            Ok(Volume::new(stack(of_rater)?, geometry)?)
        })
        .collect::<Result<_, SynthError>>()?;
    Ok(SynthCase {
        image: Volume::new(stack(slices.iter().map(|s| &s.image))?, geometry)?,
        truth: Volume::new(stack(slices.iter().map(|s| &s.truth))?, geometry)?,
        raters,
        levels: slices.iter().map(|s| s.level).collect(),
        person: patient.person(),
        styles: patient.into_styles(),
    })
}

/// Positions along the spine from S1 upwards: equal groups about each level.
fn positions(slices: usize) -> Vec<f64> {
    let spread = 0.72 * MAX_LEVEL_OFFSET;
    (0..slices)
        .map(|k| {
            // Slice k takes the level on whose share of the stack it lies.
            let level = (k * 4) / slices;
            let first = (level * slices).div_ceil(4);
            let end = ((level + 1) * slices).div_ceil(4);
            let f = (k - first) as f64 + 0.5;
            level as f64 + spread * (2.0 * f / (end - first) as f64 - 1.0)
        })
        .collect()
}

fn stack<'a, T: Clone + 'a>(
    slices: impl Iterator<Item = &'a Array2<T>>,
) -> Result<Array3<T>, SynthError> {
    let views: Vec<ArrayView2<'_, T>> = slices.map(|s| s.view()).collect();
    Ok(ndarray::stack(Axis(0), &views)?)
}

fn geometry(seed: u64, patient: &Patient, options: &SynthOptions) -> Result<Geometry, SynthError> {
    let pixel = patient.pixel_mm();
    let [x, y] = patient.first_mm(options.size);
    let direction = tilt(seed, options.max_obliqueness_deg);
    let corner = [
        x,
        y,
        -0.5 * (options.slices - 1) as f64 * options.slice_spacing_mm,
    ];
    let origin = direction.map(|row| row.iter().zip(corner).map(|(a, b)| a * b).sum());
    let dims = [options.size[1], options.size[0], options.slices];
    Ok(Geometry::new(
        dims,
        [pixel, pixel, options.slice_spacing_mm],
        origin,
        direction,
    )?)
}

/// Identity, or a rotation by up to `max_deg` about an axis in the slice plane.
fn tilt(seed: u64, max_deg: f64) -> [[f64; 3]; 3] {
    let draw = &mut Draw::new(seed, Purpose::Tilt, 0);
    let (angle, axis) = (
        draw.around(max_deg).to_radians(),
        draw.range(0.0, std::f64::consts::PI),
    );
    if max_deg == 0.0 {
        return [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    }
    let (ux, uy) = (libm::cos(axis), libm::sin(axis));
    let (c, s) = (libm::cos(angle), libm::sin(angle));
    let v = 1.0 - c;
    [
        [c + ux * ux * v, ux * uy * v, uy * s],
        [ux * uy * v, c + uy * uy * v, -ux * s],
        [-uy * s, ux * s, c],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_grouped_by_level_and_rise() {
        for n in [1, 3, 4, 7, 8, 11, 29] {
            let p = positions(n);
            assert_eq!(p.len(), n);
            assert!(p.windows(2).all(|w| w[0] < w[1]), "{p:?}");
            assert!(p
                .iter()
                .all(|p| (p - Level::nearest(*p).position()).abs() <= MAX_LEVEL_OFFSET));
        }
        assert_eq!(positions(4), [0.0, 1.0, 2.0, 3.0]);
    }

    #[test]
    fn tilt_is_a_rotation() {
        let m = tilt(3, 20.0);
        assert!((raterlens_core::geometry::determinant(&m) - 1.0).abs() < 1e-12);
        assert!(m[2][2] < 1.0);
    }
}
