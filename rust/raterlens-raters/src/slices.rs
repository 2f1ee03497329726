//! Pictures for a report: the slices on which raters agree most and least.

use std::cmp::Ordering;

use ndarray::{s, Array2, Array3};
use raterlens_core::agreement::CaseAgreement;
use raterlens_core::fusion::RaterSet;
use raterlens_core::orientation::CanonicalAxial;
use raterlens_core::variability::{variance_map, DistanceExtent, DistanceUnit, SoftLabelOptions};
use raterlens_core::{LabelMap, Volume};
use raterlens_report::{Extreme, RaterMask, SliceView};

use crate::error::RatersError;

/// Edges of a canonical axial slice: left, right, top, bottom.
const EDGES: [char; 4] = ['R', 'L', 'A', 'P'];

/// With more structures than this, only those with the most extreme slices are shown.
const MANY_STRUCTURES: usize = 4;

/// A slice to be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedSlice {
    /// Position of the image.
    pub case: usize,
    /// The structure it is shown for.
    pub structure: u16,
    /// Index along the image's own slice axis.
    pub slice: usize,
    /// Why it is shown.
    pub extreme: Extreme,
    /// Mean Dice of the structure over the pairs of raters in this slice.
    pub mean_dice: f64,
    area_mm2: f64,
}

/// The slices on which raters agree least, least first, then those on which they agree most, each by mean Dice of one structure.
///
/// Up to four structures: three and two slices of a single one, else two and one of each. More structures: the six and three most extreme
/// slices, of different structures. Of slices of equal Dice the larger drawings come first. No slice is shown twice for one
/// structure.
#[must_use]
pub fn extreme_slices(cases: &[CaseAgreement]) -> Vec<WantedSlice> {
    let structures = cases.first().map_or(0, |c| c.structures.len());
    let (least, most) = match structures {
        0 | 1 => (3, 2),
        n if n <= MANY_STRUCTURES => (2, 1),
        _ => (1, 1),
    };
    let (mut worst, mut best) = (Vec::new(), Vec::new());
    for n in 0..structures {
        let mut all = slices_of(cases, n);
        all.sort_by(by_dice);
        best.extend(all.iter().rev().take(most).cloned());
        worst.extend(all.into_iter().take(least));
    }
    worst.sort_by(by_dice);
    best.sort_by(|a, b| by_dice(b, a));
    if structures > MANY_STRUCTURES {
        worst.truncate(6);
    }
    best.retain(|w| !worst.contains(w));
    if structures > MANY_STRUCTURES {
        best.truncate(3);
    }
    best.iter_mut()
        .for_each(|w| w.extreme = Extreme::MostAgreed);
    worst.extend(best);
    worst
}

/// Least agreed first; of equal ones the largest first, then in the order of images and slices.
fn by_dice(a: &WantedSlice, b: &WantedSlice) -> Ordering {
    let dice = a.mean_dice.total_cmp(&b.mean_dice);
    let area = b.area_mm2.total_cmp(&a.area_mm2);
    dice.then(area)
        .then((a.case, a.slice).cmp(&(b.case, b.slice)))
}

/// All slices of structure number `n` that two or more raters can be compared in.
fn slices_of(cases: &[CaseAgreement], n: usize) -> Vec<WantedSlice> {
    let mut all = Vec::new();
    for (case, found) in cases.iter().enumerate() {
        let Some(structure) = found.structures.get(n) else {
            continue;
        };
        all.extend(structure.slices.iter().filter_map(|slice| {
            Some(WantedSlice {
                case,
                structure: structure.structure,
                slice: slice.slice,
                extreme: Extreme::LeastAgreed,
                mean_dice: slice.mean_dice?,
                area_mm2: slice.area_mm2.iter().sum(),
            })
        }));
    }
    all
}

/// Cuts slices out of one image's label maps, as they are shown: the patient's right at the left, front at the top.
///
/// `image` lies on the raters' grid, or is left out. Variance is that of the slice alone (in-plane distances), with `tau` and
/// unit of `options`.
///
/// # Errors
/// Options that make no edge.
pub fn cut(
    case: &str,
    set: &RaterSet<'_>,
    image: Option<&Volume<f32>>,
    wanted: &[&WantedSlice],
    options: &SoftLabelOptions,
) -> Result<Vec<SliceView>, RatersError> {
    let canonical = CanonicalAxial::for_geometry(set.grid());
    let image = image.map(|v| canonical.to_canonical(v)).transpose()?;
    let named = set.present().map(|(n, map)| {
        let name = set.raters().get(n).map(|r| r.id.clone());
        Ok((name.unwrap_or_default(), canonical.to_canonical(map)?))
    });
    let maps = named.collect::<Result<Vec<_>, RatersError>>()?;
    let one = |w: &&WantedSlice| {
        let last = set
            .grid()
            .dims
            .get(canonical.slice_axis())
            .map_or(0, |d| d.saturating_sub(1));
        // The index along the image's own axis, as an index along the canonical one: its own inverse.
        let k = canonical.input_slice_index(w.slice.min(last));
        view(case, w, k, &maps, image.as_ref(), options)
    };
    wanted.iter().map(one).collect()
}

fn view(
    case: &str,
    wanted: &WantedSlice,
    k: usize,
    maps: &[(String, LabelMap)],
    image: Option<&Volume<f32>>,
    options: &SoftLabelOptions,
) -> Result<SliceView, RatersError> {
    let slices = maps.iter().map(|(_, m)| single_slice(m, k));
    let slices = slices.collect::<Result<Vec<_>, RatersError>>()?;
    let set = RaterSet::from_volumes(&slices)?;
    let in_plane = SoftLabelOptions {
        extent: DistanceExtent::InPlane,
        ..*options
    };
    let variance = variance_map(&set, wanted.structure, &in_plane)?;
    let [column_mm, row_mm, _] = set.grid().spacing_mm;
    let mask = |map: &LabelMap| plane(map, 0).mapv(|l| l == wanted.structure);
    let drawings = maps.iter().zip(&slices).map(|((rater, _), map)| RaterMask {
        rater: rater.clone(),
        mask: mask(map),
    });
    Ok(SliceView {
        structure: wanted.structure,
        extreme: wanted.extreme,
        case: case.to_owned(),
        slice: wanted.slice,
        mean_dice: Some(wanted.mean_dice),
        pixel_mm: [row_mm, column_mm],
        orientation: EDGES,
        image: image.map(|v| plane(v, k)),
        drawings: drawings.collect(),
        variance: plane(&variance, 0),
        variance_note: note(&in_plane),
    })
}

fn note(options: &SoftLabelOptions) -> String {
    let unit = match options.unit {
        DistanceUnit::Pixel if options.tau == 1.0 => "pixel",
        DistanceUnit::Pixel => "pixels",
        DistanceUnit::Millimetre => "mm",
    };
    format!(
        "soft edge {} {unit}, distances within the slice",
        options.tau
    )
}

fn plane<T: Clone>(volume: &Volume<T>, k: usize) -> Array2<T> {
    volume.data().slice(s![k, .., ..]).to_owned()
}

/// Slice `k` as a volume of its own. Where it lies does not matter to distances.
fn single_slice(map: &LabelMap, k: usize) -> Result<LabelMap, RatersError> {
    let mut grid = *map.geometry();
    grid.dims[2] = 1;
    let data: Array3<u16> = map.data().slice(s![k..k + 1, .., ..]).to_owned();
    Ok(Volume::new(data, grid)?)
}
