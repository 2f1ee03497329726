//! Random weights to start training from.

use tch::nn::{init::DEFAULT_KAIMING_NORMAL, Init, VarStore};
use tch::TchError;

/// Spread of a fresh position embedding.
const POSITION_STDEV: f64 = 0.02;

/// Draws every weight of a new network from libtorch's generator, in the order of the names, so
/// that a seed means the same weights every time. Norms and biases keep their ones and zeros.
///
/// Convolutions after He 2015, linear layers after Glorot 2010, position embeddings normal.
pub(crate) fn initialise(store: &VarStore) -> Result<(), TchError> {
    let mut variables: Vec<_> = store.variables().into_iter().collect();
    variables.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, mut variable) in variables {
        let dims = variable.size();
        let init = match dims[..] {
            _ if name.ends_with("position") => Init::Randn {
                mean: 0.0,
                stdev: POSITION_STDEV,
            },
            [_, _, _, _] => DEFAULT_KAIMING_NORMAL,
            [to, from] => {
                let bound = (6.0 / (from + to) as f64).sqrt();
                Init::Uniform {
                    lo: -bound,
                    up: bound,
                }
            }
            _ => continue,
        };
        let fresh = tch::nn::f_init(init, &dims, variable.device(), variable.kind())?;
        tch::no_grad(|| variable.f_copy_(&fresh))?;
    }
    Ok(())
}
