//! Which network, with all its sizes: everything needed to build it, nothing about how it was trained.
//!
//! | network | encoder | between | decoder |
//! | --- | --- | --- | --- |
//! | U-Net | four levels of two convolutions | nothing | four stages, four skips |
//! | TransUNet | ResNet-34 or R50 to 1/16 resolution | a transformer for each task | four stages, three skips |
//!
//! Single-task networks have one decoder (class logits); multi-task ones a second (variance maps) on the same
//! encoder. See SPEC section 5 for the sources.

mod check;
mod named;
mod summary;

use serde::{Deserialize, Serialize};

pub(crate) use check::R50_GROUPS;
pub use named::{Size, Tasks};

/// Which network, with all its sizes. Part of `model.json`.
///
/// ```
/// use raterlens_nn::architecture::{Architecture, Size, Tasks};
/// let a = Architecture::unet(Size::Small, Tasks::Single).with_attention_gates();
/// assert!(a.check([256, 256]).is_ok());
/// assert!(!a.network.predicts_variance());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// The kind of network.
    pub network: NetworkKind,
    /// The shared convolutional encoder.
    pub backbone: Backbone,
    /// The transformer of each task; none in a U-Net.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transformer: Option<Transformer>,
    /// The decoder of each task.
    pub decoder: Decoder,
    /// What the outputs of task 1 mean.
    #[serde(default, skip_serializing_if = "is_default")]
    pub head: Head,
}

/// Kinds of network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkKind {
    /// One decoder: class logits (SPEC: chapter 4).
    Unet,
    /// Shared encoder; for each task its own decoder (SPEC: chapter 3).
    UnetMultitask,
    /// One transformer and one decoder: class logits (SPEC: chapter 4).
    Transunet,
    /// Shared encoder; for each task its own transformer and decoder (SPEC: chapter 3).
    TransunetMultitask,
}

impl NetworkKind {
    /// Whether task 2, one variance map per structure, is part of the network.
    #[must_use]
    pub fn predicts_variance(self) -> bool {
        matches!(self, Self::UnetMultitask | Self::TransunetMultitask)
    }

    /// Its name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Unet => "U-Net",
            Self::UnetMultitask => "multi-task U-Net",
            Self::Transunet => "TransUNet",
            Self::TransunetMultitask => "multi-task TransUNet",
        }
    }

    /// Whether a transformer lies between encoder and decoder.
    #[must_use]
    pub fn has_transformer(self) -> bool {
        matches!(self, Self::Transunet | Self::TransunetMultitask)
    }
}

/// Kinds of convolutional encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackboneKind {
    /// The first three stages of ResNet-34 (He 2016): features at 1/16 resolution.
    Resnet34,
    /// The first three stages of the ResNet-50 of the TransUNet authors: weight-standardised
    /// convolutions and group norms (SPEC section 5). `width` must be a multiple of 32.
    R50,
    /// U-Net's own: at 1/1, 1/2, 1/4, 1/8 and 1/16 two 3 x 3 convolutions of 1, 2, 4, 8 and 16 widths.
    Unet,
}

/// Sizes of the encoder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backbone {
    /// Which encoder.
    pub kind: BackboneKind,
    /// Channels of the first convolution (64 in the published networks).
    pub width: i64,
    /// Residual blocks per stage (3, 4, 6 in ResNet-34; 3, 4, 9 in R50); zeros for a U-Net.
    #[serde(default, skip_serializing_if = "is_default")]
    pub blocks: [usize; 3],
    /// Blur before each sub-sampling (Zhang 2019), against dependence on one-pixel shifts. Not for R50.
    #[serde(default, skip_serializing_if = "is_default")]
    pub blur_pool: bool,
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
    /// Whether the tasks share patch and position embedding, as in the published code; else each has its own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shared_embedding: bool,
}

/// Sizes of a decoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decoder {
    /// Channels of the 3 x 3 convolution before the first stage (512 as published); 0 in a U-Net, which has none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub head: i64,
    /// Channels of the four upsampling stages (256, 128, 64, 16 as published).
    pub channels: [i64; 4],
    /// Dropout at the eight sites (four stages of two blocks).
    pub dropout: f64,
    /// Attention gates on the skips (Oktay 2018).
    #[serde(default, skip_serializing_if = "is_default")]
    pub attention_gates: bool,
}

/// What the outputs of task 1 mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Head {
    /// Logits: probabilities are their softmax.
    #[default]
    Softmax,
    /// Evidence for each class before softplus: `alpha = softplus(z) + 1`, probabilities `alpha / S` with
    /// `S = sum alpha`, and an uncertainty `K / S` for `K` classes (Sensoy 2018).
    Evidential,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The description of a package written before there was anything but this network.
    const OLD: &str = r#"{"network": "transunet-multitask",
        "backbone": {"kind": "resnet34", "width": 16, "blocks": [3, 4, 6]},
        "transformer": {"hidden": 96, "layers": 4, "heads": 4, "mlp": 384, "dropout": 0.1},
        "decoder": {"head": 96, "channels": [64, 32, 16, 8], "dropout": 0.1}}"#;

    #[test]
    fn descriptions_of_earlier_packages_still_mean_the_same() {
        let old: Architecture = serde_json::from_str(OLD).unwrap();
        assert_eq!(old, Architecture::tiny());
        let value: serde_json::Value = serde_json::from_str(OLD).unwrap();
        assert_eq!(serde_json::to_value(&old).unwrap(), value);
    }

    #[test]
    fn every_option_survives_a_description() {
        let mut all = vec![Architecture::transunet_r50(Size::Base, Tasks::Multi)];
        all.push(
            Architecture::unet(Size::Tiny, Tasks::Single)
                .with_attention_gates()
                .with_blur_pool()
                .with_evidential_head(),
        );
        for a in all {
            let text = serde_json::to_string(&a).unwrap();
            assert_eq!(serde_json::from_str::<Architecture>(&text).unwrap(), a);
        }
    }
}
