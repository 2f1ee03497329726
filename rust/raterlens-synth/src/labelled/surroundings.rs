//! What lies around the structures: a map of tissues, and how it is fitted to them.

use crate::anatomy::{abdomen, muscles, sacrum, spine};
use crate::draw::{Draw, Purpose};
use crate::options::SynthOptions;
use crate::outline::{displaced, ellipse, grown, normals, Point};
use crate::raster::{Canvas, Grid};
use crate::scene::Scene;
use crate::subject::Subject;
use crate::tissue::{Tissue, TISSUES};
use crate::waves::Warp;

/// Side of a cell of the tissue map, mm.
const CELL_MM: f64 = 1.0;
/// From here forwards (template, mm) lies the abdomen, from here to the side the flank: both vary in depth and width.
const ABDOMEN_MM: f64 = -48.0;
const FLANK_MM: f64 = 76.0;

/// A map of tissues and its fit to the structures.
pub(crate) struct TissueMap {
    canvas: Canvas<Tissue>,
    grid: Grid,
    fit: Fit,
}

impl TissueMap {
    /// The tissue at a place of the patient's plane.
    pub fn at(&self, p: Point) -> Tissue {
        let q = self.fit.apply(p);
        let column = (q[0] - self.grid.first_mm[0]) / self.grid.cell_mm + 0.5;
        let row = (q[1] - self.grid.first_mm[1]) / self.grid.cell_mm + 0.5;
        if column < 0.0 || row < 0.0 {
            return Tissue::Air;
        }
        let found = self.canvas.cells().get((row as usize, column as usize));
        found.copied().unwrap_or(Tissue::Air)
    }

    /// Random regions in a random body.
    pub fn regions(draw: &mut Draw) -> Self {
        const SIDE: usize = 230;
        let grid = Grid {
            size: [SIDE, SIDE],
            cell_mm: 2.2,
            first_mm: [-1.1 * SIDE as f64; 2],
        };
        let spread = draw.range(60.0, 200.0);
        let sites: Vec<(Point, Tissue)> = (0..draw.count(4, 45))
            .map(|_| {
                let at = [draw.normal() * spread, draw.normal() * spread];
                (at, any_tissue(draw))
            })
            .collect();
        let warp = Warp::new(draw, draw_amplitude(spread));
        let radii = [draw.range(50.0, 260.0), draw.range(50.0, 260.0)];
        let middle = [draw.around(60.0), draw.around(60.0)];
        let everywhere = draw.chance(0.25);
        let mut canvas = Canvas::new(grid, Tissue::Air);
        canvas.paint(|row, column| {
            let p = warp.apply(grid.centre(row, column), 0.0);
            let r = [0, 1].map(|n| ((p[n] - middle[n]) / radii[n]).powi(2));
            if !everywhere && r[0] + r[1] > 1.0 {
                return Tissue::Air;
            }
            let mut best = (f64::INFINITY, Tissue::Air);
            for (site, tissue) in &sites {
                let d = (p[0] - site[0]).powi(2) + (p[1] - site[1]).powi(2);
                if d < best.0 {
                    best = (d, *tissue);
                }
            }
            best.1
        });
        Self {
            canvas,
            grid,
            fit: Fit::none(),
        }
    }

    /// The lower back without its muscles, fitted to structures that reach to `[side, front, back]` mm.
    pub fn lumbar(seed: u64, draw: &mut Draw, position: f64, reach: [f64; 3]) -> Self {
        let subject = straight(seed);
        let templates = muscles::muscles(&subject, position, draw);
        let inner = templates.iter().filter(|m| m.is_multifidus());
        let front = extreme(inner, |p| -p[1]);
        let back = extreme(templates.iter(), |p| p[1]);
        let side = extreme(templates.iter(), |p| p[0].abs());
        let grid = Grid {
            size: [350, 480],
            cell_mm: CELL_MM,
            first_mm: [-239.5, -215.0],
        };
        let mut scene = Scene::new(&subject, position, grid, draw);
        body(&mut scene);
        abdomen::contents(&mut scene);
        sacrum::pelvis(&mut scene);
        spine::paint(&mut scene);
        let canvas = scene.into_canvas();
        let fit = Fit {
            from: reach,
            to: [side, -front, back],
            flank: draw.range(0.75, 1.3),
            abdomen: draw.range(0.9, 1.8),
        };
        Self { canvas, grid, fit }
    }
}

