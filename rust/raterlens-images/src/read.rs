//! Reads images and label maps of any format.

use std::path::Path;

use ndarray::Array3;
use raterlens_core::control::Control;
use raterlens_core::nifti_io::{self, NiftiError, NiftiImage};
use raterlens_core::{LabelMap, LabelScheme, NiftiGrid, Volume};

use crate::error::ImageFileError;
use crate::family::{is_seg_nrrd, Family};
use crate::protocol::{Answer, Request};
use crate::seg_nrrd;
use crate::series::read_folder;
use crate::voxels::Raw;
use crate::worker::{ask, MAX_BYTES};

/// How far a stored label may be from a whole number.
const LABEL_TOLERANCE: f64 = 1e-4;

/// How files are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Accept a file that does not say which side is left, with a warning; default: refuse.
    pub allow_unoriented: bool,
    /// Which DICOM series of a folder: its number from 1, its UID or its description.
    pub series: Option<String>,
}

/// Whether a path can be an image by its name: a known ending.
#[must_use]
pub fn looks_like_image(path: &Path) -> bool {
    Family::of(path).is_some() && !path.is_dir()
}

/// Reads an image of any format, or the DICOM series of a folder, as 32-bit floats.
///
/// # Errors
/// What the format's reader says; no orientation; several series and none chosen; voxels that are not finite or no single numbers.
pub fn read_image(
    path: &Path,
    options: &ReadOptions,
    control: &Control<'_>,
) -> Result<NiftiImage, ImageFileError> {
    let raw = match own_reader(path, options, nifti_io::read_image_with)? {
        Own::Read(image) => return Ok(image),
        Own::Other(refusal) => raw(path, options, refusal, control)?,
    };
    raw.check_plain(false)?;
    let mut warnings = raw.warnings.clone();
    warnings.extend(check_orientation(&raw, options)?);
    let mut values = Vec::with_capacity(raw.voxel_count()?);
    let mut count = 0;
    raw.for_each(|v| {
        let value = v as f32;
        count += u64::from(!value.is_finite());
        values.push(value);
    })?;
    if count > 0 {
        let total = values.len() as u64;
        return Err(ImageFileError::NotFinite { count, total });
    }
    let volume = volume(&raw, values)?;
    Ok(NiftiImage {
        grid: NiftiGrid::from_geometry(volume.geometry())?,
        volume,
        warnings,
    })
}

/// Reads a label map of any format. The segments of a `.seg.nrrd` become labels, see [`seg_nrrd`].
///
/// # Errors
/// As [`read_image`]; values that are no labels; segments that overlap.
pub fn read_labels(
    path: &Path,
    options: &ReadOptions,
    control: &Control<'_>,
) -> Result<(LabelMap, NiftiGrid), ImageFileError> {
    let read = |path: &Path, _: &_| nifti_io::read_labels(path);
    let raw = match own_reader(path, options, read)? {
        Own::Read(labels) => return Ok(labels),
        Own::Other(refusal) => raw(path, options, refusal, control)?,
    };
    let labels = labels_of(&raw, options)?;
    let grid = NiftiGrid::from_geometry(labels.geometry())?;
    Ok((labels, grid))
}

/// Reads a `.seg.nrrd` with the names, colours and terms of its segments.
///
/// # Errors
/// As [`read_labels`], and descriptions that are damaged or not there.
pub fn read_segments(
    path: &Path,
    control: &Control<'_>,
) -> Result<(LabelMap, LabelScheme), ImageFileError> {
    let options = ReadOptions::default();
    let raw = raw(path, &options, None, control)?;
    let scheme = seg_nrrd::scheme(&seg_nrrd::segments(&raw.header.metadata)?)?;
    Ok((labels_of(&raw, &options)?, scheme))
}

/// What RaterLens's own reader says.
enum Own<T> {
    Read(T),
    /// Another format; with the refusal that stands if ITK cannot read it either.
    Other(Option<NiftiError>),
}

