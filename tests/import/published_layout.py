"""A network of the authors' layout with random weights: its state dict under the published names, and its forward pass.

The names are those of the public repository HealthX-Lab/ParaspinalMuscleSeg (commit fc47dfa5); the network is the
reference of ``tests/parity``, which was compared with the authors' own module.
"""

from __future__ import annotations

import re
from collections import OrderedDict

import reference
import torch

#: ``raterlens model import --network-size tiny`` (the published one is ``base``): as in ``model.json``.
TINY = {
    "network": "transunet-multitask",
    "backbone": {"kind": "r50", "width": 32, "blocks": [1, 1, 2]},
    "transformer": {"hidden": 96, "layers": 4, "heads": 4, "mlp": 384, "dropout": 0.1, "shared_embedding": True},
    "decoder": {"head": 96, "channels": [64, 32, 16, 8], "dropout": 0.18},
}
TASKS = {"segmentation": "1", "variance": "2"}
UNIT = {"first": "{}1", "second": "{}2", "third": "{}3"}


def published_name(name: str) -> str:
    """The published name of a tensor of the reference."""
    parts = name.split(".")
    if parts[0] == "encoder":
        body = "transformer.embeddings.hybrid_model"
        if parts[1] == "root":
            return f"{body}.root.{'conv' if parts[2] == 'conv' else 'gn'}.{parts[3]}"
        stage, unit = int(parts[1].removeprefix("stage")) + 1, int(parts[2].removeprefix("unit")) + 1
        if parts[3] == "projection":
            place = "downsample" if parts[4] == "conv" else "gn_proj"
        else:
            place = UNIT[parts[3]].format("conv" if parts[4] == "conv" else "gn")
        return f"{body}.body.block{stage}.unit{unit}.{place}.{parts[5]}"
    if name == "shared.position":
        return "transformer.embeddings.position_embeddings"
    if parts[0] == "shared":
        return f"transformer.embeddings.patch_embeddings.{parts[2]}"
    task = TASKS[parts[0]]
    if parts[1] == "transformer":
        return f"transformer.encoder{task}.{layer_name('.'.join(parts[2:]))}"
    return decoder_name(task, ".".join(parts[2:]))


def layer_name(rest: str) -> str:
    """Of a tensor of a transformer."""
    if rest.startswith("norm."):
        return f"encoder_{rest}"
    number, rest = re.fullmatch(r"layer(\d+)\.(.*)", rest).groups()
    for own, theirs in (("mlp_norm", "ffn_norm"), ("mlp_in", "ffn.fc1"), ("mlp_out", "ffn.fc2")):
        rest = rest.replace(own, theirs)
    if rest.split(".")[0] in ("query", "key", "value", "out"):
        rest = f"attn.{rest}"
    return f"layer.{number}.{rest}"


def decoder_name(task: str, rest: str) -> str:
    """Of a tensor of a decoder."""
    if rest.startswith("head."):
        return f"segmentation_head{task}.0.{rest.removeprefix('head.')}"
    if rest.startswith("entry."):
        _, part, leaf = rest.split(".")
        return f"decoder{task}.conv_more.{'0' if part == 'conv' else '1'}.{leaf}"
    stage, block, part, leaf = rest.split(".")
    stage, block = stage.removeprefix("stage"), int(block.removeprefix("block")) + 1
    return f"decoder{task}.blocks.{stage}.conv{block}.{'0' if part == 'conv' else '1'}.{leaf}"


def network(size: tuple[int, int], seed: int) -> reference.Network:
    """The network in float64 and evaluation mode, with weights of which no two are alike."""
    net = reference.Network(TINY, 1, size, 4).double().eval()
    generator = torch.Generator().manual_seed(seed)

    def normal(shape: torch.Size, mean: float, deviation: float) -> torch.Tensor:
        return mean + deviation * torch.randn(shape, generator=generator, dtype=torch.float64)

    with torch.no_grad():
        for name, value in net.state_dict().items():
            if value.dtype != torch.float64:
                value.fill_(7)
            elif name.endswith("running_var"):
                value.copy_(0.5 + torch.rand(value.shape, generator=generator, dtype=torch.float64))
            elif name.endswith(("running_mean", "bias", "position")):
                value.copy_(normal(value.shape, 0.0, 0.1))
            elif value.ndim == 1:
                value.copy_(normal(value.shape, 1.0, 0.1))
            else:
                value.copy_(normal(value.shape, 0.0, value[0].numel() ** -0.5))
        # Variance in the middle of its range, so that nothing is cut off.
        net.variance.decoder.head.weight.mul_(0.1)
        net.variance.decoder.head.bias.fill_(0.12)
        # Every class somewhere.
        net.segmentation.decoder.head.bias.zero_()
    return net


def state_dict(net: reference.Network) -> OrderedDict[str, torch.Tensor]:
    """The state dict as the authors saved theirs: published names, float64, counters of batches as int64."""
    out: OrderedDict[str, torch.Tensor] = OrderedDict()
    for name, value in net.state_dict().items():
        if name == "shared.position":
            value = value.flatten(2).transpose(1, 2).contiguous()
        out[published_name(name)] = value.clone()
    return out
