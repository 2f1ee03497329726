//! A network in one line, for people.

use super::{Architecture, Backbone, BackboneKind, Head};

impl Architecture {
    /// The network in one line.
    ///
    /// ```
    /// use raterlens_nn::Architecture;
    /// assert_eq!(
    ///     Architecture::tiny().summary(),
    ///     "multi-task TransUNet, ResNet-34 layout, base width 16, 4 transformer layers of 96"
    /// );
    /// ```
    #[must_use]
    pub fn summary(&self) -> String {
        let mut text = format!("{}, {}", self.network.title(), self.backbone.summary());
        if let Some(t) = &self.transformer {
            text += &format!(", {} transformer layers of {}", t.layers, t.hidden);
        }
        let options = [
            (self.decoder.attention_gates, "attention gates"),
            (self.backbone.blur_pool, "blur-pool"),
            (self.head == Head::Evidential, "evidential head"),
        ];
        for (_, name) in options.iter().filter(|(on, _)| *on) {
            text += ", ";
            text += name;
        }
        text
    }
}

impl Backbone {
    fn summary(&self) -> String {
        let layout = match self.kind {
            BackboneKind::Resnet34 => "ResNet-34 layout",
            BackboneKind::R50 => "R50 layout",
            BackboneKind::Unet => "5 levels",
        };
        format!("{layout}, base width {}", self.width)
    }
}

#[cfg(test)]
mod tests {
    use crate::architecture::{Architecture, Size, Tasks};

    #[test]
    fn options_are_named() {
        let a = Architecture::unet(Size::Base, Tasks::Single).with_attention_gates();
        let expected = "U-Net, 5 levels, base width 64, attention gates, evidential head";
        assert_eq!(a.with_evidential_head().summary(), expected);
    }
}
