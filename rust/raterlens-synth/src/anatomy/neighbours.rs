//! The muscles around the spine that are not labelled: psoas, quadratus lumborum, iliacus, gluteal muscles.

use crate::level::Level;
use crate::outline::Point;
use crate::scene::Scene;
use crate::tissue::Tissue;

/// Psoas at S1, L5-S1, L4-L5, L3-L4: it moves forwards and to the side on its way down.
#[rustfmt::skip]
const PSOAS: [[Point; 8]; 4] = [
    [[39.0, -54.0], [46.0, -64.0], [58.0, -65.0], [66.0, -56.0], [64.0, -45.0], [55.0, -39.0], [46.0, -41.0], [40.0, -47.0]],
    [[33.0, -46.0], [42.0, -55.0], [54.0, -54.0], [61.0, -43.0], [58.0, -31.0], [48.0, -26.0], [38.0, -30.0], [32.5, -37.0]],
    [[26.0, -39.0], [36.0, -46.0], [49.0, -43.0], [56.0, -31.0], [53.0, -18.0], [42.0, -9.5], [30.5, -13.0], [26.8, -26.0]],
    [[24.0, -36.0], [33.0, -42.0], [43.5, -38.0], [48.5, -27.0], [46.0, -15.0], [37.0, -8.5], [28.0, -12.5], [25.3, -24.0]],
];
/// Quadratus lumborum.
#[rustfmt::skip]
const QUADRATUS_L3: [Point; 9] = [[51.0, -1.5], [57.0, -5.5], [67.0, -6.0], [77.0, 0.5], [81.0, 9.0], [77.0, 17.0], [72.5, 18.5], [67.0, 11.5], [59.0, 4.5]];
#[rustfmt::skip]
const QUADRATUS_L4: [Point; 8] = [[54.5, 0.5], [60.5, -5.0], [69.0, -6.5], [76.5, -2.5], [79.5, 5.5], [77.0, 13.0], [70.0, 14.0], [61.0, 7.5]];
#[rustfmt::skip]
const ILIACUS_L5: [Point; 6] = [[60.0, -28.0], [68.0, -33.0], [84.0, -50.0], [76.0, -54.0], [66.0, -46.0], [60.0, -36.0]];
#[rustfmt::skip]
const GLUTEUS_MEDIUS_L5: [Point; 6] = [[80.0, -8.0], [90.0, -28.0], [105.0, -36.0], [113.0, -18.0], [98.0, -2.0], [84.0, 6.0]];
#[rustfmt::skip]
const GLUTEUS_MAXIMUS_L5: [Point; 6] = [[72.0, 24.0], [78.0, 12.0], [92.0, 2.0], [100.0, 10.0], [90.0, 26.0], [78.0, 32.0]];
#[rustfmt::skip]
const ILIACUS_S1: [Point; 6] = [[55.5, -27.0], [60.0, -37.0], [73.0, -51.0], [68.0, -60.0], [56.0, -50.0], [51.0, -37.0]];
#[rustfmt::skip]
const GLUTEUS_MEDIUS_S1: [Point; 8] = [[68.0, -3.0], [70.0, -24.0], [80.0, -40.0], [95.0, -51.0], [115.0, -46.0], [120.0, -16.0], [96.0, -4.0], [76.0, 4.0]];
#[rustfmt::skip]
const GLUTEUS_MAXIMUS_S1: [Point; 9] = [[57.0, 38.0], [63.0, 28.0], [68.0, 12.0], [78.0, 7.0], [96.0, -1.0], [114.0, -8.0], [112.0, 18.0], [92.0, 36.0], [70.0, 44.0]];

/// Paints them on both sides.
pub(crate) fn paint(scene: &mut Scene<'_>) {
    let others: &[&[Point]] = match scene.level {
        Level::L3L4 => &[&QUADRATUS_L3],
        Level::L4L5 => &[&QUADRATUS_L4],
        Level::L5S1 => &[&ILIACUS_L5, &GLUTEUS_MEDIUS_L5, &GLUTEUS_MAXIMUS_L5],
        Level::S1 => &[&ILIACUS_S1, &GLUTEUS_MEDIUS_S1, &GLUTEUS_MAXIMUS_S1],
    };
    let psoas: &[Point] = &PSOAS[scene.level as usize];
    for muscle in [psoas].iter().chain(others) {
        scene.both_sheathed(muscle, Tissue::OtherMuscle);
    }
}
