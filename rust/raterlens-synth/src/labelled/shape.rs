//! The structures of a label map as functions of the place.

use ndarray::{s, Array2, ArrayView2};
use raterlens_core::distance::signed_distance_2d;
use raterlens_core::LabelScheme;

use crate::outline::Point;

/// Pixels kept around the structures.
const MARGIN_PX: usize = 6;

/// The structures of a label map: the largest signed distance that is positive says which one a place belongs to, so that
/// enlarged and turned outlines stay smooth.
pub(crate) struct Shape {
    /// Signed distance of each structure, pixels, on the part of the map that holds them.
    fields: Vec<Array2<f32>>,
    /// Column and row of the part's first pixel.
    corner: [usize; 2],
    /// Side of a pixel, mm.
    pub pixel_mm: f64,
    /// Where x = 0, y = 0 lies, pixels: on the midline, halfway down the structures.
    origin: Point,
    /// The position of each structure's mirror partner, or its own.
    partners: Vec<usize>,
    /// What the structures reach to, mm from the origin.
    pub reach: Reach,
}

/// What structures reach to, mm from the origin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reach {
    /// To the side: the mean of both sides.
    pub side: f64,
    /// Foremost point of the inner structures (of all where there are no pairs).
    pub front: f64,
    /// Rearmost point of all.
    pub back: f64,
    /// How far the inner pair reaches to the side; none unless there are two pairs or more.
    pub division: Option<f64>,
}

impl Shape {
    /// The structures of `labels` with pixels of `pixel_mm`; none if it holds none of `scheme`.
    ///
    /// `extent_mm` above 0: the pixel size is chosen so that all structures together are so wide.
    pub fn new(
        labels: ArrayView2<'_, u16>,
        scheme: &LabelScheme,
        pixel_mm: f64,
        extent_mm: f64,
    ) -> Option<Self> {
        let ids: Vec<u16> = scheme.structures.iter().map(|s| s.id).collect();
        let [left, right, top, bottom] = extremes(&labels, |l| ids.contains(&l))?;
        let (rows, columns) = labels.dim();
        let corner = [
            left.saturating_sub(MARGIN_PX),
            top.saturating_sub(MARGIN_PX),
        ];
        let end = [
            (right + MARGIN_PX + 1).min(columns),
            (bottom + MARGIN_PX + 1).min(rows),
        ];
        let part = labels.slice(s![corner[1]..end[1], corner[0]..end[0]]);
        let width = (right - left + 1) as f64;
        let pixel_mm = if extent_mm > 0.0 {
            extent_mm / width
        } else {
            pixel_mm
        };
        let field = |id: &u16| {
            let mask = part.mapv(|l| l == *id);
            signed_distance_2d(mask.view(), [1.0, 1.0]).mapv(|d| {
                // From pixel centres to the border between them.
                (d - 0.5 * d.signum()).clamp(-1e3, 1e3) as f32
            })
        };
        let partners = scheme.mirror_positions();
        let x = midline(&labels, &ids, &partners).unwrap_or(0.5 * (left + right) as f64);
        let origin = [x, 0.5 * (top + bottom) as f64];
        let reach = reach(&labels, &ids, &partners, origin, pixel_mm)?;
        Some(Self {
            fields: ids.iter().map(field).collect(),
            corner,
            pixel_mm,
            origin,
            partners,
            reach,
        })
    }

    /// The position of the structure at a place (mm from the origin), if one is there; `mirrored` exchanges partners.
    pub fn at(&self, p: Point, mirrored: bool) -> Option<usize> {
        let x = p[0] / self.pixel_mm + self.origin[0] - self.corner[0] as f64;
        let y = p[1] / self.pixel_mm + self.origin[1] - self.corner[1] as f64;
        let (rows, columns) = self.fields.first()?.dim();
        if x < 0.0 || y < 0.0 || x >= (columns - 1) as f64 || y >= (rows - 1) as f64 {
            return None;
        }
        let (column, row) = (x as usize, y as usize);
        let (fx, fy) = ((x - column as f64) as f32, (y - row as f64) as f32);
        let mut best = (None, 0.0);
        for (n, field) in self.fields.iter().enumerate() {
            let value = |r: usize, c: usize| field.get((r, c)).copied().unwrap_or(-1e3);
            let top = value(row, column) * (1.0 - fx) + value(row, column + 1) * fx;
            let bottom = value(row + 1, column) * (1.0 - fx) + value(row + 1, column + 1) * fx;
            let d = top * (1.0 - fy) + bottom * fy;
            if d > best.1 {
                best = (Some(n), d);
            }
        }
        let found = best.0?;
        Some(match mirrored {
            true => self.partners.get(found).copied().unwrap_or(found),
            false => found,
        })
    }
}

