//! Which model to use when none is named.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, Result};

/// The environment variable that names a model package.
pub const MODEL_VARIABLE: &str = "RATERLENS_MODEL";
const DEFAULT_MODEL: &str = "demo-lumbar.rlmodel";

/// `named`, else what the environment variable `RATERLENS_MODEL` names, else the model that was installed with
/// the program, else that of the source tree the program was built in.
///
/// # Errors
/// None of these is there.
pub fn find(named: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = named {
        return Ok(path.to_path_buf());
    }
    if let Some(path) = std::env::var_os(MODEL_VARIABLE).filter(|p| !p.is_empty()) {
        return Ok(PathBuf::from(path));
    }
    let program = std::env::current_exe().and_then(|p| p.canonicalize());
    program
        .ok()
        .and_then(|p| candidates(&p).into_iter().find(|c| c.is_dir()))
        .ok_or_else(|| {
            anyhow!("no model is installed: name one with --model or the variable {MODEL_VARIABLE}")
        })
}

/// Where the default model may be, for a program at `program`.
fn candidates(program: &Path) -> Vec<PathBuf> {
    let beside = |folder: &Path| folder.join("models").join(DEFAULT_MODEL);
    let prefix = program.parent().and_then(Path::parent);
    let installed = prefix.map(|p| beside(&p.join("share").join("raterlens")));
    let above = program.ancestors().skip(1).map(beside);
    installed.into_iter().chain(above).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_installed_model_comes_before_that_of_the_source_tree() {
        let found = candidates(Path::new("/opt/rl/bin/raterlens"));
        let first: Vec<_> = found
            .iter()
            .take(3)
            .map(|p| p.to_string_lossy().into_owned())
            .collect();
        assert_eq!(
            first,
            [
                "/opt/rl/share/raterlens/models/demo-lumbar.rlmodel",
                "/opt/rl/bin/models/demo-lumbar.rlmodel",
                "/opt/rl/models/demo-lumbar.rlmodel",
            ]
        );
    }

    #[test]
    fn a_named_model_is_taken_as_it_is() {
        let named = Path::new("my.rlmodel");
        assert_eq!(find(Some(named)).unwrap(), named);
    }
}
