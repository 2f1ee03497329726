//! What the classes of a network or the values of a label map mean, from the command line.

use std::path::Path;

use anyhow::{Context, Result};
use raterlens_core::{label_list, LabelScheme, Structure};

/// Classes of a network: `1=name,2=name`, or a JSON file with a list of structures as in `label_scheme` of
/// `model.json`, in the order of classes.
///
/// # Errors
/// Text that is neither; structures that make no scheme.
pub fn classes(text: &str) -> Result<LabelScheme> {
    if text.contains('=') || !Path::new(text).is_file() {
        return label_list::scheme_of_classes(text).context("--labels");
    }
    let json = std::fs::read(text).with_context(|| format!("cannot read {text}"))?;
    let structures: Vec<Structure> = serde_json::from_slice(&json).with_context(|| {
        format!("{text} is no list of structures as in 'label_scheme' of a model.json")
    })?;
    LabelScheme::new(structures).with_context(|| format!("the structures in {text}"))
}

/// What the values of a reference mean: `VALUE=name,VALUE=name`.
///
/// # Errors
/// Text that is not of this form, or names that are there twice.
pub fn values(text: &str) -> Result<LabelScheme> {
    let list = label_list::parse(text).context("--reference-labels")?;
    let structure = |(id, name): (u16, String)| Structure {
        id,
        title: name.clone(),
        name,
        color: [128; 3],
        mirror: None,
        terminology: None,
    };
    let scheme = LabelScheme::new(list.into_iter().map(structure).collect());
    scheme.context("--reference-labels")
}
