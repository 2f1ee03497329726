//! Names and habits of simulated raters, as `[[rater]]` tables of a TOML file.

use std::path::Path;

use anyhow::{bail, Context, Result};
use raterlens_synth::RaterStyle;
use toml::{Table, Value};

/// Says that a rater's habits vary a little from case to case, as those of the built-in raters do.
const VARIES: &str = "varies";

/// The raters of a study, in the order of their label maps.
#[derive(Debug, PartialEq)]
pub(super) struct Raters {
    raters: Vec<(String, RaterStyle)>,
    /// Given styles hold exactly in every case; those of built-in raters vary a little.
    given: bool,
}

impl Raters {
    pub(super) fn built_in(count: usize) -> Self {
        let rater = |n: usize| (format!("rater{}", n + 1), RaterStyle::built_in(n));
        Self {
            raters: (0..count).map(rater).collect(),
            given: false,
        }
    }

    /// Reads the `[[rater]]` tables of a file: `name`, and the fields of [`RaterStyle`], of which those left out are 0.
    pub(super) fn read(file: &Path) -> Result<Self> {
        let cannot = || format!("cannot read the raters' styles from '{}'", file.display());
        let text = std::fs::read_to_string(file).with_context(cannot)?;
        let table: Table = text.parse().with_context(cannot)?;
        Self::from_table(&table).with_context(cannot)
    }

    /// The raters of the text of a study file, if it names any.
    pub(super) fn of_study(text: &str) -> Option<Self> {
        let table: Table = text.parse().ok()?;
        Self::from_table(&table).ok()
    }

    fn from_table(table: &Table) -> Result<Self> {
        let Some(Value::Array(entries)) = table.get("rater") else {
            bail!("there is no [[rater]] table");
        };
        let mut raters: Vec<(String, RaterStyle)> = Vec::new();
        let mut varying = 0;
        for entry in entries {
            let Value::Table(mut entry) = entry.clone() else {
                bail!("'rater' is not a list of tables");
            };
            let Some(Value::String(name)) = entry.remove("name") else {
                bail!("a [[rater]] table has no name");
            };
            let legal = |c: char| !matches!(c, ',' | ':' | '"' | '\n' | '\r');
            if name.trim().is_empty() || !name.chars().all(legal) {
                bail!("'{name}' cannot be a rater's name: use letters, figures and spaces");
            }
            if raters.iter().any(|(other, _)| *other == name) {
                bail!("two raters are called '{name}'");
            }
            varying += usize::from(entry.remove(VARIES) == Some(Value::Boolean(true)));
            let style: RaterStyle = entry
                .try_into()
                .with_context(|| format!("rater '{name}'"))?;
            style.check().with_context(|| format!("rater '{name}'"))?;
            raters.push((name, style));
        }
        let found = Self {
            raters,
            given: varying == 0,
        };
        if !found.given && found != Self::built_in(found.len()) {
            bail!("'{VARIES}' is for the built-in raters, all of them with their own names and habits");
        }
        Ok(found)
    }

    /// The `[[rater]]` tables.
    pub(super) fn to_toml(&self) -> Result<String> {
        let mut entries = Vec::new();
        for (name, style) in &self.raters {
            let mut entry = Table::new();
            entry.insert("name".into(), Value::String(name.clone()));
            if !self.given {
                entry.insert(VARIES.into(), Value::Boolean(true));
            }
            entry.extend(Table::try_from(style)?);
            entries.push(Value::Table(entry));
        }
        let table = Table::from_iter([("rater".to_owned(), Value::Array(entries))]);
        Ok(toml::to_string(&table)?)
    }

    pub(super) fn given_styles(&self) -> Vec<RaterStyle> {
        let styles = self.raters.iter().map(|(_, style)| *style);
        styles.filter(|_| self.given).collect()
    }

    pub(super) fn names(&self) -> Vec<&str> {
        self.raters.iter().map(|(name, _)| name.as_str()).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.raters.len()
    }
}
