//! Writes images and label maps in the format that the file's name says.

use std::fs;
use std::path::Path;

use raterlens_core::control::Control;
use raterlens_core::nifti_io::{write_labels as write_nifti_labels, write_map_f32};
use raterlens_core::{LabelMap, LabelScheme, NiftiGrid, Volume};

use crate::error::ImageFileError;
use crate::family::{lower_name, Family};
use crate::protocol::{Answer, Request, WireHeader};
use crate::read::utf8;
use crate::seg_nrrd;
use crate::voxels::wire_header;
use crate::worker::ask;

/// Writes an image as 32-bit floats. The file appears whole or not at all.
///
/// `grid`: for NIfTI, the fields of the image that this one belongs to.
///
/// # Errors
/// An ending that is no format, no ITK for anything but NIfTI, a format that cannot hold it, a folder that cannot be written.
pub fn write_image(
    path: &Path,
    image: &Volume<f32>,
    grid: Option<&NiftiGrid>,
    control: &Control<'_>,
) -> Result<(), ImageFileError> {
    if is_nifti(path) {
        return Ok(write_map_f32(path, image, grid)?);
    }
    let values = image.data().as_standard_layout();
    let header = wire_header(image.geometry(), "f32");
    let values = values.as_slice().unwrap_or_default();
    write(path, header, bytemuck::cast_slice(values), control)
}

/// Writes a label map, as 8-bit numbers when all fit, else as 16-bit; otherwise as [`write_image`].
///
/// # Errors
/// As [`write_image`].
pub fn write_labels(
    path: &Path,
    labels: &LabelMap,
    grid: Option<&NiftiGrid>,
    control: &Control<'_>,
) -> Result<(), ImageFileError> {
    if is_nifti(path) {
        return Ok(write_nifti_labels(path, labels, grid)?);
    }
    write_numbers(path, labels, std::collections::BTreeMap::new(), control)
}

/// Writes a label map as `.seg.nrrd`, with names, colours and terms that Slicer shows.
///
/// # Errors
/// As [`write_image`].
pub fn write_segmentation(
    path: &Path,
    labels: &LabelMap,
    scheme: &LabelScheme,
    control: &Control<'_>,
) -> Result<(), ImageFileError> {
    let texts = seg_nrrd::metadata(scheme, labels.geometry().dims);
    write_numbers(path, labels, texts, control)
}

fn write_numbers(
    path: &Path,
    labels: &LabelMap,
    texts: std::collections::BTreeMap<String, String>,
    control: &Control<'_>,
) -> Result<(), ImageFileError> {
    let fits_u8 = labels.data().iter().all(|&id| id < 256);
    let mut header = wire_header(labels.geometry(), if fits_u8 { "u8" } else { "u16" });
    header.metadata = texts;
    let bytes: Vec<u8> = match fits_u8 {
        true => labels.data().iter().map(|&id| id as u8).collect(),
        false => labels
            .data()
            .iter()
            .flat_map(|id| id.to_ne_bytes())
            .collect(),
    };
    write(path, header, &bytes, control)
}

fn is_nifti(path: &Path) -> bool {
    let name = lower_name(path);
    name.ends_with(".nii") || name.ends_with(".nii.gz")
}

/// Writes into a folder beside the goal, then moves the files in, the named one last: formats with a header and a voxel file
/// refer to each other by name.
fn write(
    path: &Path,
    header: WireHeader,
    bytes: &[u8],
    control: &Control<'_>,
) -> Result<(), ImageFileError> {
    if matches!(Family::of(path), None | Some(Family::Dicom)) {
        return Err(ImageFileError::BadEnding);
    }
    let path = std::path::absolute(path).map_err(ImageFileError::Write)?;
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(ImageFileError::BadEnding);
    };
    let staging = Staging::new(folder)?;
    let request = Request::Write {
        path: utf8(&staging.0.join(name))?,
        header,
    };
    match ask(&request, &[bytes], "writing", control)?.0 {
        Answer::Done => {}
        other => return Err(ImageFileError::Protocol(format!("{other:?}"))),
    }
    let mut files: Vec<_> = fs::read_dir(&staging.0)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(ImageFileError::Write)?
        .into_iter()
        .map(|entry| entry.file_name())
        .collect();
    files.sort_by_key(|file| file.as_os_str() == name);
    for file in files {
        let moved = fs::rename(staging.0.join(&file), folder.join(&file));
        moved.map_err(ImageFileError::Write)?;
    }
    Ok(())
}

/// A hidden folder that goes away.
struct Staging(std::path::PathBuf);

impl Staging {
    fn new(folder: &Path) -> Result<Self, ImageFileError> {
        let process = std::process::id();
        for n in 0..1000 {
            let path = folder.join(format!(".raterlens-{process}-{n}"));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(ImageFileError::Write(error)),
            }
        }
        let error = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
        Err(ImageFileError::Write(error))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What is left behind of a failure is hidden and small.
        let _ = fs::remove_dir_all(&self.0);
    }
}
