//! The files of one case: written whole or not at all, and recognised when they are complete.
//!
//! | File | Content |
//! | --- | --- |
//! | `image.nii.gz` (or `image.nii`) | the input, byte for byte if it is NIfTI, so that the folder can be moved |
//! | `labels.nii.gz` | structure ids on the input's grid |
//! | `labels.seg.nrrd` or `labels.mha` | the same for 3D Slicer and others, if the input is NRRD or DICOM, or MetaImage |
//! | `variance_<structure>.nii.gz` | predicted inter-rater variance, 32-bit float, same grid |
//! | `epistemic_entropy.nii.gz`, `mutual_information.nii.gz`, `aleatoric_entropy.nii.gz` | uncertainty of the model in nats, if asked for |
//! | `probabilities.nii.gz` | probabilities of all classes, if asked for |
//! | `evidential_uncertainty.nii.gz` | of models that have it |
//! | `uncertainty.csv` | means of these maps per structure and slice |
//! | `measures.csv` | area, volume and mean variance per structure and slice |
//! | `case.itksnap`, `labels.txt` | ITK-SNAP workspace and label description |
//! | `run.json` | how the result came about; its presence means that the case is complete |

mod complete;
mod files;
mod measures_csv;
mod overwrite;
mod snap;
mod source;
mod uncertainty;

use std::path::{Path, PathBuf};

use raterlens_core::atomic::StagedDir;
use raterlens_core::nifti_io::NiftiImage;
use raterlens_core::LabelScheme;

use crate::checksum::sha256_of_file;
use crate::error::EngineError;
use crate::request::SegmentResult;
use crate::run_record::RunRecord;
use raterlens_core::control::CancelFlag;

pub use complete::{is_complete, read_record, Fingerprint};
pub use measures_csv::{read_measures, write_measures, MeasuresRow, MEASURES_HEADER};
pub use overwrite::{check_overwrite, Overwrite};
pub use source::{CaseSource, Container};
pub use uncertainty::{
    uncertainty_maps, NamedMap, ENTROPY_WINDOW_MAX, EVIDENTIAL_FILE, INFORMATION_WINDOW_MAX,
    PROBABILITIES_FILE, UNCERTAINTY_FILE, UNCERTAINTY_HEADER,
};

/// The label map.
pub const LABELS_FILE: &str = "labels.nii.gz";
/// Areas, volumes and mean variance.
pub const MEASURES_FILE: &str = "measures.csv";
/// The ITK-SNAP workspace.
pub const WORKSPACE_FILE: &str = "case.itksnap";
/// The ITK-SNAP label description.
pub const LABEL_DESCRIPTION_FILE: &str = "labels.txt";
/// The run record.
pub const RUN_FILE: &str = "run.json";

/// Colours of variance maps span 0 to this, in every case and host, so that colours mean the same.
pub const VARIANCE_WINDOW_MAX: f64 = 0.1;

/// Name of the file that holds the variance map of a structure.
///
/// ```
/// use raterlens_engine::case::variance_file;
/// assert_eq!(variance_file("multifidus_left"), "variance_multifidus_left.nii.gz");
/// ```
#[must_use]
pub fn variance_file(structure: &str) -> String {
    format!("variance_{structure}.nii.gz")
}

/// Everything that goes into a case folder.
struct Case<'a> {
    source: &'a CaseSource,
    image: &'a NiftiImage,
    scheme: &'a LabelScheme,
    result: &'a SegmentResult,
}

/// A case folder that was found to be writable, before anything is in it.
///
/// All files are first written into a hidden folder beside the case's and then moved in, `run.json` last.
/// When anything fails, or this is dropped unsaved, nothing is left behind and what was there stays.
#[derive(Debug)]
pub struct CaseWriter<'a> {
    dir: PathBuf,
    source: &'a CaseSource,
    scheme: &'a LabelScheme,
    staged: StagedDir,
}

