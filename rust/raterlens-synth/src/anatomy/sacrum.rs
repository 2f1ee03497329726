//! Sacrum and pelvis.

use crate::level::Level;
use crate::outline::{grown, symmetric, Point};
use crate::scene::Scene;
use crate::tissue::Tissue;

use super::spine::thecal_sac;

#[rustfmt::skip]
const SACRUM: [Point; 17] = [
    [0.0, -42.0], [12.0, -41.2], [21.0, -37.0], [27.0, -32.0], [36.0, -31.5], [46.0, -27.0], [51.5, -18.0], [51.5, -7.0], [47.5, 3.0],
    [43.0, 11.0], [36.0, 15.0], [28.0, 16.0], [18.0, 14.4], [9.0, 13.6], [3.4, 16.0], [2.2, 24.0], [0.0, 29.0],
];
#[rustfmt::skip]
const ILIUM_AT_S1: [Point; 16] = [
    [53.5, -20.0], [59.0, -34.0], [71.0, -47.0], [79.0, -50.0], [82.0, -45.0], [72.0, -32.0], [66.0, -18.0], [65.0, -4.0], [63.0, 10.0],
    [60.0, 24.0], [55.0, 32.0], [51.0, 32.5], [50.5, 24.0], [48.0, 14.0], [50.5, 4.5], [54.5, -7.0],
];
#[rustfmt::skip]
const ILIUM_AT_L5: [Point; 10] = [
    [72.0, -30.0], [86.0, -45.0], [92.0, -44.0], [86.0, -30.0], [77.0, -10.0], [72.0, 8.0], [66.5, 22.0], [62.5, 26.0], [62.0, 18.0],
    [66.0, 0.0],
];

/// Paints the first sacral segment with the hip bones beside it.
pub(crate) fn sacrum(scene: &mut Scene<'_>) {
    let dorsal = |points: &[Point]| -> Vec<Point> {
        let s = scene.subject;
        points.iter().map(|p| [p[0], s.fit_depth(p[1])]).collect()
    };
    let (sacrum, ilium) = (dorsal(&SACRUM), dorsal(&ILIUM_AT_S1));
    let joint = [[52.6, -20.0], [53.0, -8.0], [49.2, 3.6], [45.8, 12.5]];
    scene.both_line(&joint, (1.5, 4.0), Tissue::Ligament);
    scene.both_bone(&ilium, 1.7);
    let outline = scene.placed(&symmetric(&sacrum));
    scene.fill_placed(&outline, Tissue::Cortex);
    scene.fill_placed(&grown(&outline, -1.3), Tissue::Marrow);
    // The body's edge towards the wings shows as a faint line.
    let edge = [[22.0, -36.0], [24.5, -28.0], [22.5, -18.0], [16.5, -11.0]];
    scene.both_line(&edge, (0.3, 0.8), Tissue::OuterNucleus);
    // The joint: a thin line between two dark rims.
    scene.both_line(&joint, (0.5, 0.9), Tissue::Septum);
    // Foramina with fat and the first sacral nerve.
    let foramen = [
        [13.0, -8.0],
        [18.0, -10.5],
        [24.0, -9.0],
        [25.0, -3.5],
        [20.0, 0.0],
        [14.0, -1.5],
    ];
    scene.both(&foramen, Tissue::Cortex);
    scene.both(
        &foramen.map(|[x, y]| [19.0 + (x - 19.0) * 0.82, -5.0 + (y + 5.0) * 0.82]),
        Tissue::EpiduralFat,
    );
    scene.both_disc([18.6, -5.2], [2.9, 2.3], Tissue::Root);
    let canal = [
        [0.0, -7.6],
        [7.0, -7.2],
        [11.5, -3.5],
        [10.5, 2.5],
        [5.0, 7.4],
        [0.0, 9.4],
    ];
    scene.midline_shape(&canal.map(|[x, y]| [x * 1.1, y * 1.1]), Tissue::Cortex);
    scene.midline_shape(&canal, Tissue::EpiduralFat);
    scene.both_disc([8.6, -3.0], [1.9, 2.0], Tissue::Root);
    let size = scene.subject.canal;
    thecal_sac(
        scene,
        &[
            [0.0, -4.2],
            [3.6, -3.8],
            [5.2, -0.6],
            [3.4, 3.0],
            [0.0, 4.2],
        ]
        .map(|p| p.map(|v| v * size)),
    );
    for n in 0..3 {
        let x = 1.0 + f64::from(n) * 1.2;
        scene.both_disc([x, 2.0 - 0.8 * f64::from(n)], [0.55, 0.55], Tissue::Root);
    }
}

/// The pelvis beside the lumbosacral disc.
pub(crate) fn pelvis(scene: &mut Scene<'_>) {
    if scene.level == Level::L5S1 {
        scene.both_bone(&ILIUM_AT_L5, 1.5);
    }
}
