//! The registry: ITK-SNAP's tree of string values with dotted keys.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::registry_xml;

/// Why a registry file could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// Not well-formed XML.
    #[error("the workspace is not well-formed XML: {reason}")]
    Xml {
        /// What the XML reader said.
        reason: String,
    },
    /// Well-formed, but not a registry.
    #[error("the workspace has an unexpected element <{element}>: not an ITK-SNAP registry")]
    UnexpectedElement {
        /// Name of the element.
        element: String,
    },
    /// A folder or an entry without the attribute it needs.
    #[error("a <{element}> of the workspace lacks its attribute '{attribute}'")]
    MissingAttribute {
        /// Name of the element.
        element: String,
        /// Name of the attribute.
        attribute: &'static str,
    },
}

/// A folder of string entries and further folders, both sorted by key.
///
/// A dotted key walks down the folders: `Layers.Layer[000].Role`.
///
/// ```
/// use raterlens_itksnap::Registry;
/// let mut registry = Registry::default();
/// registry.set("Layers.Layer[000].Role", "MainRole");
/// let read_back = Registry::from_xml(&registry.to_xml())?;
/// assert_eq!(read_back.get("Layers.Layer[000].Role"), Some("MainRole"));
/// # Ok::<(), raterlens_itksnap::RegistryError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registry {
    pub(crate) entries: BTreeMap<String, String>,
    pub(crate) folders: BTreeMap<String, Registry>,
}

impl Registry {
    /// Sets a value; folders on the way are made.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        match key.split_once('.') {
            Some((folder, rest)) => self.folder_mut(folder).set(rest, value),
            None => {
                self.entries.insert(key.to_owned(), value.into());
            }
        }
    }

    /// The value at a dotted key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        match key.split_once('.') {
            Some((folder, rest)) => self.folders.get(folder)?.get(rest),
            None => self.entries.get(key).map(String::as_str),
        }
    }

    /// The folder at a dotted key.
    #[must_use]
    pub fn folder(&self, key: &str) -> Option<&Self> {
        match key.split_once('.') {
            Some((folder, rest)) => self.folders.get(folder)?.folder(rest),
            None => self.folders.get(key),
        }
    }

    /// The folder of one undotted name, made if it is not there.
    pub fn folder_mut(&mut self, name: &str) -> &mut Self {
        self.folders.entry(name.to_owned()).or_default()
    }

    /// Removes the folder of one undotted name, if it is there.
    pub fn remove_folder(&mut self, name: &str) {
        self.folders.remove(name);
    }

    /// Names of the folders directly inside, sorted.
    pub fn folder_names(&self) -> impl Iterator<Item = &str> {
        self.folders.keys().map(String::as_str)
    }

    /// The XML text ITK-SNAP reads: entries before folders, both sorted.
    #[must_use]
    pub fn to_xml(&self) -> String {
        registry_xml::write(self)
    }

    /// Reads what [`Registry::to_xml`] or ITK-SNAP wrote.
    ///
    /// # Errors
    /// See [`RegistryError`].
    pub fn from_xml(text: &str) -> Result<Self, RegistryError> {
        registry_xml::read(text)
    }
}