/// Someone who lies straight in the middle.
pub(super) fn straight(seed: u64) -> Subject {
    let options = SynthOptions {
        max_rotation_deg: 0.0,
        max_translation_mm: 0.0,
        ..SynthOptions::default()
    };
    Subject::draw(seed, &options)
}

fn draw_amplitude(spread: f64) -> f64 {
    0.12 * spread
}

pub(super) fn any_tissue(draw: &mut Draw) -> Tissue {
    let n = draw.count(1, TISSUES - 1);
    match Tissue::ALL.get(n) {
        None | Some(Tissue::Multifidus | Tissue::Erector) => Tissue::OtherMuscle,
        Some(tissue) => *tissue,
    }
}

fn extreme<'a>(
    muscles: impl Iterator<Item = &'a muscles::Muscle>,
    of: impl Fn(&Point) -> f64,
) -> f64 {
    let values = muscles.flat_map(|m| m.outline.iter()).map(of);
    values.fold(f64::NEG_INFINITY, f64::max)
}

/// Skin, fat of another thickness on every side, and the space inside.
fn body(scene: &mut Scene<'_>) {
    let girth = scene.subject.girth;
    let back = scene.subject.fit_depth(49.5) * 1.02;
    let half = [
        [0.0, back - 3.0],
        [12.0, back],
        [40.0, back],
        [66.0, back - 8.0],
        [92.0, 20.0],
        [118.0 * girth, -8.0],
        [132.0 * girth, -40.0],
        [130.0 * girth, -78.0],
        [100.0 * girth, -114.0 * girth],
        [50.0 * girth, -132.0 * girth],
        [0.0, -134.0 * girth],
    ];
    let deep = scene.placed(&crate::outline::symmetric(&half));
    let draw = &mut *scene.draw;
    let thin = |draw: &mut Draw, most: f64| 3.0 + most * draw.unit() * draw.unit();
    let [at_back, at_side, at_front] = [thin(draw, 45.0), thin(draw, 55.0), thin(draw, 35.0)];
    // Over the spinous processes the skin dips in.
    let (dip, reach) = (draw.range(0.0, 0.85) * at_back, draw.range(8.0, 30.0));
    let skin_mm = draw.range(1.0, 2.5);
    let fat: Vec<f64> = deep
        .iter()
        .zip(normals(&deep))
        .map(|(p, n)| {
            let (x, y) = (n[0] * n[0], n[1] * n[1]);
            let ends = if n[1] > 0.0 { at_back } else { at_front };
            let all = at_side * x + ends * y;
            let over_spine = libm::exp(-(p[0] / reach).powi(2));
            if n[1] > 0.0 {
                (all - dip * over_spine).max(1.0)
            } else {
                all
            }
        })
        .collect();
    let surface = displaced(&deep, &fat);
    arms(scene, &surface);
    scene.fill_placed(&grown(&surface, skin_mm), Tissue::Skin);
    scene.fill_placed(&surface, Tissue::SubcutaneousFat);
    septa(scene, &surface, &fat);
    scene.fill_placed(&deep, Tissue::DeepFat);
}

/// Arms beside the body, in some.
fn arms(scene: &mut Scene<'_>, surface: &[Point]) {
    if !scene.draw.chance(0.3) {
        return;
    }
    let side = surface.iter().fold(0.0_f64, |most, p| most.max(p[0].abs()));
    for sign in [-1.0, 1.0] {
        let radius = scene.draw.range(28.0, 45.0);
        let at = [
            sign * (side + radius + scene.draw.range(2.0, 20.0)),
            scene.draw.range(-90.0, 10.0),
        ];
        for (part, tissue) in [
            (1.0, Tissue::Skin),
            (0.95, Tissue::SubcutaneousFat),
            (0.72, Tissue::OtherMuscle),
            (0.28, Tissue::Cortex),
            (0.2, Tissue::Marrow),
        ] {
            let disc = ellipse(at, [radius * part, 0.9 * radius * part]);
            scene.fill_placed(&disc, tissue);
        }
    }
}

