//! Vertebra or sacrum, disc, canal and nerves.

use crate::level::Level;
use crate::outline::Point;
use crate::scene::{mirrored, Scene};
use crate::subject::Side;
use crate::tissue::Tissue;

/// Left half of body or disc at S1, L5-S1, L4-L5, L3-L4, from the front midline to the back midline.
#[rustfmt::skip]
const BODY: [[Point; 9]; 4] = [
    [[0.0, -42.0], [11.0, -41.4], [20.0, -37.4], [25.5, -31.0], [26.0, -24.0], [22.0, -16.0], [15.0, -11.0], [8.0, -9.4], [0.0, -9.2]],
    [[0.0, -43.0], [11.0, -42.2], [20.5, -38.5], [26.3, -31.5], [27.0, -25.0], [24.0, -17.0], [17.5, -11.5], [9.0, -9.3], [0.0, -8.8]],
    [[0.0, -44.0], [10.5, -43.2], [19.0, -39.2], [24.4, -32.0], [25.4, -25.0], [23.0, -17.0], [17.0, -11.5], [9.0, -9.9], [0.0, -10.0]],
    [[0.0, -43.0], [10.0, -42.3], [18.0, -38.5], [23.0, -32.0], [24.0, -25.0], [22.0, -17.5], [16.5, -12.0], [8.5, -10.4], [0.0, -11.3]],
];
const BODY_CENTRE_Y: f64 = -27.0;

#[rustfmt::skip]
const LAMINA: [Point; 10] = [
    [0.4, 11.0], [5.0, 9.0], [10.0, 5.0], [14.0, 1.5], [17.0, 3.0], [16.0, 8.0], [11.0, 11.3], [6.5, 13.2], [2.6, 16.5],
    [0.4, 18.0],
];
#[rustfmt::skip]
const INFERIOR_FACET: [Point; 7] = [
    [11.5, 4.0], [14.8, -1.8], [18.6, 0.2], [20.9, 5.4], [20.8, 10.6], [17.0, 12.4], [12.5, 9.5],
];
#[rustfmt::skip]
const SUPERIOR_FACET: [Point; 8] = [
    [16.5, -6.0], [21.5, -6.6], [26.8, -2.5], [28.2, 4.0], [26.3, 10.6], [22.9, 10.6], [22.4, 5.2], [19.8, -0.4],
];
#[rustfmt::skip]
const FACET_JOINT: [Point; 4] = [[15.6, -3.8], [19.3, -0.3], [21.6, 5.2], [21.9, 11.0]];
#[rustfmt::skip]
const TRANSVERSE: [Point; 7] = [
    [20.0, -7.0], [30.0, -5.0], [40.0, -2.8], [46.0, -1.8], [46.0, -5.0], [36.0, -8.0], [22.0, -12.0],
];
#[rustfmt::skip]
const FLAVUM: [Point; 4] = [[12.2, -0.5], [9.0, 3.8], [5.0, 7.4], [0.6, 10.2]];

/// Paints the spine of the slice's level.
pub(crate) fn paint(scene: &mut Scene<'_>) {
    match scene.level {
        Level::S1 => super::sacrum::sacrum(scene),
        level => lumbar(scene, level),
    }
}

fn lumbar(scene: &mut Scene<'_>, level: Level) {
    let through_bone = scene.offset.abs() > 0.13;
    // Facets turn from the sagittal towards the coronal plane and move apart downwards.
    let spread = match level {
        Level::L5S1 => 1.12,
        Level::L4L5 => 1.0,
        _ => 0.9,
    };
    let wide =
        |points: &[Point]| -> Vec<Point> { points.iter().map(|p| [p[0] * spread, p[1]]).collect() };
    body(scene, level, through_bone);
    canal(scene, level, spread);
    if through_bone && level != Level::L5S1 {
        scene.both_bone(&wide(&TRANSVERSE), 0.9);
    }
    scene.both_bone(&wide(&SUPERIOR_FACET), 1.3);
    posterior_arch(scene, level, &wide);
    let joint = if scene.draw.chance(0.5) {
        Tissue::JointFluid
    } else {
        Tissue::Septum
    };
    scene.both_line(&wide(&FACET_JOINT), (0.4, 1.1), joint);
}

fn body(scene: &mut Scene<'_>, level: Level, through_bone: bool) {
    let half = BODY[level as usize];
    let inner = |by: f64| half.map(|[x, y]| [x * by, BODY_CENTRE_Y + (y - BODY_CENTRE_Y) * by]);
    scene.midline_shape(&inner(1.02), Tissue::Cortex);
    if through_bone {
        scene.midline_shape(&inner(0.975), Tissue::Marrow);
        // Basivertebral vein.
        scene.line(
            &[[0.0, -11.0], [0.6, -17.0], [-0.5, -24.0]],
            (1.6, 1.2),
            Tissue::VesselSlow,
        );
    } else {
        scene.midline_shape(&inner(0.99), Tissue::Annulus);
        scene.midline_shape(&inner(0.86), Tissue::InnerAnnulus);
        scene.midline_shape(&inner(0.76), Tissue::OuterNucleus);
        scene.midline_shape(&inner(0.66), Tissue::Nucleus);
        if scene.draw.chance(0.5) {
            let y = BODY_CENTRE_Y + scene.draw.around(1.5);
            let cleft = [[-10.0, y], [-3.0, y + 0.8], [4.0, y - 0.4], [10.0, y + 0.5]];
            scene.line(&cleft, (0.3, 1.6), Tissue::InnerAnnulus);
        }
    }
}

