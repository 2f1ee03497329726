//! Variance-aware correction: a rater's marks move the boundary of one structure, further where raters are predicted to
//! disagree.
//!
//! A model gives, for one structure, a **soft label** `q` in [0, 1] (the structure is where `q >= 0.5`) and a map `v` of the
//! **predicted inter-rater variance** in [0, 0.25]. A mark is a set of voxels that belong to the structure (foreground) or do
//! not (background): a point, a scribble, a filled lasso. [`correct`] answers with the mask that honours all marks.
//!
//! # Definition
//!
//! 1. **Signed soft boundary.** `psi = ln(q / (1 - q))`, positive inside. With soft labels as in SPEC section 4 this is the
//!    signed distance to the boundary in units of the soft edge's width tau. Where `|psi|` exceeds [`SOFT_SPAN`] a probability
//!    no longer says how far away the boundary is; from there on `psi` goes on at the slope of a distance:
//!    `psi = -(SOFT_SPAN + d / tau)`, `d` being the Euclidean distance to the nearest voxel with `psi > -SOFT_SPAN`, at most
//!    `reach_mm` (inside likewise, with the opposite sign). Tau is the smallest voxel spacing.
//! 2. **How freely the boundary moves.** `u = c + (1 - c) min(1, sqrt(v / 0.1))`, with `c =` [`CERTAIN_FRACTION`]: 1 where
//!    raters would disagree most, `c` where all would agree. Going through a voxel costs `1 / u` per millimetre; `g` is the
//!    cost of the cheapest way from the nearest mark voxel (26 neighbours, Dijkstra's algorithm), and the mark's influence is
//!    `w = max(0, 1 - g / reach_mm)`. It is 1 at the mark, and 0 from `reach_mm` on, or from a tenth of it where `v = 0`.
//! 3. **Local shift.** The nearest mark voxel `p` asks for `delta = -psi(p)` if it is on the wrong side, else for nothing. A voxel
//!    changes sides if `psi + w * delta` does. So the boundary runs through the mark, and comes back to the model's own with
//!    growing distance. A mark that is on its right side asks for nothing, but holds its neighbourhood against other marks.
//! 4. **Connected to the mark.** Of the voxels that would change sides, those stay that are joined to a mark of that side by such
//!    voxels (26 neighbours).
//! 5. **Marks hold.** The marks' own voxels get the marks' side, whatever else. Of marks on the same voxel the last counts.
//!
//! # Properties
//!
//! Every mark holds exactly. No voxel beyond `reach_mm` of all marks changes. The answer depends on the marks and not on earlier
//! answers, so taking a mark back is the same as never having made it ([`MarkHistory`]); it is independent of the order of marks
//! that do not overlap, of the thread count, and of where in the image the marks are. Distances are in millimetres and three-dimensional; an image of
//! one slice is the two-dimensional case.
//!
//! Source: this is RaterLens's own definition; its parts are Euclidean distance maps (Felzenszwalb and Huttenlocher 2012,
//! doi:10.4086/toc.2012.v008a019) and geodesic distances as in interactive segmentation (Criminisi, Sharp and Blake 2008,
//! doi:10.1007/978-3-540-88682-2_9). Cost: linear in the box that holds the marks and twice their reach.

mod boundary;
mod error;
mod history;
mod join;
mod mark;
mod spread;
mod window;

use ndarray::Array3;

use crate::grid::check_grid;
use crate::volume::Volume;
use boundary::{is_inside, signed_boundary};
use mark::MarkTable;
use spread::{spread, Influence};
use window::Window;

pub use boundary::SOFT_SPAN;
pub use error::CorrectionError;
pub use history::MarkHistory;
pub use mark::{Mark, Side};
pub use spread::{CERTAIN_FRACTION, FULL_VARIANCE};

/// Reach of a mark where raters would disagree most, unless the rater asks for another.
pub const DEFAULT_REACH_MM: f64 = 10.0;
/// The largest reach that may be asked for.
pub const MAX_REACH_MM: f64 = 50.0;

