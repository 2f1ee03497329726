//! Paints the labelled muscles: their fascia, their tissue and the fat inside.

use crate::anatomy::muscles::Muscle;
use crate::outline::{centroid, grown, normals, open_spline, signed_area, stroke, Point};
use crate::scene::Scene;
use crate::subject::Side;
use crate::tissue::Tissue;

/// What a sheath is painted over.
const FAT: [Tissue; 3] = [Tissue::DeepFat, Tissue::SubcutaneousFat, Tissue::Septum];

/// Paints the four muscles over what lies around them.
pub(crate) fn paint(scene: &mut Scene<'_>, muscles: &[Muscle]) {
    for muscle in muscles {
        sheath(scene, muscle);
    }
    for muscle in muscles {
        let tissue = tissue_of(muscle);
        scene.fill_placed(&muscle.outline, tissue);
    }
    for side in Side::BOTH {
        fascia(scene, muscles, side);
    }
    for muscle in muscles {
        bundles(scene, muscle);
        strands(scene, muscle);
    }
}

fn tissue_of(muscle: &Muscle) -> Tissue {
    if muscle.is_multifidus() {
        Tissue::Multifidus
    } else {
        Tissue::Erector
    }
}

/// A thin dark line around the muscle.
fn sheath(scene: &mut Scene<'_>, muscle: &Muscle) {
    let all_round = grown(&muscle.outline, 0.3);
    scene.fill_placed_over(&all_round, Tissue::Septum, &FAT);
}

/// The dark thoracolumbar fascia: one line over the back of both muscles of a side.
fn fascia(scene: &mut Scene<'_>, muscles: &[Muscle], side: Side) {
    let mut back: Vec<Point> = Vec::new();
    for muscle in muscles.iter().filter(|m| m.side == side) {
        let outward = normals(&muscle.outline);
        let all = muscle.outline.iter().zip(&outward).zip(&muscle.edges);
        let facing = all.filter(|((_, o), e)| o[1] > 0.45 && e.border < 0.8);
        back.extend(facing.map(|((p, o), e)| {
            let lift = 1.0 + e.pocket_mm;
            [p[0] + o[0] * lift, p[1] + o[1] * lift]
        }));
    }
    back.sort_by(|p, q| (side.sign() * p[0]).total_cmp(&(side.sign() * q[0])));
    let groups = back.chunks(6).map(centroid);
    let line = open_spline(&groups.collect::<Vec<_>>());
    scene.fill_placed_over(&stroke(&line, (0.7, 1.2)), Tissue::Fascia, &FAT);
}

/// Strands of fat: they gather where the outline is doubtful, deep and at the edges.
fn strands(scene: &mut Scene<'_>, muscle: &Muscle) {
    let expected = area_cm2(muscle) * (0.3 + 11.0 * muscle.infiltration);
    let count = scene
        .draw
        .count((0.6 * expected) as usize, (1.3 * expected) as usize + 1);
    let n = muscle.outline.len();
    for _ in 0..count {
        let mut vertex = scene.draw.count(0, n.saturating_sub(1));
        if muscle
            .edges
            .get(vertex)
            .is_some_and(|e| e.doubt < scene.draw.range(0.0, 1.2))
        {
            vertex = scene.draw.count(0, n.saturating_sub(1));
        }
        let reach = 1.05 * scene.draw.unit().sqrt();
        let run = 1.5 + 13.0 * scene.draw.unit() * scene.draw.unit();
        let thick = scene.draw.range(0.4, 1.0) + 2.6 * muscle.infiltration * scene.draw.unit();
        line_inside(scene, muscle, (vertex, reach, run), thick, Tissue::Strand);
    }
}

/// The fine lines between the bundles of muscle fibres.
fn bundles(scene: &mut Scene<'_>, muscle: &Muscle) {
    let count = (area_cm2(muscle) * scene.draw.range(1.5, 4.0)) as usize;
    let n = muscle.outline.len();
    for _ in 0..count {
        let vertex = scene.draw.count(0, n.saturating_sub(1));
        let reach = scene.draw.unit().sqrt();
        let run = scene.draw.range(4.0, 13.0);
        let thick = scene.draw.range(0.3, 0.8);
        line_inside(
            scene,
            muscle,
            (vertex, reach, run),
            thick,
            Tissue::Perimysium,
        );
    }
}

fn area_cm2(muscle: &Muscle) -> f64 {
    signed_area(&muscle.outline).abs() / 100.0
}

/// A line from a point between the middle and a vertex of the outline; lines fan out from the front and the midline to
/// the back and the side, as the bundles do.
fn line_inside(
    scene: &mut Scene<'_>,
    muscle: &Muscle,
    (vertex, reach, run): (usize, f64, f64),
    thick_mm: f64,
    tissue: Tissue,
) {
    let middle = centroid(&muscle.outline);
    let Some(edge) = muscle.outline.get(vertex) else {
        return;
    };
    let at = [
        middle[0] + (edge[0] - middle[0]) * reach,
        middle[1] + (edge[1] - middle[1]) * reach,
    ];
    let lean = if muscle.is_multifidus() { 0.35 } else { 0.8 } * muscle.side.sign();
    let angle = scene.draw.normal() * 0.45;
    let (c, s) = (libm::cos(angle), libm::sin(angle));
    let way = [lean * c - s, lean * s + c];
    let bend = scene.draw.around(0.2 * run);
    let line = [
        [at[0] - way[0] * run * 0.5, at[1] - way[1] * run * 0.5],
        [at[0] + bend, at[1]],
        [at[0] + way[0] * run * 0.5, at[1] + way[1] * run * 0.5],
    ];
    let over = [tissue_of(muscle), Tissue::Perimysium];
    scene.fill_placed_over(
        &stroke(&open_spline(&line), (0.15, thick_mm)),
        tissue,
        &over,
    );
}
