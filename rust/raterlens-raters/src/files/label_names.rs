//! Names of labels from a file.

use std::fs;
use std::path::Path;

use raterlens_core::control::Control;
use raterlens_core::{LabelScheme, Structure};
use raterlens_images::{is_seg_nrrd, read_segments};
use raterlens_itksnap::label_file::{read_label_file, LabelRow};
use serde::Deserialize;

use crate::error::RatersError;

/// Reads names and colours of labels: an ITK-SNAP label description file, or JSON as in a model package (`model.json` itself, or
/// its `label_scheme` alone), or a `.seg.nrrd`, whose segments have them.
///
/// ITK-SNAP has names for people only; the name for files is made from it ("Left multifidus" gives `left_multifidus`), with
/// the label's number where two would be equal. The clear label (0) is passed over.
///
/// # Errors
/// A file that cannot be read, is neither of the two, or names no structure.
pub fn read_label_names(path: &Path) -> Result<LabelScheme, RatersError> {
    if is_seg_nrrd(path) {
        let segments = read_segments(path, &Control::default());
        return Ok(segments.map_err(|e| RatersError::image_input(path, e))?.1);
    }
    let text = fs::read_to_string(path).map_err(|source| RatersError::Input {
        source,
        path: path.to_path_buf(),
    })?;
    let fail = |reason: String| RatersError::LabelNames {
        reason,
        path: path.to_path_buf(),
    };
    let structures = if text.trim_start().starts_with(['{', '[']) {
        from_json(&text).map_err(fail)?
    } else {
        from_rows(&read_label_file(&text).map_err(|e| fail(e.to_string()))?)
    };
    LabelScheme::new(structures).map_err(|e| fail(e.to_string()))
}

/// JSON that has structures somewhere we look.
#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    Alone(Vec<Structure>),
    InModel { label_scheme: Vec<Structure> },
}

fn from_json(text: &str) -> Result<Vec<Structure>, String> {
    match serde_json::from_str(text) {
        Ok(Names::Alone(all) | Names::InModel { label_scheme: all }) => Ok(all),
        Err(error) if error.is_data() => {
            Err("this JSON has no list of structures with id, name, title and color".to_owned())
        }
        Err(error) => Err(error.to_string()),
    }
}

/// The structures of label descriptions, with names for files made from the titles.
pub(super) fn from_rows(rows: &[LabelRow]) -> Vec<Structure> {
    let mut structures: Vec<Structure> = Vec::new();
    for row in rows.iter().filter(|r| r.id > 0) {
        let mut name = file_name(&row.title);
        while name.is_empty() || structures.iter().any(|s| s.name == name) {
            name = format!("{name}_{}", row.id).trim_matches('_').to_owned();
        }
        structures.push(Structure {
            id: row.id,
            name,
            title: row.title.clone(),
            color: row.color,
            mirror: None,
            terminology: None,
        });
    }
    structures
}

/// Lower-case ASCII letters and digits; whatever else stands between them becomes one `_`.
fn file_name(title: &str) -> String {
    let lower = title.to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<_> = words.filter(|w| !w.is_empty()).collect();
    words.join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<LabelScheme, RatersError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("names");
        fs::write(&path, text).unwrap();
        read_label_names(&path)
    }

    #[test]
    fn label_descriptions_and_models_name_the_same_structures() {
        let scheme = LabelScheme::lumbar_paraspinal();
        let json = serde_json::to_string(&scheme).unwrap();
        assert_eq!(read(json.as_bytes()).unwrap(), scheme);
        let model = format!("{{\"name\": \"x\", \"label_scheme\": {json}}}");
        assert_eq!(read(model.as_bytes()).unwrap(), scheme);
        let mut text = Vec::new();
        raterlens_itksnap::write_label_file(&mut text, &scheme).unwrap();
        let found = read(&text).unwrap();
        let brief = |s: &LabelScheme| -> Vec<_> {
            let all = s.structures.iter();
            all.map(|s| (s.id, s.title.clone(), s.color)).collect()
        };
        assert_eq!(brief(&found), brief(&scheme));
        assert_eq!(found.structures[0].name, "right_multifidus");
    }

    #[test]
    fn equal_titles_get_their_number() {
        let text =
            "1 255 0 0 1 1 1 \"Muscle\"\n7 0 255 0 1 1 1 \"muscle!\"\n9 0 0 255 1 1 1 \"筋\"\n";
        let names: Vec<_> = read(text.as_bytes()).unwrap().structures;
        let names: Vec<_> = names.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["muscle", "muscle_7", "9"]);
        let text = "5 1 1 1 1 1 1 \"A 7\"\n6 1 1 1 1 1 1 \"a\"\n7 1 1 1 1 1 1 \"A\"\n";
        let names = read(text.as_bytes()).unwrap().structures;
        assert_eq!(names[2].name, "a_7_7");
    }

    #[test]
    fn what_is_no_list_of_names_is_refused_with_the_file() {
        for text in ["", "hello", "{\"a\": 1}", "{", "[]"] {
            let error = read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("names)"), "{text:?}: {error}");
        }
    }
}
