//! From tissues and structures to an image.

use ndarray::Array2;

use crate::draw::Draw;
use crate::signal::{add_rician_noise, blur, BRIGHTEST};
use crate::tissue::{Signal, Tissue, TISSUES};
use crate::waves::Texture;

use super::contrast::{table, Contrast};
use super::fields::Fields;
use super::options::LabelImageOptions;
use super::place::{Frame, Placement};
use super::surroundings::TissueMap;

/// How one image looks.
pub(crate) struct Look {
    signals: [Signal; TISSUES],
    /// What each structure is made of.
    tissues: Vec<Tissue>,
    /// Share of fat in each structure, and strength of its streaks.
    fat: Vec<(f32, f32)>,
    /// Width, mm, and strength of the seam between structures, and what it holds.
    seam: (f32, f32, Tissue),
    /// The same for the sheath around them.
    sheath: (f32, f32, Tissue),
    /// What is left of the signal in front of a place (y, mm).
    saturation: Option<(f64, f32)>,
    gamma: f64,
    blur_px: f64,
    noise: f64,
}

impl Look {
    /// Draws contrast, fat and acquisition for structures made of these tissues.
    pub fn draw(draw: &mut Draw, options: &LabelImageOptions, tissues: Vec<Tissue>) -> Self {
        let contrast = Contrast::draw(draw, &options.contrasts);
        let signals = table(draw, contrast);
        let (low, high) = options.infiltration;
        let skew = draw.unit() * draw.unit();
        let mean = low + (high - low) * skew;
        let fat = (0..tissues.len())
            .map(|_| {
                let share = (mean * draw.range(0.5, 1.5)).min(0.95);
                (
                    share as f32,
                    (draw.unit() * (0.25 + 2.0 * mean)).min(1.0) as f32,
                )
            })
            .collect();
        let strength = |draw: &mut Draw| match draw.chance(0.2) {
            true => 0.0,
            false => draw.range(0.1, 0.95) as f32,
        };
        let of = |draw: &mut Draw, kinds: [Tissue; 3]| {
            let kind = kinds[draw.count(0, 2) % 3];
            (draw.range(0.25, 1.3) as f32, strength(draw), kind)
        };
        Self {
            signals,
            tissues,
            fat,
            seam: of(draw, [Tissue::DeepFat, Tissue::Septum, Tissue::Perimysium]),
            sheath: of(draw, [Tissue::Fascia, Tissue::Septum, Tissue::DeepFat]),
            saturation: draw
                .chance(0.25)
                .then(|| (draw.range(-60.0, -30.0), draw.range(0.1, 0.6) as f32)),
            gamma: if draw.chance(0.35) {
                draw.range(0.65, 1.4)
            } else {
                1.0
            },
            blur_px: draw.within(options.blur_px),
            noise: draw.within(options.noise),
        }
    }

    /// Share of fat in the structures on average.
    pub fn mean_fat(&self) -> f32 {
        self.fat.iter().map(|f| f.0).sum::<f32>() / self.fat.len().max(1) as f32
    }

    fn signal(&self, tissue: Tissue) -> Signal {
        self.signals
            .get(tissue as usize)
            .copied()
            .unwrap_or_default()
    }
}

/// Random textures of an image.
struct Grain {
    fine: [Texture; 2],
    patches: Texture,
    streaks: [Texture; 2],
    clusters: Texture,
}

impl Grain {
    fn draw(draw: &mut Draw, frame: Frame) -> Self {
        let size = [frame.side; 2];
        let mut of = |mm: f64| Texture::new(draw, size, (mm / frame.pixel_mm).max(1.3));
        Self {
            fine: [of(1.2), of(2.6)],
            patches: of(11.0),
            streaks: [of(4.0), of(7.0)],
            clusters: of(14.0),
        }
    }
}

/// Draws the image.
pub(crate) fn image(
    draw: &mut Draw,
    look: &Look,
    frame: Frame,
    placement: &Placement,
    tissues: &TissueMap,
    fields: Option<&Fields>,
    options: &LabelImageOptions,
) -> Array2<f32> {
    let grain = Grain::draw(draw, frame);
    let mut image = Array2::zeros((frame.side, frame.side));
    for ((row, column), pixel) in image.indexed_iter_mut() {
        let around = background(look, placement, tissues, &grain, row, column);
        let local = fields.and_then(|f| Some((f, f.local(row, column)?)));
        *pixel = match local {
            Some((fields, at)) => over(look, fields, at, frame, &grain, (row, column), around),
            None => around,
        };
    }
    blur(&mut image, look.blur_px.max(0.2));
    finish(draw, look, &mut image, options);
    image
}

