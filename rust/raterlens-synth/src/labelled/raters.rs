//! Simulated raters on structures of any shape.

use ndarray::Array2;

use crate::draw::Draw;
use crate::rater::RaterStyle;
use crate::tissue::Tissue;
use crate::waves::{Texture, Wave1};

use super::fields::Fields;
use super::place::{Frame, Placement};
use super::surroundings::TissueMap;

/// What borders a pixel of the structures' part: 0 to 1 each.
pub(crate) struct Borders {
    /// Bone lies beyond the border.
    bone: Array2<f32>,
    /// Another structure does.
    division: Array2<f32>,
}

/// Where bone and other structures lie beyond the borders, by pixel of the part.
pub(crate) fn borders(
    fields: &Fields,
    placement: &Placement,
    tissues: &TissueMap,
    frame: Frame,
) -> Borders {
    let dim = fields.classes.dim();
    let mut bone = Array2::zeros(dim);
    let mut division = Array2::zeros(dim);
    for ((row, column), to) in bone.indexed_iter_mut() {
        let at = (row, column);
        let mut order: Vec<(f32, usize)> = (0..fields.distance.len())
            .map(|n| (fields.of(n, at), n))
            .collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (Some(&(d, n)), second) = (order.first(), order.get(1)) else {
            continue;
        };
        if d.abs() > 8.0 {
            continue;
        }
        if let (Some((other, _)), Some(cell)) = (second, division.get_mut(at)) {
            *cell = (1.0 - (d.abs() + other.abs()) / 6.0).clamp(0.0, 1.0);
        }
        // Outwards is where the distance falls.
        let value = |r: usize, c: usize| fields.of(n, (r.min(dim.0 - 1), c.min(dim.1 - 1)));
        let gy = value(row + 1, column) - value(row.saturating_sub(1), column);
        let gx = value(row, column + 1) - value(row, column.saturating_sub(1));
        let length = (gx * gx + gy * gy).sqrt().max(1e-3);
        let mut hits = 0.0;
        for beyond in [1.5, 3.0] {
            let step = (d + beyond) / frame.pixel_mm as f32 / length;
            let r = (fields.rows[0] + row) as f32 - gy * step;
            let c = (fields.columns[0] + column) as f32 - gx * step;
            let p = placement.at(f64::from(r.max(0.0)), f64::from(c.max(0.0)));
            let found = tissues.at(p);
            if matches!(found, Tissue::Cortex | Tissue::Marrow | Tissue::Ligament) {
                hits += 0.5;
            }
        }
        *to = hits;
    }
    Borders { bone, division }
}

/// One rater's habits, multiplied.
pub(crate) fn scaled(style: &RaterStyle, by: f64) -> RaterStyle {
    RaterStyle {
        bias_mm: style.bias_mm * by,
        bone_bias_mm: style.bone_bias_mm * by,
        division_shift_mm: style.division_shift_mm * by,
        tip_mm: style.tip_mm * by,
        wobble_mm: style.wobble_mm * by,
        mistakes: style.mistakes * by,
        ..*style
    }
}

/// The position of the structure from 1 that a rater draws at each pixel of the part, 0 outside.
///
/// A rater moves every border by a smooth random function (`wobble_mm`, more at bone and at divisions, with finer detail the less
/// `smoothness`), all of them by `bias_mm`, those at bone by `bone_bias_mm`, and the division between structures towards the side by
/// `division_shift_mm`; now and then by a mistake. `seam_fill`, `fat_inclusion` and `tip_mm` belong to templates and do nothing here.
pub(crate) fn rate(
    fields: &Fields,
    borders: &Borders,
    style: &RaterStyle,
    inner: &[bool],
    infiltration: f32,
    frame: Frame,
    draw: &mut Draw,
) -> Array2<u16> {
    let size: [usize; 2] = fields.classes.dim().into();
    let mut texture = |mm: f64| Texture::new(draw, size, (mm / frame.pixel_mm).max(1.5));
    let broad: Vec<Texture> = (0..fields.distance.len()).map(|_| texture(16.0)).collect();
    let fine: Vec<Texture> = (0..fields.distance.len()).map(|_| texture(6.0)).collect();
    let wave = Wave1::new(draw, [1.0 / 60.0, 1.0 / 35.0, 1.0 / 22.0].into_iter());
    // Now and then another cleft is taken for the division, and bone for muscle.
    let slip = |draw: &mut Draw, chance: f64, mm: f64| match draw.chance(chance) {
        true => mm * draw.normal() * style.mistakes,
        false => 0.0,
    };
    let shift = style.division_shift_mm + slip(draw, 0.1, 2.0);
    let misses = [slip(draw, 0.1, 1.2), slip(draw, 0.1, 1.2)];
    let detail = 0.6 * (1.0 - style.smoothness) as f32;
    Array2::from_shape_fn(fields.classes.dim(), |at| {
        let get = |field: &Array2<f32>| field.get(at).copied().unwrap_or(0.0);
        let (bone, division) = (get(&borders.bone), get(&borders.division));
        let doubt = (0.6 + 0.7 * bone + 0.5 * division) * (1.0 + 1.5 * infiltration);
        let border = shift + 1.2 * style.wobble_mm * wave.at(at.0 as f64 * frame.pixel_mm);
        let mut best = (0, 0.0);
        for n in 0..fields.distance.len() {
            let d = fields.of(n, at);
            if d < -10.0 {
                continue;
            }
            // Textures have a standard deviation of about 0.45.
            let smooth = |t: Option<&Texture>| t.map_or(0.0, |t| t.at(at.0, at.1) / 0.45);
            let random = smooth(broad.get(n)) + detail * smooth(fine.get(n));
            let miss = misses.get(n % 2).copied().unwrap_or_default();
            let moved = style.bias_mm as f32 * (1.0 - division)
                + bone * (style.bone_bias_mm + miss) as f32
                + doubt * style.wobble_mm as f32 * random * (1.0 - division);
            let outwards = if inner.get(n).copied().unwrap_or(false) {
                1.0
            } else {
                -1.0
            };
            let v = d + moved + division * outwards * border as f32;
            if v > best.1 {
                best = (n as u16 + 1, v);
            }
        }
        best.0
    })
}
