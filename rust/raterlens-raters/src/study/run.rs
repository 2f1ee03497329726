//! A whole study: compared, and its most telling slices cut out.

use std::path::PathBuf;

use raterlens_core::control::Control;
use raterlens_core::variability::SoftLabelOptions;
use raterlens_core::LabelScheme;
use raterlens_report::SliceView;

use super::load::{drawings, load_case};
use super::{StudyCase, StudyFile};
use crate::agree::{agree, AgreeOptions, Agreement};
use crate::error::RatersError;
use crate::files::load_image;
use crate::slices::{cut, extreme_slices, WantedSlice};

/// What [`agree_study`] gives.
#[derive(Debug, Clone)]
pub struct StudyAgreement {
    /// The agreement over all images.
    pub agreement: Agreement,
    /// The most and least agreed slices, for a report.
    pub slices: Vec<SliceView>,
    /// What a user should know, as sentences.
    pub warnings: Vec<String>,
}

/// Compares all raters of a study over the structures of `scheme`, image by image, then reads again the few images whose slices
/// a report shows.
///
/// # Errors
/// As [`agree()`], and files that cannot be used.
pub fn agree_study(
    study: &StudyFile,
    scheme: &LabelScheme,
    options: &AgreeOptions,
    soft: &SoftLabelOptions,
    resample: bool,
    control: &Control<'_>,
) -> Result<StudyAgreement, RatersError> {
    let mut warnings = study.warnings.clone();
    let images = study.cases.iter().map(|case| {
        let loaded = load_case(case, resample, control)?;
        warnings.extend(loaded.warnings.iter().map(|w| in_case(study, case, w)));
        drawings(case, loaded)
    });
    let agreement = agree(images, scheme, options, control)?;
    let wanted = extreme_slices(&agreement.cases);
    let slices = cut_all(study, &wanted, soft, resample, control)?;
    Ok(StudyAgreement {
        agreement,
        slices,
        warnings,
    })
}

fn in_case(study: &StudyFile, case: &StudyCase, warning: &str) -> String {
    if study.cases.len() > 1 {
        format!("Case '{}': {warning}", case.name)
    } else {
        warning.to_owned()
    }
}

/// The slices in the order of `wanted`; each image is read once.
fn cut_all(
    study: &StudyFile,
    wanted: &[WantedSlice],
    soft: &SoftLabelOptions,
    resample: bool,
    control: &Control<'_>,
) -> Result<Vec<SliceView>, RatersError> {
    let mut views: Vec<(usize, SliceView)> = Vec::with_capacity(wanted.len());
    for (n, case) in study.cases.iter().enumerate() {
        let here: Vec<_> = wanted
            .iter()
            .enumerate()
            .filter(|(_, w)| w.case == n)
            .collect();
        if here.is_empty() {
            continue;
        }
        control.cancel.check()?;
        let loaded = load_case(case, resample, control)?;
        let set = loaded.set()?;
        let image = case.image.as_ref().map(|path| load_image(path, set.grid()));
        let image = image.transpose()?;
        let slices: Vec<_> = here.iter().map(|(_, w)| *w).collect();
        let cut = cut(&case.name, &set, image.as_ref(), &slices, soft)?;
        views.extend(here.iter().map(|(at, _)| *at).zip(cut));
    }
    views.sort_by_key(|(at, _)| *at);
    Ok(views.into_iter().map(|(_, view)| view).collect())
}

impl StudyFile {
    /// Every file that the study is made of or names.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let of = |case: &StudyCase| {
            let drawn = case.drawings.iter().map(|d| d.path.clone());
            drawn
                .chain(case.image.clone())
                .chain(case.truth.clone())
                .collect::<Vec<_>>()
        };
        let named = self.cases.iter().flat_map(of);
        named.chain(self.other_files.iter().cloned()).collect()
    }
}
