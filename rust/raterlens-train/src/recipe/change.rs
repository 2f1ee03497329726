//! Changes of single settings.

use std::path::Path;

use toml::{Table, Value};

use super::Recipe;
use crate::error::TrainError;

impl Recipe {
    /// The recipe with one setting changed: `name=value` as in TOML, with dots into parts (`augment.noise=0.2`). A value that is no
    /// TOML is taken as text (`resize=stretch`).
    ///
    /// # Errors
    /// A setting that does not exist, or a value that is none for it.
    pub fn with(&self, change: &str) -> Result<Self, TrainError> {
        let fail = |reason: String| TrainError::Recipe(format!("'{change}': {reason}"));
        let (name, value) = change
            .split_once('=')
            .ok_or_else(|| fail("write it as name=value".to_owned()))?;
        let value = parse(value.trim());
        let name = match is_synth(name, &value) {
            true => "images",
            false => name.trim(),
        };
        let mut table = self.table()?;
        let mut parts: Vec<&str> = name.split('.').collect();
        let last = parts.pop().unwrap_or_default();
        let mut at = &mut table;
        for part in parts {
            at = at
                .get_mut(part)
                .and_then(Value::as_table_mut)
                .ok_or_else(|| fail(format!("there is no group '{part}'")))?;
        }
        if !at.contains_key(last) {
            let known: Vec<_> = at.keys().cloned().collect();
            return Err(fail(format!(
                "there is no setting '{last}', only {}",
                known.join(", ")
            )));
        }
        let value = like(at.get(last), value);
        at.insert(last.to_owned(), value);
        Value::Table(table)
            .try_into()
            .map_err(|e: toml::de::Error| fail(e.message().to_owned()))
    }

    /// The recipe with the settings of a TOML file, which has the same groups and names.
    ///
    /// # Errors
    /// A file that cannot be read, or a setting that does not exist.
    pub fn with_file(&self, path: &Path) -> Result<Self, TrainError> {
        let text = std::fs::read_to_string(path).map_err(|e| TrainError::input(path, e))?;
        let fail = |reason: String| {
            TrainError::Recipe(format!("recipe file: {reason} ({})", path.display()))
        };
        let mut changes: Table = toml::from_str(&text).map_err(|e| fail(e.message().to_owned()))?;
        if changes
            .get("augment")
            .is_some_and(|v| is_synth("augment", v))
        {
            let synth = changes.remove("augment");
            changes.extend(synth.map(|v| ("images".to_owned(), v)));
        }
        let mut table = self.table()?;
        merge(&mut table, changes);
        Value::Table(table)
            .try_into()
            .map_err(|e: toml::de::Error| fail(e.message().to_owned()))
    }

    fn table(&self) -> Result<Table, TrainError> {
        Table::try_from(self).map_err(TrainError::internal)
    }
}

/// Whether this is `augment = "synth"`, which is short for `images = "synth"`.
fn is_synth(name: &str, value: &Value) -> bool {
    name.trim() == "augment" && value.as_str() == Some("synth")
}

fn parse(text: &str) -> Value {
    let table: Result<Table, _> = toml::from_str(&format!("v = {text}"));
    let value = table.ok().and_then(|mut t| t.remove("v"));
    value.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// A whole number where a fraction is expected is one, too.
fn like(old: Option<&Value>, new: Value) -> Value {
    match (old, &new) {
        (Some(Value::Float(_)), Value::Integer(n)) => Value::Float(*n as f64),
        _ => new,
    }
}

fn merge(into: &mut Table, changes: Table) {
    for (name, value) in changes {
        match (into.get_mut(&name), value) {
            // A group of one kind (say AdamW) is not mixed with one of another (SGD).
            (Some(Value::Table(old)), Value::Table(new))
                if new.get("kind").is_none() || new.get("kind") == old.get("kind") =>
            {
                merge(old, new);
            }
            (old, value) => {
                let value = like(old.as_deref(), value);
                into.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use raterlens_core::ResizeRule;
    use raterlens_nn::train::OptimiserKind;

    #[test]
    fn settings_change_by_name() {
        let recipe = Recipe::named("default").unwrap();
        let changed = recipe
            .with("resize=stretch")
            .and_then(|r| r.with("learning_rate=1"))
            .and_then(|r| r.with("input_size=[128, 128]"))
            .and_then(|r| r.with("optimiser={kind=\"sgd\", momentum=0.5}"))
            .unwrap();
        assert_eq!(changed.resize, ResizeRule::Stretch);
        assert_eq!(
            (changed.learning_rate, changed.input_size),
            (1.0, [128, 128])
        );
        let sgd = OptimiserKind::Sgd {
            momentum: 0.5,
            weight_decay: 0.0,
        };
        assert_eq!(changed.optimiser, sgd);
    }

    #[test]
    fn wrong_names_and_values_are_refused_with_what_there_is() {
        let recipe = Recipe::named("default").unwrap();
        let error = |change: &str| recipe.with(change).unwrap_err().to_string();
        assert!(error("epoch=3").contains("no setting 'epoch', only"));
        assert!(error("augmentation.noise=3").contains("no group 'augmentation'"));
        assert!(error("epochs=many").contains("'epochs=many'"));
        assert!(error("epochs").contains("name=value"));
    }

    #[test]
    fn a_file_changes_what_it_names() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.toml");
        std::fs::write(
            &path,
            "epochs = 7\n[optimiser]\nkind = \"sgd\"\n[augment]\nnoise = 1\n",
        )
        .unwrap();
        let recipe = Recipe::named("default").unwrap().with_file(&path).unwrap();
        assert_eq!((recipe.epochs, recipe.augment.noise), (7, 1.0));
        assert_eq!(recipe.augment.rotation_deg, 15.0);
        std::fs::write(&path, "epoch = 7\n").unwrap();
        assert!(Recipe::named("default").unwrap().with_file(&path).is_err());
    }
}
