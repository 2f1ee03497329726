//! The segments of a `.seg.nrrd`: names, colours and terms as 3D Slicer writes and shows them.
//!
//! # From segments to labels
//! A file with one layer keeps the label values it has. In a file with several layers (segments that may overlap), values can
//! repeat; there the labels are 1, 2, ... in the order of the segments. Segments that do overlap are refused, with both names.

use std::collections::{BTreeMap, HashSet};

use raterlens_core::labels::{Structure, Terminology, DISTINCT_COLORS};
use raterlens_core::{LabelScheme, LabelSchemeError};

use crate::error::ImageFileError;

/// Most segments that are read.
const MAX_SEGMENTS: usize = 65535;

/// One segment.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Identifier within the file.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Red, green, blue.
    pub color: [u8; 3],
    /// Value in its layer.
    pub value: u16,
    /// Layer, from 0.
    pub layer: usize,
    /// What Slicer calls its terminology, if it is set.
    pub terminology: Option<Terminology>,
}

/// The segments that a file's texts describe, in their order.
///
/// # Errors
/// No segments, or values that make no sense.
pub fn segments(metadata: &BTreeMap<String, String>) -> Result<Vec<Segment>, ImageFileError> {
    let mut found = Vec::new();
    while found.len() < MAX_SEGMENTS {
        let n = found.len();
        let text = |what: &str| {
            metadata
                .get(&format!("Segment{n}_{what}"))
                .map(|t| t.trim())
        };
        let Some(id) = text("ID") else { break };
        let damaged = |what| ImageFileError::Segments(format!("{what} of segment '{id}'"));
        let value = text("LabelValue").unwrap_or("1").parse();
        let layer = text("Layer").unwrap_or("0").parse();
        found.push(Segment {
            id: id.to_owned(),
            name: text("Name").unwrap_or(id).to_owned(),
            color: color(text("Color")).unwrap_or(distinct(n)),
            value: value.map_err(|_| damaged("the label value"))?,
            layer: layer.map_err(|_| damaged("the layer"))?,
            terminology: terminology(text("Tags").or_else(|| text("TerminologyEntry"))),
        });
    }
    let mut places = HashSet::new();
    let twice = found
        .iter()
        .find(|s| s.value == 0 || !places.insert((s.layer, s.value)));
    match twice {
        Some(segment) => Err(ImageFileError::Segments(format!(
            "the label value of segment '{}' is 0 or that of another",
            segment.name
        ))),
        None if found.is_empty() => Err(ImageFileError::Segments("there are none".into())),
        None => Ok(found),
    }
}

/// The label of each segment: its value if the file has one layer, else its number.
fn ids(segments: &[Segment]) -> Vec<u16> {
    let several = segments.iter().any(|s| s.layer > 0);
    let numbers = segments.iter().enumerate();
    numbers
        .map(|(n, s)| match several {
            true => u16::try_from(n + 1).unwrap_or(u16::MAX),
            false => s.value,
        })
        .collect()
}

/// The label scheme of segments. Names for files are made from the names for people; `x left` and `x right` become partners.
///
/// # Errors
/// More labels than a scheme can hold, or two of one value.
pub fn scheme(segments: &[Segment]) -> Result<LabelScheme, LabelSchemeError> {
    let mut names = HashSet::new();
    let mut structures: Vec<Structure> = Vec::new();
    for (segment, id) in segments.iter().zip(ids(segments)) {
        let mut name = file_name(&segment.id);
        if segment.id.starts_with("Segment_") || name.is_empty() {
            name = file_name(&segment.name);
        }
        if name.is_empty() || !names.insert(name.clone()) {
            name = format!("segment_{id}");
            names.insert(name.clone());
        }
        structures.push(Structure {
            id,
            name,
            title: segment.name.clone(),
            color: segment.color,
            mirror: None,
            terminology: segment.terminology.clone(),
        });
    }
    let named: Vec<_> = structures.iter().map(|s| (s.name.clone(), s.id)).collect();
    for structure in &mut structures {
        let partner = partner(&structure.name);
        let found = partner.and_then(|p| named.iter().find(|(name, _)| *name == p));
        structure.mirror = found.map(|(_, id)| *id);
    }
    LabelScheme::new(structures)
}