/// First and last column and row of what passes `inside`.
fn extremes(labels: &ArrayView2<'_, u16>, inside: impl Fn(u16) -> bool) -> Option<[usize; 4]> {
    let mut found: Option<[usize; 4]> = None;
    for ((row, column), label) in labels.indexed_iter() {
        if *label > 0 && inside(*label) {
            let f = found.get_or_insert([column, column, row, row]);
            *f = [
                f[0].min(column),
                f[1].max(column),
                f[2].min(row),
                f[3].max(row),
            ];
        }
    }
    found
}

/// Halfway between the middles of mirror partners, pixels.
fn midline(labels: &ArrayView2<'_, u16>, ids: &[u16], partners: &[usize]) -> Option<f64> {
    let middle = |id: u16| {
        let columns = labels.indexed_iter().filter(|(_, l)| **l == id);
        let (sum, count) = columns.fold((0.0, 0.0), |(s, n), ((_, x), _)| (s + x as f64, n + 1.0));
        (count > 0.0).then(|| sum / count)
    };
    let mut sum = (0.0, 0.0);
    for (n, partner) in partners.iter().enumerate().filter(|(n, p)| *n < **p) {
        let pair = [n, *partner].map(|n| ids.get(n).copied().and_then(middle));
        if let [Some(a), Some(b)] = pair {
            sum = (sum.0 + 0.5 * (a + b), sum.1 + 1.0);
        }
    }
    (sum.1 > 0.0).then(|| sum.0 / sum.1)
}

fn reach(
    labels: &ArrayView2<'_, u16>,
    ids: &[u16],
    partners: &[usize],
    origin: Point,
    pixel_mm: f64,
) -> Option<Reach> {
    let [left, right, top, bottom] = extremes(labels, |l| ids.contains(&l))?;
    // How far each pair reaches to the side, and its foremost row.
    let mut pairs: Vec<(f64, f64)> = Vec::new();
    for (n, partner) in partners.iter().enumerate().filter(|(n, p)| *n < **p) {
        let own = [ids.get(n), ids.get(*partner)];
        if let Some([a, b, front, _]) = extremes(labels, |l| own.contains(&Some(&l))) {
            pairs.push((0.5 * (b - a) as f64 * pixel_mm, front as f64));
        }
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let front = pairs.first().map_or(top as f64, |p| p.1);
    Some(Reach {
        side: 0.5 * (right - left + 1) as f64 * pixel_mm,
        front: (front - origin[1]) * pixel_mm,
        back: (bottom as f64 + 1.0 - origin[1]) * pixel_mm,
        division: pairs.first().filter(|_| pairs.len() > 1).map(|p| p.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 60 x 40: outer right 3 (columns 10-19), inner right 1 (20-27), inner left 2 (32-39), outer left 4 (40-49); rows 10-29.
    fn map() -> Array2<u16> {
        Array2::from_shape_fn((40, 60), |(y, x)| match (y, x) {
            (10..30, 10..20) => 3,
            (10..30, 20..28) => 1,
            (10..30, 32..40) => 2,
            (10..30, 40..50) => 4,
            _ => 0,
        })
    }

    #[test]
    fn places_and_reach_by_hand() {
        let scheme = LabelScheme::lumbar_paraspinal();
        let shape = Shape::new(map().view(), &scheme, 1.0, 80.0).unwrap();
        assert_eq!(shape.pixel_mm, 2.0); // 40 columns are 80 mm
        assert_eq!(shape.at([-24.0, 0.0], false), Some(2));
        assert_eq!(shape.at([-8.0, 0.0], false), Some(0));
        assert_eq!(shape.at([-8.0, 0.0], true), Some(1));
        assert_eq!(shape.at([0.0, 0.0], false), None);
        assert_eq!(shape.at([500.0, 0.0], false), None);
        assert_eq!(shape.reach.side, 40.0);
        assert_eq!(shape.reach.division, Some(19.0));
    }

    #[test]
    fn a_map_without_structures_has_no_shape() {
        let none = Array2::<u16>::zeros((8, 8));
        let scheme = LabelScheme::lumbar_paraspinal();
        assert!(Shape::new(none.view(), &scheme, 1.0, 0.0).is_none());
    }
}
