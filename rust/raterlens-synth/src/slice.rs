//! One slice: image, true labels and the raters' labels.

use ndarray::Array2;

use crate::anatomy::{abdomen, muscles, paraspinal, sacrum, spine};
use crate::draw::{Draw, Purpose};
use crate::error::SynthError;
use crate::level::Level;
use crate::options::{SynthOptions, MAX_LEVEL_OFFSET};
use crate::person::Person;
use crate::raster::Canvas;
use crate::rater::{rate, styles, RaterStyle};
use crate::scene::Scene;
use crate::signal::{image, Acquisition};
use crate::subject::Subject;

/// One axial slice in radiological display: rows run to the patient's back, columns to the patient's left.
#[derive(Debug, Clone, PartialEq)]
pub struct SynthSlice {
    /// Whole numbers, 0 to 4095, mostly below 1500.
    pub image: Array2<f32>,
    /// Where muscle tissue is: ids of `LabelScheme::lumbar_paraspinal`.
    pub truth: Array2<u16>,
    /// One label map per rater.
    pub raters: Vec<Array2<u16>>,
    /// Distance between rows and between columns, mm.
    pub pixel_mm: [f64; 2],
    /// The level nearest to the slice.
    pub level: Level,
}

/// What the slices of one subject share.
pub(crate) struct Patient {
    seed: u64,
    subject: Subject,
    acquisition: Acquisition,
    styles: Vec<RaterStyle>,
}

impl Patient {
    pub fn draw(seed: u64, options: &SynthOptions) -> Self {
        Self {
            seed,
            subject: Subject::draw(seed, options),
            acquisition: Acquisition::draw(seed, options),
            styles: styles(seed, options),
        }
    }

    pub fn pixel_mm(&self) -> f64 {
        self.acquisition.pixel_mm
    }

    pub fn person(&self) -> Person {
        Person::draw(self.seed, &self.subject)
    }

    pub fn into_styles(self) -> Vec<RaterStyle> {
        self.styles
    }

    pub fn first_mm(&self, size: [usize; 2]) -> [f64; 2] {
        self.acquisition.grid(size).first_mm
    }

    /// The slice at a position along the spine; `index` selects what differs by chance from slice to slice.
    pub fn slice(&self, position: f64, index: u64, size: [usize; 2]) -> SynthSlice {
        let grid = self.acquisition.grid(size);
        let tissue_draw = &mut Draw::new(self.seed, Purpose::Tissue, index);
        let muscles = muscles::muscles(&self.subject, position, tissue_draw);
        let mut scene = Scene::new(&self.subject, position, grid.halved(), tissue_draw);
        abdomen::body(&mut scene);
        abdomen::contents(&mut scene);
        sacrum::pelvis(&mut scene);
        spine::paint(&mut scene);
        paraspinal::paint(&mut scene, &muscles);
        let level = scene.level;
        let cells = scene.canvas().cells();
        let image = image(
            cells,
            &self.subject,
            &self.acquisition,
            grid,
            level as usize,
            self.seed,
            index,
        );

        let mut truth = Canvas::new(grid, 0u16);
        for muscle in &muscles {
            truth.fill_where(&muscle.outline, muscle.id, |present| present == 0);
        }
        let rater_draw = &mut Draw::new(self.seed, Purpose::Outlines, index);
        let raters = self
            .styles
            .iter()
            .map(|style| rate(&muscles, style, grid, rater_draw))
            .collect();
        SynthSlice {
            image,
            truth: truth.into_cells(),
            raters,
            pixel_mm: [self.pixel_mm(); 2],
            level,
        }
    }
}

