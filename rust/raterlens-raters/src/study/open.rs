//! One image of a study with all its drawings, checked as a whole.

use std::collections::BTreeSet;

use raterlens_core::fusion::GridDifference;
use raterlens_core::{check_image, LabelMap, LabelScheme, Volume};

use super::StudyCase;
use crate::files::{open_image, open_labels};

/// An image and what its raters drew, on one grid.
#[derive(Debug, Clone)]
pub struct OpenedCase {
    /// The image.
    pub image: Volume<f32>,
    /// Rater, number of the drawing (0 is the first), labels; in the order of the table.
    pub drawings: Drawings,
    /// What a user should know, as sentences.
    pub warnings: Vec<String>,
}

/// Reads an image and its drawings and checks that they belong together: one grid, finite voxels with some contrast, no label
/// that `scheme` does not name.
///
/// A structure that nobody drew in the image, and a drawing without any structure, are warnings.
///
/// # Errors
/// Every fault found, one sentence each, beginning with the case's name.
pub fn open_case(case: &StudyCase, scheme: &LabelScheme) -> Result<OpenedCase, Vec<String>> {
    let mut problems = Vec::new();
    let mut warnings = Vec::new();
    let image = open(case, &mut problems);
    let (drawings, found) = open_drawings(case, scheme, image.as_ref(), &mut problems);
    warnings.extend(found);
    let named = |text: String| format!("Case '{}': {text}", case.name);
    match image {
        Some(image) if problems.is_empty() => Ok(OpenedCase {
            image,
            drawings,
            warnings: warnings.into_iter().map(named).collect(),
        }),
        _ => Err(problems.into_iter().map(named).collect()),
    }
}

/// Reads what raters drew where there is no image, and checks it as [`open_case`] does.
///
/// # Errors
/// As [`open_case`]; drawings of one case on different grids, too.
pub fn open_shapes(
    case: &StudyCase,
    scheme: &LabelScheme,
) -> Result<(Drawings, Vec<String>), Vec<String>> {
    let mut problems = Vec::new();
    let (drawings, warnings) = open_drawings(case, scheme, None, &mut problems);
    let named = |text: String| format!("Case '{}': {text}", case.name);
    match problems.is_empty() {
        true => Ok((drawings, warnings.into_iter().map(named).collect())),
        false => Err(problems.into_iter().map(named).collect()),
    }
}

/// Rater, number of the drawing (0 is the first), labels; in the order of the table.
pub type Drawings = Vec<(String, u32, LabelMap)>;

fn open_drawings(
    case: &StudyCase,
    scheme: &LabelScheme,
    image: Option<&Volume<f32>>,
    problems: &mut Vec<String>,
) -> (Drawings, Vec<String>) {
    let mut warnings = Vec::new();
    let mut drawings = Vec::new();
    let mut used = BTreeSet::new();
    for drawing in &case.drawings {
        let labels = match open_labels(&drawing.path) {
            Ok((labels, _)) => labels,
            Err(error) => {
                problems.push(error.to_string());
                continue;
            }
        };
        if let Some(image) = image {
            let difference = GridDifference::between(image.geometry(), labels.geometry());
            problems.extend(
                difference
                    .map(|d| format!("rater '{}' is not on the image's grid: {d}", drawing.rater)),
            );
        }
        let found: BTreeSet<u16> = labels.data().iter().copied().filter(|&l| l > 0).collect();
        let unnamed = found.iter().filter(|&&l| scheme.by_id(l).is_none());
        problems.extend(unnamed.map(|l| {
            format!(
                "rater '{}' uses label {l}, which the label names do not list",
                drawing.rater
            )
        }));
        if found.is_empty() {
            warnings.push(format!("rater '{}' drew nothing", drawing.rater));
        }
        used.extend(found);
        drawings.push((drawing.rater.clone(), drawing.repeat, labels));
    }
    let absent = scheme.structures.iter().filter(|s| !used.contains(&s.id));
    warnings.extend(absent.map(|s| format!("nobody drew '{}'", s.title)));
    (drawings, warnings)
}

fn open(case: &StudyCase, problems: &mut Vec<String>) -> Option<Volume<f32>> {
    let Some(path) = &case.image else {
        problems.push("there is no image".to_owned());
        return None;
    };
    match open_image(path) {
        Ok(image) => match check_image(&image) {
            Ok(()) => Some(image),
            Err(error) => {
                problems.push(error.to_string());
                None
            }
        },
        Err(error) => {
            problems.push(error.to_string());
            None
        }
    }
}