/// Mean of four places within the pixel, so that edges are shared as in a voxel.
fn background(
    look: &Look,
    placement: &Placement,
    tissues: &TissueMap,
    grain: &Grain,
    row: usize,
    column: usize,
) -> f32 {
    let (mut mean, mut fine, mut patch) = (0.0, 0.0, 0.0);
    for (dy, dx) in [(-0.25, -0.25), (-0.25, 0.25), (0.25, -0.25), (0.25, 0.25)] {
        let p = placement.at((row as f64 + dy).max(0.0), (column as f64 + dx).max(0.0));
        let s = look.signal(tissues.at(p));
        let left = match look.saturation {
            Some((front, share)) if p[1] < front => share,
            _ => 1.0,
        };
        mean += s.mean * left;
        fine += s.mean * s.grain * left;
        patch += s.mean * s.patches * left;
    }
    let texture = 0.5 * (grain.fine[0].at(row, column) + grain.fine[1].at(row, column));
    0.25 * (mean + 1.6 * fine * texture + patch * grain.patches.at(row, column))
}

/// The structures over what lies around them.
fn over(
    look: &Look,
    fields: &Fields,
    at: (usize, usize),
    frame: Frame,
    grain: &Grain,
    (row, column): (usize, usize),
    around: f32,
) -> f32 {
    let pixel = frame.pixel_mm as f32;
    let (mut value, mut covered) = (0.0, 0.0);
    // Distances to the two nearest structures' borders.
    let mut nearest = [f32::NEG_INFINITY; 2];
    for n in 0..fields.distance.len() {
        let d = fields.of(n, at);
        if d > nearest[0] {
            nearest = [d, nearest[0]];
        } else if d > nearest[1] {
            nearest[1] = d;
        }
        let share = (0.5 + d / pixel).clamp(0.0, 1.0);
        if share > 0.0 {
            value += share * inside(look, n, grain, row, column);
            covered += share;
        }
    }
    if covered > 1.0 {
        value /= covered;
        covered = 1.0;
    }
    let mut mixed = value + (1.0 - covered) * around;
    let near = |width: f32, d: f32| libm::expf(-(d / width.max(0.4 * pixel)).powi(2));
    let uneven = 0.75 + 0.5 * grain.clusters.at(row, column);
    let (width, strength, tissue) = look.seam;
    let seam = strength * uneven * near(width, 0.5 * (nearest[0].abs() + nearest[1].abs()));
    mixed += seam.clamp(0.0, 1.0) * (look.signal(tissue).mean - mixed);
    let (width, strength, tissue) = look.sheath;
    if nearest[0] < 0.5 * pixel {
        let sheath = strength * uneven * near(width, nearest[0]);
        mixed += sheath.clamp(0.0, 1.0) * (look.signal(tissue).mean - mixed);
    }
    mixed
}

/// Muscle with diffuse fat, streaks and clusters of fat.
fn inside(look: &Look, structure: usize, grain: &Grain, row: usize, column: usize) -> f32 {
    let tissue = look.tissues.get(structure).copied();
    let muscle = look.signal(tissue.unwrap_or(Tissue::OtherMuscle));
    let fat = look.signal(Tissue::Strand).mean;
    let (share, streaks) = look.fat.get(structure).copied().unwrap_or_default();
    // Where a smooth random function is nearly 0 there runs a line.
    let line = |t: &Texture, thin: f32| (1.0 - t.at(row, column).abs() * thin).max(0.0);
    let clusters = grain.clusters.at(row, column);
    let strand = line(&grain.streaks[0], 7.0).max(line(&grain.streaks[1], 9.0));
    let fatty =
        share * (0.8 + 1.2 * clusters) + streaks * strand * (0.45 + clusters).clamp(0.0, 1.0);
    let texture = 0.5 * (grain.fine[0].at(row, column) + grain.fine[1].at(row, column));
    let rough =
        1.0 + 1.6 * muscle.grain * texture + 0.6 * muscle.patches * grain.patches.at(row, column);
    muscle.mean * rough + fatty.clamp(0.0, 0.95) * (fat - muscle.mean)
}

/// Coil, contrast curve, noise, whole numbers.
fn finish(draw: &mut Draw, look: &Look, image: &mut Array2<f32>, options: &LabelImageOptions) {
    let side = image.nrows().max(2) as f64 - 1.0;
    let weights: [f64; 5] = std::array::from_fn(|_| draw.normal());
    let strength = draw.within(options.bias);
    let falls = if draw.chance(0.5) {
        draw.range(0.0, 0.9)
    } else {
        0.0
    };
    for ((row, column), v) in image.indexed_iter_mut() {
        let (y, x) = (
            2.0 * row as f64 / side - 1.0,
            2.0 * column as f64 / side - 1.0,
        );
        let [a, b, c, d, e] = weights;
        let log = 0.5 * (a * x + b * y + c * x * y + d * (x * x - 0.5) + e * (y * y - 0.5));
        // A coil under the back.
        let gain = libm::exp(strength * log + falls * (y - 0.5));
        let value = f64::from(*v).max(0.0) / 1000.0;
        let curved = if look.gamma == 1.0 {
            value
        } else {
            libm::pow(value, look.gamma)
        };
        *v = (1000.0 * curved * gain) as f32;
    }
    add_rician_noise(image, look.noise, draw);
    image.mapv_inplace(|v| v.round().clamp(0.0, BRIGHTEST));
}