/// How far marks reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CorrectionOptions {
    /// Reach where raters would disagree most, in millimetres, 0 to [`MAX_REACH_MM`]; 0 changes the marked voxels only.
    /// Default: [`DEFAULT_REACH_MM`].
    pub reach_mm: f64,
}

impl Default for CorrectionOptions {
    fn default() -> Self {
        Self {
            reach_mm: DEFAULT_REACH_MM,
        }
    }
}

/// The mask of a structure after a rater's marks; see the [module](self) for the definition.
///
/// `soft` and `variance` lie on one grid, which is also the result's. Values that are not numbers count as 0. Without marks the
/// answer is `soft >= 0.5`.
///
/// # Errors
/// Two grids, a mark outside the image, or a reach that is no number from 0 to [`MAX_REACH_MM`].
///
/// ```
/// use ndarray::Array3;
/// use raterlens_core::correction::{correct, CorrectionOptions, Mark, Side};
/// use raterlens_core::{Geometry, Volume};
/// // A line of voxels, 1 mm apart: the structure ends between 4 and 5, and raters would disagree everywhere.
/// let axes = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let grid = Geometry::new([12, 1, 1], [1.0; 3], [0.0; 3], axes)?;
/// let soft = Array3::from_shape_fn((1, 1, 12), |(_, _, i)| 1.0 / (1.0 + (i as f32 - 4.5).exp()));
/// let soft = Volume::new(soft, grid)?;
/// let variance = soft.map(|_| 0.1);
/// let marks = [Mark::point(Side::Foreground, [7, 0, 0])];
/// let mask = correct(&soft, &variance, &marks, &CorrectionOptions::default())?;
/// // The boundary now runs through the mark.
/// assert_eq!(mask.data().iter().filter(|&&inside| inside).count(), 8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn correct(
    soft: &Volume<f32>,
    variance: &Volume<f32>,
    marks: &[Mark],
    options: &CorrectionOptions,
) -> Result<Volume<bool>, CorrectionError> {
    let reach_mm = options.reach_mm;
    if !(0.0..=MAX_REACH_MM).contains(&reach_mm) {
        return Err(CorrectionError::Reach { reach_mm });
    }
    check_grid(soft.geometry(), variance.geometry(), 2)?;
    mark::check(marks, soft.geometry().dims)?;
    let mut mask = soft.map(|&q| is_inside(q));
    let Some(window) = Window::around(marks, soft.geometry(), reach_mm) else {
        return Ok(mask);
    };
    let table = MarkTable::new(marks, &window);
    let part = window.of(soft.data());
    let psi = signed_boundary(part, window.spacing_mm, reach_mm);
    let influence = spread(window.of(variance.data()), &table, &window, reach_mm);
    let change = shift(&psi, &influence, &table);
    let kept = join::joined_to_marks(&change, &table);
    let mut out = window.of_mut(mask.data_mut());
    ndarray::Zip::from(&mut out)
        .and(&kept)
        .for_each(|inside, &changes| *inside ^= changes);
    for (at, side) in table.voxels() {
        if let Some(inside) = out.get_mut(at) {
            *inside = side == Side::Foreground;
        }
    }
    Ok(mask)
}

/// The side that each voxel would change to, before looking at what it is joined to.
fn shift(
    psi: &Array3<f64>,
    influence: &Array3<Influence>,
    table: &MarkTable,
) -> Array3<Option<Side>> {
    let needs: Vec<f64> = table
        .voxels()
        .map(|(at, side)| {
            let is_right = Side::of(psi[at] >= 0.0) == side;
            if is_right {
                0.0
            } else {
                -psi[at]
            }
        })
        .collect();
    let mut change = ndarray::Zip::from(psi)
        .and(influence)
        .map_collect(|&psi, near| {
            let need = near.owner.and_then(|n| needs.get(n as usize));
            let shifted = psi + near.weight * need.copied().unwrap_or(0.0);
            let side = Side::of(shifted >= 0.0);
            (side != Side::of(psi >= 0.0)).then_some(side)
        });
    // The boundary runs through a mark of the background, too: its own voxel is beyond it.
    for (at, side) in table.voxels() {
        change[at] = (Side::of(psi[at] >= 0.0) != side).then_some(side);
    }
    change
}

#[cfg(test)]
mod tests;
