//! All images of a study.

use raterlens_core::agreement::BootstrapOptions;
use raterlens_core::variability::VarianceOptions;
use raterlens_core::LabelMap;
use raterlens_engine::{Control, ModelIdentity, Progress, SegmentRequest, Segmenter};
use raterlens_raters::study::{open_case, StudyCase};
use serde::Serialize;

use crate::error::StudyError;
use crate::image::{judge_image, ImageJudgement};
use crate::overall::Overall;

/// What was found on a study.
#[derive(Debug, Clone, Serialize)]
pub struct StudyJudgement {
    /// The model, or the first member of an ensemble.
    pub model: ModelIdentity,
    /// The other members.
    pub members: Vec<ModelIdentity>,
    /// What was asked of the model.
    pub request: SegmentRequest,
    /// Names of the structures, in the order of all lists.
    pub structures: Vec<String>,
    /// Everything over all images.
    pub overall: Overall,
    /// Each image.
    pub images: Vec<ImageJudgement>,
    /// What a reader should know, as sentences.
    pub warnings: Vec<String>,
}

/// Runs a model on images of a study and judges it against their raters. A rater who drew an image twice counts once.
///
/// Images are read twice: all of them first, so that every fault is listed before the model runs; then one at a time.
///
/// # Errors
/// Faults of the images, all at once; a request that the model cannot meet; cancelled.
pub fn judge_study(
    segmenter: &Segmenter,
    cases: &[&StudyCase],
    request: &SegmentRequest,
    options: &BootstrapOptions,
    control: &Control<'_>,
) -> Result<StudyJudgement, StudyError> {
    let scheme = segmenter.scheme();
    let variance = variance_options(segmenter);
    let mut warnings = check(segmenter, cases, control)?;
    let mut wanted = *request;
    wanted.keep_probabilities = true;
    wanted.uncertainty.keep_mean = true;
    let mut images = Vec::new();
    for (n, case) in cases.iter().enumerate() {
        let opened = open_case(case, scheme).map_err(|problems| StudyError::Images { problems })?;
        let failed = |source| StudyError::Run {
            case: case.name.clone(),
            source,
        };
        let report = |now: Progress| {
            let all = (n as f32 + now.fraction) / cases.len() as f32;
            if let Some(progress) = control.progress {
                progress(Progress {
                    fraction: all,
                    stage: now.stage,
                });
            }
        };
        let of_image = Control {
            progress: Some(&report),
            cancel: control.cancel.clone(),
        };
        let result = segmenter
            .segment(&opened.image, &wanted, &of_image)
            .map_err(failed)?;
        for warning in &result.warnings {
            if !warnings.contains(warning) {
                warnings.push(warning.clone());
            }
        }
        let first = opened
            .drawings
            .into_iter()
            .filter(|(_, repeat, _)| *repeat == 0);
        let raters: Vec<(String, LabelMap)> = first.map(|(name, _, map)| (name, map)).collect();
        images.push(judge_image(
            &case.name, &result, &raters, scheme, &variance,
        )?);
    }
    Ok(StudyJudgement {
        model: segmenter.identity(),
        members: segmenter.members().to_vec(),
        request: wanted,
        structures: scheme.structures.iter().map(|s| s.name.clone()).collect(),
        overall: Overall::of(&images, scheme, options)?,
        images,
        warnings,
    })
}

/// Reads every image; the warnings, or all faults.
fn check(
    segmenter: &Segmenter,
    cases: &[&StudyCase],
    control: &Control<'_>,
) -> Result<Vec<String>, StudyError> {
    let (mut warnings, mut problems) = (Vec::new(), Vec::new());
    for case in cases {
        let cancelled = |c: raterlens_core::control::Cancelled| StudyError::Run {
            case: case.name.clone(),
            source: c.into(),
        };
        control.cancel.check().map_err(cancelled)?;
        match open_case(case, segmenter.scheme()) {
            Ok(opened) => warnings.extend(opened.warnings),
            Err(found) => problems.extend(found),
        }
    }
    match problems.is_empty() {
        true => Ok(warnings),
        false => Err(StudyError::Images { problems }),
    }
}

/// How the variance maps that a model predicts were made from its raters.
pub(crate) fn variance_options(segmenter: &Segmenter) -> VarianceOptions {
    let spec = &segmenter.manifest().variance;
    VarianceOptions {
        tau: spec.tau,
        unit: spec.unit,
    }
}
