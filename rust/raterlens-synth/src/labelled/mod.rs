//! Images made from label maps: domain randomisation (Billot 2023, doi:10.1016/j.media.2023.102789).
//!
//! A label map says where structures are; everything else is drawn by chance: what lies around them, how bright each tissue is, fat
//! inside the structures, bias field, blur, noise, resolution, field of view, deformation, and what raters of known habits draw.
//! A network that has seen many such images segments real ones of contrasts it has never seen.

mod contrast;
mod fields;
mod options;
mod place;
mod raters;
mod render;
mod shape;
mod surroundings;

use ndarray::{s, Array2, ArrayView2};
use raterlens_core::LabelScheme;

pub use options::{LabelImageOptions, Surroundings};

use crate::draw::{Draw, Purpose};
use crate::error::SynthError;
use crate::rater::styles_of_the_day;
use crate::tissue::Tissue;
use fields::Fields;
use place::{LevelChange, Placement};
use shape::Shape;
use surroundings::TissueMap;

/// Positions along the spine at which the lumbar surroundings are drawn.
const POSITIONS: (f64, f64) = (0.8, 3.25);

/// An image made from a label map, with what was drawn on it.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledImage {
    /// Whole numbers, 0 to 4095, mostly below 1500. Rows run to the patient's back, columns to the patient's left.
    pub image: Array2<f32>,
    /// Where the structures are: ids of the scheme.
    pub truth: Array2<u16>,
    /// One label map per rater.
    pub raters: Vec<Array2<u16>>,
    /// Distance between rows and between columns, mm.
    pub pixel_mm: [f64; 2],
}

/// Makes an image from a label map. The same arguments give the same bits on every machine.
///
/// `labels` is `[rows, columns]` in canonical axial order: rows to the patient's back, columns to the patient's left; other ids than
/// those of `scheme` are background. `pixel_mm` is the side of its pixels, which [`LabelImageOptions::extent_mm`] replaces. Structures
/// with mirror partners exchange their labels in mirrored images. A map without structures gives an image without structures.
///
/// # Errors
/// [`SynthError::BadOption`] for options out of range, or a pixel size that is not positive.
///
/// ```
/// use ndarray::Array2;
/// use raterlens_core::LabelScheme;
/// use raterlens_synth::{generate_from_labels, LabelImageOptions};
/// let scheme = LabelScheme::lumbar_paraspinal();
/// let mut labels = Array2::zeros((64, 96));
/// labels.slice_mut(ndarray::s![20..44, 30..44]).fill(1); // right multifidus
/// labels.slice_mut(ndarray::s![20..44, 52..66]).fill(2); // left multifidus
/// let options = LabelImageOptions { empty_share: 0.0, ..Default::default() };
/// let made = generate_from_labels(labels.view(), 1.0, &scheme, &options, 7)?;
/// assert_eq!(made.image.dim(), made.truth.dim());
/// assert!(made.truth.iter().any(|id| *id == 1));
/// assert_eq!(made.raters.len(), 3);
/// # Ok::<(), raterlens_synth::SynthError>(())
/// ```
pub fn generate_from_labels(
    labels: ArrayView2<'_, u16>,
    pixel_mm: f64,
    scheme: &LabelScheme,
    options: &LabelImageOptions,
    seed: u64,
) -> Result<LabelledImage, SynthError> {
    options.check()?;
    crate::options::require(
        pixel_mm.is_finite() && pixel_mm > 0.0,
        "pixel_mm",
        &pixel_mm,
        "use a positive number",
    )?;
    let draw = &mut Draw::new(seed, Purpose::Labels, 0);
    let empty = draw.chance(options.empty_share);
    let position = draw.within(POSITIONS);
    let extent = draw.within(options.extent_mm);
    let template = draw.chance(options.template_share)
        && options.surroundings == Surroundings::Lumbar
        && *scheme == LabelScheme::lumbar_paraspinal();
    let shape = match (empty, template) {
        (true, _) => None,
        (false, true) => {
            let (labels, pixel_mm) = surroundings::template_labels(seed, position);
            Shape::new(labels.view(), scheme, pixel_mm, extent)
        }
        (false, false) => Shape::new(labels, scheme, pixel_mm, extent),
    };
    let (frame, placement) = Placement::draw(draw, options);
    let change = shape
        .as_ref()
        .map(|s| (s, LevelChange::draw(draw, options, s.reach)));
    let fields = change
        .as_ref()
        .and_then(|(shape, change)| Fields::new(shape, &placement, change, frame, scheme.len()));
    let tissues = around(seed, position, options, change.as_ref());
    let mut made = LabelledImage {
        image: Array2::zeros((0, 0)),
        truth: Array2::zeros((frame.side, frame.side)),
        raters: vec![Array2::zeros((frame.side, frame.side)); options.raters],
        pixel_mm: [frame.pixel_mm; 2],
    };
    let look_draw = &mut Draw::new(seed, Purpose::Contrast, 0);
    let made_of = tissues_of(look_draw, scheme, options.surroundings);
    let look = render::Look::draw(look_draw, options, made_of);
    made.image = render::image(
        look_draw,
        &look,
        frame,
        &placement,
        &tissues,
        fields.as_ref(),
        options,
    );
    if let Some(fields) = &fields {
        let part = s![
            fields.rows[0]..fields.rows[1],
            fields.columns[0]..fields.columns[1]
        ];
        let ids = |classes: &Array2<u16>| classes.mapv(|c| id_of(scheme, c));
        made.truth.slice_mut(part).assign(&ids(&fields.classes));
        let borders = raters::borders(fields, &placement, &tissues, frame);
        let inner = inner_structures(scheme, fields);
        let styles = styles_of_the_day(seed, options.raters);
        for (n, (style, map)) in styles.iter().zip(&mut made.raters).enumerate() {
            let style = raters::scaled(style, options.rater_scale);
            let draw = &mut Draw::new(seed, Purpose::Outlines, n as u64);
            let fat = look.mean_fat();
            let drawn = raters::rate(fields, &borders, &style, &inner, fat, frame, draw);
            map.slice_mut(part).assign(&ids(&drawn));
        }
    }
    Ok(made)
}

