//! Sizes that cannot make a network are refused before anything is built.

use super::{Architecture, Backbone, BackboneKind, Transformer};
use crate::error::NnError;

/// Largest number of channels, tokens' lengths and heads.
const MAX_WIDTH: i64 = 1 << 14;
/// Largest number of layers, and of blocks in a stage.
const MAX_DEPTH: usize = 64;
/// Groups of R50's group norms.
pub(crate) const R50_GROUPS: i64 = 32;

impl Architecture {
    /// Checks that the sizes make a network for inputs of `size` (rows, columns).
    ///
    /// # Errors
    /// [`NnError::Architecture`] names the size that does not fit.
    pub fn check(&self, size: [usize; 2]) -> Result<(), NnError> {
        self.first_problem(size)
            .map_or(Ok(()), |text| Err(NnError::Architecture(text)))
    }

    fn first_problem(&self, size: [usize; 2]) -> Option<String> {
        self.kinds()
            .or_else(|| self.widths())
            .or_else(|| self.backbone.problem())
            .or_else(|| self.transformer.as_ref().and_then(Transformer::problem))
            .or_else(|| dropout(self.decoder.dropout))
            .or_else(|| input(size))
    }

    /// The parts must be those of the kind of network.
    fn kinds(&self) -> Option<String> {
        let transformer = self.network.has_transformer();
        if transformer != self.transformer.is_some() {
            let (has, needs) = if transformer {
                ("no", "needs one")
            } else {
                ("a", "has none")
            };
            return Some(format!(
                "there is {has} transformer, but {} {needs}",
                self.network.title()
            ));
        }
        if transformer == (self.backbone.kind == BackboneKind::Unet) {
            return Some(format!(
                "a {} cannot have the backbone {:?}",
                self.network.title(),
                self.backbone.kind
            ));
        }
        let shared = |t: &Transformer| t.shared_embedding;
        if self.transformer.as_ref().is_some_and(shared) && !self.network.predicts_variance() {
            return Some("a network of one task has no embedding to share".into());
        }
        if transformer == (self.decoder.head == 0) {
            return Some(format!(
                "decoder.head is {}, which a {} cannot have",
                self.decoder.head,
                self.network.title()
            ));
        }
        None
    }

    fn widths(&self) -> Option<String> {
        let mut widths = vec![self.backbone.width];
        widths.extend(self.decoder.channels);
        if let Some(t) = &self.transformer {
            widths.extend([t.hidden, t.heads, t.mlp, self.decoder.head]);
        }
        let bad = |v: &i64| !(1..=MAX_WIDTH).contains(v);
        widths
            .iter()
            .any(bad)
            .then(|| format!("every width must be between 1 and {MAX_WIDTH}"))
    }
}

impl Backbone {
    fn problem(&self) -> Option<String> {
        let blocks = match self.kind {
            BackboneKind::Unet => self.blocks == [0; 3],
            _ => self.blocks.iter().all(|b| (1..=MAX_DEPTH).contains(b)),
        };
        if !blocks {
            return Some(format!(
                "blocks {:?} must be 1 to {MAX_DEPTH} (left out for a U-Net)",
                self.blocks
            ));
        }
        if self.kind != BackboneKind::R50 {
            return None;
        }
        if self.width % R50_GROUPS != 0 {
            return Some(format!(
                "R50's width {} is not a multiple of its {R50_GROUPS} norm groups",
                self.width
            ));
        }
        self.blur_pool
            .then(|| "R50 is built as published, without blur-pool: use resnet34".into())
    }
}

impl Transformer {
    fn problem(&self) -> Option<String> {
        if self.hidden % self.heads != 0 {
            return Some(format!(
                "{} attention heads do not divide a hidden size of {}",
                self.heads, self.hidden
            ));
        }
        if self.layers > MAX_DEPTH {
            return Some(format!("layers must be at most {MAX_DEPTH}"));
        }
        dropout(self.dropout)
    }
}

fn dropout(rate: f64) -> Option<String> {
    (!(0.0..1.0).contains(&rate)).then(|| "dropout must be at least 0 and below 1".into())
}

fn input(size: [usize; 2]) -> Option<String> {
    let bad = |s: &usize| *s == 0 || !s.is_multiple_of(16) || *s > 4096;
    size.iter()
        .any(bad)
        .then(|| format!("input size {size:?} must be multiples of 16, at most 4096"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::{Size, Tasks};

    fn refused(change: impl Fn(&mut Architecture)) -> bool {
        let mut a = Architecture::tiny();
        change(&mut a);
        a.check([256, 256]).is_err()
    }

    #[test]
    fn every_named_network_can_be_built() {
        for name in Architecture::NAMES {
            for size in Size::ALL {
                for tasks in [Tasks::Single, Tasks::Multi] {
                    let a = Architecture::from_name(name, size, tasks).unwrap();
                    a.check([256, 256]).unwrap();
                    assert_eq!(a.network.predicts_variance(), tasks == Tasks::Multi);
                }
            }
        }
    }

    #[test]
    fn sizes_that_cannot_work_are_refused() {
        assert!(!refused(|_| ()));
        assert!(Architecture::tiny().check([250, 256]).is_err());
        let heads = |n| move |a: &mut Architecture| a.transformer.as_mut().unwrap().heads = n;
        assert!(refused(heads(5)));
        assert!(refused(heads(0)));
        assert!(refused(|a| a.decoder.dropout = 1.0));
        assert!(refused(|a| a.backbone.blocks = [0; 3]));
    }

    #[test]
    fn parts_of_another_network_are_refused() {
        assert!(refused(|a| a.transformer = None));
        assert!(refused(|a| a.backbone.kind = BackboneKind::Unet));
        assert!(refused(|a| a.decoder.head = 0));
        assert!(refused(|a| a.backbone.kind = BackboneKind::R50));
        let r50 = Architecture::transunet_r50(Size::Tiny, Tasks::Multi);
        assert!(r50.with_blur_pool().check([64, 64]).is_err());
        let mut single = Architecture::transunet(Size::Tiny, Tasks::Single);
        single.transformer.as_mut().unwrap().shared_embedding = true;
        assert!(single.check([64, 64]).is_err());
    }
}
