//! What to draw and how much it may vary.

use serde::{Deserialize, Serialize};

use crate::error::SynthError;
use crate::rater::RaterStyle;

/// Largest distance of a slice from its level, in levels.
pub const MAX_LEVEL_OFFSET: f64 = 0.25;

/// What to draw and how much it may vary from subject to subject.
///
/// Pairs are ranges (smallest, largest) from which each subject draws one value.
///
/// ```
/// use raterlens_synth::SynthOptions;
/// let small = SynthOptions { size: [128, 128], ..SynthOptions::default() };
/// assert!(small.check().is_ok());
/// assert!(SynthOptions { raters: 0, ..SynthOptions::default() }.check().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SynthOptions {
    /// Rows and columns of a slice; each 32 to 1024.
    pub size: [usize; 2],
    /// Field of view along the columns (left-right), mm; pixels are square. 100 to 500.
    pub fov_mm: (f64, f64),
    /// Slices in a volume, spread over the four levels from S1 upwards.
    pub slices: usize,
    /// Distance between slices in the header, mm. The levels are 4 groups of neighbouring slices: the gaps of about
    /// 30 mm between the groups, which a clinical stack leaves out too, do not appear in the header.
    pub slice_spacing_mm: f64,
    /// Number of simulated raters, 1 to 16.
    pub raters: usize,
    /// The raters' habits, one for each rater, the same in every case. Empty: the built-in raters, whose habits vary a little from
    /// case to case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub styles: Vec<RaterStyle>,
    /// Largest rotation in the image plane, degrees, either way.
    pub max_rotation_deg: f64,
    /// Largest shift in the image plane, mm, either way along each axis.
    pub max_translation_mm: f64,
    /// Size of the skeleton relative to an average adult.
    pub scale: (f64, f64),
    /// Standard deviation of the noise in each receiver channel, relative to the mean signal of the body.
    pub noise: (f64, f64),
    /// Bias field: (brightest - darkest) / mean.
    pub bias: (f64, f64),
    /// Share of fat inside the muscles.
    pub infiltration: (f64, f64),
    /// Largest tilt of the slice direction against the patient's axes, degrees; 0 gives an exactly axial grid. Only the
    /// header is tilted: it says how the patient lay.
    pub max_obliqueness_deg: f64,
}

impl Default for SynthOptions {
    fn default() -> Self {
        Self {
            size: [256, 256],
            fov_mm: (170.0, 230.0),
            slices: 8,
            slice_spacing_mm: 4.5,
            raters: 3,
            styles: Vec::new(),
            max_rotation_deg: 8.0,
            max_translation_mm: 10.0,
            scale: (0.9, 1.1),
            noise: (0.02, 0.08),
            bias: (0.0, 0.4),
            infiltration: (0.0, 0.35),
            max_obliqueness_deg: 0.0,
        }
    }
}

impl SynthOptions {
    /// Checks every field.
    ///
    /// # Errors
    /// [`SynthError::BadOption`] names the first field that is out of range.
    pub fn check(&self) -> Result<(), SynthError> {
        let size_ok = self.size.iter().all(|n| (32..=1024).contains(n));
        require(
            size_ok,
            "size",
            &self.size,
            "use 32 to 1024 rows and columns",
        )?;
        range(
            self.fov_mm,
            100.0,
            500.0,
            "fov_mm",
            "use 100 to 500 mm, smallest first",
        )?;
        require(
            (1..=256).contains(&self.slices),
            "slices",
            &self.slices,
            "use 1 to 256",
        )?;
        require(
            (1..=16).contains(&self.raters),
            "raters",
            &self.raters,
            "use 1 to 16",
        )?;
        require(
            self.styles.is_empty() || self.styles.len() == self.raters,
            "styles",
            &self.styles.len(),
            "give each rater a style, or none",
        )?;
        for style in &self.styles {
            style.check()?;
        }
        let single = |v: f64, low, high, name, expected| range((v, v), low, high, name, expected);
        single(
            self.slice_spacing_mm,
            0.1,
            50.0,
            "slice_spacing_mm",
            "use 0.1 to 50 mm",
        )?;
        single(
            self.max_rotation_deg,
            0.0,
            30.0,
            "max_rotation_deg",
            "use 0 to 30 degrees",
        )?;
        single(
            self.max_translation_mm,
            0.0,
            20.0,
            "max_translation_mm",
            "use 0 to 20 mm",
        )?;
        single(
            self.max_obliqueness_deg,
            0.0,
            30.0,
            "max_obliqueness_deg",
            "use 0 to 30 degrees",
        )?;
        range(
            self.scale,
            0.8,
            1.2,
            "scale",
            "use 0.8 to 1.2, smallest first",
        )?;
        range(
            self.noise,
            0.0,
            0.5,
            "noise",
            "use 0 to 0.5, smallest first",
        )?;
        range(self.bias, 0.0, 0.8, "bias", "use 0 to 0.8, smallest first")?;
        range(
            self.infiltration,
            0.0,
            0.5,
            "infiltration",
            "use 0 to 0.5, smallest first",
        )
    }
}

pub(crate) fn require(
    ok: bool,
    option: &'static str,
    value: &impl std::fmt::Debug,
    expected: &'static str,
) -> Result<(), SynthError> {
    if ok {
        return Ok(());
    }
    Err(SynthError::BadOption {
        option,
        value: format!("{value:?}"),
        expected,
    })
}

fn range(
    value: (f64, f64),
    low: f64,
    high: f64,
    option: &'static str,
    expected: &'static str,
) -> Result<(), SynthError> {
    let ok = value.0 >= low && value.1 <= high && value.0 <= value.1;
    require(ok, option, &value, expected)
}
