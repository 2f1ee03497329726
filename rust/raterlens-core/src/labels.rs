//! What the numbers in a label map mean.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Colours that people with any kind of colour vision can tell apart (Okabe and Ito 2008), without black: for structures without
/// their own.
pub const DISTINCT_COLORS: [[u8; 3]; 7] = [
    [230, 159, 0],
    [86, 180, 233],
    [0, 158, 115],
    [240, 228, 66],
    [0, 114, 178],
    [213, 94, 0],
    [204, 121, 167],
];

/// A coded term, so that other programs know the structure whatever its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminology {
    /// Coding scheme, for example `SCT` (SNOMED CT).
    pub scheme: String,
    /// Code within the scheme.
    pub code: String,
    /// The code in words.
    pub meaning: String,
}

/// One structure of a label map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Structure {
    /// Value in the label map, 1 to 65535.
    pub id: u16,
    /// Name for files and code: lower-case letters, digits and `_`.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// Colour, red green blue.
    pub color: [u8; 3],
    /// The id of the same structure on the other side, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror: Option<u16>,
    /// The coded term, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminology: Option<Terminology>,
}

/// Why a label scheme was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LabelSchemeError {
    /// No structures.
    #[error("the label scheme names no structure")]
    Empty,
    /// Id 0 is the background.
    #[error("structure '{name}' has id 0, which is the background: use 1 to 65535")]
    BackgroundId {
        /// Name of the structure.
        name: String,
    },
    /// Two structures with one id or one name.
    #[error("two structures share the id {id} or the name '{name}'")]
    Duplicate {
        /// The id.
        id: u16,
        /// The name.
        name: String,
    },
    /// A name that cannot be part of a file name on every system.
    #[error("structure name '{name}' must be lower-case letters, digits and '_'")]
    BadName {
        /// The name.
        name: String,
    },
    /// A mirror partner that does not exist or does not point back.
    #[error(
        "structure '{name}' is the mirror of {mirror}, which is no structure that points back"
    )]
    BadMirror {
        /// Name of the structure.
        name: String,
        /// The partner's id.
        mirror: u16,
    },
}

/// The structures of a label map, in the order in which layers are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LabelScheme {
    /// The structures; background is not one of them.
    pub structures: Vec<Structure>,
}

impl LabelScheme {
    /// A checked scheme.
    ///
    /// # Errors
    /// See [`LabelSchemeError`].
    pub fn new(structures: Vec<Structure>) -> Result<Self, LabelSchemeError> {
        let scheme = Self { structures };
        scheme.check()?;
        Ok(scheme)
    }

    /// Checks ids, names and mirror pairs (used after reading one from a file).
    ///
    /// # Errors
    /// See [`LabelSchemeError`].
    pub fn check(&self) -> Result<(), LabelSchemeError> {
        if self.structures.is_empty() {
            return Err(LabelSchemeError::Empty);
        }
        for (n, s) in self.structures.iter().enumerate() {
            let name = s.name.clone();
            if s.id == 0 {
                return Err(LabelSchemeError::BackgroundId { name });
            }
            if name.is_empty() || !name.chars().all(is_name_char) {
                return Err(LabelSchemeError::BadName { name });
            }
            let earlier = self.structures.iter().take(n);
            if earlier.clone().any(|o| o.id == s.id || o.name == s.name) {
                return Err(LabelSchemeError::Duplicate { id: s.id, name });
            }
        }
        // Mirrors last: with two structures of one id, a broken pair is only a consequence.
        for s in &self.structures {
            let Some(mirror) = s.mirror else { continue };
            if self.by_id(mirror).and_then(|m| m.mirror) != Some(s.id) {
                let name = s.name.clone();
                return Err(LabelSchemeError::BadMirror { name, mirror });
            }
        }
        Ok(())
    }

    /// The structure with this id.
    #[must_use]
    pub fn by_id(&self, id: u16) -> Option<&Structure> {
        self.structures.iter().find(|s| s.id == id)
    }

    /// Number of structures, background not counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.structures.len()
    }

    /// Whether there is no structure.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.structures.is_empty()
    }

    /// For each structure, the position of its mirror partner in the list, or its own.
    #[must_use]
    pub fn mirror_positions(&self) -> Vec<usize> {
        let position = |id: u16| self.structures.iter().position(|s| s.id == id);
        self.structures
            .iter()
            .enumerate()
            .map(|(n, s)| s.mirror.and_then(position).unwrap_or(n))
            .collect()
    }

    /// Right and left multifidus and erector spinae: ids 1 to 4 in that order.
    ///
    /// ```
    /// let scheme = raterlens_core::LabelScheme::lumbar_paraspinal();
    /// assert_eq!(scheme.by_id(2).map(|s| s.title.as_str()), Some("Left multifidus"));
    /// assert_eq!(scheme.mirror_positions(), [1, 0, 3, 2]);
    /// assert!(scheme.check().is_ok());
    /// ```
    #[must_use]
    pub fn lumbar_paraspinal() -> Self {
        let structure = |id, name: &str, title: &str, color, mirror| Structure {
            id,
            name: name.into(),
            title: title.into(),
            color,
            mirror: Some(mirror),
            terminology: Some(Terminology {
                scheme: "99RATERLENS".into(),
                code: name.to_uppercase(),
                meaning: title.into(),
            }),
        };
        Self {
            structures: vec![
                structure(1, "multifidus_right", "Right multifidus", [230, 159, 0], 2),
                structure(2, "multifidus_left", "Left multifidus", [86, 180, 233], 1),
                structure(
                    3,
                    "erector_spinae_right",
                    "Right erector spinae",
                    [213, 94, 0],
                    4,
                ),
                structure(
                    4,
                    "erector_spinae_left",
                    "Left erector spinae",
                    [0, 114, 178],
                    3,
                ),
            ],
        }
    }
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_schemes_are_refused() {
        let good = LabelScheme::lumbar_paraspinal().structures;
        let broken = |change: fn(&mut Vec<Structure>)| {
            let mut s = good.clone();
            change(&mut s);
            LabelScheme::new(s).unwrap_err()
        };
        assert_eq!(broken(|s| s.clear()), LabelSchemeError::Empty);
        assert!(matches!(
            broken(|s| s[0].id = 0),
            LabelSchemeError::BackgroundId { .. }
        ));
        assert!(matches!(
            broken(|s| s[1].id = 1),
            LabelSchemeError::Duplicate { .. }
        ));
        assert!(matches!(
            broken(|s| s[0].name = "a/b".into()),
            LabelSchemeError::BadName { .. }
        ));
        assert!(matches!(
            broken(|s| s[0].mirror = Some(3)),
            LabelSchemeError::BadMirror { .. }
        ));
    }
}
