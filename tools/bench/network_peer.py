"""The PyTorch side of ``networks.py``: answers each line of its input with seconds.

    network_peer.py ARCHITECTURE_JSON

``predict eager`` and ``predict compiled`` run one slice of 256 x 256 through the reference network of ``tests/parity``,
in evaluation mode, to probabilities and variance maps as NumPy arrays; ``sample eager N`` does so N times with dropout
in the decoders, and reduces the probabilities to entropy, mutual information and variance; ``train eager N`` makes one
step of N slices.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "parity"))

import reference  # noqa: E402

SIZE = 256
STRUCTURES = 4
VARIANCE_SCALE = 70.0


class Trainer:
    """Cross-entropy plus mean squared error on random data, SGD with momentum: as RaterLens's side."""

    def __init__(self, architecture: dict, batch: int) -> None:
        self.network = reference.Network(architecture, 1, (SIZE, SIZE), STRUCTURES).train()
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4)
        self.images = torch.randn(batch, 1, SIZE, SIZE)
        self.labels = torch.randint(STRUCTURES + 1, (batch, SIZE, SIZE))
        self.variance = torch.rand(batch, STRUCTURES, SIZE, SIZE)

    def step(self) -> float:
        """One step; returns its loss."""
        logits, variance = self.network(self.images)
        loss = torch.nn.functional.cross_entropy(logits, self.labels)
        if variance is not None:
            loss = loss + torch.nn.functional.mse_loss(variance, self.variance)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()


def predict(network: torch.nn.Module, x: torch.Tensor) -> None:
    """What a predictor does with a slice."""
    with torch.no_grad():
        logits, variance = network(x)
        logits.softmax(1).numpy()
        if variance is not None:
            (variance / VARIANCE_SCALE).clamp(0, 0.25).numpy()


def sample(network: torch.nn.Module, x: torch.Tensor, samples: int) -> None:
    """Test-time dropout as people write it: as many whole passes, then the maps."""
    network.eval()
    for module in network.modules():
        if isinstance(module, reference.Decoder):
            [m.train() for m in module.modules() if isinstance(m, reference.SiteDropout)]
    with torch.no_grad():
        p = torch.stack([network(x)[0].softmax(1) for _ in range(samples)])
        mean = p.mean(0)
        predictive = -(mean * mean.clamp_min(1e-12).log()).sum(1)
        expected = -(p * p.clamp_min(1e-12).log()).sum(2).mean(0)
        for found in (mean, predictive, predictive - expected, p.var(0, unbiased=False).sum(1)):
            found.numpy()
    network.eval()


def main() -> None:
    """Answers commands until the input ends."""
    architecture = json.loads(sys.argv[1])
    torch.manual_seed(1)
    x = torch.randn(1, 1, SIZE, SIZE)
    made: dict[str, object] = {}
    print("ready", torch.__version__, torch.get_num_threads(), flush=True)
    for line in sys.stdin:
        match line.split():
            case ["predict", mode]:
                if mode not in made:
                    network = reference.Network(architecture, 1, (SIZE, SIZE), STRUCTURES).eval()
                    made[mode] = network if mode == "eager" else torch.compile(network)
                job = lambda mode=mode: predict(made[mode], x)  # noqa: E731
            case ["sample", _, samples]:
                if "eager" not in made:
                    made["eager"] = reference.Network(architecture, 1, (SIZE, SIZE), STRUCTURES).eval()
                job = lambda n=int(samples): sample(made["eager"], x, n)  # noqa: E731
            case ["train", _, batch]:
                if line not in made:
                    made[line] = Trainer(architecture, int(batch))
                job = made[line].step
            case _:
                sys.exit(f"{line!r} is not understood")
        started = time.perf_counter()
        job()
        print(time.perf_counter() - started, flush=True)


if __name__ == "__main__":
    main()
