//! Names of the published weights (HealthX-Lab/ParaspinalMuscleSeg) and what they are called here.

/// The structures that the published network labels, in no known order.
pub const PUBLISHED_STRUCTURES: [&str; 4] = [
    "multifidus_right",
    "multifidus_left",
    "erector_spinae_right",
    "erector_spinae_left",
];

/// What a tensor of the published state dict is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// A tensor of the network, by its name here.
    Weight(String),
    /// The position embedding: tokens in rows there, channels first here.
    Position(String),
    /// A counter of training batches, which a prediction does not need.
    Counter,
    /// Nothing that is known.
    Unknown,
}

/// Finds the role of a published name, with or without the `module.` of `DataParallel`.
pub(super) fn role(published: &str) -> Role {
    let name = published.strip_prefix("module.").unwrap_or(published);
    if name == "transformer.embeddings.position_embeddings" {
        return Role::Position("shared.position".into());
    }
    if name.ends_with(".num_batches_tracked") {
        return Role::Counter;
    }
    translate(name).map_or(Role::Unknown, Role::Weight)
}

fn translate(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.split('.').collect();
    match parts.as_slice() {
        ["transformer", "embeddings", "hybrid_model", rest @ ..] => encoder(rest),
        ["transformer", "embeddings", "patch_embeddings", leaf] => {
            Some(format!("shared.embedding.{leaf}"))
        }
        ["transformer", part, rest @ ..] => transformer(task(part, "encoder")?, rest),
        [part, "0", leaf] if part.starts_with("segmentation_head") => Some(format!(
            "{}.decoder.head.{leaf}",
            task(part, "segmentation_head")?
        )),
        [part, rest @ ..] => decoder(task(part, "decoder")?, rest),
        [] => None,
    }
}

/// `encoder1` is task 1, `encoder2` task 2.
fn task(part: &str, prefix: &str) -> Option<&'static str> {
    match part.strip_prefix(prefix)? {
        "1" => Some("segmentation"),
        "2" => Some("variance"),
        _ => None,
    }
}

fn encoder(parts: &[&str]) -> Option<String> {
    match parts {
        ["root", part, leaf] => Some(format!(
            "encoder.root.{}.{leaf}",
            conv_or_norm(part, "conv", "gn")?
        )),
        ["body", block, unit, part, leaf] => {
            let stage = counted_from_one(block, "block")?;
            let unit = counted_from_one(unit, "unit")?;
            let place = match *part {
                "downsample" => "projection.conv",
                "gn_proj" => "projection.norm",
                "conv1" => "first.conv",
                "gn1" => "first.norm",
                "conv2" => "second.conv",
                "gn2" => "second.norm",
                "conv3" => "third.conv",
                "gn3" => "third.norm",
                _ => return None,
            };
            Some(format!("encoder.stage{stage}.unit{unit}.{place}.{leaf}"))
        }
        _ => None,
    }
}

fn transformer(task: &str, parts: &[&str]) -> Option<String> {
    let place = match parts {
        ["encoder_norm", leaf] => format!("norm.{leaf}"),
        ["layer", n, "attn", part @ ("query" | "key" | "value" | "out"), leaf] => {
            format!("layer{}.{part}.{leaf}", number(n)?)
        }
        ["layer", n, "attention_norm", leaf] => {
            format!("layer{}.attention_norm.{leaf}", number(n)?)
        }
        ["layer", n, "ffn_norm", leaf] => format!("layer{}.mlp_norm.{leaf}", number(n)?),
        ["layer", n, "ffn", "fc1", leaf] => format!("layer{}.mlp_in.{leaf}", number(n)?),
        ["layer", n, "ffn", "fc2", leaf] => format!("layer{}.mlp_out.{leaf}", number(n)?),
        _ => return None,
    };
    Some(format!("{task}.transformer.{place}"))
}

fn decoder(task: &str, parts: &[&str]) -> Option<String> {
    let place = match parts {
        ["conv_more", part, leaf] => format!("entry.{}.{leaf}", conv_or_norm(part, "0", "1")?),
        ["blocks", n, block @ ("conv1" | "conv2"), part, leaf] => {
            let block = counted_from_one(block, "conv")?;
            format!(
                "stage{}.block{block}.{}.{leaf}",
                number(n)?,
                conv_or_norm(part, "0", "1")?
            )
        }
        _ => return None,
    };
    Some(format!("{task}.decoder.{place}"))
}

fn conv_or_norm(part: &str, conv: &str, norm: &str) -> Option<&'static str> {
    match part {
        _ if part == conv => Some("conv"),
        _ if part == norm => Some("norm"),
        _ => None,
    }
}

/// `01` or `+1` is not how PyTorch writes a number.
fn number(text: &str) -> Option<usize> {
    let n: usize = text.parse().ok()?;
    (n.to_string() == text).then_some(n)
}

fn counted_from_one(part: &str, prefix: &str) -> Option<usize> {
    number(part.strip_prefix(prefix)?)?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_names_by_hand() {
        for (published, own) in [
            (
                "transformer.embeddings.hybrid_model.root.conv.weight",
                "encoder.root.conv.weight",
            ),
            (
                "transformer.embeddings.hybrid_model.root.gn.bias",
                "encoder.root.norm.bias",
            ),
            (
                "transformer.embeddings.hybrid_model.body.block3.unit9.gn2.weight",
                "encoder.stage2.unit8.second.norm.weight",
            ),
            (
                "transformer.embeddings.hybrid_model.body.block1.unit1.downsample.weight",
                "encoder.stage0.unit0.projection.conv.weight",
            ),
            (
                "transformer.embeddings.patch_embeddings.bias",
                "shared.embedding.bias",
            ),
            (
                "transformer.encoder2.layer.11.ffn.fc2.weight",
                "variance.transformer.layer11.mlp_out.weight",
            ),
            (
                "transformer.encoder1.encoder_norm.bias",
                "segmentation.transformer.norm.bias",
            ),
            (
                "decoder1.conv_more.1.running_var",
                "segmentation.decoder.entry.norm.running_var",
            ),
            (
                "decoder2.blocks.3.conv2.0.weight",
                "variance.decoder.stage3.block1.conv.weight",
            ),
            (
                "module.segmentation_head2.0.bias",
                "variance.decoder.head.bias",
            ),
        ] {
            assert_eq!(role(published), Role::Weight(own.into()), "{published}");
        }
        assert_eq!(
            role("decoder1.conv_more.1.num_batches_tracked"),
            Role::Counter
        );
        let position = "module.transformer.embeddings.position_embeddings";
        assert_eq!(role(position), Role::Position("shared.position".into()));
        for unknown in [
            "",
            "x",
            "decoder3.conv_more.0.weight",
            "decoder1.blocks.01.conv1.0.weight",
            "transformer.encoder1.layer.0.attn.query_2.weight",
            "transformer.embeddings.hybrid_model.body.block0.unit1.gn1.bias",
            "segmentation_head1.1.weight",
            "encoder.root.conv.weight",
        ] {
            assert_eq!(role(unknown), Role::Unknown, "{unknown}");
        }
    }
}
