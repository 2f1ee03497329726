//! The vision transformer (Dosovitskiy 2021) between encoder and decoder: pre-norm, exact GELU.

use super::scope::Scope;
use tch::{TchError, Tensor};

use super::dropout::{Branch, Place, Site};
use super::layers::{Conv, ConvSize, LayerNorm, Linear};
use super::mode::Mode;
use crate::architecture::Transformer as Size;

type Result<T> = std::result::Result<T, TchError>;

/// Patch and position embedding, and the dropout after them.
#[derive(Debug)]
pub(crate) struct Embedding {
    patch: Conv,
    position: Tensor,
    site: Site,
    dropout: f64,
}

impl Embedding {
    /// `grid`: rows and columns of the encoder's deepest feature map for the nominal input size.
    pub(crate) fn new(
        path: &Scope,
        size: &Size,
        branch: Branch,
        channels: i64,
        grid: [i64; 2],
    ) -> Result<Self> {
        let patch = ConvSize::new(channels, size.hidden, 1);
        Ok(Self {
            patch: Conv::new(&(path / "embedding"), patch, true)?,
            position: path.f_zeros("position", &[1, size.hidden, grid[0], grid[1]])?,
            site: Site {
                branch,
                place: Place::Embedding,
            },
            dropout: size.dropout,
        })
    }

    pub(crate) fn prepare(&mut self) -> Result<()> {
        self.patch.prepare()
    }

    /// The position embedding for a feature map of this size, interpolated when it differs.
    fn position_for(&self, rows: i64, columns: i64) -> Result<Tensor> {
        let (_, _, h, w) = self.position.size4()?;
        if (h, w) == (rows, columns) {
            return Ok(self.position.shallow_clone());
        }
        let unscaled = None::<f64>;
        self.position
            .f_upsample_bilinear2d([rows, columns], false, unscaled, unscaled)
    }

    /// `[N, channels, h, w]` to tokens `[N, h w, hidden]`, row by row.
    pub(crate) fn forward(&self, features: &Tensor, mode: Mode) -> Result<Tensor> {
        let embedded = self.patch.forward(features)?;
        let (_, _, h, w) = embedded.size4()?;
        let placed = embedded.f_add(&self.position_for(h, w)?)?;
        let tokens = placed.f_flatten(2, 3)?.f_transpose(1, 2)?;
        mode.dropout(tokens, self.site, self.dropout)
    }
}

/// One layer: self-attention and MLP, each with a residual connection.
#[derive(Debug)]
struct Layer {
    attention_norm: LayerNorm,
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    mlp_norm: LayerNorm,
    mlp_in: Linear,
    mlp_out: Linear,
    heads: i64,
    sites: [Site; 2],
    dropout: f64,
}

impl Layer {
    fn new(path: &Scope, size: &Size, branch: Branch, number: usize) -> Result<Self> {
        let h = size.hidden;
        let linear = |name: &str, from, to| Linear::new(&(path / name), from, to);
        let site = |place| Site { branch, place };
        Ok(Self {
            attention_norm: LayerNorm::new(&(path / "attention_norm"), h)?,
            query: linear("query", h, h)?,
            key: linear("key", h, h)?,
            value: linear("value", h, h)?,
            out: linear("out", h, h)?,
            mlp_norm: LayerNorm::new(&(path / "mlp_norm"), h)?,
            mlp_in: linear("mlp_in", h, size.mlp)?,
            mlp_out: linear("mlp_out", size.mlp, h)?,
            heads: size.heads,
            sites: [site(Place::MlpHidden(number)), site(Place::MlpOut(number))],
            dropout: size.dropout,
        })
    }

    /// `[N, tokens, hidden]` to `[N, heads, tokens, hidden / heads]`.
    fn split(&self, x: &Tensor) -> Result<Tensor> {
        let (n, tokens, hidden) = x.size3()?;
        x.f_reshape([n, tokens, self.heads, hidden / self.heads])?
            .f_transpose(1, 2)
    }

    fn attend(&self, x: &Tensor) -> Result<Tensor> {
        let [q, k, v] = [&self.query, &self.key, &self.value].map(|l| l.forward(x));
        let [q, k, v] = [self.split(&q?)?, self.split(&k?)?, self.split(&v?)?];
        let (mask, scale) = (None::<&Tensor>, None::<f64>);
        let mixed =
            Tensor::f_scaled_dot_product_attention(&q, &k, &v, mask, 0.0, false, scale, false)?;
        let mixed = mixed.f_transpose(1, 2)?.f_reshape(x.size())?;
        self.out.forward(&mixed)
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let x = self.attend(&self.attention_norm.forward(x)?)?.f_add(x)?;
        let y = self.mlp_in.forward(&self.mlp_norm.forward(&x)?)?;
        let y = mode.dropout(y.f_gelu("none")?, self.sites[0], self.dropout)?;
        let y = mode.dropout(self.mlp_out.forward(&y)?, self.sites[1], self.dropout)?;
        y.f_add(&x)
    }
}

/// Layers and the final norm.
#[derive(Debug)]
pub(crate) struct Transformer {
    layers: Vec<Layer>,
    norm: LayerNorm,
}

impl Transformer {
    pub(crate) fn new(path: &Scope, size: &Size, branch: Branch) -> Result<Self> {
        let layers = (0..size.layers)
            .map(|n| Layer::new(&(path / format!("layer{n}")), size, branch, n))
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            layers,
            norm: LayerNorm::new(&(path / "norm"), size.hidden)?,
        })
    }

    /// Tokens `[N, h w, hidden]` to a map `[N, hidden, h, w]` of `h` rows: the same numbers, channels last.
    pub(crate) fn forward(&self, tokens: &Tensor, rows: i64, mode: Mode) -> Result<Tensor> {
        let (n, count, hidden) = tokens.size3()?;
        let mut tokens = tokens.shallow_clone();
        for layer in &self.layers {
            tokens = layer.forward(&tokens, mode)?;
        }
        self.norm
            .forward(&tokens)?
            .f_reshape([n, rows, count / rows, hidden])?
            .f_permute([0, 3, 1, 2])
    }
}
