//! Networks by name and size, and options added to them.

use std::str::FromStr;

use super::{Architecture, Backbone, BackboneKind, Decoder, Head, NetworkKind, Transformer};

/// How large a network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Size {
    /// For laptops and tests: about 2 million weights.
    Tiny,
    /// Between `Tiny` and `Base`: for one GPU or a patient CPU.
    Small,
    /// As in the dissertation.
    Base,
}

impl Size {
    /// All sizes, the smallest first.
    pub const ALL: [Self; 3] = [Self::Tiny, Self::Small, Self::Base];

    /// `tiny`, `small` or `base`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tiny => "tiny",
            Self::Small => "small",
            Self::Base => "base",
        }
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|s| s.name() == text);
        found.ok_or_else(|| format!("size '{text}' is not one of tiny, small, base"))
    }
}

/// What a network predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tasks {
    /// Labels only (SPEC: chapter 4).
    Single,
    /// Labels and one variance map per structure (SPEC: chapter 3).
    Multi,
}

/// Dropout of new networks at the decoder's sites, and in their transformers.
const DROPOUT: f64 = 0.1;
/// Dropout at the decoder's sites of the authors' published network.
const PUBLISHED_DECODER_DROPOUT: f64 = 0.18;

impl Architecture {
    /// Names that [`from_name`](Self::from_name) understands.
    pub const NAMES: [&'static str; 4] = ["unet", "attention-unet", "transunet", "transunet-r50"];

    /// TransUNet with a ResNet-34 encoder.
    #[must_use]
    pub fn transunet(size: Size, tasks: Tasks) -> Self {
        let (width, transformer, decoder) = match size {
            Size::Tiny => (16, vit(96, 4, 4, 384), decoder(96, [64, 32, 16, 8])),
            Size::Small => (32, vit(256, 6, 8, 1024), decoder(256, [128, 64, 32, 16])),
            Size::Base => (64, vit(768, 12, 12, 3072), decoder(512, [256, 128, 64, 16])),
        };
        Self {
            network: transunet_kind(tasks),
            backbone: backbone(BackboneKind::Resnet34, width, [3, 4, 6]),
            transformer: Some(transformer),
            decoder,
            head: Head::Softmax,
        }
    }

    /// TransUNet with the R50 encoder. `Base` with both tasks is the network whose weights the
    /// dissertation's authors published, dropout of 0.18 and shared embedding included.
    #[must_use]
    pub fn transunet_r50(size: Size, tasks: Tasks) -> Self {
        let mut a = Self::transunet(size, tasks);
        a.backbone = match size {
            Size::Tiny => backbone(BackboneKind::R50, 32, [1, 1, 2]),
            Size::Small => backbone(BackboneKind::R50, 32, [3, 4, 9]),
            Size::Base => backbone(BackboneKind::R50, 64, [3, 4, 9]),
        };
        a.decoder.dropout = PUBLISHED_DECODER_DROPOUT;
        if let Some(t) = &mut a.transformer {
            t.shared_embedding = tasks == Tasks::Multi;
        }
        a
    }

    /// U-Net of as many levels, stages, convolution blocks and dropout sites as TransUNet.
    #[must_use]
    pub fn unet(size: Size, tasks: Tasks) -> Self {
        let width = match size {
            Size::Tiny => 8,
            Size::Small => 32,
            Size::Base => 64,
        };
        Self {
            network: match tasks {
                Tasks::Single => NetworkKind::Unet,
                Tasks::Multi => NetworkKind::UnetMultitask,
            },
            backbone: backbone(BackboneKind::Unet, width, [0; 3]),
            transformer: None,
            decoder: decoder(0, [8 * width, 4 * width, 2 * width, width]),
            head: Head::Softmax,
        }
    }

    /// The named network: one of [`NAMES`](Self::NAMES).
    ///
    /// # Errors
    /// The names there are, in words.
    ///
    /// ```
    /// use raterlens_nn::architecture::{Architecture, Size, Tasks};
    /// let a = Architecture::from_name("attention-unet", Size::Tiny, Tasks::Multi).unwrap();
    /// assert!(a.decoder.attention_gates);
    /// assert!(Architecture::from_name("vgg", Size::Tiny, Tasks::Multi).is_err());
    /// ```
    pub fn from_name(name: &str, size: Size, tasks: Tasks) -> Result<Self, String> {
        match name {
            "unet" => Ok(Self::unet(size, tasks)),
            "attention-unet" => Ok(Self::unet(size, tasks).with_attention_gates()),
            "transunet" => Ok(Self::transunet(size, tasks)),
            "transunet-r50" => Ok(Self::transunet_r50(size, tasks)),
            _ => Err(format!(
                "network '{name}' is not one of {}",
                Self::NAMES.join(", ")
            )),
        }
    }

    /// Multi-task TransUNet for laptops: about 2 million weights.
    #[must_use]
    pub fn tiny() -> Self {
        Self::transunet(Size::Tiny, Tasks::Multi)
    }

    /// Multi-task TransUNet between `tiny` and `base`: for one GPU or a patient CPU.
    #[must_use]
    pub fn small() -> Self {
        Self::transunet(Size::Small, Tasks::Multi)
    }

    /// Multi-task TransUNet of ResNet-34 with the base vision transformer, as in the dissertation.
    #[must_use]
    pub fn base() -> Self {
        Self::transunet(Size::Base, Tasks::Multi)
    }

    /// The multi-task TransUNet of the named size: `tiny`, `small` or `base`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let size = name.parse().ok()?;
        Some(Self::transunet(size, Tasks::Multi))
    }

    /// With attention gates on the skips.
    #[must_use]
    pub fn with_attention_gates(mut self) -> Self {
        self.decoder.attention_gates = true;
        self
    }

    /// With a blur before each sub-sampling.
    #[must_use]
    pub fn with_blur_pool(mut self) -> Self {
        self.backbone.blur_pool = true;
        self
    }

    /// With outputs that are evidence.
    #[must_use]
    pub fn with_evidential_head(mut self) -> Self {
        self.head = Head::Evidential;
        self
    }

    /// With this rate at the decoder's dropout sites.
    #[must_use]
    pub fn with_decoder_dropout(mut self, rate: f64) -> Self {
        self.decoder.dropout = rate;
        self
    }
}

fn transunet_kind(tasks: Tasks) -> NetworkKind {
    match tasks {
        Tasks::Single => NetworkKind::Transunet,
        Tasks::Multi => NetworkKind::TransunetMultitask,
    }
}

fn backbone(kind: BackboneKind, width: i64, blocks: [usize; 3]) -> Backbone {
    Backbone {
        kind,
        width,
        blocks,
        blur_pool: false,
    }
}

fn vit(hidden: i64, layers: usize, heads: i64, mlp: i64) -> Transformer {
    Transformer {
        hidden,
        layers,
        heads,
        mlp,
        dropout: DROPOUT,
        shared_embedding: false,
    }
}

fn decoder(head: i64, channels: [i64; 4]) -> Decoder {
    Decoder {
        head,
        channels,
        dropout: DROPOUT,
        attention_gates: false,
    }
}
