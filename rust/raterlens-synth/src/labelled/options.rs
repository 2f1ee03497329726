//! What may vary in images made from label maps.

use serde::{Deserialize, Serialize};

use crate::error::SynthError;
use crate::options::require;

/// What is painted around the structures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Surroundings {
    /// The lower back as [`generate_slice`](crate::generate_slice) draws it, fitted to the structures: for axial label maps of the
    /// muscles along the spine.
    Lumbar,
    /// Regions of random shape and tissue: for any anatomy.
    Regions,
}

/// What may vary in images made from label maps. Pairs are ranges (smallest, largest) from which each image draws one value.
///
/// The ranges were set by hand; nothing was learnt from images of people.
///
/// ```
/// use raterlens_synth::{LabelImageOptions, Surroundings};
/// let brain = LabelImageOptions {
///     surroundings: Surroundings::Regions,
///     extent_mm: (0.0, 0.0), // as the label map's pixel size says
///     level_variation: 0.0,
///     ..LabelImageOptions::default()
/// };
/// assert!(brain.check().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LabelImageOptions {
    /// What is painted around the structures.
    pub surroundings: Surroundings,
    /// Share of the images whose surroundings are random regions all the same.
    pub regions_share: f64,
    /// Share of the images without any structure.
    pub empty_share: f64,
    /// Share of the images with muscles of the built-in templates in the place of the label map's (surroundings `lumbar` only).
    pub template_share: f64,
    /// Width of all structures together, mm: replaces the pixel size of label maps that have none. (0, 0) keeps the pixel size.
    pub extent_mm: (f64, f64),
    /// Side of the square field of view, mm.
    pub fov_mm: (f64, f64),
    /// Share of the images with a field of view in the lower third of the range.
    pub narrow_share: f64,
    /// Side of a pixel, mm; larger where the image would have more than `max_side` of them.
    pub pixel_mm: (f64, f64),
    /// Most pixels along a side.
    pub max_side: usize,
    /// Largest shift of the structures from the middle of the image, as a share of the field of view.
    pub shift: f64,
    /// Largest rotation either way, degrees.
    pub rotation_deg: f64,
    /// Probability that left and right are exchanged (with the labels of mirror partners).
    pub mirror_chance: f64,
    /// Largest difference in size between the halves, as a share.
    pub asymmetry: f64,
    /// Standard deviation of the smooth deformation, mm.
    pub warp_mm: f64,
    /// How far the border between inner and outer pairs of structures may move, 0 (not at all) to 1: what changes from level to
    /// level along the spine.
    pub level_variation: f64,
    /// Weights of the contrasts: T1w-like, T2w-like, water-like, fat-like, random.
    pub contrasts: [f64; 5],
    /// Share of fat inside the structures.
    pub infiltration: (f64, f64),
    /// Standard deviation of the point spread function, pixels.
    pub blur_px: (f64, f64),
    /// Standard deviation of the noise in each receiver channel, relative to the mean of the body.
    pub noise: (f64, f64),
    /// Strength of the bias field: standard deviation of its logarithm.
    pub bias: (f64, f64),
    /// Number of simulated raters, 1 to 16.
    pub raters: usize,
    /// The raters' habits are multiplied by this.
    pub rater_scale: f64,
}

impl Default for LabelImageOptions {
    fn default() -> Self {
        Self {
            surroundings: Surroundings::Lumbar,
            regions_share: 0.08,
            empty_share: 0.06,
            template_share: 0.2,
            extent_mm: (115.0, 180.0),
            fov_mm: (150.0, 450.0),
            narrow_share: 0.5,
            pixel_mm: (0.6, 1.2),
            max_side: 384,
            shift: 0.2,
            rotation_deg: 12.0,
            mirror_chance: 0.5,
            asymmetry: 0.08,
            warp_mm: 1.8,
            level_variation: 1.0,
            contrasts: [1.0, 1.0, 1.0, 1.0, 1.0],
            infiltration: (0.0, 0.4),
            blur_px: (0.3, 1.2),
            noise: (0.005, 0.09),
            bias: (0.0, 0.45),
            raters: 3,
            rater_scale: 1.5,
        }
    }
}

impl LabelImageOptions {
    /// Checks every field.
    ///
    /// # Errors
    /// [`SynthError::BadOption`] names the first field that is out of range.
    pub fn check(&self) -> Result<(), SynthError> {
        let shares = [
            ("regions_share", self.regions_share),
            ("empty_share", self.empty_share),
            ("template_share", self.template_share),
            ("narrow_share", self.narrow_share),
            ("mirror_chance", self.mirror_chance),
            ("level_variation", self.level_variation),
        ];
        for (name, value) in shares {
            require((0.0..=1.0).contains(&value), name, &value, "use 0 to 1")?;
        }
        let ranges = [
            ("extent_mm", self.extent_mm, 0.0, 1000.0),
            ("fov_mm", self.fov_mm, 20.0, 1000.0),
            ("pixel_mm", self.pixel_mm, 0.05, 10.0),
            ("infiltration", self.infiltration, 0.0, 0.9),
            ("blur_px", self.blur_px, 0.0, 5.0),
            ("noise", self.noise, 0.0, 1.0),
            ("bias", self.bias, 0.0, 2.0),
        ];
        for (name, (low, high), least, most) in ranges {
            let good = least <= low && low <= high && high <= most;
            let expected = "give the smallest value first, within what is sensible";
            require(good, name, &format!("({low}, {high})"), expected)?;
        }
        let singles = [
            ("shift", self.shift, 0.5),
            ("rotation_deg", self.rotation_deg, 180.0),
            ("asymmetry", self.asymmetry, 0.5),
            ("warp_mm", self.warp_mm, 20.0),
            ("rater_scale", self.rater_scale, 10.0),
        ];
        for (name, value, most) in singles {
            let good = (0.0..=most).contains(&value);
            require(good, name, &value, "it is negative or too large")?;
        }
        let weights = self.contrasts.iter().all(|w| w.is_finite() && *w >= 0.0);
        require(
            weights && self.contrasts.iter().sum::<f64>() > 0.0,
            "contrasts",
            &format!("{:?}", self.contrasts),
            "give five weights, not all 0",
        )?;
        require(
            (32..=1024).contains(&self.max_side),
            "max_side",
            &self.max_side,
            "use 32 to 1024",
        )?;
        require(
            (1..=16).contains(&self.raters),
            "raters",
            &self.raters,
            "use 1 to 16",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_range_is_named() {
        assert!(LabelImageOptions::default().check().is_ok());
        let bad = [
            (
                "empty_share",
                LabelImageOptions {
                    empty_share: 1.5,
                    ..Default::default()
                },
            ),
            (
                "fov_mm",
                LabelImageOptions {
                    fov_mm: (300.0, 200.0),
                    ..Default::default()
                },
            ),
            (
                "contrasts",
                LabelImageOptions {
                    contrasts: [0.0; 5],
                    ..Default::default()
                },
            ),
            (
                "raters",
                LabelImageOptions {
                    raters: 0,
                    ..Default::default()
                },
            ),
        ];
        for (name, options) in bad {
            let error = options.check().unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }
}
