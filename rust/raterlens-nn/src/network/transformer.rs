//! The vision transformer (Dosovitskiy 2021) between encoder and decoder: pre-norm, exact GELU.

use tch::nn::Path;
use tch::{TchError, Tensor};

use super::layers::{Conv, ConvSize, LayerNorm, Linear};
use crate::architecture::Transformer as Size;

type Result<T> = std::result::Result<T, TchError>;

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
    dropout: f64,
}

impl Layer {
    fn new(path: &Path, size: &Size) -> Result<Self> {
        let h = size.hidden;
        let linear = |name: &str, from, to| Linear::new(&(path / name), from, to);
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
        let scale = None::<f64>;
        let mixed = Tensor::f_scaled_dot_product_attention(
            &q,
            &k,
            &v,
            None::<&Tensor>,
            0.0,
            false,
            scale,
            false,
        )?;
        let mixed = mixed.f_transpose(1, 2)?.f_reshape(x.size())?;
        self.out.forward(&mixed)
    }

    fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let x = self.attend(&self.attention_norm.forward(x)?)?.f_add(x)?;
        let y = self.mlp_in.forward(&self.mlp_norm.forward(&x)?)?;
        let y = y.f_gelu("none")?.f_dropout(self.dropout, train)?;
        let y = self.mlp_out.forward(&y)?.f_dropout(self.dropout, train)?;
        y.f_add(&x)
    }
}

/// Patch embedding, position embedding, layers, final norm.
#[derive(Debug)]
pub(crate) struct Transformer {
    embedding: Conv,
    position: Tensor,
    layers: Vec<Layer>,
    norm: LayerNorm,
    dropout: f64,
}

impl Transformer {
    /// `grid`: rows and columns of the encoder's deepest feature map for the nominal input size.
    pub(crate) fn new(path: &Path, size: &Size, channels: i64, grid: [i64; 2]) -> Result<Self> {
        let embedding = ConvSize {
            from: channels,
            to: size.hidden,
            kernel: 1,
            stride: 1,
        };
        let layers = (0..size.layers)
            .map(|n| Layer::new(&(path / format!("layer{n}")), size))
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            embedding: Conv::new(&(path / "embedding"), &embedding, true)?,
            position: path.f_zeros("position", &[1, size.hidden, grid[0], grid[1]])?,
            layers,
            norm: LayerNorm::new(&(path / "norm"), size.hidden)?,
            dropout: size.dropout,
        })
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

    /// `[N, channels, h, w]` to `[N, hidden, h, w]`.
    pub(crate) fn forward(&self, features: &Tensor, train: bool) -> Result<Tensor> {
        let embedded = self.embedding.forward(features)?;
        let (n, hidden, h, w) = embedded.size4()?;
        let placed = embedded.f_add(&self.position_for(h, w)?)?;
        let mut tokens = placed.f_flatten(2, 3)?.f_transpose(1, 2)?;
        tokens = tokens.f_dropout(self.dropout, train)?;
        for layer in &self.layers {
            tokens = layer.forward(&tokens, train)?;
        }
        let tokens = self.norm.forward(&tokens)?;
        tokens
            .f_transpose(1, 2)?
            .f_contiguous()?
            .f_reshape([n, hidden, h, w])
    }
}