impl<'a> CaseWriter<'a> {
    /// Prepares to write a case into `dir`, which is made on success if it is not there.
    ///
    /// # Errors
    /// See [`check_overwrite`]; [`EngineError::Output`] when the folder cannot be written.
    pub fn open(
        dir: &Path,
        source: &'a CaseSource,
        scheme: &'a LabelScheme,
        overwrite: Overwrite,
    ) -> Result<Self, EngineError> {
        let dir = std::path::absolute(dir).map_err(|e| EngineError::write(dir, e))?;
        let mut names = files::output_names(source.container, scheme, true);
        names.extend(uncertainty::possible_names());
        check_overwrite(&dir, &source.path, &names, overwrite)?;
        let staged = StagedDir::new(&dir).map_err(|e| EngineError::output(&dir, e))?;
        Ok(Self {
            dir,
            source,
            scheme,
            staged,
        })
    }

    /// Writes all files and returns the record that is now in the folder.
    ///
    /// # Errors
    /// [`EngineError::Output`], or [`EngineError::Cancelled`] when the flag is raised before all is written.
    pub fn save(
        self,
        name: &str,
        image: &NiftiImage,
        result: &SegmentResult,
        cancel: &CancelFlag,
    ) -> Result<RunRecord, EngineError> {
        let case = Case {
            source: self.source,
            image,
            scheme: self.scheme,
            result,
        };
        files::write_all(self.staged.path(), &self.dir, name, &case, cancel)?;
        let mut record = RunRecord::new(result);
        record.input = Some(self.source.identity.clone());
        let maps = !result.variance.is_empty();
        let mut names = files::output_names(self.source.container, self.scheme, maps);
        names.extend(uncertainty_maps(result).iter().map(NamedMap::file));
        names.extend(
            uncertainty::series_files(result)
                .into_iter()
                .map(|(name, _)| name),
        );
        names.extend((!result.uncertainty.is_empty()).then(|| UNCERTAINTY_FILE.to_owned()));
        for file in names {
            cancel.check()?;
            let path = self.staged.path().join(&file);
            let sum = sha256_of_file(&path).map_err(|e| EngineError::write(&path, e))?;
            record.outputs.insert(file, sum);
        }
        let run = self.staged.path().join(RUN_FILE);
        std::fs::write(&run, record.to_json()).map_err(|e| EngineError::write(&run, e))?;
        cancel.check()?;
        let earlier = read_record(&self.dir);
        let committed = self.staged.commit(RUN_FILE);
        committed.map_err(|e| EngineError::output(&self.dir, e))?;
        if let Some(earlier) = earlier {
            remove_left_over(&self.dir, &earlier, &record);
        }
        Ok(record)
    }
}

/// Removes files of an earlier run that the new one does not have, if nobody changed them: variance maps of a
/// model beside the labels of another that predicts none would mislead. One that cannot be removed stays; it is
/// not in the new record.
fn remove_left_over(dir: &Path, earlier: &RunRecord, now: &RunRecord) {
    for (file, sum) in &earlier.outputs {
        let plain = Path::new(file).file_name() == Some(file.as_ref());
        let path = dir.join(file);
        let own = || sha256_of_file(&path).is_ok_and(|found| found == *sum);
        if plain && !now.outputs.contains_key(file) && own() {
            if let Err(error) = std::fs::remove_file(&path) {
                log::warn!("a file of an earlier run stays: {error} ({file})");
            }
        }
    }
}

/// Writes a finished result into `dir`: [`CaseWriter::open`] and [`CaseWriter::save`] in one step, for hosts
/// that already hold a result.
///
/// # Errors
/// Those of the two.
pub fn save_case(
    dir: &Path,
    name: &str,
    source: &CaseSource,
    image: &NiftiImage,
    scheme: &LabelScheme,
    result: &SegmentResult,
    overwrite: Overwrite,
) -> Result<RunRecord, EngineError> {
    CaseWriter::open(dir, source, scheme, overwrite)?.save(name, image, result, &CancelFlag::new())
}