/// The labels of voxels that hold `layers` numbers each, layer fastest.
///
/// # Errors
/// Overlapping segments, or a number of values that does not fit.
pub fn labels(
    segments: &[Segment],
    values: &[u16],
    layers: usize,
) -> Result<Vec<u16>, ImageFileError> {
    let layers = layers.max(1);
    let ids = ids(segments);
    if segments.iter().any(|s| s.layer >= layers) || !values.len().is_multiple_of(layers) {
        return Err(ImageFileError::Segments(
            "a segment lies in a layer that is not there".into(),
        ));
    }
    let place: BTreeMap<(usize, u16), usize> = segments
        .iter()
        .enumerate()
        .map(|(n, s)| ((s.layer, s.value), n))
        .collect();
    let mut out = Vec::with_capacity(values.len() / layers);
    let mut overlap: Option<(usize, usize)> = None;
    let mut overlapping = 0_u64;
    for voxel in values.chunks_exact(layers) {
        let drawn = voxel.iter().enumerate().filter(|(_, v)| **v != 0);
        let mut drawn = drawn.filter_map(|(layer, v)| place.get(&(layer, *v)));
        let first = drawn.next();
        if let (Some(first), Some(second)) = (first, drawn.next()) {
            overlap.get_or_insert((*first, *second));
            overlapping += 1;
        }
        out.push(first.and_then(|n| ids.get(*n)).copied().unwrap_or(0));
    }
    let name = |n: usize| segments.get(n).map(|s| s.name.clone()).unwrap_or_default();
    match overlap {
        None => Ok(out),
        Some((first, second)) => Err(ImageFileError::Overlap {
            first: name(first),
            second: name(second),
            voxels: overlapping,
        }),
    }
}

/// The texts that describe a scheme's structures in a file of one layer.
#[must_use]
pub fn metadata(scheme: &LabelScheme, dims: [usize; 3]) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let last = dims.map(|n| n.saturating_sub(1));
    for (n, s) in scheme.structures.iter().enumerate() {
        let mut set = |what: &str, text: String| {
            out.insert(format!("Segment{n}_{what}"), text);
        };
        let [r, g, b] = s.color.map(|c| f64::from(c) / 255.0);
        set("ID", s.name.clone());
        set("Name", s.title.clone());
        set("NameAutoGenerated", "0".into());
        set("Color", format!("{r:.6} {g:.6} {b:.6}"));
        set("ColorAutoGenerated", "0".into());
        set("LabelValue", s.id.to_string());
        set("Layer", "0".into());
        set(
            "Extent",
            format!("0 {} 0 {} 0 {}", last[0], last[1], last[2]),
        );
        if let Some(term) = &s.terminology {
            let clean = |text: &str| text.replace(['~', '^', '|', '\n'], " ");
            let (scheme, code, meaning) =
                (clean(&term.scheme), clean(&term.code), clean(&term.meaning));
            let entry = format!(
                "Segmentation category and type - 3D Slicer General Anatomy list~SCT^85756007^Tissue~{scheme}^{code}^{meaning}~^^~\
                 Anatomic codes - DICOM master list~^^~^^"
            );
            set("Tags", format!("TerminologyEntry:{entry}|"));
        }
    }
    let texts = [
        ("Segmentation_SourceRepresentation", "Binary labelmap"),
        ("Segmentation_MasterRepresentation", "Binary labelmap"),
        (
            "Segmentation_ContainedRepresentationNames",
            "Binary labelmap|",
        ),
        ("Segmentation_ReferenceImageExtentOffset", "0 0 0"),
    ];
    out.extend(texts.map(|(key, text)| (key.to_owned(), text.to_owned())));
    out
}

fn color(text: Option<&str>) -> Option<[u8; 3]> {
    let numbers = text?.split_whitespace().map(|t| t.parse::<f64>().ok());
    let numbers: Option<Vec<f64>> = numbers.collect();
    let numbers: [f64; 3] = numbers?.try_into().ok()?;
    let valid = numbers.iter().all(|v| (0.0..=1.0).contains(v));
    valid.then(|| numbers.map(|v| (v * 255.0).round() as u8))
}

