//! Where raters differ, and how much.

use raterlens_core::control::Control;
use raterlens_core::fusion::{Classes, RaterSet, UnknownLabels};
use raterlens_core::variability::{
    gt_entropy, summarise_entropy, summarise_variance, variance_map, EntropyRow, SoftLabelOptions,
    VarianceRow,
};
use raterlens_core::{LabelScheme, Structure, Volume};
use serde::Serialize;

use crate::error::RatersError;
use crate::fuse::check_count;

/// Takes the map of one structure.
pub type OnMap<'a> = dyn FnMut(&Structure, Volume<f32>) -> Result<(), RatersError> + 'a;

/// What is known about the raters' variability besides the variance maps.
#[derive(Debug, Clone, Serialize)]
pub struct Variability {
    /// How soft labels were made.
    pub options: SoftLabelOptions,
    /// Names of the present raters, in the order of the set.
    pub raters: Vec<String>,
    /// By structure: the whole image, then slice by slice.
    pub variance: Vec<Vec<VarianceRow>>,
    /// The whole image, then slice by slice.
    pub entropy: Vec<EntropyRow>,
    /// GT entropy in nats, on the raters' grid.
    #[serde(skip)]
    pub entropy_map: Volume<f32>,
}

/// Maps how the present raters of a set differ (SPEC section 4).
///
/// `on_map` is given the variance map of each structure in the scheme's order, one at a time, so that forty of them need not
/// fit in memory. Labels that the scheme does not name count as background in the entropy.
///
/// # Errors
/// Fewer than two raters, options that cannot work, cancelled, or an error of `on_map`.
///
/// ```
/// use ndarray::Array3;
/// use raterlens_core::{control::Control, fusion::RaterSet, Geometry, Volume};
/// use raterlens_raters::{scheme_of_labels, variability};
/// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let grid = Geometry::new([2, 1, 1], [0.5, 0.5, 4.0], [0.0; 3], identity)?;
/// let map = |labels: [u16; 2]| Volume::new(Array3::from_shape_vec((1, 1, 2), labels.to_vec()).unwrap(), grid);
/// let maps = [map([1, 1])?, map([0, 0])?];
/// let set = RaterSet::from_volumes(&maps)?;
/// let mut largest = 0.0;
/// let found = variability(&set, &scheme_of_labels([1]), &Default::default(), &Control::default(), &mut |_, map| {
///     largest = map.data()[[0, 0, 0]];
///     Ok(())
/// })?;
/// assert_eq!(largest, 0.25); // one rater fills the slice, the other leaves it empty
/// assert_eq!(found.entropy_map.data()[[0, 0, 1]], std::f32::consts::LN_2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn variability(
    set: &RaterSet<'_>,
    scheme: &LabelScheme,
    options: &SoftLabelOptions,
    control: &Control<'_>,
    on_map: &mut OnMap<'_>,
) -> Result<Variability, RatersError> {
    check_count(set)?;
    let mut variance = Vec::with_capacity(scheme.len());
    for (n, structure) in scheme.structures.iter().enumerate() {
        control.step(n as f32 / (scheme.len() + 1) as f32, "mapping variance")?;
        let map = variance_map(set, structure.id, options)?;
        variance.push(summarise_variance(set, structure.id, &map)?);
        on_map(structure, map)?;
    }
    control.step(0.95, "mapping entropy")?;
    let classes = Classes::of_scheme(set, scheme, UnknownLabels::Background);
    let entropy_map = gt_entropy(set, &classes)?;
    let entropy = summarise_entropy(&entropy_map);
    control.step(1.0, "done")?;
    Ok(Variability {
        options: *options,
        raters: set
            .present()
            .filter_map(|(n, _)| set.raters().get(n).map(|r| r.id.clone()))
            .collect(),
        variance,
        entropy,
        entropy_map,
    })
}
