//! Where a pixel of the image lies in the patient, and in the label map.

use crate::draw::Draw;
use crate::outline::Point;
use crate::waves::Warp;

use super::options::LabelImageOptions;
use super::shape::Reach;

/// Pixels between the places at which the smooth deformation is computed; linear between them.
const STEP: usize = 6;

/// The square grid of an image.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    /// Pixels along a side.
    pub side: usize,
    /// Side of a pixel, mm.
    pub pixel_mm: f64,
}

/// From pixels to the patient's plane: x to the left from the midline, y to the back, mm.
pub(crate) struct Placement {
    lattice: Vec<Point>,
    columns: usize,
}

impl Placement {
    /// Draws field of view, shift, rotation and deformation.
    pub fn draw(draw: &mut Draw, options: &LabelImageOptions) -> (Frame, Self) {
        let (low, high) = options.fov_mm;
        let third = low + (high - low) / 3.0;
        let fov_mm = match draw.chance(options.narrow_share) {
            true => draw.range(low, third),
            false => draw.range(third, high),
        };
        let wanted = draw.within(options.pixel_mm);
        let side = ((fov_mm / wanted) as usize).clamp(32, options.max_side);
        let pixel_mm = fov_mm / side as f64;
        let shift = [draw.around(options.shift), draw.around(options.shift)].map(|s| s * fov_mm);
        let angle = draw.around(options.rotation_deg).to_radians();
        let amplitude_mm = options.warp_mm * draw.unit();
        let warp = Warp::new(draw, amplitude_mm);
        let (cosine, sine) = (libm::cos(angle), libm::sin(angle));
        let middle = 0.5 * (side as f64 - 1.0);
        let columns = side.div_ceil(STEP) + 2;
        let mut lattice = Vec::with_capacity(columns * columns);
        for n in 0..columns * columns {
            let at = [n % columns, n / columns].map(|v| (v * STEP) as f64);
            let q = [
                (at[0] - middle) * pixel_mm - shift[0],
                (at[1] - middle) * pixel_mm - shift[1],
            ];
            let turned = [cosine * q[0] + sine * q[1], cosine * q[1] - sine * q[0]];
            lattice.push(warp.apply(turned, 0.0));
        }
        (Frame { side, pixel_mm }, Self { lattice, columns })
    }

    /// The place of a position in the image, pixels.
    pub fn at(&self, row: f64, column: f64) -> Point {
        let last = (self.columns - 2) as f64;
        let r = (row / STEP as f64).clamp(0.0, last);
        let c = (column / STEP as f64).clamp(0.0, last);
        let (r0, c0) = (r as usize, c as usize);
        let (fr, fc) = (r - r0 as f64, c - c0 as f64);
        let value = |r: usize, c: usize| {
            let p = self.lattice.get(r * self.columns + c);
            p.copied().unwrap_or_default()
        };
        let (a, b) = (value(r0, c0), value(r0, c0 + 1));
        let (d, e) = (value(r0 + 1, c0), value(r0 + 1, c0 + 1));
        std::array::from_fn(|n| {
            let top = a[n] * (1.0 - fc) + b[n] * fc;
            let bottom = d[n] * (1.0 - fc) + e[n] * fc;
            top * (1.0 - fr) + bottom * fr
        })
    }
}

/// From the patient's plane to the label map: mirrored or not, halves of unlike size, another level.
pub(crate) struct LevelChange {
    mirrored: bool,
    /// Sizes of the halves (x below 0, above 0) relative to the label map's.
    width: [f64; 2],
    depth: [f64; 2],
    /// Where the inner structures end, mm: in the label map and in the image; and where all end.
    division: Option<[f64; 2]>,
    side: f64,
    /// Depth of the inner structures relative to the label map's, and the row that stays.
    inner_depth: f64,
    anchor: f64,
}

