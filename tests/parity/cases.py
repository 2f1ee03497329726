"""Random weights, inputs, dropout masks and loss gradients for every network."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import reference
import torch

STRUCTURES = 4


@dataclass(frozen=True)
class Case:
    """A network and the shape of its input."""

    name: str
    #: Arguments of ``parity describe``.
    description: tuple[str, ...]
    channels: int = 1
    size: tuple[int, int] = (48, 32)


def cases() -> list[Case]:
    """Every kind of network, every option."""
    found = []
    for tasks in ("single", "multi"):
        for network in ("unet", "attention-unet", "transunet", "transunet-r50"):
            found.append(Case(f"{network}-{tasks}", (network, "tiny", tasks)))
        found.append(Case(f"unet-blur-{tasks}", ("unet", "tiny", tasks, "blur-pool")))
    found.append(Case("transunet-options", ("transunet", "tiny", "multi", "blur-pool", "attention-gates")))
    found.append(Case("transunet-three-channels", ("transunet", "tiny", "multi"), channels=3))
    found.append(Case("transunet-r50-two-channels", ("transunet-r50", "tiny", "single"), channels=2))
    return found


def describe(program: Path, arguments: tuple[str, ...]) -> dict:
    """The architecture that RaterLens means by a name, as in ``model.json``."""
    done = subprocess.run([program, "describe", *arguments], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def randomise(network: torch.nn.Module, generator: torch.Generator) -> None:
    """Weights of which no two are alike, running statistics and norms included, that keep activations near 1."""

    def normal(shape: torch.Size, mean: float, deviation: float) -> torch.Tensor:
        return mean + deviation * torch.randn(shape, generator=generator)

    with torch.no_grad():
        for name, value in network.state_dict().items():
            if name.endswith("num_batches_tracked"):
                continue
            if name.endswith("running_var"):
                value.copy_(0.5 + torch.rand(value.shape, generator=generator))
            elif name.endswith(("running_mean", "bias")):
                value.copy_(normal(value.shape, 0.0, 0.1))
            elif name.endswith("position"):
                value.copy_(normal(value.shape, 0.0, 0.3))
            elif value.dim() == 1:
                value.copy_(normal(value.shape, 1.0, 0.1))
            else:
                fan_in = value[0].numel()
                value.copy_(normal(value.shape, 0.0, (1.5 / fan_in) ** 0.5))


def random_masks(network: reference.Network, x: torch.Tensor, generator: torch.Generator) -> dict[str, torch.Tensor]:
    """A mask for each dropout site: 0 or 1 / (1 - rate)."""
    shapes: dict[str, tuple[float, torch.Size]] = {}

    def note(module: reference.SiteDropout, inputs: tuple[torch.Tensor, ...], _output: torch.Tensor) -> None:
        shapes[module.site] = (module.rate, inputs[0].shape)

    sites = [module for module in network.modules() if isinstance(module, reference.SiteDropout)]
    hooks = [module.register_forward_hook(note) for module in sites]
    with torch.no_grad():
        network.eval()(x)
    for hook in hooks:
        hook.remove()
    masks = {}
    for site, (rate, shape) in sorted(shapes.items()):
        masks[site] = (torch.rand(shape, generator=generator) >= rate).float() / (1 - rate)
    return masks