/// One slice of subject `seed` at `position` along the spine: 0 is S1, 1 is L5-S1, 2 is L4-L5, 3 is L3-L4, and up to
/// 0.25 above or below each of them. The same arguments give the same bits on every machine.
///
/// # Errors
/// [`SynthError::BadOption`] for options out of range or a position that belongs to no level.
///
/// ```
/// use raterlens_synth::{generate_slice, Level, SynthOptions};
/// let options = SynthOptions { size: [96, 96], ..SynthOptions::default() };
/// let slice = generate_slice(7, Level::L4L5.position(), &options)?;
/// assert_eq!(slice.image.dim(), (96, 96));
/// assert!(slice.truth.iter().any(|id| *id == 1));
/// assert_eq!(slice.raters.len(), 3);
/// # Ok::<(), raterlens_synth::SynthError>(())
/// ```
pub fn generate_slice(
    seed: u64,
    position: f64,
    options: &SynthOptions,
) -> Result<SynthSlice, SynthError> {
    options.check()?;
    let from_level = (position - Level::nearest(position).position()).abs();
    if !position.is_finite() || from_level > MAX_LEVEL_OFFSET {
        return Err(SynthError::BadOption {
            option: "position",
            value: position.to_string(),
            expected: "use 0 (S1), 1 (L5-S1), 2 (L4-L5) or 3 (L3-L4), or up to 0.25 above or below",
        });
    }
    let index = (position * 64.0 + 64.0).max(0.0) as u64;
    Ok(Patient::draw(seed, options).slice(position, index, options.size))
}

/// One slice of a subject of its own at a level and distance from it drawn by chance: for training.
///
/// # Errors
/// As [`generate_slice`].
pub fn generate_training_slice(
    seed: u64,
    options: &SynthOptions,
) -> Result<SynthSlice, SynthError> {
    let draw = &mut Draw::new(seed, Purpose::Position, 0);
    let level = Level::ALL
        .get(draw.count(0, 3))
        .copied()
        .unwrap_or(Level::S1);
    let position = level.position() + draw.around(MAX_LEVEL_OFFSET);
    generate_slice(seed, position, options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use raterlens_core::variability::{variance_map_2d, VarianceOptions};

    /// Draws the same raters anew on the same muscles: what is common to the draws can be learnt from the image.
    fn redrawn_variance(
        patient: &Patient,
        muscles: &[muscles::Muscle],
        size: [usize; 2],
        part: u64,
    ) -> Array2<f64> {
        let grid = patient.acquisition.grid(size);
        let draw = &mut Draw::new(patient.seed, Purpose::Outlines, part);
        let labels: Vec<_> = patient
            .styles
            .iter()
            .map(|s| rate(muscles, s, grid, draw))
            .collect();
        let masks: Vec<_> = labels.iter().map(|l| l.mapv(|v| v == 1)).collect();
        let views: Vec<_> = masks.iter().map(|m| m.view()).collect();
        let map = variance_map_2d(&views, &VarianceOptions::default(), [1.0, 1.0]).unwrap();
        map.mapv(f64::from)
    }

    #[test]
    fn most_of_the_disagreement_can_be_learnt() {
        const REDRAWS: u64 = 10;
        let options = SynthOptions {
            size: [160, 160],
            ..SynthOptions::default()
        };
        let (mut chance, mut total) = (0.0_f64, 0.0_f64);
        for seed in 0..12 {
            let patient = Patient::draw(seed, &options);
            let tissue = &mut Draw::new(seed, Purpose::Tissue, 0);
            let muscles = muscles::muscles(&patient.subject, (seed % 4) as f64, tissue);
            let maps: Vec<_> = (0..REDRAWS)
                .map(|part| redrawn_variance(&patient, &muscles, options.size, part))
                .collect();
            let mean = maps
                .iter()
                .fold(Array2::<f64>::zeros(options.size), |sum, m| sum + m)
                / REDRAWS as f64;
            let overall = mean.mean().unwrap();
            for map in &maps {
                chance += (map - &mean).mapv(|d| d * d).sum();
                total += map.mapv(|v| (v - overall) * (v - overall)).sum();
            }
        }
        // The mean of ten draws contains a tenth of the chance it is compared with.
        let share = chance / total * REDRAWS as f64 / (REDRAWS - 1) as f64;
        println!("chance: {share:.3} of the variance maps' energy");
        assert!(share < 0.35, "{share:.3}");
        assert!(share > 0.02, "raters leave nothing to chance: {share:.3}");
    }
}