impl LevelChange {
    /// Draws a change for structures that reach so far.
    pub fn draw(draw: &mut Draw, options: &LabelImageOptions, reach: Reach) -> Self {
        let mirrored = draw.chance(options.mirror_chance);
        let mut size = || 1.0 + draw.around(options.asymmetry);
        let (width, depth) = ([size(), size()], [size(), size()]);
        let overall = 1.0 + draw.around(0.15) * options.level_variation;
        // Upwards the inner muscles become smaller, downwards larger: from about a tenth of the outer ones' area at L2 to about half at
        // L5.
        let moved = match draw.chance(0.6) {
            true => draw.range(0.38, 1.0),
            false => draw.range(0.85, 1.25),
        };
        let moved = 1.0 + (moved - 1.0) * options.level_variation;
        let shallower = if moved < 1.0 {
            1.0 - 0.7 * (1.0 - moved) * draw.unit()
        } else {
            1.0
        };
        Self {
            mirrored,
            width,
            depth: depth.map(|d| d * overall),
            division: reach.division.map(|d| [d, d * moved]),
            side: reach.side,
            inner_depth: shallower,
            anchor: reach.front + (reach.back - reach.front) * draw.range(0.1, 0.6),
        }
    }

    /// Whether mirror partners are exchanged.
    pub fn mirrored(&self) -> bool {
        self.mirrored
    }

    /// What the structures reach to after the change: (side, front, back), mm.
    pub fn reach_after(&self, reach: Reach) -> [f64; 3] {
        let [width, depth] = [self.width, self.depth].map(|[a, b]| 0.5 * (a + b));
        [reach.side * width, reach.front * depth, reach.back * depth]
    }

    /// The place in the label map.
    pub fn to_map(&self, p: Point) -> Point {
        let half = usize::from(p[0] >= 0.0);
        let of = |sizes: [f64; 2]| sizes.get(half).copied().unwrap_or(1.0);
        let (mut x, mut y) = (p[0].abs() / of(self.width), p[1] / of(self.depth));
        if let Some([from, to]) = self.division {
            let inner = (2.0 - 1.6 * x / to.max(1e-6)).clamp(0.0, 1.0);
            let by = 1.0 / self.inner_depth;
            y = self.anchor + (y - self.anchor) * (1.0 + (by - 1.0) * inner);
            x = match x < to {
                true => x * from / to,
                false => from + (x - to) * (self.side - from) / (self.side - to).max(1.0),
            };
        }
        let sign = if (p[0] < 0.0) == self.mirrored {
            1.0
        } else {
            -1.0
        };
        [sign * x, y]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Purpose;

    const REACH: Reach = Reach {
        side: 70.0,
        front: -20.0,
        back: 25.0,
        division: Some(25.0),
    };

    #[test]
    fn without_variation_places_stay() {
        let still = LabelImageOptions {
            mirror_chance: 0.0,
            asymmetry: 0.0,
            level_variation: 0.0,
            ..LabelImageOptions::default()
        };
        let change = LevelChange::draw(&mut Draw::new(1, Purpose::Labels, 0), &still, REACH);
        for p in [[12.0, 3.0], [-40.0, -8.0], [69.0, 20.0]] {
            let q = change.to_map(p);
            assert!(
                (q[0] - p[0]).abs() < 1e-9 && (q[1] - p[1]).abs() < 1e-9,
                "{q:?}"
            );
        }
        let mirrored = LabelImageOptions {
            mirror_chance: 1.0,
            ..still
        };
        let change = LevelChange::draw(&mut Draw::new(1, Purpose::Labels, 0), &mirrored, REACH);
        assert!(change.mirrored());
        assert!((change.to_map([12.0, 3.0])[0] + 12.0).abs() < 1e-9);
    }

    #[test]
    fn the_division_moves_and_the_sides_stay() {
        let options = LabelImageOptions {
            mirror_chance: 0.0,
            asymmetry: 0.0,
            ..LabelImageOptions::default()
        };
        let mut moved = Vec::new();
        for seed in 0..40 {
            let change =
                LevelChange::draw(&mut Draw::new(seed, Purpose::Labels, 0), &options, REACH);
            let [from, to] = change.division.unwrap();
            assert!((change.to_map([to, 0.0])[0] - from).abs() < 1e-9);
            assert!((change.to_map([70.0, 0.0])[0] - 70.0).abs() < 1e-9);
            moved.push(to / from);
        }
        assert!(moved.iter().any(|m| *m < 0.6) && moved.iter().any(|m| *m > 1.1));
    }
}
