//! Which uncertainties of a model are wanted: options that several commands share.

use clap::Args;
use raterlens_engine::{Aleatoric, Epistemic, UncertaintyRequest};

/// Options of samples.
#[derive(Debug, Clone, Args)]
pub struct SamplingArgs {
    /// What the model does not know: none, dropout (many passes with test-time dropout) or ensemble (the models given)
    #[arg(long, default_value_t)]
    pub epistemic: Epistemic,
    /// What the image leaves open: none or augment (test-time augmentation)
    #[arg(long, default_value_t)]
    pub aleatoric: Aleatoric,
    /// Samples of test-time dropout and of test-time augmentation
    #[arg(long, default_value_t = UncertaintyRequest::default().samples, value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub samples: u32,
}

impl SamplingArgs {
    /// The engine's request; whether the samples' mean probabilities are kept is the command's to say.
    pub fn request(&self, keep_mean: bool) -> UncertaintyRequest {
        UncertaintyRequest {
            epistemic: self.epistemic,
            aleatoric: self.aleatoric,
            samples: self.samples,
            keep_mean,
        }
    }
}
