//! Everything around spine and paraspinal muscles: skin, fat, other muscles, vessels, bowel.

use crate::level::Level;
use crate::outline::{closed_spline, Point};
use crate::scene::Scene;
use crate::tissue::Tissue;
use crate::waves::Wave1;

/// Deepest point of the muscles of the back, standard body, mm.
const BACK_OF_MUSCLES_MM: f64 = 49.5;

/// Paints skin, fat under the skin and the space inside.
pub(crate) fn body(scene: &mut Scene<'_>) {
    let (fat, girth) = (scene.subject.back_fat_mm, scene.subject.girth);
    let back = scene.subject.fit_depth(BACK_OF_MUSCLES_MM) * 1.02;
    let skin = back + fat + 1.5;
    let surface = |inset: f64| {
        let s = skin - inset;
        let wide = |x: f64| x * girth - inset;
        [
            [0.0, s - 3.5],
            [12.0, s - 1.5],
            [34.0, s],
            [62.0, s - 3.0],
            [96.0, s - 18.0],
            [wide(132.0), 8.0 + fat * 0.4],
            [wide(156.0), -30.0],
            [wide(155.0), -75.0],
            [wide(122.0), -128.0 * girth + inset],
            [wide(62.0), -152.0 * girth + inset],
            [0.0, -157.0 * girth + inset],
        ]
    };
    scene.midline_shape(&surface(0.0), Tissue::Skin);
    scene.midline_shape(&surface(1.7), Tissue::SubcutaneousFat);
    septa(scene, back, skin);
    let deep = [
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
    scene.midline_shape(&deep, Tissue::DeepFat);
}

/// Thin septa in the fat under the skin.
fn septa(scene: &mut Scene<'_>, back: f64, skin: f64) {
    for _ in 0..scene.draw.count(6, 14) {
        let x = scene.draw.around(90.0);
        let run = scene.draw.range(8.0, 30.0);
        let y =
            scene.draw.range(back + 1.0, skin.max(back + 2.0)) - (x.abs() - 50.0).max(0.0) * 0.45;
        let (rise, w) = (scene.draw.around(4.0), scene.draw.range(0.3, 0.7));
        let line = [[x, y], [x + run * 0.5, y + rise], [x + run, y + 0.5 * rise]];
        scene.line_over(&line, (0.1, w), Tissue::Septum, Tissue::SubcutaneousFat);
    }
}

/// Paints bowel, vessels and the muscles beside the spine.
pub(crate) fn contents(scene: &mut Scene<'_>) {
    bowel(scene);
    vessels(scene);
    if matches!(scene.level, Level::L3L4 | Level::L4L5) {
        abdominal_wall(scene);
    }
    super::neighbours::paint(scene);
    fine_lines(scene);
}

/// Septa in the other muscles, and small vessels and strands in the deep fat.
fn fine_lines(scene: &mut Scene<'_>) {
    const KINDS: [(Tissue, Tissue, usize); 3] = [
        (Tissue::OtherMuscle, Tissue::Perimysium, 120),
        (Tissue::DeepFat, Tissue::Septum, 60),
        (Tissue::DeepFat, Tissue::OtherMuscle, 25),
    ];
    for (over, tissue, count) in KINDS {
        for _ in 0..count {
            let at = [scene.draw.around(120.0), scene.draw.range(-110.0, 40.0)];
            let way = [scene.draw.normal(), scene.draw.normal()].map(|v| 4.0 * v);
            let bend = scene.draw.around(2.0);
            let line = [
                at,
                [at[0] + way[0] + bend, at[1] + way[1]],
                [at[0] + 2.0 * way[0], at[1] + 2.0 * way[1]],
            ];
            let thick = scene.draw.range(0.4, 1.0);
            scene.line_over(&line, (0.1, thick), tissue, over);
        }
    }
}

fn bowel(scene: &mut Scene<'_>) {
    const KINDS: [Tissue; 3] = [Tissue::BowelFluid, Tissue::BowelContent, Tissue::VesselVoid];
    let girth = scene.subject.girth;
    let loops = scene.draw.count(9, 16);
    for _ in 0..loops {
        let centre = [
            scene.draw.around(88.0) * girth,
            scene.draw.range(-112.0, -66.0) * girth,
        ];
        let kind = KINDS[scene.draw.count(0, 7) % 3];
        blob(scene, centre, (8.0, 17.0), kind);
    }
    // Ascending and descending colon.
    for x in [-86.0, 86.0] {
        let centre = [x * girth, scene.draw.range(-50.0, -36.0)];
        blob(scene, centre, (13.0, 20.0), Tissue::BowelContent);
    }
    if scene.level == Level::L3L4 && scene.draw.chance(0.4) {
        scene.both_disc([70.0, -26.0], [13.0, 16.0], Tissue::Kidney);
    }
}

fn blob(scene: &mut Scene<'_>, centre: Point, radius_mm: (f64, f64), inside: Tissue) {
    const CORNERS: usize = 9;
    let wave = Wave1::new(scene.draw, (2..4).map(f64::from));
    let radius = scene.draw.within(radius_mm);
    let wall = scene.draw.range(1.4, 2.6);
    let control: Vec<Point> = (0..CORNERS)
        .map(|n| {
            let f = n as f64 / CORNERS as f64;
            let (angle, r) = (
                f * std::f64::consts::TAU,
                radius * (1.0 + 0.16 * wave.at(f)),
            );
            [
                centre[0] + r * libm::cos(angle),
                centre[1] + 0.85 * r * libm::sin(angle),
            ]
        })
        .collect();
    let outline = scene
        .subject
        .place_all(&closed_spline(&control), scene.position);
    let over = [Tissue::DeepFat, Tissue::BowelWall];
    scene.fill_placed_over(&outline, Tissue::BowelWall, &over);
    scene.fill_placed_over(&crate::outline::grown(&outline, -wall), inside, &over);
}

/// Aorta and inferior vena cava, below L4 their branches; flowing blood is dark.
fn vessels(scene: &mut Scene<'_>) {
    let slow = if scene.draw.chance(0.5) {
        Tissue::VesselSlow
    } else {
        Tissue::VesselVoid
    };
    let level = scene.level;
    let mut vessel = |centre: Point, radii: Point, inside: Tissue| {
        scene.disc(centre, radii.map(|r| r + 1.2), Tissue::BowelWall);
        scene.disc(centre, radii, inside);
    };
    match level {
        Level::L3L4 => {
            vessel([9.0, -55.5], [8.2, 8.0], Tissue::VesselVoid);
            vessel([-15.0, -53.0], [10.5, 7.5], slow);
        }
        Level::L4L5 => {
            vessel([16.0, -54.0], [6.0, 6.0], Tissue::VesselVoid);
            vessel([-9.0, -57.0], [6.0, 5.8], Tissue::VesselVoid);
            vessel([-16.0, -50.5], [10.0, 5.2], slow);
        }
        _ => {
            for x in [-30.0, 30.0] {
                vessel([x, -52.0], [4.6, 4.6], Tissue::VesselVoid);
                vessel([x * 0.95, -43.5], [6.4, 4.0], slow);
            }
        }
    }
}

/// Oblique and transverse muscles of the flank, with the thin fat between the layers.
fn abdominal_wall(scene: &mut Scene<'_>) {
    let g = scene.subject.girth;
    let wall = [
        [74.0, 27.0],
        [92.0, 18.0],
        [117.0 * g, -9.0],
        [130.0 * g, -40.0],
        [128.0 * g, -78.0],
        [99.0 * g, -112.0 * g],
        [50.0 * g, -130.0 * g],
        [4.0, -133.0 * g],
        [4.0, -121.0 * g],
        [45.0 * g, -118.0 * g],
        [86.0 * g, -100.0 * g],
        [112.0 * g, -74.0],
        [113.0 * g, -42.0],
        [101.0 * g, -13.0],
        [82.0, 10.0],
    ];
    scene.both(&wall, Tissue::OtherMuscle);
    for depth in [0.35, 0.68] {
        let layer = [
            [90.0, 17.0, 78.0, 13.0],
            [117.0, -9.0, 101.0, -13.0],
            [130.0, -40.0, 113.0, -42.0],
            [128.0, -78.0, 112.0, -74.0],
            [99.0, -112.0, 86.0, -100.0],
        ];
        let line = layer.map(|[a, b, c, d]| [(a + (c - a) * depth) * g, b + (d - b) * depth]);
        scene.both_line(&line, (0.6, 1.3), Tissue::DeepFat);
    }
}
