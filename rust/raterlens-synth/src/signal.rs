//! From the tissue map to the image: signal, texture, point spread, coil, noise.

use ndarray::{Array2, Zip};

use crate::draw::{Draw, Purpose};
use crate::options::SynthOptions;
use crate::raster::Grid;
use crate::subject::Subject;
use crate::tissue::{signals, Signal, Tissue, TISSUES};
use crate::waves::Texture;

/// Largest intensity in an image.
pub(crate) const BRIGHTEST: f32 = 4095.0;

/// How a volume was acquired: the same for all its slices.
pub(crate) struct Acquisition {
    pub pixel_mm: f64,
    noise: f64,
    bias: f64,
    /// Shape of the bias field: weights of x, y, xy, x2, y2 in the unit square.
    field: [f64; 5],
    /// Width of the point spread function, pixels.
    spread_px: f64,
    /// Front edge of a saturation band over the abdomen (standard body, mm) and what is left behind it.
    saturation: Option<(f64, f64)>,
}

impl Acquisition {
    pub fn draw(seed: u64, options: &SynthOptions) -> Self {
        let draw = &mut Draw::new(seed, Purpose::Acquisition, 0);
        let fov_mm = draw.within(options.fov_mm);
        let mut field: [f64; 5] = std::array::from_fn(|_| draw.normal());
        // A spine coil lies under the back: brighter there.
        field[1] = draw.range(0.5, 2.5);
        Self {
            pixel_mm: fov_mm / options.size[1] as f64,
            noise: draw.within(options.noise),
            bias: draw.within(options.bias),
            field,
            spread_px: draw.range(0.5, 0.95),
            saturation: draw
                .chance(0.45)
                .then(|| (draw.range(-78.0, -58.0), draw.range(0.15, 0.5))),
        }
    }

    /// The grid of a slice: the middle of the spinal canal a little below the middle of the image.
    pub fn grid(&self, size: [usize; 2]) -> Grid {
        let half = |n: usize| (n as f64 - 1.0) / 2.0 * self.pixel_mm;
        let height_mm = size[0] as f64 * self.pixel_mm;
        Grid {
            size,
            cell_mm: self.pixel_mm,
            first_mm: [-half(size[1]), -half(size[0]) - 0.03 * height_mm],
        }
    }
}

/// What every cell of the tissue map (two by two per pixel) looks like in the image.
pub(crate) fn image(
    cells: &Array2<Tissue>,
    subject: &Subject,
    acquisition: &Acquisition,
    grid: Grid,
    level: usize,
    seed: u64,
    slice: u64,
) -> Array2<f32> {
    // Contrast belongs to the volume (part 1 of its stream), texture and noise to the slice.
    let contrast = &mut Draw::new(seed, Purpose::Acquisition, 1);
    let infiltration =
        |n: usize| 0.5 * (subject.right.infiltration[n] + subject.left.infiltration[n]);
    let health = subject.disc_health.get(level).copied().unwrap_or(0.5);
    let table = signals(contrast, health, [infiltration(0), infiltration(1)]);
    let draw = &mut Draw::new(seed, Purpose::Noise, slice);
    let mut image = textured(cells, &table, grid.size, draw);
    blur(&mut image, acquisition.spread_px);
    apply_coil(&mut image, subject, acquisition, grid);
    add_rician_noise(&mut image, acquisition.noise, draw);
    image.mapv_inplace(|v| v.round().clamp(0.0, BRIGHTEST));
    image
}

