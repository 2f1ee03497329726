//! A user's own network as a TorchScript program.
//!
//! Its `forward` takes slices `[N, 1, H, W]` and gives class logits `[N, structures + 1, H, W]`, or these and
//! scaled variance maps `[N, structures, H, W]` as a tuple or list, or a dictionary with the keys `logits` and
//! (optionally) `variance`.

use std::path::Path;

use tch::{CModule, IValue, Kind, Tensor};

use crate::device::Device;
use crate::error::{first_line, NnError};
use crate::network::TaskOutputs;

/// A loaded program in evaluation mode.
#[derive(Debug)]
pub(crate) struct Script {
    module: CModule,
}

impl Script {
    /// Loads the program onto a device. Loading runs code of the file.
    pub(crate) fn load(path: &Path, device: &Device) -> Result<Self, NnError> {
        let load = || {
            let mut module = CModule::load_on_device(path, device.tch())?;
            module.f_set_eval()?;
            Ok(Self { module })
        };
        load().map_err(|e: tch::TchError| {
            let reason = first_line(&e.to_string());
            NnError::Script(format!(
                "libtorch cannot load it ({reason}): it must be a file that torch.jit.save wrote"
            ))
        })
    }

    /// The program's parameters; none if it does not say.
    pub(crate) fn parameters(&self) -> Vec<Tensor> {
        let named = self.module.named_parameters().unwrap_or_default();
        named.into_iter().map(|(_, tensor)| tensor).collect()
    }

    /// Runs the program, and checks the outputs against the input and the number of structures.
    pub(crate) fn forward(&self, x: &Tensor, structures: usize) -> Result<TaskOutputs, NnError> {
        let found = self.module.forward_is(&[IValue::Tensor(x.shallow_clone())]);
        let found = found
            .map_err(|e| NnError::Script(format!("it failed: {}", last_line(&e.to_string()))))?;
        let (logits, variance) = outputs(found)?;
        let (n, _, h, w) = x.size4()?;
        let structures = i64::try_from(structures).unwrap_or(i64::MAX - 1);
        let check = |name: &str, tensor: Tensor, channels: i64| -> Result<Tensor, NnError> {
            let expected = [n, channels, h, w];
            if tensor.size() != expected {
                let size = tensor.size();
                let text = format!("its {name} have shape {size:?}, {expected:?} is expected for {structures} structures");
                return Err(NnError::Script(text));
            }
            Ok(tensor.f_to_kind(Kind::Float)?)
        };
        Ok(TaskOutputs {
            logits: check("logits", logits, structures + 1)?,
            scaled_variance: match variance {
                Some(variance) => Some(check("variance maps", variance, structures)?),
                None => None,
            },
        })
    }
}

/// Logits and variance maps, whichever way the program returns them.
fn outputs(value: IValue) -> Result<(Tensor, Option<Tensor>), NnError> {
    let wrong = |text: &str| {
        NnError::Script(format!(
            "it returns {text}: a tensor of class logits, a tuple of logits and variance maps, or a dictionary with the keys \
             'logits' and 'variance' is expected"
        ))
    };
    match value {
        IValue::Tensor(logits) => Ok((logits, None)),
        IValue::TensorList(list) => {
            let mut list = list.into_iter();
            match (list.next(), list.next(), list.next()) {
                (Some(logits), variance, None) => Ok((logits, variance)),
                _ => Err(wrong("a list of none or more than two tensors")),
            }
        }
        IValue::Tuple(items) | IValue::GenericList(items) => {
            let mut items = items.into_iter();
            match (items.next(), items.next(), items.next()) {
                (Some(IValue::Tensor(logits)), None | Some(IValue::None), None) => {
                    Ok((logits, None))
                }
                (Some(IValue::Tensor(logits)), Some(IValue::Tensor(variance)), None) => {
                    Ok((logits, Some(variance)))
                }
                _ => Err(wrong("a tuple of something else than one or two tensors")),
            }
        }
        IValue::GenericDict(entries) => {
            let (mut logits, mut variance) = (None, None);
            for (key, value) in entries {
                match (key, value) {
                    (IValue::String(key), IValue::Tensor(tensor)) if key == "logits" => {
                        logits = Some(tensor)
                    }
                    (IValue::String(key), IValue::Tensor(tensor)) if key == "variance" => {
                        variance = Some(tensor)
                    }
                    _ => return Err(wrong("a dictionary with another entry")),
                }
            }
            Ok((
                logits.ok_or_else(|| wrong("a dictionary without 'logits'"))?,
                variance,
            ))
        }
        _ => Err(wrong("something else")),
    }
}

/// A TorchScript error ends with what went wrong, after a trace of the program.
fn last_line(message: &str) -> String {
    let text = message
        .split("Exception raised from")
        .next()
        .unwrap_or(message);
    let mut lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
    lines
        .next_back()
        .unwrap_or("no reason was given")
        .to_owned()
}
