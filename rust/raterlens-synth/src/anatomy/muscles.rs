//! Outlines of multifidus and erector spinae.

use crate::draw::Draw;
use crate::outline::{closed_spline, closed_values, displaced, perimeter, signed_area, Point};
use crate::subject::{Side, Subject};
use crate::waves::Wave1;

/// Multifidus, left side, mm, at S1, L5-S1, L4-L5, L3-L4: from the spinolaminar angle along the spinous process to the
/// back, along the fascia to the side, down the border with the erector spinae, and back along facet and lamina.
#[rustfmt::skip]
const MULTIFIDUS: [[Point; 12]; 4] = [
    [[3.6, 18.0], [3.3, 24.0], [3.5, 31.0], [5.5, 37.5], [15.0, 42.5], [26.5, 43.0], [31.5, 38.5], [34.0, 32.5], [33.5, 26.0], [29.0, 19.6], [20.0, 16.6], [10.0, 16.0]],
    [[4.0, 18.0], [3.5, 27.0], [3.7, 36.0], [6.0, 44.0], [17.0, 48.5], [27.5, 47.0], [32.0, 41.0], [33.0, 33.0], [32.2, 24.5], [29.0, 17.0], [20.0, 14.8], [10.5, 14.8]],
    [[4.0, 17.3], [3.5, 25.5], [3.7, 34.0], [5.6, 41.5], [14.0, 46.0], [22.5, 45.0], [25.6, 39.0], [26.8, 31.0], [26.8, 22.5], [24.4, 15.8], [17.0, 14.4], [9.8, 13.8]],
    [[3.9, 18.0], [3.4, 24.5], [3.6, 32.0], [5.0, 38.0], [10.5, 42.0], [16.0, 41.0], [18.6, 36.0], [19.8, 30.0], [20.0, 22.5], [18.6, 16.8], [13.5, 14.2], [8.4, 14.4]],
];

/// Erector spinae likewise: from the back of the border along the fascia to the lateral tip, along the deep side to the
/// facet, and up the border with the multifidus.
#[rustfmt::skip]
const ERECTOR: [[Point; 14]; 4] = [
    [[28.5, 44.8], [34.0, 44.5], [40.0, 42.0], [45.5, 38.0], [49.0, 33.0], [48.0, 28.2], [45.0, 25.5], [41.5, 24.5], [38.5, 25.2], [36.8, 27.4], [36.4, 30.4], [36.0, 34.4], [33.9, 40.0], [30.0, 43.5]],
    [[29.8, 48.2], [38.0, 47.5], [46.5, 44.2], [53.5, 38.0], [58.0, 30.5], [57.5, 23.5], [54.0, 17.0], [48.5, 12.0], [42.0, 9.8], [36.0, 13.0], [34.5, 20.5], [35.3, 29.0], [35.3, 36.5], [33.7, 42.8]],
    [[24.8, 47.0], [36.0, 48.5], [48.0, 45.5], [59.5, 38.0], [66.5, 28.0], [63.5, 19.0], [55.0, 11.0], [46.0, 4.5], [37.0, 2.0], [30.2, 7.5], [28.6, 16.0], [29.1, 24.0], [29.0, 32.5], [27.6, 40.6]],
    [[18.2, 43.8], [30.0, 48.2], [44.0, 47.5], [56.0, 41.5], [66.5, 31.0], [65.5, 20.5], [59.0, 11.5], [49.0, 4.5], [38.0, 1.0], [27.5, 5.8], [22.0, 13.0], [22.0, 23.0], [21.6, 31.0], [20.3, 38.4]],
];

/// Pairs of control points (multifidus, erector spinae) that face each other across the border.
const FACING: [(usize, usize); 5] = [(5, 0), (6, 13), (7, 12), (8, 11), (9, 10)];

