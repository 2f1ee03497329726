//! Sizes of a network: everything needed to build it, nothing about how it was trained.

use serde::{Deserialize, Serialize};

use crate::error::NnError;

/// Which network, with all its sizes. Part of `model.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// The kind of network.
    pub network: NetworkKind,
    /// The shared convolutional encoder.
    pub backbone: Backbone,
    /// The transformer of each task.
    pub transformer: Transformer,
    /// The decoder of each task.
    pub decoder: Decoder,
}

/// Kinds of network that this version builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkKind {
    /// Shared encoder; for each task its own transformer and decoder (SPEC: chapter 3).
    TransunetMultitask,
}

/// Kinds of convolutional encoder that this version builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackboneKind {
    /// The first three stages of ResNet-34: features at 1/16 resolution.
    Resnet34,
}

/// Sizes of the encoder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backbone {
    /// Which encoder.
    pub kind: BackboneKind,
    /// Channels of the root convolution (64 in the published network); stages have 1, 2, 4 times as many.
    pub width: i64,
    /// Residual blocks per stage (3, 4, 6 in ResNet-34).
    pub blocks: [usize; 3],
}

/// Sizes of a transformer encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transformer {
    /// Length of a token.
    pub hidden: i64,
    /// Layers.
    pub layers: usize,
    /// Attention heads; must divide `hidden`.
    pub heads: i64,
    /// Length of the hidden layer of each MLP.
    pub mlp: i64,
    /// Dropout after the embeddings and in each MLP, in training only.
    pub dropout: f64,
}

/// Sizes of a decoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decoder {
    /// Channels of the 3 x 3 convolution before the first stage (512 as published).
    pub head: i64,
    /// Channels of the four upsampling stages (256, 128, 64, 16 as published).
    pub channels: [i64; 4],
    /// Dropout at the eight sites (four stages of two blocks).
    pub dropout: f64,
}

impl Architecture {
    /// A small network for laptops: about 2 million weights.
    #[must_use]
    pub fn tiny() -> Self {
        Self::sized(16, [96, 4, 4, 384], 96, [64, 32, 16, 8])
    }

    /// Between `tiny` and `base`: for one GPU or a patient CPU.
    #[must_use]
    pub fn small() -> Self {
        Self::sized(32, [256, 6, 8, 1024], 256, [128, 64, 32, 16])
    }

    /// ResNet-34 with the base vision transformer, as in the dissertation.
    #[must_use]
    pub fn base() -> Self {
        Self::sized(64, [768, 12, 12, 3072], 512, [256, 128, 64, 16])
    }

    /// The named size: `tiny`, `small` or `base`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "tiny" => Some(Self::tiny()),
            "small" => Some(Self::small()),
            "base" => Some(Self::base()),
            _ => None,
        }
    }

    fn sized(width: i64, vit: [i64; 4], head: i64, channels: [i64; 4]) -> Self {
        Self {
            network: NetworkKind::TransunetMultitask,
            backbone: Backbone {
                kind: BackboneKind::Resnet34,
                width,
                blocks: [3, 4, 6],
            },
            transformer: Transformer {
                hidden: vit[0],
                layers: vit[1] as usize,
                heads: vit[2],
                mlp: vit[3],
                dropout: 0.1,
            },
            decoder: Decoder {
                head,
                channels,
                dropout: 0.1,
            },
        }
    }

    /// Checks that the sizes make a network for inputs of `size` (rows, columns).
    ///
    /// # Errors
    /// [`NnError::Architecture`] names the size that does not fit.
    pub fn check(&self, size: [usize; 2]) -> Result<(), NnError> {
        let fail = |text: String| Err(NnError::Architecture(text));
        const LIMIT: i64 = 1 << 14;
        let t = &self.transformer;
        let sizes = [
            self.backbone.width,
            t.hidden,
            t.heads,
            t.mlp,
            self.decoder.head,
        ];
        if sizes
            .iter()
            .chain(&self.decoder.channels)
            .any(|v| !(1..=LIMIT).contains(v))
        {
            return fail(format!("every width must be between 1 and {LIMIT}"));
        }
        if t.hidden % t.heads != 0 {
            return fail(format!(
                "{} attention heads do not divide a hidden size of {}",
                t.heads, t.hidden
            ));
        }
        if t.layers > 64 || self.backbone.blocks.iter().any(|b| !(1..=64).contains(b)) {
            return fail("layers and blocks must be at most 64, blocks at least 1".into());
        }
        if ![t.dropout, self.decoder.dropout]
            .iter()
            .all(|p| (0.0..1.0).contains(p))
        {
            return fail("dropout must be at least 0 and below 1".into());
        }
        if size.iter().any(|s| *s == 0 || s % 16 != 0 || *s > 4096) {
            return fail(format!(
                "input size {size:?} must be multiples of 16, at most 4096"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_cannot_work_are_refused() {
        assert!(Architecture::tiny().check([256, 256]).is_ok());
        assert!(Architecture::tiny().check([250, 256]).is_err());
        let mut a = Architecture::tiny();
        a.transformer.heads = 5;
        assert!(a.check([256, 256]).is_err());
        a.transformer.heads = 0;
        assert!(a.check([256, 256]).is_err());
    }
}