fn own_reader<T>(
    path: &Path,
    options: &ReadOptions,
    read: impl Fn(&Path, &nifti_io::ReadOptions) -> Result<T, NiftiError>,
) -> Result<Own<T>, ImageFileError> {
    if path.is_dir() || is_seg_nrrd(path) {
        return Ok(Own::Other(None));
    }
    let nifti = nifti_io::ReadOptions {
        allow_unoriented: options.allow_unoriented,
    };
    match read(path, &nifti) {
        Ok(found) => Ok(Own::Read(found)),
        Err(error @ NiftiError::NotNifti { .. }) => match Family::of(path) {
            // By its name it is NIfTI (and may be NIfTI-2 or Analyze).
            Some(Family::Nifti) => Ok(Own::Other(Some(error))),
            None if !crate::is_available() => Err(error.into()),
            _ => Ok(Own::Other(None)),
        },
        Err(error) => Err(error.into()),
    }
}

fn raw(
    path: &Path,
    options: &ReadOptions,
    refusal: Option<NiftiError>,
    control: &Control<'_>,
) -> Result<Raw, ImageFileError> {
    if path.is_dir() {
        return read_folder(path, options.series.as_deref(), control);
    }
    let request = Request::Read {
        path: utf8(path)?,
        max_bytes: MAX_BYTES,
    };
    match (ask(&request, &[], "reading", control), refusal) {
        (Err(ImageFileError::Itk(_) | ImageFileError::NoItk { .. }), Some(refusal)) => {
            Err(refusal.into())
        }
        (answer, _) => voxels_of(answer?),
    }
}

pub(crate) fn voxels_of((answer, bytes): (Answer, Vec<u8>)) -> Result<Raw, ImageFileError> {
    match answer {
        Answer::Voxels { header, warnings } => Ok(Raw {
            header,
            bytes,
            warnings,
        }),
        other => Err(ImageFileError::Protocol(format!("{other:?}"))),
    }
}

pub(crate) fn utf8(path: &Path) -> Result<String, ImageFileError> {
    let absolute = std::path::absolute(path).map_err(|e| ImageFileError::Itk(e.to_string()))?;
    let text = absolute.to_str().map(str::to_owned);
    text.ok_or_else(|| ImageFileError::Itk("the path is no Unicode text: rename the file".into()))
}

fn check_orientation(raw: &Raw, options: &ReadOptions) -> Result<Option<String>, ImageFileError> {
    match raw.unoriented_format() {
        None => Ok(None),
        Some(_) if options.allow_unoriented => Ok(Some(
            "the file does not say which side is left: array axes are taken as ITK does; check the sides"
                .to_owned(),
        )),
        Some(format) => Err(ImageFileError::NoOrientation {
            format: format.to_owned(),
        }),
    }
}

fn labels_of(raw: &Raw, options: &ReadOptions) -> Result<LabelMap, ImageFileError> {
    let has_segments = raw.header.metadata.contains_key("Segment0_ID");
    raw.check_plain(has_segments)?;
    check_orientation(raw, options)?;
    let mut values = Vec::with_capacity(raw.voxel_count()?);
    let (mut count, mut first) = (0, 0.0);
    raw.for_each(|v| {
        let label = v.round();
        if (v - label).abs() > LABEL_TOLERANCE || !(0.0..=65535.0).contains(&label) {
            if count == 0 {
                first = v;
            }
            count += 1;
        }
        values.push(label as u16);
    })?;
    if count > 0 {
        let total = values.len() as u64;
        return Err(ImageFileError::NotLabels {
            count,
            total,
            first,
        });
    }
    if has_segments {
        let segments = seg_nrrd::segments(&raw.header.metadata)?;
        values = seg_nrrd::labels(&segments, &values, raw.header.components)?;
    }
    volume(raw, values)
}

fn volume<T>(raw: &Raw, values: Vec<T>) -> Result<Volume<T>, ImageFileError> {
    let geometry = raw.geometry()?;
    let found = values.len();
    let wrong = || ImageFileError::Protocol(format!("{found} voxels of another size"));
    let data = Array3::from_shape_vec(geometry.shape_kji(), values).map_err(|_| wrong())?;
    Volume::new(data, geometry).map_err(|_| wrong())
}
