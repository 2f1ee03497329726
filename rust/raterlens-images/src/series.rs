//! Folders of DICOM files.

use std::path::Path;

use raterlens_core::control::Control;

use crate::error::ImageFileError;
use crate::protocol::{Answer, Request, WireSeries};
use crate::read::{utf8, voxels_of};
use crate::voxels::Raw;
use crate::worker::{ask, MAX_BYTES};

/// A DICOM series of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesInfo {
    /// Series Instance UID.
    pub uid: String,
    /// Series description.
    pub description: String,
    /// Modality, such as `MR`.
    pub modality: String,
    /// Number of files.
    pub files: usize,
}

/// The series of a folder and the folders in it, by UID.
///
/// # Errors
/// A folder that cannot be read, or no ITK. A folder without DICOM gives an empty list.
pub fn list_series(
    folder: &Path,
    control: &Control<'_>,
) -> Result<Vec<SeriesInfo>, ImageFileError> {
    let list = list(folder, control)?;
    let info = |series: WireSeries| SeriesInfo {
        uid: series.uid,
        description: series.description,
        modality: series.modality,
        files: series.files.len(),
    };
    Ok(list.into_iter().map(info).collect())
}

/// The only series of a folder, or the one that was named: `2` or its UID or description; `2:1` is the first volume of series 2.
pub(crate) fn read_folder(
    folder: &Path,
    wanted: Option<&str>,
    control: &Control<'_>,
) -> Result<Raw, ImageFileError> {
    let list = list(folder, control)?;
    let (series, stack) = chosen(&list, wanted)?;
    let request = Request::ReadSeries {
        files: series.files.clone(),
        stack,
        max_bytes: MAX_BYTES,
    };
    match ask(&request, &[], "reading", control)? {
        (Answer::Stacks(stacks), _) => {
            let number = list.iter().position(|s| s.uid == series.uid).unwrap_or(0) + 1;
            let lines = stacks.iter().enumerate();
            let lines = lines.map(|(n, stack)| format!("  {number}:{} {stack}", n + 1));
            Err(ImageFileError::SeveralSeries {
                list: lines.collect(),
            })
        }
        answer => voxels_of(answer),
    }
}

fn list(folder: &Path, control: &Control<'_>) -> Result<Vec<WireSeries>, ImageFileError> {
    let request = Request::ListSeries {
        folder: utf8(folder)?,
    };
    match ask(&request, &[], "looking for series", control)?.0 {
        Answer::Series(list) => Ok(list),
        other => Err(ImageFileError::Protocol(format!("{other:?}"))),
    }
}

/// The series that is meant, and which volume of it.
fn chosen<'a>(
    list: &'a [WireSeries],
    wanted: Option<&str>,
) -> Result<(&'a WireSeries, Option<usize>), ImageFileError> {
    let lines = || {
        list.iter()
            .enumerate()
            .map(|(n, s)| line(n + 1, s))
            .collect()
    };
    let Some(wanted) = wanted.map(str::trim) else {
        return match list {
            [] => Err(ImageFileError::NoSeries),
            [only] => Ok((only, None)),
            _ => Err(ImageFileError::SeveralSeries { list: lines() }),
        };
    };
    let by_text = |text: &str| {
        let number = text.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        let named = |s: &&WireSeries| s.uid == text;
        let mut described = list.iter().filter(|s| s.description.trim() == text);
        let found = list.iter().find(named);
        let found = found.or_else(|| list.get(number?));
        found.or_else(|| match (described.next(), described.next()) {
            (Some(one), None) => Some(one),
            _ => None,
        })
    };
    if let Some(series) = by_text(wanted) {
        return Ok((series, None));
    }
    let part = wanted.rsplit_once(':');
    let part = part.and_then(|(text, n)| Some((by_text(text)?, n.parse::<usize>().ok()?)));
    match part {
        Some((series, number @ 1..)) => Ok((series, Some(number - 1))),
        _ => Err(ImageFileError::UnknownSeries {
            wanted: wanted.to_owned(),
            list: lines(),
        }),
    }
}

fn line(number: usize, series: &WireSeries) -> String {
    format!(
        "  {number} '{}' ({}, {} files) {}",
        series.description.trim(),
        series.modality.trim(),
        series.files.len(),
        series.uid
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(uid: &str, description: &str) -> WireSeries {
        WireSeries {
            uid: uid.into(),
            description: description.into(),
            modality: "MR".into(),
            files: vec!["a".into()],
        }
    }

    #[test]
    fn series_are_chosen_by_number_uid_or_description() {
        let list = [
            series("1.2", "T2 ax"),
            series("1.3", "T1 ax"),
            series("1.4", "T1 ax"),
        ];
        let uid = |wanted| {
            chosen(&list, Some(wanted))
                .map(|(s, n)| (s.uid.clone(), n))
                .ok()
        };
        assert_eq!(uid("2"), Some(("1.3".into(), None)));
        assert_eq!(uid("1.4"), Some(("1.4".into(), None)));
        assert_eq!(uid("T2 ax"), Some(("1.2".into(), None)));
        assert_eq!(uid("3:2"), Some(("1.4".into(), Some(1))));
        for unknown in ["T1 ax", "0", "4", "1:0", "x"] {
            assert_eq!(uid(unknown), None, "{unknown}");
        }
        let error = chosen(&list, None).unwrap_err().to_string();
        assert!(
            error.contains("3 DICOM series") && error.contains("1 'T2 ax' (MR, 1 files) 1.2"),
            "{error}"
        );
        assert!(chosen(&list[..1], None).is_ok());
        assert!(matches!(chosen(&[], None), Err(ImageFileError::NoSeries)));
    }
}
