//! How a network is run: evaluated, trained, or sampled with test-time dropout.

use tch::{TchError, Tensor};

use super::dropout::{Dropout, Site};

/// How a network is run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mode<'a> {
    /// Running statistics, no dropout: the deterministic prediction.
    Evaluation,
    /// Batch statistics, which also update the running ones, and dropout at every site.
    Training(&'a dyn Dropout),
    /// As `Evaluation`, but for dropout at the decoders' sites (SPEC: test-time dropout).
    Sampling(&'a dyn Dropout),
}

impl Mode<'_> {
    /// Whether batch norms use, and learn, the batch's own statistics.
    pub(crate) fn batch_statistics(self) -> bool {
        matches!(self, Self::Training(_))
    }

    /// `x` with dropout of `rate` at `site`, where this mode has any.
    pub(crate) fn dropout(self, x: Tensor, site: Site, rate: f64) -> Result<Tensor, TchError> {
        let source = match self {
            Self::Training(source) => source,
            Self::Sampling(source) if site.is_in_decoder() => source,
            _ => return Ok(x),
        };
        if rate == 0.0 {
            return Ok(x);
        }
        source.apply(&x, site, rate)
    }
}