/// Character of the outline at each control point: along bone, along the border between the muscles, doubtful.
#[rustfmt::skip]
const MULTIFIDUS_EDGE: [[f64; 3]; 12] = [
    [0.8, 0.0, 1.0],
    [0.6, 0.0, 0.7],
    [0.4, 0.0, 0.6],
    [0.0, 0.0, 0.8],
    [0.0, 0.0, 0.4],
    [0.0, 0.7, 0.8],
    [0.0, 1.0, 0.9],
    [0.0, 1.0, 0.9],
    [0.0, 1.0, 1.1],
    [0.6, 0.4, 1.4],
    [1.0, 0.0, 1.1],
    [1.0, 0.0, 1.2],
];
#[rustfmt::skip]
const ERECTOR_EDGE: [[f64; 3]; 14] = [
    [0.0, 0.7, 0.7],
    [0.0, 0.0, 0.4],
    [0.0, 0.0, 0.4],
    [0.0, 0.0, 0.6],
    [0.0, 0.0, 1.3],
    [0.0, 0.0, 1.0],
    [0.0, 0.0, 0.8],
    [0.3, 0.0, 0.8],
    [0.6, 0.0, 1.1],
    [0.6, 0.4, 1.4],
    [0.0, 1.0, 1.1],
    [0.0, 1.0, 0.9],
    [0.0, 1.0, 0.9],
    [0.0, 1.0, 0.9],
];
/// Control point at the lateral tip of the erector spinae.
const TIP: usize = 4;

/// What a vertex of an outline borders on; weights 0 to 1, `doubt` 0 to about 1.5.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge {
    pub bone: f64,
    pub border: f64,
    pub tip: f64,
    pub doubt: f64,
    /// Width of the seam to the other muscle, mm.
    pub seam_mm: f64,
    /// Depth of the fat pocket that dents the muscle here, mm.
    pub pocket_mm: f64,
}

/// One muscle in one slice.
pub(crate) struct Muscle {
    /// Structure id in `LabelScheme::lumbar_paraspinal`.
    pub id: u16,
    pub side: Side,
    /// Where muscle tissue ends: closed, in the patient's plane, mm.
    pub outline: Vec<Point>,
    /// One per vertex.
    pub edges: Vec<Edge>,
    /// Share of fat inside.
    pub infiltration: f64,
}

impl Muscle {
    /// Whether this is a multifidus.
    pub fn is_multifidus(&self) -> bool {
        self.id <= 2
    }
}

/// The four muscles in the order of their ids.
pub(crate) fn muscles(subject: &Subject, position: f64, draw: &mut Draw) -> Vec<Muscle> {
    let pairs = Side::BOTH.map(|side| (side, control_points(subject, side, position)));
    let mut out = Vec::with_capacity(4);
    for (id, (side, (points, seams))) in (1..).zip(&pairs) {
        out.push(muscle(subject, id, *side, position, points, seams, draw));
    }
    for (id, (side, (points, seams))) in (3..).zip(&pairs) {
        out.push(muscle(subject, id, *side, position, points, seams, draw));
    }
    out
}

type Pair<T> = (Vec<T>, Vec<T>);

/// Control points of both muscles of a side in standard space, and the seam width at each.
fn control_points(subject: &Subject, side: Side, position: f64) -> (Pair<Point>, Pair<f64>) {
    let half = subject.half(side);
    let mut multifidus = between(&MULTIFIDUS, position);
    let mut erector = between(&ERECTOR, position);
    let mut seams = (vec![0.0; multifidus.len()], vec![0.0; erector.len()]);
    for (m, e) in FACING {
        let (Some(p), Some(q)) = (multifidus.get_mut(m), erector.get_mut(e)) else {
            continue;
        };
        let middle = [
            0.5 * (p[0] + q[0]) + half.division_shift_mm,
            0.5 * (p[1] + q[1]),
        ];
        let gap = [
            0.5 * (q[0] - p[0]) * half.seam,
            0.5 * (q[1] - p[1]) * half.seam,
        ];
        *p = [middle[0] - gap[0], middle[1] - gap[1]];
        *q = [middle[0] + gap[0], middle[1] + gap[1]];
        let seam = 2.0 * (gap[0] * gap[0] + gap[1] * gap[1]).sqrt();
        if let (Some(a), Some(b)) = (seams.0.get_mut(m), seams.1.get_mut(e)) {
            (*a, *b) = (seam, seam);
        }
    }
    // Facing points share one jitter, so that the seam keeps its width.
    let shared = |e: usize| FACING.iter().find(|f| f.1 == e).map_or(12 + e, |f| f.0);
    let move_by = |p: Point, n: usize| {
        let j = half.jitter(n, position);
        subject.fit(side, [(p[0] + j[0]).max(3.3), p[1] + j[1]])
    };
    let multifidus = multifidus
        .into_iter()
        .enumerate()
        .map(|(n, p)| move_by(p, n))
        .collect();
    let erector = erector
        .into_iter()
        .enumerate()
        .map(|(n, p)| move_by(p, shared(n)))
        .collect();
    ((multifidus, erector), seams)
}