fn textured(
    cells: &Array2<Tissue>,
    table: &[Signal; TISSUES],
    size: [usize; 2],
    draw: &mut Draw,
) -> Array2<f32> {
    let grains = [Texture::new(draw, size, 1.7), Texture::new(draw, size, 3.6)];
    let patches = Texture::new(draw, size, 14.0);
    let mut image = Array2::zeros(size);
    Zip::indexed(&mut image)
        .and(cells.exact_chunks((2, 2)))
        .for_each(|(row, column), pixel: &mut f32, block| {
            let (mut mean, mut grain, mut patch) = (0.0, 0.0, 0.0);
            for tissue in block {
                let s = table.get(*tissue as usize).copied().unwrap_or_default();
                mean += s.mean;
                grain += s.mean * s.grain;
                patch += s.mean * s.patches;
            }
            let fine = 0.5 * (grains[0].at(row, column) + grains[1].at(row, column));
            *pixel = 0.25 * (mean + grain * 1.6 * fine + patch * patches.at(row, column));
        });
    image
}

/// Convolution with a Gaussian of five taps, edges repeated.
pub(crate) fn blur(image: &mut Array2<f32>, sigma_px: f64) {
    let weight = |n: f64| libm::exp(-0.5 * n * n / (sigma_px * sigma_px));
    let total = 1.0 + 2.0 * (weight(1.0) + weight(2.0));
    let w = [1.0, weight(1.0), weight(2.0)].map(|v| (v / total) as f32);
    for axis in [ndarray::Axis(0), ndarray::Axis(1)] {
        let mut lines = image.lanes_mut(axis).into_iter();
        let mut copy = Vec::new();
        for mut line in &mut lines {
            copy.clear();
            copy.extend(line.iter().copied());
            let last = copy.len().saturating_sub(1);
            let at = |i: usize| copy.get(i.min(last)).copied().unwrap_or(0.0);
            for (i, v) in line.iter_mut().enumerate() {
                let near = at(i.saturating_sub(1)) + at(i + 1);
                let far = at(i.saturating_sub(2)) + at(i + 2);
                *v = w[0] * at(i) + w[1] * near + w[2] * far;
            }
        }
    }
}

/// Multiplies by the bias field, whose range over the image is `bias`, and darkens what a saturation band covers.
fn apply_coil(image: &mut Array2<f32>, subject: &Subject, acquisition: &Acquisition, grid: Grid) {
    let [rows, columns] = grid.size.map(|n| (n.max(2) - 1) as f64);
    let shape = |row: usize, column: usize| {
        let (y, x) = (
            2.0 * row as f64 / rows - 1.0,
            2.0 * column as f64 / columns - 1.0,
        );
        let [a, b, c, d, e] = acquisition.field;
        a * x + b * y + c * x * y + 0.6 * (d * x * x + e * y * y)
    };
    let mut field = Array2::from_shape_fn(grid.size, |(r, c)| shape(r, c));
    let (low, high) = field
        .iter()
        .fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
    let range = (high - low).max(1e-9);
    field.mapv_inplace(|v| 1.0 + acquisition.bias * ((v - low) / range - 0.5));
    if let Some((front, left_over)) = acquisition.saturation {
        let edge = front * subject.scale;
        for ((row, column), v) in field.indexed_iter_mut() {
            let depth = ((edge - grid.centre(row, column)[1]) / 14.0).clamp(0.0, 1.0);
            let smooth = depth * depth * (3.0 - 2.0 * depth);
            *v *= 1.0 - (1.0 - left_over) * smooth;
        }
    }
    Zip::from(image)
        .and(&field)
        .for_each(|v, f| *v *= *f as f32);
}

/// Magnitude of a complex signal with equal noise in both channels.
pub(crate) fn add_rician_noise(image: &mut Array2<f32>, relative: f64, draw: &mut Draw) {
    const BODY: f32 = 50.0;
    let (sum, count) = image
        .iter()
        .filter(|v| **v > BODY)
        .fold((0.0, 0.0), |(s, n), v| (s + f64::from(*v), n + 1.0));
    let sd = relative * sum / f64::max(count, 1.0);
    for v in image.iter_mut() {
        let real = f64::from(*v) + sd * draw.normal();
        let imaginary = sd * draw.normal();
        *v = (real * real + imaginary * imaginary).sqrt() as f32;
    }
}
