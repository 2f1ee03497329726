//! How well raters agree, over one image or many.

use raterlens_core::agreement::{
    AgreementOptions, AgreementReport, BootstrapOptions, CaseAgreement, ImageDrawings, Study,
};
use raterlens_core::control::Control;
use raterlens_core::metrics::CompareOptions;
use raterlens_core::LabelScheme;
use serde::{Deserialize, Serialize};

use crate::error::RatersError;

/// How [`agree()`] works; which structures it looks at is the scheme's matter.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AgreeOptions {
    /// How surfaces are compared.
    pub compare: CompareOptions,
    /// How intervals are made.
    pub bootstrap: BootstrapOptions,
}

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Agreement {
    /// The structures, in the order of the report.
    pub scheme: LabelScheme,
    /// Over all images.
    pub report: AgreementReport,
    /// Image by image.
    pub cases: Vec<CaseAgreement>,
}

/// Compares all raters of all images (SPEC section 4).
///
/// Images are measured one at a time and dropped, so that a study need not fit in memory; an item that is an error ends the
/// comparison. Labels that the scheme does not name count as background, and the report names them. Intervals are drawn over
/// images: with one image there are none, and the report says so.
///
/// # Errors
/// No image, two images of one name, options that cannot be used, cancelled, or an error among the images.
///
/// ```
/// use ndarray::Array3;
/// use raterlens_core::{agreement::{ImageDrawings, Metric}, control::Control, Geometry, Volume};
/// use raterlens_raters::{agree, scheme_of_labels};
/// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let grid = Geometry::new([4, 1, 1], [0.5, 1.0, 4.0], [0.0; 3], identity)?;
/// let map = |labels: [u16; 4]| Volume::new(Array3::from_shape_vec((1, 1, 4), labels.to_vec()).unwrap(), grid);
/// let (ann, ben) = (map([1, 1, 0, 0])?, map([1, 1, 1, 0])?);
/// let image = ImageDrawings::of_raters("image 1", [("Ann", &ann), ("Ben", &ben)])?;
/// let found = agree([Ok(image)].into_iter(), &scheme_of_labels([1]), &Default::default(), &Control::default())?;
/// let dice = found.report.structures[0].mean_over_pairs[&Metric::Dice].mean;
/// assert_eq!(dice.value, Some(2.0 * 2.0 / 5.0));
/// assert!(dice.interval.is_none()); // one image
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn agree<'a>(
    images: impl ExactSizeIterator<Item = Result<ImageDrawings<'a>, RatersError>>,
    scheme: &LabelScheme,
    options: &AgreeOptions,
    control: &Control<'_>,
) -> Result<Agreement, RatersError> {
    let mut study = Study::new(AgreementOptions {
        structures: scheme.structures.iter().map(|s| s.id).collect(),
        compare: options.compare,
        bootstrap: options.bootstrap,
    })?;
    let count = images.len();
    for (n, image) in images.enumerate() {
        control.step(0.9 * n as f32 / count.max(1) as f32, "comparing raters")?;
        study.add(&image?)?;
    }
    control.step(0.9, "pooling images")?;
    let report = study.report()?;
    control.step(1.0, "done")?;
    Ok(Agreement {
        scheme: scheme.clone(),
        report,
        cases: study.cases().to_vec(),
    })
}