fn posterior_arch(scene: &mut Scene<'_>, level: Level, wide: &dyn Fn(&[Point]) -> Vec<Point>) {
    let mut bones = Vec::new();
    for side in Side::BOTH {
        bones.push(mirrored(&wide(&LAMINA), side));
        bones.push(mirrored(&wide(&INFERIOR_FACET), side));
    }
    let reach = scene.subject.spinous[level as usize];
    let tip = match level {
        Level::L5S1 => 33.0,
        Level::L4L5 => 38.0,
        _ => 37.0,
    };
    let end = scene.subject.fit_depth(14.0 + (tip - 14.0) * reach);
    let along = |f: f64| 13.0 + (end - 13.0) * f;
    // Between spinous process and skin: the interspinous and supraspinous ligaments.
    let back = scene
        .subject
        .fit_depth(if level == Level::L3L4 { 41.0 } else { 45.0 });
    scene.line(
        &[[0.0, along(0.5)], [0.0, back]],
        (2.6, 2.2),
        Tissue::Ligament,
    );
    let spinous = [
        [0.0, along(0.0)],
        [2.7, along(0.1)],
        [2.3, along(0.3)],
        [2.3, along(0.55)],
        [2.9, along(0.8)],
        [2.4, along(0.96)],
        [0.0, along(1.0)],
        [-2.4, along(0.96)],
        [-2.9, along(0.8)],
        [-2.3, along(0.55)],
        [-2.3, along(0.3)],
        [-2.7, along(0.1)],
    ];
    bones.push(spinous.to_vec());
    scene.merged_bones(&bones, 1.2);
}

fn canal(scene: &mut Scene<'_>, level: Level, spread: f64) {
    let size = scene.subject.canal;
    let scaled = |points: &[Point], by: f64| -> Vec<Point> {
        points.iter().map(|p| [p[0] * by, p[1] * by]).collect()
    };
    // Foramina: fat with the nerve that leaves the canal.
    let foramen = [
        [9.0, -8.0],
        [15.0, -11.0],
        [25.0, -11.5],
        [26.0, -6.0],
        [19.0, -5.0],
        [13.0, -1.5],
        [9.0, -3.0],
    ];
    scene.both(&foramen, Tissue::EpiduralFat);
    scene.both_disc([23.0, -10.5], [3.2, 2.3], Tissue::Root);
    scene.both_disc([10.3 * spread.max(1.0), -5.2], [1.4, 1.7], Tissue::Root);
    let epidural = [
        [0.0, -9.0],
        [6.0, -8.8],
        [10.5, -6.5],
        [11.0, -2.0],
        [8.6, 3.2],
        [4.6, 7.4],
        [0.0, 10.4],
    ];
    scene.midline_shape(&epidural, Tissue::EpiduralFat);
    scene.both_disc([10.6, -5.0], [1.5, 1.8], Tissue::Root);
    scene.both_line(&FLAVUM, (1.6, 2.8), Tissue::Ligament);
    let (sac, by): ([Point; 7], f64) = match level {
        Level::L5S1 => (
            [
                [0.0, -6.4],
                [4.4, -6.2],
                [7.0, -4.0],
                [7.0, -0.5],
                [4.6, 2.6],
                [1.6, 4.2],
                [0.0, 4.5],
            ],
            size,
        ),
        _ => (
            [
                [0.0, -8.2],
                [5.5, -8.0],
                [9.0, -5.4],
                [8.8, -1.0],
                [5.8, 3.2],
                [2.0, 5.8],
                [0.0, 6.2],
            ],
            size,
        ),
    };
    thecal_sac(scene, &scaled(&sac, by));
    cauda_equina(scene, level, by);
}

pub(crate) fn thecal_sac(scene: &mut Scene<'_>, half: &[Point]) {
    let outline = scene.placed(&crate::outline::symmetric(half));
    scene.fill_placed(&crate::outline::grown(&outline, 0.5), Tissue::Ligament);
    scene.fill_placed(&outline, Tissue::Csf);
}

/// The roots lie at the back of the sac in a horseshoe, fewer further down.
fn cauda_equina(scene: &mut Scene<'_>, level: Level, size: f64) {
    let pairs = match level {
        Level::L3L4 => 9,
        Level::L4L5 => 7,
        _ => 4,
    };
    for n in 0..pairs {
        let f = (n as f64 + 0.5) / pairs as f64;
        let front = if level == Level::L5S1 { 0.75 } else { 1.0 };
        let at = [7.2 * f * front, 4.2 * (1.0 - f) - 5.6 * f * f];
        for side in Side::BOTH {
            let x = (at[0] * side.sign() + scene.draw.around(0.7)) * size;
            let y = (at[1] + scene.draw.around(0.9)) * size * front;
            let r = scene.draw.range(0.45, 0.75);
            scene.disc([x, y], [r, r], Tissue::Root);
        }
    }
}