/// The type of `list~category~type~modifier~...`: scheme, code and meaning with `^` between.
fn terminology(tags: Option<&str>) -> Option<Terminology> {
    let entry = tags?.split('|').find_map(|tag| {
        let tag = tag.trim();
        tag.strip_prefix("TerminologyEntry:")
            .or(tag.contains('~').then_some(tag))
    })?;
    let mut parts = entry.split('~').nth(2)?.split('^').map(str::trim);
    let term = Terminology {
        scheme: parts.next()?.to_owned(),
        code: parts.next()?.to_owned(),
        meaning: parts.next()?.to_owned(),
    };
    (!term.scheme.is_empty() && !term.code.is_empty()).then_some(term)
}

fn file_name(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_lowercase() || c.is_ascii_digit() => out.push(c),
            _ if out.ends_with('_') || out.is_empty() => {}
            _ => out.push('_'),
        }
    }
    out.trim_end_matches('_').to_owned()
}

fn partner(name: &str) -> Option<String> {
    let words: Vec<&str> = name.split('_').collect();
    let at = words.iter().position(|w| ["left", "right"].contains(w))?;
    let mut other = words.clone();
    *other.get_mut(at)? = if words.get(at) == Some(&"left") {
        "right"
    } else {
        "left"
    };
    Some(other.join("_"))
}

fn distinct(n: usize) -> [u8; 3] {
    let color = DISTINCT_COLORS.get(n % DISTINCT_COLORS.len());
    color.copied().unwrap_or([128; 3])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_colours_and_terms_come_back() {
        let scheme_in = LabelScheme::lumbar_paraspinal();
        let found = segments(&metadata(&scheme_in, [4, 3, 2])).unwrap();
        assert_eq!(scheme(&found).unwrap(), scheme_in);
    }

    /// As Slicer 5 writes it.
    fn slicer() -> BTreeMap<String, String> {
        let text = [
            ("Segment0_ID", "Segment_1"),
            ("Segment0_Name", "Left psoas"),
            ("Segment0_Color", "0.5 1 0"),
            ("Segment0_LabelValue", "1"),
            ("Segment0_Layer", "0"),
            ("Segment0_Tags", "Segmentation.Status:inprogress|TerminologyEntry:List~SCT^85756007^Tissue~SCT^71341001^Psoas~^^~Anatomic~^^~^^|"),
            ("Segment1_ID", "Segment_2"),
            ("Segment1_Name", "Right psoas"),
            ("Segment1_LabelValue", "1"),
            ("Segment1_Layer", "1"),
        ];
        text.map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into()
    }

    #[test]
    fn layers_become_labels_unless_they_overlap() {
        let found = segments(&slicer()).unwrap();
        assert_eq!(found[0].color, [128, 255, 0]);
        let term = found[0].terminology.clone().unwrap();
        assert_eq!(
            (term.code.as_str(), term.meaning.as_str()),
            ("71341001", "Psoas")
        );
        let made = scheme(&found).unwrap();
        assert_eq!(made.structures[1].name, "right_psoas");
        assert_eq!(made.structures[1].mirror, Some(1));
        assert_eq!(labels(&found, &[1, 0, 0, 1, 0, 0], 2).unwrap(), [1, 2, 0]);
        let error = labels(&found, &[1, 1, 0, 1], 2).unwrap_err().to_string();
        assert!(
            error.contains("'Left psoas' and 'Right psoas' overlap in 1 voxels"),
            "{error}"
        );
        assert!(labels(&found, &[1, 0], 1).is_err());
    }

    #[test]
    fn damaged_descriptions_are_refused() {
        let with = |key: &str, value: &str| {
            let mut texts = slicer();
            texts.insert(key.into(), value.into());
            segments(&texts)
        };
        assert!(with("Segment0_LabelValue", "70000").is_err());
        assert!(with("Segment0_LabelValue", "0").is_err());
        assert!(with("Segment1_Layer", "0").is_err());
        assert!(with("Segment1_Layer", "-1").is_err());
        assert!(segments(&BTreeMap::new()).is_err());
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(key in "Segment[01]_(ID|Name|Color|LabelValue|Layer|Tags)", value in ".{0,40}") {
            let mut texts = slicer();
            texts.insert(key, value);
            if let Ok(found) = segments(&texts) {
                let _ = scheme(&found);
                let _ = labels(&found, &[1, 0, 0, 1], 2);
            }
        }
    }
}
