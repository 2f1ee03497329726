//! Simulated raters: how a person's outlines differ from where the muscle ends.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::anatomy::muscles::{Edge, Muscle};
use crate::draw::{Draw, Purpose};
use crate::error::SynthError;
use crate::options::{require, SynthOptions};
use crate::outline::{displaced, signed_area, smoothed, Point};
use crate::raster::{Canvas, Grid};
use crate::subject::Side;
use crate::waves::Wave1;

/// The habits of one rater. Lengths in mm; positive moves an outline outwards.
///
/// The default is a rater without habits of their own, who draws where the muscle ends as they see it.
///
/// ```
/// use raterlens_synth::RaterStyle;
/// let generous = RaterStyle { bias_mm: 0.8, ..RaterStyle::default() };
/// assert!(generous.check().is_ok());
/// assert!(RaterStyle { seam_fill: 2.0, ..generous }.check().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RaterStyle {
    /// Everywhere: draws outside (positive) or inside the border.
    pub bias_mm: f64,
    /// Added where the muscle borders on bone.
    pub bone_bias_mm: f64,
    /// Puts the border between multifidus and erector spinae this much further to the side (away from the midline).
    pub division_shift_mm: f64,
    /// Share of the fat seam between the muscles that is given to them: 1 draws one common line.
    pub seam_fill: f64,
    /// Share of the fat pockets at the edge that is counted as muscle.
    pub fat_inclusion: f64,
    /// Added at the thin lateral tip of the erector spinae.
    pub tip_mm: f64,
    /// Standard deviation of what differs by chance from outline to outline, where the border is of ordinary clarity.
    pub wobble_mm: f64,
    /// How much corners are rounded: 0 follows every detail, 1 draws smooth curves.
    pub smoothness: f64,
    /// How far off the rater's occasional mistakes are (another cleft taken for the division, bone taken for muscle), relative to
    /// an ordinary rater's: 0 makes none.
    pub mistakes: f64,
}

impl Default for RaterStyle {
    fn default() -> Self {
        Self {
            bias_mm: 0.0,
            bone_bias_mm: 0.0,
            division_shift_mm: 0.0,
            seam_fill: 0.0,
            fat_inclusion: 0.0,
            tip_mm: 0.0,
            wobble_mm: 0.0,
            smoothness: 0.0,
            mistakes: 0.0,
        }
    }
}

impl RaterStyle {
    /// The usual habits of the built-in rater `n` (from 0), about which they vary a little from case to case.
    #[must_use]
    pub fn built_in(n: usize) -> Self {
        BASE.get(n).copied().unwrap_or_else(|| further_rater(n))
    }

    /// Checks every field: lengths within 5 mm (`wobble_mm` not negative), shares and smoothness 0 to 1, mistakes 0 to 5.
    ///
    /// # Errors
    /// [`SynthError::BadOption`] names the first field that is out of range.
    pub fn check(&self) -> Result<(), SynthError> {
        let lengths = [
            ("bias_mm", self.bias_mm),
            ("bone_bias_mm", self.bone_bias_mm),
            ("division_shift_mm", self.division_shift_mm),
            ("tip_mm", self.tip_mm),
        ];
        for (name, value) in lengths {
            require(
                (-5.0..=5.0).contains(&value),
                name,
                &value,
                "use -5 to 5 mm",
            )?;
        }
        require(
            (0.0..=5.0).contains(&self.wobble_mm),
            "wobble_mm",
            &self.wobble_mm,
            "use 0 to 5 mm",
        )?;
        let shares = [
            ("seam_fill", self.seam_fill),
            ("fat_inclusion", self.fat_inclusion),
            ("smoothness", self.smoothness),
        ];
        for (name, value) in shares {
            require((0.0..=1.0).contains(&value), name, &value, "use 0 to 1")?;
        }
        require(
            (0.0..=5.0).contains(&self.mistakes),
            "mistakes",
            &self.mistakes,
            "use 0 to 5",
        )
    }
}

/// A generous one who draws smooth curves and gives fat to the muscle, a strict one who follows the muscle's details, and
/// one between them who puts the border between the muscles further to the side.
const BASE: [RaterStyle; 3] = [
    RaterStyle {
        bias_mm: 0.40,
        bone_bias_mm: 0.25,
        division_shift_mm: -0.6,
        seam_fill: 0.85,
        fat_inclusion: 0.85,
        tip_mm: 0.3,
        wobble_mm: 0.11,
        smoothness: 0.9,
        mistakes: 1.0,
    },
    RaterStyle {
        bias_mm: -0.40,
        bone_bias_mm: -0.35,
        division_shift_mm: 0.1,
        seam_fill: 0.1,
        fat_inclusion: 0.1,
        tip_mm: -0.8,
        wobble_mm: 0.12,
        smoothness: 0.1,
        mistakes: 1.0,
    },
    RaterStyle {
        bias_mm: 0.0,
        bone_bias_mm: 0.1,
        division_shift_mm: 0.8,
        seam_fill: 0.5,
        fat_inclusion: 0.4,
        tip_mm: -0.2,
        wobble_mm: 0.14,
        smoothness: 0.5,
        mistakes: 1.0,
    },
];

