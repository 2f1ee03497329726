//! Which slices are shown where.

use maud::Markup;

use crate::context::Context;
use crate::error::ReportError;
use crate::page::{Extreme, SliceView};
use crate::slice_figure::slice_figure;

/// Up to so many structures, all slices are on top.
const MAX_STRUCTURES: usize = 4;
/// With more, so many of the least agreed are.
const TOP: usize = 4;
/// Pixels of all pictures together, which keeps a page of many structures to a few megabytes.
const ALL_PIXELS: usize = 1_400_000;

/// Figures on top of the page, and those of the structures' own sections.
pub(crate) struct Slices {
    pub(crate) top: Vec<Markup>,
    /// With the structure's label value.
    pub(crate) rest: Vec<(u16, Markup)>,
}

impl Slices {
    /// Draws every slice once, the least agreed first.
    ///
    /// # Errors
    /// Pictures that cannot be packed.
    pub(crate) fn new(context: &Context<'_>) -> Result<Self, ReportError> {
        let slices = ordered(context.page.slices);
        let all_on_top = context.page.report.structures.len() <= MAX_STRUCTURES;
        let max_pixels = ALL_PIXELS / slices.len().max(1);
        let (mut top, mut rest) = (Vec::new(), Vec::new());
        for (number, view) in slices.into_iter().enumerate() {
            let figure = slice_figure(context, view, number, max_pixels)?;
            let is_least = view.extreme == Extreme::LeastAgreed && top.len() < TOP;
            match all_on_top || is_least {
                true => top.push(figure),
                false => rest.push((view.structure, figure)),
            }
        }
        Ok(Self { top, rest })
    }
}

/// By the lowest Dice of their structure; in a structure the least agreed before the most agreed.
fn ordered(slices: &[SliceView]) -> Vec<&SliceView> {
    let dice = |view: &SliceView| view.mean_dice.unwrap_or(f64::INFINITY);
    let lowest = |id: u16| {
        let same = slices.iter().filter(|s| s.structure == id).map(dice);
        same.fold(f64::INFINITY, f64::min)
    };
    let mut order: Vec<_> = slices.iter().collect();
    order.sort_by(|a, b| {
        let by_structure = lowest(a.structure).total_cmp(&lowest(b.structure));
        let by_structure = by_structure.then(a.structure.cmp(&b.structure));
        by_structure.then(a.extreme.cmp(&b.extreme))
    });
    order
}
