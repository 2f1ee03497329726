//! Where dropout acts, and where its masks come from.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Debug;

use raterlens_core::random::fill_dropout_mask;
use tch::{TchError, Tensor};

/// Dropout sites of a decoder: four stages of two convolution blocks.
pub(crate) const DECODER_SITES: usize = 8;

/// Which part of the network a site belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Branch {
    /// What the tasks share (only a shared embedding has dropout).
    Shared,
    /// Task 1.
    Segmentation,
    /// Task 2.
    Variance,
}

impl Branch {
    /// Name of the branch in the names of its weights.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Segmentation => "segmentation",
            Self::Variance => "variance",
        }
    }
}

/// Place of a dropout site in its branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// After patch and position embedding.
    Embedding,
    /// In a transformer layer's MLP, after the activation.
    MlpHidden(usize),
    /// At the end of a transformer layer's MLP.
    MlpOut(usize),
    /// After a convolution block of the decoder, 0 to 7 in the order of computation.
    Decoder(usize),
}

/// A dropout site of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Site {
    pub branch: Branch,
    pub place: Place,
}

impl Site {
    /// Whether test-time dropout acts here.
    pub(crate) fn is_in_decoder(self) -> bool {
        matches!(self.place, Place::Decoder(_))
    }

    /// Its number, never the same for two sites: decoder sites of task 1 are 0 to 7, of task 2 are 8 to 15,
    /// all others follow. A random mask is keyed by it.
    pub(crate) fn number(self) -> u32 {
        let branch = self.branch as u32;
        match self.place {
            Place::Decoder(n) => (branch - 1) * DECODER_SITES as u32 + n as u32,
            Place::Embedding => 16 + branch,
            Place::MlpHidden(layer) => 32 + 4 * layer as u32 + branch,
            Place::MlpOut(layer) => 32 + 4 * (layer as u32 + 64) + branch,
        }
    }

    /// Its name, for files: `segmentation.decoder.3`, `variance.mlp_hidden.0`.
    pub(crate) fn name(self) -> String {
        let branch = self.branch.name();
        match self.place {
            Place::Embedding => format!("{branch}.embedding"),
            Place::MlpHidden(layer) => format!("{branch}.mlp_hidden.{layer}"),
            Place::MlpOut(layer) => format!("{branch}.mlp_out.{layer}"),
            Place::Decoder(n) => format!("{branch}.decoder.{n}"),
        }
    }
}

/// A source of dropout masks.
///
/// A mask holds 0 (dropped) or `1 / (1 - rate)` for each element of `x` `[N, ..]`, so that means are kept. A
/// source of repeatable masks draws one uniform number per element, keyed by [`Site::number`] and by what it
/// knows of the batch's items.
pub(crate) trait Dropout: Debug {
    /// `x` times the site's mask.
    fn apply(&self, x: &Tensor, site: Site, rate: f64) -> Result<Tensor, TchError>;
}

/// Masks from libtorch's generator.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Generator;

impl Dropout for Generator {
    fn apply(&self, x: &Tensor, _site: Site, rate: f64) -> Result<Tensor, TchError> {
        x.f_dropout(rate, true)
    }
}

/// Masks that are a function of a counter, for some samples of one slice: the same whatever else is in the batch.
#[derive(Debug, Clone)]
pub(crate) struct CounterMasks<'a> {
    pub seed: u64,
    /// Number of the slice.
    pub slice: u32,
    /// Numbers of the samples, one after another in the batch.
    pub samples: std::ops::Range<u32>,
    /// Memory that masks are made in: new memory for each would take the system as long as the mask itself.
    pub buffer: &'a RefCell<Vec<f32>>,
}

impl Dropout for CounterMasks<'_> {
    /// `x`: one item, which is repeated, or one for each sample. Elements are counted with the channels of a pixel
    /// side by side.
    fn apply(&self, x: &Tensor, site: Site, rate: f64) -> Result<Tensor, TchError> {
        let (_, channels, height, width) = x.size4()?;
        let samples = self.samples.len();
        let elements = (channels * height * width) as usize;
        let mut buffer = self.buffer.borrow_mut();
        let needed = samples * elements;
        if buffer.len() < needed {
            buffer.resize(needed, 0.0);
        }
        let mask = buffer.get_mut(..needed).unwrap_or_default();
        for (sample, mask) in self.samples.clone().zip(mask.chunks_mut(elements)) {
            let place = [self.slice, sample, site.number()];
            fill_dropout_mask(mask, self.seed, place, rate);
        }
        let mask = Tensor::f_from_slice(mask)?
            .f_reshape([samples as i64, height, width, channels])?
            .f_permute([0, 3, 1, 2])?;
        x.f_mul(&mask.f_to_device(x.device())?.f_to_kind(x.kind())?)
    }
}

/// Given masks, by the name of their site.
#[derive(Debug, Default)]
pub(crate) struct GivenMasks(pub HashMap<String, Tensor>);

impl Dropout for GivenMasks {
    fn apply(&self, x: &Tensor, site: Site, _rate: f64) -> Result<Tensor, TchError> {
        let name = site.name();
        let missing = || TchError::Shape(format!("there is no dropout mask for {name}"));
        x.f_mul(self.0.get(&name).ok_or_else(missing)?)
    }
}
