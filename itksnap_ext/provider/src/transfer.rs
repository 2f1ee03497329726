//! A ticket's files, checked on their way.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use raterlens_itksnap::Project;
use sha2::{Digest, Sha256};

use crate::client::{Client, DssError};
use crate::error::WorkError;

/// How often a file that arrives changed is sent again.
const ATTEMPTS: usize = 3;
/// More files than any ticket has.
const MOST_FILES: usize = 1000;
/// The folder that a result's workspace says it was saved in: it tells nothing about the provider's machine, and the layers
/// beside it are found all the same.
const SAVED_IN: &str = "/raterlens";

/// Downloads a ticket's input and returns its workspace, all of whose layers came with the ticket.
///
/// # Errors
/// Those of the service, or an input without exactly one workspace.
pub fn fetch_input(client: &Client, ticket: u64, folder: &Path) -> Result<PathBuf, WorkError> {
    let mut workspaces = Vec::new();
    let files = client.files(ticket, "input")?;
    if files.len() > MOST_FILES {
        let count = files.len();
        return Err(WorkError::Input(format!("the ticket has {count} files")));
    }
    for (number, name) in files {
        let path = folder.join(plain(&name)?);
        let mut file = File::create(&path).map_err(DssError::File)?;
        client.download(ticket, "input", number, &mut file)?;
        file.flush().map_err(DssError::File)?;
        if path.extension().is_some_and(|e| e == "itksnap") {
            workspaces.push(path);
        }
    }
    let workspace = match workspaces.as_slice() {
        [one] => one,
        other => {
            return Err(WorkError::Input(format!(
                "the ticket has {} workspaces, it needs one",
                other.len()
            )))
        }
    };
    check_layers(&Project::open(workspace)?, folder)?;
    Ok(workspace.clone())
}

/// Refuses a workspace that names files of this machine: a stranger's workspace must not fetch them.
fn check_layers(project: &Project, folder: &Path) -> Result<(), WorkError> {
    let folder = folder.canonicalize().map_err(DssError::File)?;
    for (n, layer) in project.layers().iter().enumerate() {
        let came_along = layer.path.canonicalize();
        if !came_along.is_ok_and(|path| path.starts_with(&folder)) {
            return Err(WorkError::Input(format!(
                "the file of layer {n} of the workspace did not come with the ticket"
            )));
        }
    }
    Ok(())
}

/// A name that is only a name.
fn plain(name: &str) -> Result<&str, WorkError> {
    let is_plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', ':']);
    match is_plain {
        true => Ok(name),
        false => Err(WorkError::Input(
            "a file of the ticket has no proper name".to_owned(),
        )),
    }
}

/// Sends a workspace with all its layers as a ticket's result, then reads everything back and compares.
///
/// # Errors
/// Those of the service, or a file that arrives changed again and again.
pub fn send_result(client: &Client, ticket: u64, project: &Project) -> Result<(), WorkError> {
    let mut sent = Vec::new();
    let mut names = Vec::new();
    for (n, layer) in project.layers().iter().enumerate() {
        let bytes = std::fs::read(&layer.path).map_err(DssError::File)?;
        let hash = hex(&Sha256::digest(&bytes));
        let short = hash.get(..32).unwrap_or(&hash);
        let ending = ending(&layer.path);
        let name = format!("layer_{n:03}_{short}{ending}");
        client.upload(ticket, &name, &bytes)?;
        sent.push((name.clone(), hash));
        names.push(name);
    }
    // The workspace last: who sees it finds all its layers.
    let name = format!("ticket_{ticket:08}_results.itksnap");
    let xml = project.to_xml_in(SAVED_IN, &names);
    client.upload(ticket, &name, xml.as_bytes())?;
    sent.push((name.clone(), hex(&Sha256::digest(xml.as_bytes()))));
    for attempt in 1.. {
        let changed = changed(client, ticket, &sent)?;
        if changed.is_empty() {
            break;
        }
        if attempt >= ATTEMPTS {
            return Err(WorkError::Changed {
                file: changed.join(", "),
            });
        }
        tracing::warn!(ticket, "a result arrived changed and is sent again");
        for file in &changed {
            let layer = names.iter().position(|n| n == file);
            let bytes = match layer.and_then(|n| project.layers().get(n).map(|l| l.path.clone())) {
                Some(path) => std::fs::read(path).map_err(DssError::File)?,
                None => xml.clone().into_bytes(),
            };
            client.upload(ticket, file, &bytes)?;
        }
    }
    Ok(())
}

/// Names of files that the service does not have as they were sent.
fn changed(
    client: &Client,
    ticket: u64,
    sent: &[(String, String)],
) -> Result<Vec<String>, WorkError> {
    let there = client.files(ticket, "results")?;
    let mut changed = Vec::new();
    for (name, hash) in sent {
        let number = there
            .iter()
            .find(|(_, n)| n == name)
            .map(|(number, _)| *number);
        let is_same = match number {
            Some(number) => {
                let mut digest = Sha256::new();
                client.download(ticket, "results", number, &mut digest)?;
                hex(&digest.finalize()) == *hash
            }
            None => false,
        };
        if !is_same {
            changed.push(name.clone());
        }
    }
    Ok(changed)
}

fn ending(path: &Path) -> &'static str {
    let name = path.to_string_lossy().to_ascii_lowercase();
    if name.ends_with(".nii") {
        ".nii"
    } else {
        ".nii.gz"
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_reaches_no_file_beside_the_tickets() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, secret) = (dir.path().join("ticket"), dir.path().join("secret.nii.gz"));
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(&secret, "").unwrap();
        std::fs::write(folder.join("image.nii.gz"), "").unwrap();
        let open = |saved_in: &str, image: &str| {
            let xml = format!(
                r#"<registry><entry key="SaveLocation" value="{saved_in}"/><entry key="Version" value="1"/>
                <folder key="Layers"><folder key="Layer[000]"><entry key="Role" value="MainRole"/>
                <entry key="AbsolutePath" value="{image}"/></folder></folder></registry>"#
            );
            std::fs::write(folder.join("w.itksnap"), xml).unwrap();
            check_layers(&Project::open(&folder.join("w.itksnap")).unwrap(), &folder)
        };
        open("/theirs", "/theirs/image.nii.gz").unwrap();
        for bad in [
            secret.to_str().unwrap(),
            "/theirs/../secret.nii.gz",
            "../secret.nii.gz",
            "/theirs/none.nii.gz",
        ] {
            let refused = open("/theirs", bad).unwrap_err().to_string();
            assert!(refused.contains("layer 0"), "{bad}: {refused}");
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        assert!(plain("layer_000.nii.gz").is_ok());
        for bad in ["", "..", ".hidden", "a/b", "a\\b", "C:x"] {
            assert!(plain(bad).is_err(), "{bad}");
        }
    }
}
