//! What belongs to one task alone: its transformer, if any, and its decoder.

use super::scope::Scope;
use tch::{TchError, Tensor};

use super::decoder::{Decoder, SharedSkips};
use super::dropout::Branch;
use super::encoder::{Channels, Features};
use super::mode::Mode;
use super::transformer::{Embedding, Transformer};
use crate::architecture::Architecture;

type Result<T> = std::result::Result<T, TchError>;

/// A task's transformer and decoder.
#[derive(Debug)]
pub(crate) struct Task {
    embedding: Option<Embedding>,
    transformer: Option<Transformer>,
    decoder: Decoder,
}

impl Task {
    pub(crate) fn new(
        root: &Scope,
        architecture: &Architecture,
        branch: Branch,
        grid: [i64; 2],
        outputs: i64,
    ) -> Result<Self> {
        let path = &(root / branch.name());
        let channels = Channels::of(&architecture.backbone);
        let (mut embedding, mut transformer, mut deep) = (None, None, channels.deep);
        if let Some(t) = &architecture.transformer {
            let path = &(path / "transformer");
            if !t.shared_embedding {
                embedding = Some(Embedding::new(path, t, branch, channels.deep, grid)?);
            }
            transformer = Some(Transformer::new(path, t, branch)?);
            deep = t.hidden;
        }
        let size = &architecture.decoder;
        let skips = &channels.skips;
        Ok(Self {
            embedding,
            transformer,
            decoder: Decoder::new(&(path / "decoder"), size, branch, deep, skips, outputs)?,
        })
    }

    pub(crate) fn prepare(&mut self) -> Result<()> {
        if let Some(embedding) = &mut self.embedding {
            embedding.prepare()?;
        }
        self.decoder.prepare()
    }

    /// Everything before the decoder's first dropout site. `shared`: tokens of the shared embedding.
    pub(crate) fn enter(
        &self,
        features: &Features,
        shared: Option<&Tensor>,
        mode: Mode,
    ) -> Result<Tensor> {
        let (_, _, rows, _) = features.deep.size4()?;
        let own = match &self.embedding {
            Some(embedding) => Some(embedding.forward(&features.deep, mode)?),
            None => None,
        };
        match (&self.transformer, own.as_ref().or(shared)) {
            (Some(transformer), Some(tokens)) => {
                let deep = transformer.forward(tokens, rows, mode)?;
                self.decoder.enter(&deep, &features.skips, mode)
            }
            _ => self.decoder.enter(&features.deep, &features.skips, mode),
        }
    }

    /// See [`Network::share`](super::Network::share).
    pub(crate) fn share(&self, skips: &[Tensor]) -> Result<SharedSkips> {
        self.decoder.share(skips)
    }

    /// See [`Network::sample`](super::Network::sample).
    pub(crate) fn sample(
        &self,
        entered: &Tensor,
        shared: &SharedSkips,
        mode: Mode,
    ) -> Result<Tensor> {
        self.decoder.sample(entered, shared, mode)
    }

    /// From the decoder's first dropout site to the outputs.
    pub(crate) fn leave(&self, entered: &Tensor, skips: &[Tensor], mode: Mode) -> Result<Tensor> {
        self.decoder.leave(entered, skips, mode)
    }
}