/// Linear between the templates of the neighbouring levels.
fn between<const N: usize>(templates: &[[Point; N]; 4], position: f64) -> Vec<Point> {
    let t = position.clamp(0.0, 3.0);
    let below = (t as usize).min(2);
    let f = t - below as f64;
    let [a, b] = [below, below + 1].map(|n| templates.get(n).into_iter().flatten());
    a.zip(b)
        .map(|(p, q)| std::array::from_fn(|n| p[n] * (1.0 - f) + q[n] * f))
        .collect()
}

fn muscle(
    subject: &Subject,
    id: u16,
    side: Side,
    position: f64,
    points: &Pair<Point>,
    seams: &Pair<f64>,
    draw: &mut Draw,
) -> Muscle {
    let is_multifidus = id <= 2;
    let (control, seams, table): (_, _, &[[f64; 3]]) = if is_multifidus {
        (&points.0, &seams.0, &MULTIFIDUS_EDGE)
    } else {
        (&points.1, &seams.1, &ERECTOR_EDGE)
    };
    let [multifidus_fat, erector_fat] = subject.half(side).infiltration;
    let infiltration = if is_multifidus {
        multifidus_fat
    } else {
        erector_fat
    };
    let mut outline = subject.place_all(&closed_spline(control), position);
    let mut edges = edges(table, seams, (!is_multifidus).then_some(TIP));
    roughen(&mut outline, draw);
    dent(&mut outline, &mut edges, infiltration, draw);
    Muscle {
        id,
        side,
        outline,
        edges,
        infiltration,
    }
}

fn edges(table: &[[f64; 3]], seams: &[f64], tip: Option<usize>) -> Vec<Edge> {
    let column = |n: usize| closed_values(&table.iter().map(|row| row[n]).collect::<Vec<_>>());
    let tips: Vec<f64> = (0..table.len())
        .map(|n| f64::from(Some(n) == tip))
        .collect();
    let (bone, border, doubt) = (column(0), column(1), column(2));
    let (seam, tip) = (closed_values(seams), closed_values(&tips));
    let rows = bone.iter().zip(&border).zip(&doubt).zip(&seam).zip(&tip);
    rows.map(|((((bone, border), doubt), seam_mm), tip)| Edge {
        bone: *bone,
        border: *border,
        tip: *tip,
        doubt: *doubt,
        seam_mm: *seam_mm,
        pocket_mm: 0.0,
    })
    .collect()
}

/// The small irregularities of a real border.
fn roughen(outline: &mut Vec<Point>, draw: &mut Draw) {
    // No ripple shorter than about 9 mm.
    let finest = (perimeter(outline) / 9.0).clamp(6.0, 13.0) as u32;
    let wave = Wave1::new(draw, (4..finest).map(f64::from));
    let n = outline.len().max(1) as f64;
    let shift: Vec<f64> = (0..outline.len())
        .map(|v| 0.38 * wave.at(v as f64 / n))
        .collect();
    *outline = displaced(outline, &shift);
}

/// Pockets of fat that dent the muscle: mostly deep, where raters doubt.
fn dent(outline: &mut Vec<Point>, edges: &mut [Edge], infiltration: f64, draw: &mut Draw) {
    let n = edges.len();
    let wanted = draw.count(0, 1) + draw.count(0, (infiltration * 14.0) as usize + 1);
    let size = (signed_area(outline).abs() / 700.0).sqrt().clamp(0.3, 1.1);
    let step_mm = perimeter(outline) / n.max(1) as f64;
    for _ in 0..wanted {
        let centre = draw.count(0, n.saturating_sub(1));
        let doubt = edges.get(centre).map_or(0.0, |e| e.doubt);
        let (depth, reach_mm) = (draw.range(0.8, 3.0) * size, draw.range(3.0, 7.0) * size);
        if !draw.chance((doubt - 0.4).min(0.9)) {
            continue;
        }
        for (v, edge) in edges.iter_mut().enumerate() {
            let apart = v.abs_diff(centre).min(n - v.abs_diff(centre)) as f64 * step_mm / reach_mm;
            if apart < 1.0 {
                let bump = (1.0 - apart * apart) * (1.0 - apart * apart);
                edge.pocket_mm = (edge.pocket_mm + depth * bump).min(4.0);
            }
        }
    }
    let shift: Vec<f64> = edges.iter().map(|e| -e.pocket_mm).collect();
    *outline = displaced(outline, &shift);
}