/// The raters of one case: those that were given, exactly; else the usual ones' habits and a little of the day.
pub(crate) fn styles(seed: u64, options: &SynthOptions) -> Vec<RaterStyle> {
    if !options.styles.is_empty() {
        return options.styles.clone();
    }
    styles_of_the_day(seed, options.raters)
}

/// The habits of the first built-in raters with a little of the day.
pub(crate) fn styles_of_the_day(seed: u64, raters: usize) -> Vec<RaterStyle> {
    (0..raters)
        .map(|n| {
            let draw = &mut Draw::new(seed, Purpose::Raters, n as u64);
            let base = RaterStyle::built_in(n);
            RaterStyle {
                bias_mm: base.bias_mm + 0.04 * draw.normal(),
                bone_bias_mm: base.bone_bias_mm + 0.05 * draw.normal(),
                division_shift_mm: base.division_shift_mm + 0.1 * draw.normal(),
                seam_fill: (base.seam_fill + 0.05 * draw.normal()).clamp(0.0, 1.0),
                fat_inclusion: (base.fat_inclusion + 0.05 * draw.normal()).clamp(0.0, 1.0),
                tip_mm: base.tip_mm + 0.08 * draw.normal(),
                ..base
            }
        })
        .collect()
}

/// The habits of a fourth and further raters: the same for every case.
fn further_rater(n: usize) -> RaterStyle {
    let draw = &mut Draw::new(0x5eed, Purpose::Raters, n as u64);
    RaterStyle {
        bias_mm: draw.around(0.35),
        bone_bias_mm: draw.around(0.4),
        division_shift_mm: draw.around(0.8),
        seam_fill: draw.unit(),
        fat_inclusion: draw.unit(),
        tip_mm: draw.range(-0.8, 0.4),
        wobble_mm: draw.range(0.18, 0.28),
        smoothness: draw.unit(),
        mistakes: 1.0,
    }
}

/// The label map that `style` draws on a slice; `draw` gives what differs by chance.
pub(crate) fn rate(
    muscles: &[Muscle],
    style: &RaterStyle,
    grid: Grid,
    draw: &mut Draw,
) -> Array2<u16> {
    let divisions = Side::BOTH.map(|side| (side, Division::draw(style, draw)));
    let mut canvas = Canvas::new(grid, 0u16);
    for muscle in muscles {
        let division = divisions.iter().find(|(side, _)| *side == muscle.side);
        let Some((_, division)) = division else {
            continue;
        };
        let outline = draw_outline(muscle, style, division, draw);
        canvas.fill_where(&outline, muscle.id, |present| present == 0);
    }
    canvas.into_cells()
}

/// Where a rater puts the border between the muscles of one side: a shift to the side that varies from front to back.
struct Division {
    shift_mm: f64,
    wave: Wave1,
    wobble_mm: f64,
}

impl Division {
    fn draw(style: &RaterStyle, draw: &mut Draw) -> Self {
        // Now and then a rater takes another cleft for the border.
        let other_cleft = if draw.chance(0.05) {
            2.0 * draw.normal() * style.mistakes
        } else {
            0.0
        };
        Self {
            shift_mm: style.division_shift_mm + other_cleft,
            wave: Wave1::new(draw, [1.0 / 60.0, 1.0 / 35.0, 1.0 / 22.0].into_iter()),
            wobble_mm: 1.2 * style.wobble_mm,
        }
    }

    fn at(&self, y_mm: f64) -> f64 {
        self.shift_mm + self.wobble_mm * self.wave.at(y_mm)
    }
}

fn draw_outline(
    muscle: &Muscle,
    style: &RaterStyle,
    division: &Division,
    draw: &mut Draw,
) -> Vec<Point> {
    let wave = Wave1::new(draw, (1..8).map(f64::from));
    let misses_bone = if draw.chance(0.06) {
        1.2 * draw.normal() * style.mistakes
    } else {
        0.0
    };
    // Small muscles are drawn with smaller errors.
    let size = (signed_area(&muscle.outline).abs() / 600.0)
        .sqrt()
        .clamp(0.5, 1.35);
    let n = muscle.outline.len().max(1) as f64;
    let towards_erector = if muscle.is_multifidus() { 1.0 } else { -1.0 };
    let distance = |v: usize, e: &Edge, p: &Point| {
        let doubt = e.doubt * (1.0 + 1.5 * muscle.infiltration);
        let clear_seam = 1.0 / (1.0 + 0.35 * e.seam_mm);
        let common = style.bias_mm
            + e.bone * (style.bone_bias_mm + misses_bone)
            + e.tip * style.tip_mm
            + doubt * style.wobble_mm * wave.at(v as f64 / n);
        let border = towards_erector * division.at(p[1]) * clear_seam * 1.4
            + 0.5 * e.seam_mm * style.seam_fill;
        size * (common * (1.0 - e.border) + border * e.border) + e.pocket_mm * style.fat_inclusion
    };
    let distances: Vec<f64> = muscle
        .edges
        .iter()
        .zip(&muscle.outline)
        .enumerate()
        .map(|(v, (e, p))| distance(v, e, p))
        .collect();
    let drawn = displaced(&muscle.outline, &distances);
    smoothed(&drawn, (style.smoothness * 12.0 * size) as usize)
}
