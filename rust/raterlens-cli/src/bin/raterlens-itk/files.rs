//! Requests about files.

use std::io;
use std::path::{Path, PathBuf};

use itk_sys::dicom::{self, Stack};
use itk_sys::{Image, ImageReader, ItkError, ReadLimits};
use raterlens_images::protocol::{read_blob, Answer, WireHeader, WireSeries};

use super::{wire, Reply};

pub fn read(path: &str, max_bytes: u64) -> Result<Reply, ItkError> {
    let image = itk_sys::read(Path::new(path), &ReadLimits { max_bytes })?;
    Ok(wire::reply(image, Vec::new()))
}

pub fn list_series(folder: &str) -> Result<Reply, ItkError> {
    let list = dicom::list_series(Path::new(folder), true)?;
    let series = list.into_iter().map(|series| {
        let header = series
            .files
            .first()
            .and_then(|file| ImageReader::open(file).ok());
        let text = |key: &str| {
            let header = header.as_ref().map(ImageReader::header);
            let text = header.and_then(|h| h.metadata.get(key));
            text.map(|t| t.trim().to_owned()).unwrap_or_default()
        };
        WireSeries {
            uid: series.uid,
            description: text("0008|103e"),
            modality: text("0008|0060"),
            files: series
                .files
                .iter()
                .map(|f| f.to_string_lossy().into_owned())
                .collect(),
        }
    });
    Ok((Answer::Series(series.collect()), Vec::new()))
}

pub fn read_series(
    files: &[String],
    stack: Option<usize>,
    max_bytes: u64,
) -> Result<Reply, ItkError> {
    let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
    let mut stacks = dicom::read_series(&files, &ReadLimits { max_bytes })?;
    if stack.is_none() && stacks.len() > 1 {
        let lines = stacks.iter().map(describe).collect();
        return Ok((Answer::Stacks(lines), Vec::new()));
    }
    let number = stack.unwrap_or(0);
    if number >= stacks.len() {
        return Err(ItkError::Series(format!(
            "the series has {} volumes, not {}",
            stacks.len(),
            number + 1
        )));
    }
    let chosen = stacks.swap_remove(number);
    Ok(wire::reply(chosen.image, chosen.warnings))
}

/// A volume in words.
fn describe(stack: &Stack) -> String {
    let header = &stack.image.header;
    let at = |list: &[f64], n: usize| list.get(n).copied().unwrap_or_default();
    let text = |key: &str| header.metadata.get(key).map(|t| t.trim().to_owned());
    let slices = header.size.get(2).copied().unwrap_or(1);
    let head = at(&header.origin, 2);
    let kind = text("0008|0008").unwrap_or_default();
    let echo = text("0018|0081").map(|t| format!(", echo time {t} ms"));
    format!(
        "{slices} slices from {head:.0} mm along the body ({kind}{})",
        echo.unwrap_or_default()
    )
}

pub fn write(
    path: &str,
    header: &WireHeader,
    input: &mut impl io::Read,
) -> io::Result<Result<Reply, ItkError>> {
    let written = match wire::header(header) {
        Ok(header) => {
            let length = u64::try_from(header.byte_count()).unwrap_or(u64::MAX);
            let bytes = read_blob(input, length)?;
            wire::voxels(&header, &bytes).and_then(|voxels| {
                let image = Image { header, voxels };
                itk_sys::write(Path::new(path), &image, true)
            })
        }
        Err(error) => Err(error),
    };
    Ok(written.map(|()| (Answer::Done, Vec::new())))
}