/// Thin septa in the fat under the skin, along the surface.
fn septa(scene: &mut Scene<'_>, surface: &[Point], fat: &[f64]) {
    let n = surface.len();
    for _ in 0..scene.draw.count(0, 9) {
        let (first, run) = (scene.draw.count(0, n), scene.draw.count(4, 24));
        let depth = scene.draw.range(0.15, 0.85);
        let width = scene.draw.range(0.3, 0.9);
        let inwards: Vec<f64> = fat.iter().map(|f| -f * depth).collect();
        let line = displaced(surface, &inwards);
        let part: Vec<Point> = (0..run)
            .filter_map(|i| line.get((first + i) % n.max(1)).copied())
            .collect();
        let outline = crate::outline::stroke(&part, (0.1, width));
        scene.fill_placed_over(&outline, Tissue::Septum, &[Tissue::SubcutaneousFat]);
    }
}

/// From the patient's plane to the template's.
struct Fit {
    /// What the structures reach to (side, front, back) here and in the template, mm.
    from: [f64; 3],
    to: [f64; 3],
    /// Steps in the template per step in the patient's flank and abdomen.
    flank: f64,
    abdomen: f64,
}

impl Fit {
    fn none() -> Self {
        Self {
            from: [1.0, 0.0, 1.0],
            to: [1.0, 0.0, 1.0],
            flank: 1.0,
            abdomen: 1.0,
        }
    }

    fn apply(&self, p: Point) -> Point {
        let [side, front, back] = self.from;
        let [to_side, to_front, to_back] = self.to;
        let scale = to_side / side.max(1.0);
        let mut x = p[0] * scale;
        if x.abs() > FLANK_MM {
            x = x.signum() * (FLANK_MM + (x.abs() - FLANK_MM) * self.flank);
        }
        let y = match p[1] {
            v if v < front => to_front + (v - front) * scale,
            v if v > back => to_back + (v - back) * scale,
            v => to_front + (v - front) * (to_back - to_front) / (back - front).max(1.0),
        };
        let y = match y < ABDOMEN_MM {
            true => ABDOMEN_MM + (y - ABDOMEN_MM) * self.abdomen,
            false => y,
        };
        [x, y]
    }
}

/// The label map of template muscles: ids of `LabelScheme::lumbar_paraspinal`, and the pixel size, mm.
pub(super) fn template_labels(seed: u64, position: f64) -> (ndarray::Array2<u16>, f64) {
    let draw = &mut Draw::new(seed, Purpose::Tissue, 2);
    let subject = straight(seed);
    let grid = Grid {
        size: [130, 240],
        cell_mm: 0.8,
        first_mm: [-96.0, -20.0],
    };
    let mut canvas = Canvas::new(grid, 0u16);
    for muscle in &muscles::muscles(&subject, position, draw) {
        canvas.fill_where(&muscle.outline, muscle.id, |present| present == 0);
    }
    (canvas.into_cells(), grid.cell_mm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_fitted_to_what_the_structures_reach_to() {
        let fit = Fit {
            from: [80.0, -20.0, 30.0],
            to: [64.0, 14.0, 46.0],
            flank: 1.0,
            abdomen: 1.0,
        };
        assert_eq!(fit.apply([-80.0, -20.0]), [-64.0, 14.0]);
        assert_eq!(fit.apply([0.0, 30.0]), [0.0, 46.0]);
    }

    #[test]
    fn the_lumbar_map_has_a_canal_between_the_muscles_and_air_outside() {
        let draw = &mut Draw::new(5, Purpose::Tissue, 0);
        let map = TissueMap::lumbar(5, draw, 2.0, [70.0, -20.0, 30.0]);
        let bone = |t| matches!(t, Tissue::Cortex | Tissue::Marrow | Tissue::Ligament);
        let midline = (-20..10).map(|y| map.at([0.0, f64::from(y)]));
        assert!(midline.filter(|t| bone(*t)).count() > 10);
        assert_eq!(map.at([0.0, 200.0]), Tissue::Air);
        assert_eq!(map.at([-40.0, 10.0]), Tissue::DeepFat);
    }

    #[test]
    fn regions_hold_no_labelled_muscle() {
        let map = TissueMap::regions(&mut Draw::new(3, Purpose::Tissue, 0));
        let cells = map.canvas.cells();
        assert!(cells
            .iter()
            .all(|t| !matches!(t, Tissue::Multifidus | Tissue::Erector)));
        assert!(cells.iter().any(|t| *t != Tissue::Air));
    }
}
