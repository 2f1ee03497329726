//! Judgements of models that are kept, so that a study that was interrupted does not judge again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use raterlens_core::agreement::BootstrapOptions;
use raterlens_core::atomic::write_atomic;
use raterlens_core::evaluation::RankingScores;
use raterlens_engine::{Control, DeviceRequest, SegmentRequest, Segmenter};
use raterlens_raters::study::StudyCase;
use serde::{Deserialize, Serialize};

use super::error::WholeError;
use crate::image::ImageJudgement;
use crate::study::judge_study;
use crate::way::Way;

/// What decides a judgement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Inputs {
    /// Version of the program.
    pub software: String,
    /// Checksums of the models, in order.
    pub models: Vec<String>,
    /// What was asked of them.
    pub request: SegmentRequest,
    /// Checksums of the images and drawings.
    pub data: BTreeMap<String, String>,
}

/// A model, or an ensemble, on the images of the test part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Judged {
    inputs: Inputs,
    /// Each image.
    pub images: Vec<ImageJudgement>,
    /// How well uncertainty tells wrong voxels, over all images.
    pub pooled: Vec<(Way, RankingScores)>,
    /// What a reader should know.
    pub warnings: Vec<String>,
}

/// Where judgements are kept, and what they are made of.
pub(super) struct Judge<'a> {
    pub dir: PathBuf,
    pub cases: &'a [&'a StudyCase],
    /// Checksums of the cases.
    pub data: &'a BTreeMap<String, String>,
    pub device: DeviceRequest,
    pub seed: u64,
}

impl Judge<'_> {
    /// The judgement of `models` (several are an ensemble) called `name`: the kept one if nothing has changed.
    pub(super) fn judged(
        &self,
        name: &str,
        models: &[&Path],
        request: &SegmentRequest,
        control: &Control<'_>,
    ) -> Result<Judged, WholeError> {
        control.cancel.check()?;
        let segmenter = Segmenter::load_ensemble(models, self.device)?;
        let first = segmenter.model_checksum().to_owned();
        let members = segmenter.members().iter().map(|m| m.checksum.clone());
        let data = self.cases.iter();
        let data = data.filter_map(|c| Some((c.name.clone(), self.data.get(&c.name)?.clone())));
        let inputs = Inputs {
            software: env!("CARGO_PKG_VERSION").to_owned(),
            models: std::iter::once(first).chain(members).collect(),
            request: *request,
            data: data.collect(),
        };
        let path = self.dir.join(format!("{name}.json"));
        if let Some(kept) = kept(&path).filter(|k| k.inputs == inputs) {
            return Ok(kept);
        }
        let options = BootstrapOptions {
            seed: self.seed,
            ..BootstrapOptions::default()
        };
        let found = judge_study(&segmenter, self.cases, request, &options, control)?;
        let pooled = found.overall.ways.iter().map(|w| (w.way, w.pooled));
        let judged = Judged {
            inputs,
            pooled: pooled.collect(),
            images: found.images,
            warnings: found.warnings,
        };
        let json = serde_json::to_vec(&judged).map_err(WholeError::internal)?;
        write_atomic(&path, |out| out.write_all(&json))
            .map_err(|source| WholeError::Output { source, path })?;
        Ok(judged)
    }
}

/// A judgement that was written earlier; none if there is none that this version understands.
fn kept(path: &Path) -> Option<Judged> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}
