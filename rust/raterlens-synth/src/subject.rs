//! One synthetic person: everything that stays the same from slice to slice.

use crate::draw::{Draw, Purpose};
use crate::options::SynthOptions;
use crate::outline::Point;
use crate::waves::Warp;

/// Depth, mm behind the canal's centre, at which the muscle compartment begins.
const COMPARTMENT_FRONT_MM: f64 = 14.0;
/// Distance from the midline, mm, where the muscles begin.
const COMPARTMENT_SIDE_MM: f64 = 5.0;

/// Which half of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Right,
    Left,
}

impl Side {
    pub const BOTH: [Self; 2] = [Self::Right, Self::Left];

    /// Sign of x: the templates are drawn for the left side, x towards the patient's left.
    pub fn sign(self) -> f64 {
        match self {
            Self::Right => -1.0,
            Self::Left => 1.0,
        }
    }
}

/// What differs between the halves of the body.
pub(crate) struct Half {
    /// Depth and width of the muscles relative to the subject's.
    pub depth: f64,
    pub width: f64,
    /// How far the multifidus reaches to the side of where the template ends it, mm.
    pub division_shift_mm: f64,
    /// Width of the fat seam between the muscles relative to the template's.
    pub seam: f64,
    /// Share of fat inside multifidus and erector spinae.
    pub infiltration: [f64; 2],
    /// Random shift of each control point, mm: constant part and part that changes along the spine.
    jitter: Vec<[f64; 4]>,
}

impl Half {
    /// The random shift of control point `n` at a position along the spine.
    pub fn jitter(&self, n: usize, position: f64) -> Point {
        let [x, y, dx, dy] = self.jitter.get(n).copied().unwrap_or_default();
        let along = (position - 1.5) / 1.5;
        [x + dx * along, y + dy * along]
    }
}

/// One synthetic person.
pub(crate) struct Subject {
    pub scale: f64,
    pub depth: f64,
    pub width: f64,
    pub right: Half,
    pub left: Half,
    /// Thickness of the fat under the skin of the back, mm.
    pub back_fat_mm: f64,
    /// Girth relative to the template.
    pub girth: f64,
    /// Size of the spinal canal relative to the template.
    pub canal: f64,
    /// Height of the signal of each disc's nucleus: 0 degenerated, 1 healthy; by level.
    pub disc_health: [f64; 4],
    /// Reach of each spinous process relative to the template, by level.
    pub spinous: [f64; 4],
    rotation: [f64; 2],
    shift_mm: Point,
    warp: Warp,
}

impl Subject {
    /// Draws a person.
    pub fn draw(seed: u64, options: &SynthOptions) -> Self {
        let draw = &mut Draw::new(seed, Purpose::Subject, 0);
        let angle = draw.around(options.max_rotation_deg).to_radians();
        let shift = options.max_translation_mm;
        let skew = draw.unit();
        let (low, high) = options.infiltration;
        // Most people have little fat in the muscles, some have much.
        let infiltration = low + (high - low) * skew * skew.sqrt();
        Self {
            scale: draw.within(options.scale),
            depth: draw.range(0.88, 1.16),
            width: draw.range(0.92, 1.1),
            right: half(draw, infiltration),
            left: half(draw, infiltration),
            back_fat_mm: 6.0 + 26.0 * draw.unit() * draw.unit() + 6.0 * skew,
            girth: draw.range(0.88, 1.15),
            canal: draw.range(0.85, 1.1),
            disc_health: std::array::from_fn(|_| draw.range(0.0, 1.0)),
            spinous: std::array::from_fn(|_| draw.range(0.8, 1.05)),
            rotation: [libm::cos(angle), libm::sin(angle)],
            shift_mm: [draw.around(shift), draw.around(shift)],
            warp: Warp::new(draw, 1.3),
        }
    }

    pub fn half(&self, side: Side) -> &Half {
        match side {
            Side::Right => &self.right,
            Side::Left => &self.left,
        }
    }

    /// Puts a template point of the left side into this person's compartment of one side.
    pub fn fit(&self, side: Side, p: Point) -> Point {
        let half = self.half(side);
        let beyond = |v: f64, from: f64, by: f64| if v > from { from + (v - from) * by } else { v };
        [
            beyond(p[0], COMPARTMENT_SIDE_MM, self.width * half.width) * side.sign(),
            beyond(p[1], COMPARTMENT_FRONT_MM, self.depth * half.depth),
        ]
    }

    /// As `fit`, for shapes that belong to no side.
    pub fn fit_depth(&self, y: f64) -> f64 {
        let from = COMPARTMENT_FRONT_MM;
        if y > from {
            from + (y - from) * self.depth
        } else {
            y
        }
    }

    /// From the person's standard space to the patient's plane, mm.
    pub fn place(&self, p: Point, position: f64) -> Point {
        let [x, y] = self.warp.apply(p.map(|v| v * self.scale), position);
        let [c, s] = self.rotation;
        [
            c * x - s * y + self.shift_mm[0],
            s * x + c * y + self.shift_mm[1],
        ]
    }

    /// `place` for every vertex.
    pub fn place_all(&self, points: &[Point], position: f64) -> Vec<Point> {
        points.iter().map(|p| self.place(*p, position)).collect()
    }
}

fn half(draw: &mut Draw, infiltration: f64) -> Half {
    const CONTROL_POINTS: usize = 26;
    Half {
        depth: draw.range(0.95, 1.05),
        width: draw.range(0.95, 1.05),
        division_shift_mm: 1.4 * draw.normal(),
        seam: draw.range(0.1, 1.25),
        infiltration: [
            infiltration * draw.range(0.8, 1.4),
            infiltration * draw.range(0.5, 1.0),
        ],
        jitter: (0..CONTROL_POINTS)
            .map(|_| std::array::from_fn(|n| draw.normal() * if n < 2 { 0.8 } else { 0.5 }))
            .collect(),
    }
}