/// What lies around the structures, or fills an image without any.
fn around(
    seed: u64,
    position: f64,
    options: &LabelImageOptions,
    change: Option<&(&Shape, LevelChange)>,
) -> TissueMap {
    let draw = &mut Draw::new(seed, Purpose::Tissue, 0);
    let regions = draw.chance(options.regions_share);
    match (change, options.surroundings) {
        (Some((shape, change)), Surroundings::Lumbar) if !regions => {
            TissueMap::lumbar(seed, draw, position, change.reach_after(shape.reach))
        }
        _ => TissueMap::regions(draw),
    }
}

/// What each structure is made of: muscle along the spine; elsewhere anything, mirror partners the same.
fn tissues_of(draw: &mut Draw, scheme: &LabelScheme, surroundings: Surroundings) -> Vec<Tissue> {
    let partners = scheme.mirror_positions();
    let mut tissues: Vec<Tissue> = Vec::with_capacity(scheme.len());
    for (n, partner) in partners.iter().enumerate() {
        let inner = scheme
            .structures
            .get(n)
            .is_some_and(|s| s.name.starts_with("multifidus"));
        let tissue = match (surroundings, inner) {
            (Surroundings::Lumbar, true) => Tissue::Multifidus,
            (Surroundings::Lumbar, false) => Tissue::Erector,
            (Surroundings::Regions, _) => surroundings::any_tissue(draw),
        };
        let of_partner = tissues.get(*partner).copied().filter(|_| *partner < n);
        tissues.push(of_partner.unwrap_or(tissue));
    }
    tissues
}

fn id_of(scheme: &LabelScheme, class: u16) -> u16 {
    let structure = class.checked_sub(1).map(usize::from);
    let found = structure.and_then(|n| scheme.structures.get(n));
    found.map_or(0, |s| s.id)
}

/// For each structure, whether it is the one of its pair's kind that lies nearest to the midline of all structures.
fn inner_structures(scheme: &LabelScheme, fields: &Fields) -> Vec<bool> {
    let width = fields.classes.ncols() as f64;
    let mut from_middle = vec![(0.0, 0.0); scheme.len()];
    for ((_, column), class) in fields.classes.indexed_iter() {
        let structure = usize::from(*class).checked_sub(1);
        if let Some(sum) = structure.and_then(|n| from_middle.get_mut(n)) {
            sum.0 += (column as f64 - 0.5 * width).abs();
            sum.1 += 1.0;
        }
    }
    let means: Vec<f64> = from_middle
        .iter()
        .map(|(s, n)| s / f64::max(*n, 1.0))
        .collect();
    let present: Vec<f64> = from_middle
        .iter()
        .zip(&means)
        .filter(|((_, n), _)| *n > 0.0)
        .map(|(_, m)| *m)
        .collect();
    let middle = present.iter().sum::<f64>() / present.len().max(1) as f64;
    means.iter().map(|m| *m < middle).collect()
}
