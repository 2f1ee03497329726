//! Anyone's network as a TorchScript program.

use std::fs::File;
use std::io;
use std::path::Path;

use tch::{Kind, Tensor};

use super::{card, check, unverified, Choices, ImportError, Imported, ScriptInput};
use crate::device::{open_device, DeviceRequest};
use crate::error::{NnError, PackageError};
use crate::package::{
    sha256_of_file, write_streamed, Manifest, PackageKind, ScriptSpec, SCRIPT_FILE,
};
use crate::script::Script;

/// Makes a package of a TorchScript file, after running it once on zeros to see what it gives.
///
/// **Importing runs the program in the file.** It gets slices `[N, 1, H, W]` and must give class logits
/// `[N, structures + 1, H, W]` (class 0 is the background), and may give scaled variance maps
/// `[N, structures, H, W]`: a tensor, a tuple or list of both, or a dictionary with the keys `logits` and
/// `variance`.
///
/// # Errors
/// A file that libtorch cannot load; a program that fails, gives something else, or gives other numbers when it is
/// run again; a place that is taken or cannot be written.
pub fn import_torchscript(
    file: &Path,
    input: &ScriptInput,
    choices: &Choices,
    out: &Path,
) -> Result<Imported, ImportError> {
    check(choices, out)?;
    let structures = choices.label_scheme.len();
    let variance = tch::no_grad(|| try_out(file, input.size, structures))?;
    let mut manifest = manifest(input, choices, ScriptSpec { variance });
    let sha256 = sha256_of_file(file)?;
    manifest.provenance.data =
        format!("Not stated: a program made elsewhere. SHA-256 of the imported file: {sha256}.");
    manifest.unverified = unverified::of_script(choices, variance);
    let card = card::text(&manifest);
    let read = |source| PackageError::Io {
        action: "cannot copy the program",
        path: file.to_path_buf(),
        source,
    };
    let package = write_streamed(out, manifest, SCRIPT_FILE, &card, |out| {
        let mut source = File::open(file).map_err(read)?;
        io::copy(&mut source, out).map_err(read)?;
        Ok::<(), ImportError>(())
    })?;
    Ok(Imported {
        package,
        parameters: 0,
        left_out: 0,
    })
}

/// Whether the program gives variance maps.
fn try_out(file: &Path, [rows, columns]: [usize; 2], structures: usize) -> Result<bool, NnError> {
    let script = Script::load(file, &open_device(DeviceRequest::Cpu))?;
    let zeros = |n: i64| {
        Tensor::f_zeros(
            [n, 1, rows as i64, columns as i64],
            (Kind::Float, tch::Device::Cpu),
        )
    };
    let first = script.forward(&zeros(1)?, structures)?;
    for tensor in [Some(&first.logits), first.scaled_variance.as_ref()]
        .into_iter()
        .flatten()
    {
        if !bool::try_from(tensor.f_isfinite()?.f_all()?)? {
            return Err(NnError::Script(
                "it gives values that are not numbers for an empty image".into(),
            ));
        }
    }
    let again = script.forward(&zeros(1)?, structures)?;
    if !first.logits.f_equal(&again.logits)? {
        let text = "it gives other numbers each time it runs: switch dropout off (module.eval()) before it is saved";
        return Err(NnError::Script(text.into()));
    }
    script.forward(&zeros(2)?, structures)?;
    Ok(first.scaled_variance.is_some())
}

fn manifest(input: &ScriptInput, choices: &Choices, script: ScriptSpec) -> Manifest {
    let mut m = Manifest::without_network(&choices.name, input.size);
    let names: Vec<&str> = choices
        .label_scheme
        .structures
        .iter()
        .map(|s| s.title.as_str())
        .collect();
    m.kind = PackageKind::TorchScript;
    m.version = "1".into();
    m.description = format!(
        "{} on axial slices, by a network made elsewhere.",
        names.join(", ")
    );
    m.intended_use =
        "As its maker says; research only. Not a medical device; not for clinical use.".into();
    m.licence.clone_from(&input.licence);
    m.script = Some(script);
    m.label_scheme = choices.label_scheme.clone();
    m.input.orientation = choices.orientation;
    m.input.resize = input.resize;
    m.input.normalisation = input.normalisation;
    m.variance.scale = choices.variance_scale;
    m.provenance.ground_truth = "not stated".into();
    m.provenance.command.clone_from(&choices.command);
    m
}
